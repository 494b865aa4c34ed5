import { mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { binance } from 'ccxt';
import { afterAll, describe, expect, it } from 'vitest';
import { padDecimal } from '../decimals.ts';
import { redirectOrigins } from '../redirect.ts';
import { fixedClock, startSandboxVenue } from '../venue.ts';
import { CandleFile } from './candle-file.ts';
import { RecordingMarket } from './recording-market.ts';

const HEADER = 'timestamp_ms,open,high,low,close,volume';
const HOUR = 3_600_000;
const AT = Date.UTC(2020, 0, 1);
const folder = mkdtempSync(join(tmpdir(), 'sandbox-venue-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, rows: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, gzipSync([HEADER, ...rows, ''].join('\n')));
  return path;
}

const row = (hour: number, price: string): string =>
  `${AT + hour * HOUR},${price},${price},${price},${price},12345678901.12345678`;

describe('RecordingMarket', () => {
  write('AAAUSDT-1h.csv.gz', [row(0, '1'), row(1, '2.5'), row(4, '3.00000001'), row(5, '0.1')]);
  const market = new RecordingMarket({ kind: 'recording', id: 'made', dir: folder });
  const ask = {
    symbol: 'AAAUSDT',
    interval: '1h',
    startTime: undefined,
    endTime: undefined,
    limit: 500,
    now: market.endsAt(),
  } as const;
  const hours = (query: Partial<Parameters<typeof market.klines>[0]>) =>
    market.klines({ ...ask, ...query }).map(({ openTime }) => (openTime - AT) / HOUR);

  it('serves its holes as they are, in windows like the venue does', () => {
    expect(hours({})).toEqual([0, 1, 4, 5]);
    expect(hours({ limit: 2 })).toEqual([4, 5]);
    expect(hours({ startTime: AT + 1, limit: 2 })).toEqual([1, 4]);
    expect(hours({ startTime: AT + HOUR, endTime: AT + 4 * HOUR })).toEqual([1, 4]);
    expect(hours({ endTime: AT + 4 * HOUR - 1, limit: 1 })).toEqual([1]);
  });

  it('serves nothing that opens after its clock, and by default has all of it in the past', () => {
    expect(hours({ now: AT + 4 * HOUR })).toEqual([0, 1, 4]);
    expect(hours({ now: AT - 1 })).toEqual([]);
    expect(market.endsAt()).toBe(AT + (6 + 48) * HOUR);
  });

  it('keeps decimals as text, and prints zeros for what was not recorded', () => {
    const [, , bar] = market.klines(ask);

    expect(bar).toMatchObject({
      open: '3.00000001',
      volume: '12345678901.12345678',
      quoteVolume: '0.00000000',
      trades: 0,
    });
    expect(market.notes.kairosColumns).toEqual(['open', 'high', 'low', 'close', 'volume']);
  });

  it('computes the day from what was recorded, and refuses what was not', () => {
    const { bar, previousClose } = market.day('AAAUSDT', AT + 7 * HOUR);

    expect([bar.open, bar.high, bar.low, bar.close, bar.volume, previousClose]).toEqual([
      '1.00000000',
      '3.00000001',
      '0.10000000',
      '0.10000000',
      '49382715604.49382712',
      '1.00000000',
    ]);
    expect(market.day('AAAUSDT', ask.now).bar).toMatchObject({
      open: '0.10000000',
      volume: '0.00000000',
    });
    expect(() => market.klines({ ...ask, interval: '1m' })).toThrow('Invalid interval.');
    expect(() => market.klines({ ...ask, symbol: 'NONE' })).toThrow('Invalid symbol.');
    expect(() => market.aggTrades()).toThrow('not supported');
    expect(() => market.depth()).toThrow('not supported');
  });

  it('refuses files that are not what they should be', () => {
    expect(() => CandleFile.read(write('bad.csv.gz', [row(1, '1'), row(1, '1')]))).toThrow('row 2');
    expect(() => new CandleFile(Buffer.from('a,b\n'), 'x.csv')).toThrow('header');
    expect(() => new RecordingMarket({ kind: 'recording', id: 'none', files: [] })).toThrow('no files');
  });
});

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const candles = join(process.env['KAIROS_DATA_DIR'] ?? join(root, '../shared/data'), 'candles/binance');
const path = join(candles, 'BTCUSDT-1h.csv.gz');
const present = existsSync(path);
if (!present) console.warn(`skipped: no recorded market data in ${candles}`);

describe.skipIf(!present)('a real recording through unmodified ccxt', () => {
  it('gives back every row of the file, decimal by decimal', async () => {
    const files = [{ symbol: 'BTCUSDT', timeframe: '1h', path }];
    const venue = await startSandboxVenue({ mode: { kind: 'recording', id: 'btc', files } });
    const exchange = new binance({
      enableRateLimit: false,
      number: String,
      options: { fetchMarkets: { types: ['spot'] } },
    });
    exchange.urls.api = redirectOrigins(exchange.urls.api, venue.url);
    await exchange.loadMarkets();
    const read: string[] = [];
    for (let since = 0; ;) {
      const page = await exchange.fetchOHLCV('BTC/USDT', '1h', since, 1_000);
      read.push(...page.map((bar) => bar.join(',')));
      const last = page.at(-1)?.[0];
      if (last === undefined) break;
      since = Number(last) + HOUR;
    }
    await venue.close();

    const lines = gunzipSync(Uint8Array.from(readFileSync(path)))
      .toString()
      .trim()
      .split('\n')
      .slice(1);
    const padded = lines.map((line) =>
      line
        .split(',')
        .map((cell, column) => (column === 0 ? cell : padDecimal(cell)))
        .join(','),
    );
    expect(read).toEqual(padded);
    expect(read).toHaveLength(45_024);
    expect(venue.realm).toBe('recording:btc');
  });

  it('serves the whole folder, at any clock', async () => {
    const venue = await startSandboxVenue({
      mode: { kind: 'recording', id: 'binance', dir: candles },
      clock: fixedClock(Date.UTC(2022, 0, 1)),
    });
    const prices: unknown = await (
      await fetch(`${venue.url}/api/v3/klines?symbol=BTCUSDT&interval=1d&limit=1`)
    ).json();
    const info: unknown = await (await fetch(`${venue.url}/api/v3/exchangeInfo`)).json();
    await venue.close();

    expect(prices).toEqual([
      expect.arrayContaining([Date.UTC(2022, 0, 1), '46216.93000000', '19604.46325000']),
    ]);
    expect(info).toMatchObject({ kairosRealm: 'recording:binance', kairosColumns: expect.any(Array) });
  });
});
