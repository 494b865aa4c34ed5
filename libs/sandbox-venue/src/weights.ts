import type { Query } from './query.ts';

/** A clock that can be asked for the time, in UTC epoch milliseconds. */
export interface VenueClock {
  now(): number;
}

/** The request weight Binance allows an address in a minute (exchangeInfo, rateLimits, REQUEST_WEIGHT). */
export const WEIGHT_LIMIT = 6_000;

/** Weight of a depth request by its limit (Spot API, "Order book"). */
export function depthWeight(query: Query): number {
  const limit = Number(query.get('limit') ?? 100);
  if (limit > 1_000) return 250;
  if (limit > 500) return 50;
  return limit > 100 ? 25 : 5;
}

/** Weight of a ticker/24hr request by the number of symbols (Spot API, "24hr ticker price change statistics"). */
export function dayTickerWeight(query: Query): number {
  if (query.has('symbol')) return 2;
  const symbols = query.get('symbols');
  if (symbols === null) return 80;
  const count = symbols.split(',').length;
  if (count > 100) return 80;
  return count > 20 ? 40 : 2;
}

/** Weight of a ticker/price request (Spot API, "Symbol price ticker"). */
export const priceTickerWeight = (query: Query): number => (query.has('symbol') ? 2 : 4);
