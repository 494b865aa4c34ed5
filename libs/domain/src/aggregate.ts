import type { RecordBatch, Row } from './batch.ts';
import type { Column, DecimalColumn } from './column.ts';
import { valueAt } from './column.ts';
import { KLINE } from './data-type.ts';
import { parseDecimal, scaledToText, toScaled } from './decimal.ts';
import { floorTo, nominalMs, type Grid } from './timeframe.ts';

/** An exact decimal in the making: `int × 10^-scale`. */
export interface ScaledDecimal {
  readonly int: bigint;
  readonly scale: number;
}

/** Candles in a row as one. What any of them lacks, the whole lacks. */
export interface BarSum {
  /** How many candles it is of. */
  readonly n: number;
  readonly open: ScaledDecimal;
  readonly high: ScaledDecimal;
  readonly low: ScaledDecimal;
  readonly close: ScaledDecimal;
  readonly volume: ScaledDecimal;
  readonly quoteVolume: ScaledDecimal | null;
  readonly trades: number | null;
}

/** Enough slots in a row to meet months and years of every length. */
const NEST_SAMPLES = 50;

/** Whether every slot of `outer` is made of whole slots of `inner`, more than one. */
export function nestsIn(inner: Grid, outer: Grid): boolean {
  if (nominalMs(outer) <= nominalMs(inner)) return false;
  return Array.from({ length: NEST_SAMPLES }, (_, i) => outer.openOf(i)).every(
    (open) => floorTo(inner, open) === open,
  );
}

const columnOf = (batch: RecordBatch, name: string): Column => {
  const column = batch.columns[KLINE.columns.findIndex((c) => c.name === name)];
  if (!column) throw new RangeError(`not a batch of candles: ${batch.type}`);
  return column;
};

function decimalOf(batch: RecordBatch, name: string): DecimalColumn {
  const column = columnOf(batch, name);
  if (column.kind !== 'decimal') throw new RangeError(`column ${name} is not of decimals`);
  return column;
}

function scaledAt(column: DecimalColumn, i: number): ScaledDecimal {
  const text = column.exceptions?.has(i) ? valueAt(column, i) : undefined;
  const parts = typeof text === 'string' ? parseDecimal(text) : undefined;
  if (parts) return { int: toScaled(parts, parts.scale), scale: parts.scale };
  return { int: BigInt(column.ints[i] ?? 0), scale: column.scale };
}

const at = (d: ScaledDecimal, scale: number): bigint =>
  d.scale === scale ? d.int : d.int * 10n ** BigInt(scale - d.scale);

const compare = (a: ScaledDecimal, b: ScaledDecimal): number => {
  const scale = Math.max(a.scale, b.scale);
  const [x, y] = [at(a, scale), at(b, scale)];
  return x < y ? -1 : x > y ? 1 : 0;
};

const higher = (a: ScaledDecimal, b: ScaledDecimal): ScaledDecimal => (compare(a, b) >= 0 ? a : b);
const lower = (a: ScaledDecimal, b: ScaledDecimal): ScaledDecimal => (compare(a, b) <= 0 ? a : b);

function plus(a: ScaledDecimal, b: ScaledDecimal): ScaledDecimal {
  const scale = Math.max(a.scale, b.scale);
  return { int: at(a, scale) + at(b, scale), scale };
}

/** The rows' integers, where all of them are plain doubles at the column's scale. */
const plainInts = (column: DecimalColumn): Float64Array | undefined =>
  column.exceptions === undefined && column.ints instanceof Float64Array ? column.ints : undefined;

type Fold = (a: ScaledDecimal, b: ScaledDecimal) => ScaledDecimal;

function folded(column: DecimalColumn, from: number, to: number, fold: Fold): ScaledDecimal {
  let result = scaledAt(column, from);
  for (let i = from + 1; i < to; i += 1) result = fold(result, scaledAt(column, i));
  return result;
}

function extreme(column: DecimalColumn, from: number, to: number, side: 'high' | 'low'): ScaledDecimal {
  const ints = plainInts(column);
  if (!ints) return folded(column, from, to, side === 'high' ? higher : lower);
  let best = ints[from] ?? 0;
  for (let i = from + 1; i < to; i += 1) {
    const value = ints[i] ?? 0;
    if (side === 'high' ? value > best : value < best) best = value;
  }
  return { int: BigInt(best), scale: column.scale };
}

/** Doubles are added as long as they are exact, then carried over. */
function total(column: DecimalColumn, from: number, to: number): ScaledDecimal {
  const ints = plainInts(column);
  if (!ints) return folded(column, from, to, plus);
  let carried = 0n;
  let sum = 0;
  for (let i = from; i < to; i += 1) {
    const value = ints[i] ?? 0;
    const next = sum + value;
    if (Number.isSafeInteger(next)) sum = next;
    else {
      carried += BigInt(sum);
      sum = value;
    }
  }
  return { int: carried + BigInt(sum), scale: column.scale };
}

function hasNull(nulls: Uint8Array | undefined, from: number, to: number): boolean {
  if (!nulls) return false;
  for (let i = from; i < to; i += 1) if (nulls[i] === 1) return true;
  return false;
}

/** @throws RangeError beyond 2^53 trades */
function countOf(a: number, b: number): number {
  const sum = a + b;
  if (!Number.isSafeInteger(sum)) throw new RangeError('more trades than can be counted');
  return sum;
}

function tradesOf(batch: RecordBatch, from: number, to: number): number | null {
  const column = columnOf(batch, 'trades');
  if (column.kind !== 'int' || hasNull(column.nulls, from, to)) return null;
  let sum = 0;
  for (let i = from; i < to; i += 1) sum = countOf(sum, column.ints[i] ?? 0);
  return sum;
}

/** Rows `from .. to` (exclusive, at least one) of a sorted batch of candles as one. Exact. @throws RangeError on other batches */
export function sumBars(batch: RecordBatch, from: number, to: number): BarSum {
  const quote = decimalOf(batch, 'quote_volume');
  return {
    n: to - from,
    open: scaledAt(decimalOf(batch, 'open'), from),
    high: extreme(decimalOf(batch, 'high'), from, to, 'high'),
    low: extreme(decimalOf(batch, 'low'), from, to, 'low'),
    close: scaledAt(decimalOf(batch, 'close'), to - 1),
    volume: total(decimalOf(batch, 'volume'), from, to),
    quoteVolume: hasNull(quote.nulls, from, to) ? null : total(quote, from, to),
    trades: tradesOf(batch, from, to),
  };
}

/** Two sums as one, the earlier first. */
export const joinSums = (a: BarSum, b: BarSum): BarSum => ({
  n: a.n + b.n,
  open: a.open,
  high: higher(a.high, b.high),
  low: lower(a.low, b.low),
  close: b.close,
  volume: plus(a.volume, b.volume),
  quoteVolume: a.quoteVolume && b.quoteVolume ? plus(a.quoteVolume, b.quoteVolume) : null,
  trades: a.trades === null || b.trades === null ? null : countOf(a.trades, b.trades),
});

const textOf = (d: ScaledDecimal): string => scaledToText(d.int, d.scale);

/** The sum as a candle that opens at `ts`, its values in the order of the type's columns. */
export const rowOfSum = (sum: BarSum, ts: number): Row => ({
  ts,
  values: [
    textOf(sum.open),
    textOf(sum.high),
    textOf(sum.low),
    textOf(sum.close),
    textOf(sum.volume),
    sum.quoteVolume && textOf(sum.quoteVolume),
    sum.trades,
  ],
});
