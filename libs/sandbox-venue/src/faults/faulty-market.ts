import type { Kline, KlineQuery, Listing, VenueMarket } from '../market.ts';
import { invalidSymbol } from '../refusal.ts';
import type { FaultRule, RowFault, Fault } from './plan.ts';
import type { Strike } from './rule-book.ts';
import { spoil } from './rows.ts';
import type { Spoiled } from './rows.ts';
import { viewOf } from './view.ts';

/** What the view asks of the engine while it is read. */
export interface MarketJudge {
  rows(query: KlineQuery): readonly Strike<Fault & { readonly kind: RowFault }>[];
  delisted(symbol: string): FaultRule | undefined;
  mayLie(kind: RowFault, query: KlineQuery, openTime: number): boolean;
  happened(kind: RowFault, query: KlineQuery, openTimes: readonly number[]): void;
}

/** The market as one request sees it: symbols may be gone or halted, pages spoiled. */
export function faultyMarket(market: VenueMarket, judge: MarketJudge): VenueMarket {
  const cutoff = (symbol: string, now: number): number => {
    const rule = judge.delisted(symbol);
    if (rule === undefined) return now;
    if (rule.as !== 'break') throw invalidSymbol();
    return Math.min(now, rule.during?.from ?? now);
  };
  return viewOf(market, {
    listings: (now) => market.listings(now).flatMap((listing) => listed(listing, judge)),
    klines: (query) => spoiled(market, { ...query, now: cutoff(query.symbol, query.now) }, judge),
    day: (symbol, now) => market.day(symbol, cutoff(symbol, now)),
    lastPrice: (symbol, now) => market.lastPrice(symbol, cutoff(symbol, now)),
    aggTrades: (query) => market.aggTrades({ ...query, now: cutoff(query.symbol, query.now) }),
    depth: (symbol, limit, now) => market.depth(symbol, limit, cutoff(symbol, now)),
  });
}

function listed(listing: Listing, judge: MarketJudge): readonly Listing[] {
  const rule = judge.delisted(listing.symbol);
  if (rule === undefined) return [listing];
  return rule.as === 'break' ? [{ ...listing, status: 'BREAK' }] : [];
}

function spoiled(market: VenueMarket, query: KlineQuery, judge: MarketJudge): readonly Kline[] {
  const page = market.klines(query);
  const latest = (): Kline | undefined =>
    market.klines({ ...query, startTime: undefined, endTime: undefined, limit: 1 })[0];
  return judge.rows(query).reduce((bars, { fault, chance }) => {
    const mayLie = (openTime: number): boolean => judge.mayLie(fault.kind, query, openTime);
    const after: Spoiled = spoil(bars, { fault, query, latest, chance, mayLie });
    if (after.openTimes.length > 0) judge.happened(fault.kind, query, after.openTimes);
    return after.bars;
  }, page);
}
