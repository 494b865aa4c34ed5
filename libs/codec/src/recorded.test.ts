import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import {
  batchOfRows,
  canonicalDecimal,
  FUNDING,
  FUND_NAV,
  KLINE,
  ORDER_BOOK,
  rowsOf,
  TICKER,
  TRADE,
  type DataType,
  type Levels,
  type Row,
} from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { decodeBatch, encodeBatch } from './index.ts';

const DATA =
  process.env['KAIROS_DATA_DIR'] ?? resolve(fileURLToPath(import.meta.url), '../../../../../shared/data');
const hasData = existsSync(join(DATA, 'responses'));
if (!hasData)
  console.warn('recorded data are not beside the project: codec tests on real records are skipped');

const csv = (path: string): string[][] =>
  gunzipSync(readFileSync(join(DATA, path)))
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
const json = (path: string): unknown => JSON.parse(readFileSync(join(DATA, path), 'utf8'));
const plain = (text: string | undefined): string => canonicalDecimal(text ?? '') ?? 'not a decimal';

function roundTrip(type: DataType, rows: readonly Row[]): number {
  const bytes = encodeBatch(batchOfRows(type, rows));
  expect([...rowsOf(decodeBatch(bytes))]).toEqual(rows);
  return bytes.length / rows.length;
}

/** Real records of every shape come back value for value. */
describe.skipIf(!hasData)('the codec on recorded data', () => {
  it('keeps candles that break the OHLC rule', () => {
    const rows = csv('candles/cn/000001.SH-index-1d.csv.gz').map(([ts, ...values]): Row => ({
      ts: Number(ts),
      values: [...values.map(plain), null, null],
    }));
    expect(roundTrip(KLINE, rows)).toBeLessThan(20);
  });

  it('keeps trades that share a millisecond, told apart by their ids', () => {
    const rows = csv('trades/freqtrade-testdata/XRPETH.csv.gz')
      .map(([ts, id, side, price, amount]): Row => ({
        ts: Number(ts),
        tie: id ?? '',
        values: [plain(price), plain(amount), side ?? null],
      }))
      .sort((a, b) => a.ts - b.ts || ((a.tie ?? '') < (b.tie ?? '') ? -1 : 1));
    expect(new Set(rows.map((r) => r.ts)).size).toBeLessThan(rows.length);
    expect(roundTrip(TRADE, rows)).toBeLessThan(20);
  });

  it('keeps funding rates whose times carry some milliseconds', () => {
    const rows = csv('funding/freqtrade-testdata/XRPUSDT-PERP-8h.csv.gz').map(([ts, rate]): Row => ({
      ts: Number(ts),
      values: [plain(rate), null],
    }));
    roundTrip(FUNDING, rows);
  });

  it.each(['LRCBTC', 'NKNUSDT'])('keeps the thousand levels of the order book of %s', (symbol) => {
    const book = json(`responses/binance/depth-${symbol}-1000.json`) as {
      lastUpdateId: number;
      bids: string[][];
      asks: string[][];
    };
    const side = (levels: readonly string[][]): Levels =>
      levels.map(([price, size]) => [plain(price), plain(size)]);
    const row: Row = {
      ts: 0,
      values: [null, 1_633_998_688_000, side(book.bids), side(book.asks), book.lastUpdateId],
    };
    roundTrip(ORDER_BOOK, [row]);
  });

  it('keeps a ticker and a fund value, nulls and words included', () => {
    const [bithumb] = Object.values(
      (json('responses/bithumb/ticker-ALL_KRW.json') as { data: Record<string, Record<string, string>> })
        .data,
    );
    const day = [
      bithumb?.['opening_price'],
      bithumb?.['max_price'],
      bithumb?.['min_price'],
      bithumb?.['units_traded_24H'],
      bithumb?.['acc_trade_value_24H'],
    ];
    roundTrip(TICKER, [
      {
        ts: 60_000,
        values: [null, 60_123, plain(bithumb?.['closing_price']), null, null, null, null, ...day.map(plain)],
      },
    ]);
    roundTrip(FUND_NAV, [
      { ts: 0, values: ['1.0234', '2.5', '开放申购'] },
      { ts: 86_400_000, values: ['1.0301', null, null] },
    ]);
  });
});
