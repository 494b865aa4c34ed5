/**
 * Bar arithmetic of the sixteen kline intervals, all in UTC epoch milliseconds. Fixed intervals are multiples
 * counted from the epoch, weeks begin on Monday, months follow the calendar.
 * Source: Binance Spot API, "Kline/Candlestick data", supported intervals.
 */
export const INTERVALS = [
  '1s',
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
  '1M',
] as const;

export type Interval = (typeof INTERVALS)[number];
type FixedInterval = Exclude<Interval, '1w' | '1M'>;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** 1970-01-05, the first Monday of the epoch. */
const FIRST_MONDAY = 4 * DAY;

const LENGTHS: Readonly<Record<FixedInterval, number>> = {
  '1s': SECOND,
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '4h': 4 * HOUR,
  '6h': 6 * HOUR,
  '8h': 8 * HOUR,
  '12h': 12 * HOUR,
  '1d': DAY,
  '3d': 3 * DAY,
};

export const isInterval = (text: string): text is Interval => INTERVALS.some((known) => known === text);

/** The open time of the bar that contains `instant`. */
export function openOf(interval: Interval, instant: number): number {
  if (interval === '1M') {
    const date = new Date(instant);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  }
  if (interval === '1w') return Math.floor((instant - FIRST_MONDAY) / WEEK) * WEEK + FIRST_MONDAY;
  const length = LENGTHS[interval];
  return Math.floor(instant / length) * length;
}

/** The open time of the bar after the one that opens at `open`; also where that bar ends, exclusively. */
export function nextOpen(interval: Interval, open: number): number {
  if (interval === '1M') {
    const date = new Date(open);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  }
  return open + (interval === '1w' ? WEEK : LENGTHS[interval]);
}

/** The last millisecond of the bar that opens at `open`, as the venue states it. */
export const closeTimeOf = (interval: Interval, open: number): number => nextOpen(interval, open) - 1;

/** The first open time at or after `instant`: an unaligned start rounds up. */
export function openAtOrAfter(interval: Interval, instant: number): number {
  const open = openOf(interval, instant);
  return open === instant ? open : nextOpen(interval, open);
}

/** At most `limit` open times in [from, to], ascending, counted forward from `from`. */
export function opensForward(interval: Interval, from: number, to: number, limit: number): number[] {
  const opens: number[] = [];
  let open = openAtOrAfter(interval, from);
  while (open <= to && opens.length < limit) {
    opens.push(open);
    open = nextOpen(interval, open);
  }
  return opens;
}

/** At most `limit` open times in [from, to], ascending, counted backward from `to`. */
export function opensBackward(interval: Interval, from: number, to: number, limit: number): number[] {
  const opens: number[] = [];
  let open = openOf(interval, to);
  while (open >= from && opens.length < limit) {
    opens.push(open);
    open = openOf(interval, open - 1);
  }
  return opens.reverse();
}
