import { fromUnits, toUnits } from '../decimals.ts';
import type { Interval } from '../intervals.ts';
import type { Kline, VenueMarket } from '../market.ts';

/** Which bars of a symbol: those that open in [from, to), and no more than `limit`. */
export interface BarQuery {
  readonly symbol: string;
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly now: number;
}

/** The oldest bars of the window, ascending. */
export function oldestBars(
  market: VenueMarket,
  interval: Interval,
  { symbol, from, to, limit, now }: BarQuery,
): readonly Kline[] {
  return market.klines({ symbol, interval, startTime: from, endTime: to - 1, limit, now });
}

/** The newest bars of the window, ascending: what most venues answer when the window holds more than the limit. */
export function newestBars(
  market: VenueMarket,
  interval: Interval,
  { symbol, from, to, limit, now }: BarQuery,
): readonly Kline[] {
  const bars = market.klines({ symbol, interval, startTime: undefined, endTime: to - 1, limit, now });
  return bars.filter(({ openTime }) => openTime >= from);
}

/** A grid that no interval of the world has: bars of `step` counted from `origin`, made of bars of `base`. */
export interface FoldedGrid {
  readonly base: Interval;
  readonly step: number;
  readonly origin: number;
}

/** The newest bars of the window on a folded grid, ascending. A bar of which nothing is known is left out. */
export function newestFolded(
  market: VenueMarket,
  { base, step, origin }: FoldedGrid,
  { symbol, from, to, limit, now }: BarQuery,
): readonly Kline[] {
  const openOf = (instant: number): number => Math.floor((instant - origin) / step) * step + origin;
  const last = openOf(Math.min(to - 1, now));
  const first = Math.max(openOf(from - 1) + step, last - (limit - 1) * step);
  const pieces = market.klines({
    symbol,
    interval: base,
    startTime: first,
    endTime: last + step - 1,
    limit: Number.MAX_SAFE_INTEGER,
    now,
  });
  const groups = new Map<number, Kline[]>();
  for (const piece of pieces) {
    const open = openOf(piece.openTime);
    const group = groups.get(open);
    if (group === undefined) groups.set(open, [piece]);
    else group.push(piece);
  }
  return [...groups].map(([open, group]) => folded(open, step, group));
}

function folded(openTime: number, step: number, pieces: readonly Kline[]): Kline {
  const column = (name: 'high' | 'low' | Summed): readonly bigint[] =>
    pieces.map((piece) => toUnits(piece[name]));
  const sum = (name: Summed): string => fromUnits(column(name).reduce((a, b) => a + b, 0n));
  return {
    openTime,
    open: pieces[0]?.open ?? '0',
    high: fromUnits(column('high').reduce((a, b) => (b > a ? b : a))),
    low: fromUnits(column('low').reduce((a, b) => (b < a ? b : a))),
    close: pieces.at(-1)?.close ?? '0',
    volume: sum('volume'),
    closeTime: openTime + step - 1,
    quoteVolume: sum('quoteVolume'),
    trades: pieces.reduce((all, piece) => all + piece.trades, 0),
    takerBase: sum('takerBase'),
    takerQuote: sum('takerQuote'),
  };
}

type Summed = 'volume' | 'quoteVolume' | 'takerBase' | 'takerQuote';
