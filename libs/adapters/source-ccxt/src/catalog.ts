import type { Timeframe } from '@kairos/domain';
import { isMisnamed } from './venue-facts.ts';
import table from './generated/catalog.json' with { type: 'json' };

/** What an exchange offers through ccxt, as generated from the installed version. */
export interface CatalogEntry {
  /** Timeframes of its candles; empty: it has none. */
  readonly ohlcv: readonly Timeframe[];
  readonly ticker: boolean;
}

const CATALOG: ReadonlyMap<string, CatalogEntry> = new Map(Object.entries(table));

/** Ids of all exchanges, alphabetical. */
export const catalogIds = (): readonly string[] => [...CATALOG.keys()];

export const catalogEntry = (exchange: string): CatalogEntry | undefined => CATALOG.get(exchange);

/** Data type id → timeframes (empty: any), as a source description states it. */
export function dataTypesOf(
  exchange: string,
  entry: CatalogEntry,
): Readonly<Record<string, readonly Timeframe[]>> {
  const timeframes = entry.ohlcv.filter((timeframe) => !isMisnamed(exchange, timeframe));
  return {
    ...(timeframes.length > 0 ? { kline: timeframes } : {}),
    ...(entry.ticker ? { ticker: [] } : {}),
  };
}
