import { float64Scratch } from './scratch.ts';

/**
 * What a column's values are foretold from. Only the difference is stored, so a forecast must come out the same, bit
 * for bit, from the decoded columns: operations on doubles that IEEE 754 and ECMAScript define exactly, nothing else.
 */
export const FORECAST = { none: 0, previous: 1, same: 2, chain: 3, above: 4, below: 5, turnover: 6 } as const;
export type ForecastKind = (typeof FORECAST)[keyof typeof FORECAST];

/**
 * `refs` name other columns by place from 1; 0 is the time. `same`: the same row of one column. `chain`: the row before
 * of a column whose own forecast is `same` as this one (open from the last close, close from the open). `above`, `below`:
 * the larger, the smaller of two columns. `turnover`: volume × mean of four prices.
 */
export interface Forecast {
  readonly kind: ForecastKind;
  readonly refs: readonly number[];
}

/** Integers of a whole column at one scale; absent rows are 0. */
export interface Lane {
  readonly ints: Float64Array;
  readonly scale: number;
}

export const NONE: Forecast = { kind: FORECAST.none, refs: [] };
export const PREVIOUS: Forecast = { kind: FORECAST.previous, refs: [] };

const REFS: readonly number[] = [0, 0, 1, 1, 2, 2, 5];

/** How many columns a forecast of this kind looks at; `undefined` for a kind there is not. */
export const refCount = (kind: number): number | undefined => REFS[kind];

/** Whether the first value stands apart and the stored differences begin with the second. */
export const hasLead = ({ kind }: Forecast): boolean => kind === FORECAST.previous || kind === FORECAST.chain;

/** A forecast beyond this helps nobody and could not be subtracted exactly. */
const BOUND = 2 ** 52;
const bounded = (value: number): number => (Math.abs(value) <= BOUND ? value : 0);

/** Powers of ten out of literals: `10 ** n` may differ between engines in its last bit, parsing may not. */
const power = (exponent: number): number => Number(`1e${exponent}`);

const SCRATCH = float64Scratch();

function rescaled({ ints, scale }: Lane, to: number): Float64Array {
  if (scale === to) return ints;
  const factor = power(Math.abs(to - scale));
  return ints.map((value) => bounded(Math.round(to > scale ? value * factor : value / factor)));
}

/** Volume × (open + high + low + close) / 4, at the scale of the turnover. */
function turnovers(lanes: readonly Lane[], scale: number): Float64Array | undefined {
  const [volume, open, high, low, close] = lanes;
  if (!volume || !open || !high || !low || !close) return undefined;
  if (high.scale !== open.scale || low.scale !== open.scale || close.scale !== open.scale) return undefined;
  const exponent = scale - volume.scale - open.scale;
  const factor = exponent >= 0 ? power(exponent) / 4 : 4 * power(-exponent);
  const out = SCRATCH.take(volume.ints.length);
  for (let i = 0; i < volume.ints.length; i += 1) {
    const sum = (open.ints[i] ?? 0) + (high.ints[i] ?? 0) + (low.ints[i] ?? 0) + (close.ints[i] ?? 0);
    const product = sum * (volume.ints[i] ?? 0);
    out[i] = bounded(Math.round(exponent >= 0 ? product * factor : product / factor));
  }
  return out;
}

function extremes(lanes: readonly Lane[], scale: number, upper: boolean): Float64Array | undefined {
  const [a, b] = lanes;
  if (!a || !b || a.scale !== scale || b.scale !== scale) return undefined;
  const [x, y] = [a.ints, b.ints];
  const out = SCRATCH.take(x.length);
  if (upper) for (let i = 0; i < x.length; i += 1) out[i] = Math.max(x[i] ?? 0, y[i] ?? 0);
  else for (let i = 0; i < x.length; i += 1) out[i] = Math.min(x[i] ?? 0, y[i] ?? 0);
  return out;
}

/**
 * What a row-wise forecast (`same`, `above`, `below`, `turnover`) says of every row; `undefined` where these columns
 * cannot serve it. Read it before the next call: the memory is used again.
 */
export function foretell(
  kind: ForecastKind,
  lanes: readonly Lane[],
  scale: number,
): Float64Array | undefined {
  switch (kind) {
    case FORECAST.same:
      return lanes[0] && rescaled(lanes[0], scale);
    case FORECAST.above:
      return extremes(lanes, scale, true);
    case FORECAST.below:
      return extremes(lanes, scale, false);
    case FORECAST.turnover:
      return turnovers(lanes, scale);
    default:
      return undefined;
  }
}
