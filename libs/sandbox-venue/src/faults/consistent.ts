import { nextOpen, openAtOrAfter, openOf } from '../intervals.ts';
import type { Interval } from '../intervals.ts';
import type { Kline, KlineQuery, VenueMarket } from '../market.ts';
import { mix, streamKey } from '../synthetic/hash.ts';
import { altered } from './altered.ts';
import { viewOf } from './view.ts';

/**
 * A bar about which the venue says the same wrong thing each time, in one interval; other intervals, trades and tickers
 * stay true. `hidden`: as if it had never been, the page is filled from beyond it. `altered`: its close, or its volume,
 * is wrong. `shifted`: it shows the values of the bar before it.
 */
export interface ConsistentLie {
  readonly kind: 'hidden' | 'altered' | 'shifted';
  readonly symbol: string;
  readonly interval: Interval;
  readonly openTime: number;
  /** For `altered`; default `close`. */
  readonly field?: 'close' | 'volume';
}

const seriesOf = ({ symbol, interval }: Pick<KlineQuery, 'symbol' | 'interval'>): string =>
  `${symbol} ${interval}`;

type Lies = ReadonlyMap<number, ConsistentLie>;

/** The market with these lies in it. */
export function withConsistentLies(market: VenueMarket, lies: readonly ConsistentLie[]): VenueMarket {
  const bySeries = new Map<string, Map<number, ConsistentLie>>();
  for (const lie of lies) {
    const told = bySeries.get(seriesOf(lie)) ?? new Map<number, ConsistentLie>();
    bySeries.set(seriesOf(lie), told.set(lie.openTime, lie));
  }
  const klines = (query: KlineQuery): readonly Kline[] => {
    const told = bySeries.get(seriesOf(query));
    if (told === undefined) return market.klines(query);
    return page(market, query, told).map((bar) => retold(market, query, told.get(bar.openTime), bar));
  };
  return viewOf(market, { klines });
}

/** The page of a market without its hidden bars: as long as one with them, where there are enough. */
function page(market: VenueMarket, query: KlineQuery, lies: Lies): readonly Kline[] {
  const shown = ({ openTime }: Kline): boolean => lies.get(openTime)?.kind !== 'hidden';
  for (let limit = query.limit; ;) {
    const all = market.klines({ ...query, limit });
    const bars = all.filter(shown);
    if (all.length < limit || bars.length >= query.limit) {
      return query.startTime === undefined ? bars.slice(-query.limit) : bars.slice(0, query.limit);
    }
    limit += query.limit - bars.length;
  }
}

function retold(market: VenueMarket, query: KlineQuery, lie: ConsistentLie | undefined, bar: Kline): Kline {
  if (lie === undefined) return bar;
  if (lie.kind === 'altered') return altered(bar, lie.field ?? 'close');
  const previous = openOf(query.interval, bar.openTime - 1);
  const [before] = market.klines({ ...query, startTime: previous, endTime: previous, limit: 1 });
  return before === undefined ? bar : { ...before, openTime: bar.openTime, closeTime: bar.closeTime };
}

/** Where to plant lies: one in each `oneIn` bars of [from, to). */
export interface Plot {
  readonly seed: string | number;
  readonly symbol: string;
  readonly interval: Interval;
  readonly from: number;
  readonly to: number;
  readonly oneIn: number;
}

const KINDS = [
  { kind: 'hidden' },
  { kind: 'altered', field: 'close' },
  { kind: 'altered', field: 'volume' },
  { kind: 'shifted' },
] as const;

/**
 * Lies spread over a span, at a seeded place in each stretch of `oneIn` bars, all kinds in turn. No two are neighbours
 * if `oneIn` is at least 3: the first and the last bar of a stretch stay true.
 */
export function plantLies({ seed, symbol, interval, from, to, oneIn }: Plot): readonly ConsistentLie[] {
  if (!(oneIn >= 1)) throw new Error(`One lie in at least one bar, not in ${oneIn}`);
  const key = streamKey(seed, symbol, interval);
  const margin = oneIn >= 3 ? 1 : 0;
  const lies: ConsistentLie[] = [];
  let open = openAtOrAfter(interval, from);
  for (let place = 0; open < to; open = nextOpen(interval, open), place += 1) {
    const stretch = Math.floor(place / oneIn);
    const chosen = margin + (mix(key, stretch) % (oneIn - 2 * margin));
    const how = KINDS[stretch % KINDS.length];
    if (place % oneIn === chosen && how !== undefined)
      lies.push({ ...how, symbol, interval, openTime: open });
  }
  return lies;
}
