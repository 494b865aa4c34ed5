import { batchOfColumns, KLINE, seriesKey, type Series } from '@kairos/domain';
import { openSqliteStore } from '@kairos/store-sqlite';
import ccxt from 'ccxt';
import type { Venue } from './processes.ts';
import { PAGE, pagesOf, type Span } from './spans.ts';

const WIDTH = 8;

function seriesOf(span: Span, realm: string): Series {
  const spec = {
    realm,
    source: 'bench',
    instrument: `bench:${span.symbol}`,
    dataType: 'kline',
    timeframe: span.timeframe,
    price: 'last' as const,
    anchorMs: 0,
  };
  return {
    ...spec,
    key: seriesKey(spec),
    marketId: span.symbol,
    aliases: [],
    volumeUnit: 'base',
    createdAt: 0,
  };
}

type Wire = readonly (string | number)[];

/** The row as one would map it by hand. */
function batchOf(rows: readonly Wire[]): ReturnType<typeof batchOfColumns> {
  const places = [1, 2, 3, 4, 5, 7, 8];
  return batchOfColumns(
    KLINE,
    Float64Array.from(rows, (row) => Number(row[0])),
    places.map((at) => rows.map((row) => row[at])),
  );
}

/**
 * What one would write by hand: ccxt's own endpoint method, a map of the rows, and our store's commit, a page at a time,
 * eight requests in flight. Spans should begin with a block, so that each block is written once. Answers the rows.
 */
export async function collectDirect(venue: Venue, file: string, spans: readonly Span[]): Promise<number> {
  const exchange = new ccxt.binance({ enableRateLimit: false, number: String });
  for (const name of ['public', 'private', 'v3', 'v1'])
    exchange.urls['api'][name] = String(exchange.urls['api'][name]).replace(/^https:\/\/[^/]+/, venue.url);
  const store = await openSqliteStore({ path: file });
  const series = await Promise.all(
    spans.map((span) => store.series.ensureSeries({ series: seriesOf(span, venue.realm) })),
  );
  let rows = 0;
  const todo = spans.flatMap((span, i) => pagesOf(span).map((page) => ({ span, page, series: series[i] })));
  const worker = async (): Promise<void> => {
    for (let next = todo.shift(); next; next = todo.shift()) {
      const { page, span } = next;
      const klines: readonly Wire[] = await exchange.publicGetKlines({
        symbol: span.symbol,
        interval: span.timeframe,
        startTime: page.from,
        endTime: page.to - 1,
        limit: PAGE,
      });
      const part = { batch: batchOf(klines), runs: [{ ...page, state: 'present' as const }] };
      if (next.series) await store.series.commit({ series: next.series, part });
      rows += klines.length;
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  await store.close();
  return rows;
}
