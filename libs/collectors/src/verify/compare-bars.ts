import { joined, PRICES, SUMS, type Bar, type Field } from './bars.ts';

/** What two accounts of one stretch say of a field; null: no such bar. */
export interface Difference {
  readonly field: Field;
  readonly ours: bigint | null;
  readonly theirs: bigint | null;
}

export interface Comparison {
  readonly differs: readonly Difference[];
  readonly agrees: readonly Field[];
}

/** Sums that differ by less than this part, and by less than one unit per bar, differ by rounding. */
const ROUNDING_PART = 1_000_000_000n;

const size = (n: bigint): bigint => (n < 0n ? -n : n);

const sameSum = (a: bigint, b: bigint, bars: number): boolean => {
  const apart = size(a - b);
  return apart === 0n || (apart <= BigInt(bars) && apart * ROUNDING_PART <= size(b));
};

const isStill = (bar: Bar): boolean => bar.volume === 0n && (bar.trades ?? 0n) === 0n;

/** All bars as one, and only those with trades as one: venues print either where some bars stood still. */
function readings(bars: readonly Bar[]): readonly [Bar, Bar] | undefined {
  const all = joined(bars);
  if (!all) return undefined;
  return [all, bars.some(isStill) ? (joined(bars.filter((bar) => !isStill(bar))) ?? all) : all];
}

/** One side has no bar: nothing traded there, so the other must not have traded either. */
function oneSided(ours: Bar | undefined, theirs: Bar | undefined): Comparison {
  const differs: Difference[] = [];
  const agrees: Field[] = [];
  for (const field of SUMS) {
    const a = ours ? ours[field] : 0n;
    const b = theirs ? theirs[field] : 0n;
    if (a === null || b === null) continue;
    if (a === b) agrees.push(field);
    else differs.push({ field, ours: a, theirs: b });
  }
  return { differs, agrees };
}

/**
 * Compares two accounts of the same stretch of time, each a run of bars: finer ones, one bar, or none. Prices must be
 * equal, sums too save for rounding. `strict`: there must also be a bar on both sides or on none. Pure, exact.
 */
export function compareBars(ours: readonly Bar[], theirs: readonly Bar[], strict = false): Comparison {
  const a = readings(ours);
  const b = readings(theirs);
  if (!a || !b) {
    const { differs, agrees } = oneSided(a?.[0], b?.[0]);
    if (!strict || (!a && !b)) return { differs, agrees };
    return { differs: [{ field: 'bar', ours: a ? 1n : null, theirs: b ? 1n : null }, ...differs], agrees };
  }
  const differs: Difference[] = [];
  const agrees: Field[] = [];
  for (const field of PRICES) {
    if (a.some((x) => b.some((y) => x[field] === y[field]))) agrees.push(field);
    else differs.push({ field, ours: a[0][field], theirs: b[0][field] });
  }
  for (const field of SUMS) {
    const x = a[0][field];
    const y = b[0][field];
    if (x === null || y === null) continue;
    if (sameSum(x, y, ours.length + theirs.length)) agrees.push(field);
    else differs.push({ field, ours: x, theirs: y });
  }
  return { differs, agrees };
}

/** What is odd about a bar, seen by itself. */
export interface Oddity {
  readonly code: 'ohlc_inconsistent' | 'trades_inconsistent' | 'quote_volume_differs';
  readonly ts: number;
  /** The values in question, by field. */
  readonly fields: readonly Field[];
}

export interface OwnRules {
  /** Decimals of the bars' whole numbers. */
  readonly scale: number;
  /** Decimals that the venue prints of quote volumes. */
  readonly quoteDecimals: number;
  /** Volume is in base units, so that price × volume is money. */
  readonly baseVolume: boolean;
}

/** Quote volume lies between low × volume and high × volume, save for one rounding per trade. */
function quoteFits(bar: Bar, quote: bigint, { scale, quoteDecimals }: OwnRules): boolean {
  const one = 10n ** BigInt(scale);
  const slack = ((bar.trades ?? 0n) + 1n) * 10n ** BigInt(scale - quoteDecimals) * one;
  const [least, most] = [bar.low * bar.volume, bar.high * bar.volume];
  const loose = slack + size(most) / ROUNDING_PART;
  return quote * one >= least - loose && quote * one <= most + loose;
}

/** What a bar says against itself. */
export function checkOwn(bar: Bar, rules: OwnRules): Oddity[] {
  const { ts, open, high, low, close, volume, quote_volume: quote, trades } = bar;
  const out: Oddity[] = [];
  if (low > open || low > close || high < open || high < close)
    out.push({ code: 'ohlc_inconsistent', ts, fields: PRICES });
  if (trades !== null && (trades === 0n) !== (volume === 0n))
    out.push({ code: 'trades_inconsistent', ts, fields: ['volume', 'trades'] });
  if (rules.baseVolume && quote !== null && !quoteFits(bar, quote, rules))
    out.push({ code: 'quote_volume_differs', ts, fields: ['low', 'high', 'volume', 'quote_volume'] });
  return out;
}
