import { KairosError, type SourceError } from '@kairos/domain';
import type { SourceMarket, SourceSnapshot } from '@kairos/ports';
import type { CcxtExchange, CcxtTicker } from './ccxt-exchange.ts';
import { familyOf, unifiedSymbol } from './range-fetch.ts';
import { tickerBatch } from './ticker-rows.ts';
import { TICKER_BATCH } from './venue-facts.ts';

export interface SnapshotFetch {
  readonly exchange: CcxtExchange;
  readonly now: () => number;
  /** Runs one request, with its errors translated. */
  readonly run: <T>(what: string, work: () => Promise<T>) => Promise<T>;
}

/** Tickers of these markets, those that answered. Kinds are asked apart: no venue mixes them in one request. */
export async function fetchTickerSnapshots(
  p: SnapshotFetch,
  markets: readonly SourceMarket[],
): Promise<SourceSnapshot[]> {
  const snapshots: SourceSnapshot[] = [];
  for (const group of byKind(markets)) {
    snapshots.push(
      ...(p.exchange.has['fetchTickers'] === true
        ? await fetchTogether(p, group)
        : await fetchSingly(p, group)),
    );
  }
  return snapshots;
}

function byKind(markets: readonly SourceMarket[]): readonly (readonly SourceMarket[])[] {
  const groups = new Map<string, SourceMarket[]>();
  for (const market of markets) {
    const key = `${market.kind} ${familyOf(market)}`;
    const group = groups.get(key);
    if (group) group.push(market);
    else groups.set(key, [market]);
  }
  return [...groups.values()];
}

async function fetchTogether(p: SnapshotFetch, markets: readonly SourceMarket[]): Promise<SourceSnapshot[]> {
  const symbols = markets.map(unifiedSymbol);
  const tickers = await askMany(p, symbols, markets[0]?.kind === 'spot');
  const receivedAt = p.now();
  return markets.flatMap((market) => {
    const ticker = tickers[unifiedSymbol(market)];
    return ticker ? [snapshot(market, ticker, receivedAt)] : [];
  });
}

/**
 * One request for a list of symbols. One symbol the venue no longer knows spoils such a list; then, and for long lists,
 * everything is asked for and the rest dropped.
 */
async function askMany(
  p: SnapshotFetch,
  symbols: readonly string[],
  spot: boolean,
): Promise<Readonly<Record<string, CcxtTicker>>> {
  const { exchange, run } = p;
  const all = (): Promise<Readonly<Record<string, CcxtTicker>>> =>
    run('all tickers', () => exchange.fetchTickers(undefined, spot ? { type: 'spot' } : {}));
  const binance = exchange.id.startsWith('binance');
  if (binance && spot && symbols.length > TICKER_BATCH) return all();
  try {
    return await run(`tickers of ${symbols.length} symbols`, () => exchange.fetchTickers(symbols));
  } catch (error) {
    if (spot && symbols.length > 1 && concernsOneSeries(error)) return all();
    throw error;
  }
}

async function fetchSingly(p: SnapshotFetch, markets: readonly SourceMarket[]): Promise<SourceSnapshot[]> {
  const snapshots: SourceSnapshot[] = [];
  for (const market of markets) {
    try {
      const symbol = unifiedSymbol(market);
      const ticker = await p.run(`ticker of ${symbol}`, () => p.exchange.fetchTicker(symbol));
      snapshots.push(snapshot(market, ticker, p.now()));
    } catch (error) {
      if (!concernsOneSeries(error)) throw error;
    }
  }
  return snapshots;
}

const snapshot = (market: SourceMarket, ticker: CcxtTicker, receivedAt: number): SourceSnapshot => ({
  instrument: market.instrument,
  batch: tickerBatch(ticker, receivedAt, `ticker of ${market.instrument}`),
});

const concernsOneSeries = (error: unknown): boolean =>
  KairosError.is(error) && (error as Partial<SourceError>).scope === 'series';
