import { dataTypeOf, type ColumnSpec } from '@kairos/domain';
import { FORECAST, NONE, PREVIOUS, type Forecast, type Lane } from './forecast.ts';
import type { Numbers } from './numbers.ts';

/** A batch's number columns, ready to be written: brought to scales that suit, each with the forecasts worth trying. */
export interface Plan {
  readonly numbers: readonly (Numbers | undefined)[];
  /** By place from 1; 0 is the time. */
  readonly lanes: readonly (Lane | undefined)[];
  readonly candidates: readonly (readonly Forecast[])[];
}

const PRICES = ['open', 'high', 'low', 'close'] as const;
/** A quarter of what a stream of both signs can hold, so that no difference of two prices leaves it. */
const PRICE_BOUND = 2 ** 50;
/** Powers of ten beyond are not exact. */
const MAX_SHIFT = 22;

function within(ints: Float64Array, bound: number): boolean {
  for (let i = 0; i < ints.length; i += 1) if (Math.abs(ints[i] ?? 0) > bound) return false;
  return true;
}

function rescale(numbers: Numbers, scale: number): Numbers | undefined {
  if (numbers.ints instanceof BigInt64Array || numbers.rows || scale - numbers.scale > MAX_SHIFT)
    return undefined;
  const factor = Number(`1e${scale - numbers.scale}`);
  if (!within(numbers.ints, PRICE_BOUND / factor)) return undefined;
  return factor === 1 ? numbers : { ...numbers, scale, ints: numbers.ints.map((value) => value * factor) };
}

/** Open, high, low and close at one scale; `undefined` when they are not all there, complete and small enough. */
function pricesOf(specs: readonly ColumnSpec[], numbers: Plan['numbers']): Map<number, Numbers> | undefined {
  const places = PRICES.map((name) => specs.findIndex((spec) => spec.name === name));
  const prices = places.map((place) => numbers[place]).filter((price) => price !== undefined);
  if (prices.length < PRICES.length) return undefined;
  const scale = Math.max(...prices.map((price) => price.scale));
  const common = prices.map((price) => rescale(price, scale)).filter((price) => price !== undefined);
  return common.length < PRICES.length
    ? undefined
    : new Map(common.map((price, k) => [places[k] ?? 0, price]));
}

function candleForecast(name: string, ref: (name: string) => number): readonly Forecast[] | undefined {
  switch (name) {
    case 'open':
      return [{ kind: FORECAST.chain, refs: [ref('close')] }];
    case 'close':
      return [{ kind: FORECAST.same, refs: [ref('open')] }];
    case 'high':
      return [{ kind: FORECAST.above, refs: [ref('open'), ref('close')] }];
    case 'low':
      return [{ kind: FORECAST.below, refs: [ref('open'), ref('close')] }];
    case 'quote_volume':
      return [NONE, PREVIOUS, { kind: FORECAST.turnover, refs: ['volume', ...PRICES].map(ref) }];
    default:
      return undefined;
  }
}

const REFERENCE = /^col\((.+)\)$/;

/** Columns that other columns are foretold from are themselves not foretold from any, so there is no circle. */
function plainForecasts(spec: ColumnSpec | undefined, specs: readonly ColumnSpec[]): readonly Forecast[] {
  const forecasts = [NONE, PREVIOUS];
  if (spec?.kind === 'int') forecasts.push({ kind: FORECAST.same, refs: [0] });
  const target = specs.findIndex(({ name }) => name === REFERENCE.exec(spec?.predictor ?? '')?.[1]);
  if (target >= 0 && !REFERENCE.test(specs[target]?.predictor ?? '')) {
    forecasts.push({ kind: FORECAST.same, refs: [target + 1] });
  }
  return forecasts;
}

/** Plans the columns of a batch of this type; of an unknown type, each by itself. */
export function planColumns(type: string, columns: Plan['numbers'], ts: Float64Array): Plan {
  const specs = dataTypeOf(type)?.columns ?? [];
  const ref = (name: string): number => specs.findIndex((spec) => spec.name === name) + 1;
  const prices = pricesOf(specs, columns);
  const numbers = columns.map((column, place) => prices?.get(place) ?? column);
  const lanes = numbers.map((column): Lane | undefined =>
    column && !(column.ints instanceof BigInt64Array)
      ? { ints: column.ints, scale: column.scale }
      : undefined,
  );
  const candidates = columns.map((_, place) => {
    const spec = specs[place];
    return (prices && spec && candleForecast(spec.name, ref)) ?? plainForecasts(spec, specs);
  });
  return { numbers, lanes: [{ ints: ts, scale: 0 }, ...lanes], candidates };
}
