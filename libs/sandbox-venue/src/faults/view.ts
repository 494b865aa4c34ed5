import type { VenueMarket } from '../market.ts';

/** The market as it is, but for some of its methods. */
export const viewOf = (market: VenueMarket, changes: Partial<VenueMarket>): VenueMarket => ({
  realm: market.realm,
  notes: market.notes,
  listings: (now) => market.listings(now),
  klines: (query) => market.klines(query),
  day: (symbol, now) => market.day(symbol, now),
  lastPrice: (symbol, now) => market.lastPrice(symbol, now),
  aggTrades: (query) => market.aggTrades(query),
  depth: (symbol, limit, now) => market.depth(symbol, limit, now),
  ...changes,
});
