import type { DataType } from './data-type.ts';
import { dataTypeOf } from './data-type.ts';
import { buildColumn, sameValue, valueAt, type Column, type DecimalColumn, type Value } from './column.ts';
import type { TimeRange } from './time-range.ts';

/**
 * Records of one type, as columns in the order of the type's specs. A *sorted* batch is ascending by `(ts, tie)` with
 * unique keys; every batch that leaves `collectors` or a store is sorted. Immutable by convention: share, never write.
 */
export interface RecordBatch {
  readonly type: string;
  readonly version: number;
  readonly n: number;
  /** UTC epoch milliseconds. */
  readonly ts: Float64Array;
  /** Present for tied event types: the text that tells apart records of one instant. */
  readonly ties?: readonly string[] | undefined;
  readonly columns: readonly Column[];
}

/** One record outside a batch. */
export interface Row {
  readonly ts: number;
  readonly tie?: string | undefined;
  readonly values: readonly Value[];
}

export const emptyBatch = (type: DataType): RecordBatch => batchOfRows(type, []);

/** A batch out of rows in any order; keeps their order. @throws RangeError on values that do not fit the type. */
export function batchOfRows(type: DataType, rows: readonly Row[]): RecordBatch {
  const columns = type.columns.map((spec, c) =>
    buildColumn(
      spec,
      rows.map((r) => r.values[c]),
    ),
  );
  return {
    type: type.id,
    version: type.version,
    n: rows.length,
    ts: Float64Array.from(rows, (r) => r.ts),
    ties: type.tied ? rows.map((r) => r.tie ?? '') : undefined,
    columns,
  };
}

/** A batch out of whole columns of loose values (the fast way in: `values[c][i]` is column c of row i). */
export function batchOfColumns(
  type: DataType,
  ts: Float64Array,
  values: readonly (readonly unknown[])[],
  ties?: readonly string[],
): RecordBatch {
  const columns = type.columns.map((spec, c) =>
    buildColumn(spec, values[c] ?? new Array(ts.length).fill(null)),
  );
  return {
    type: type.id,
    version: type.version,
    n: ts.length,
    ts,
    ties: type.tied ? (ties ?? []) : undefined,
    columns,
  };
}

export const rowAt = (batch: RecordBatch, i: number): Row => ({
  ts: batch.ts[i] ?? NaN,
  tie: batch.ties?.[i],
  values: batch.columns.map((c) => valueAt(c, i)),
});

export function* rowsOf(batch: RecordBatch): Generator<Row> {
  for (let i = 0; i < batch.n; i += 1) yield rowAt(batch, i);
}

/** Order of two records' keys: negative, zero (the same record) or positive. */
export function compareKeys(a: RecordBatch, i: number, b: RecordBatch, j: number): number {
  const dt = (a.ts[i] ?? 0) - (b.ts[j] ?? 0);
  if (dt !== 0 || !a.ties) return dt;
  const x = a.ties[i] ?? '';
  const y = b.ties?.[j] ?? '';
  return x < y ? -1 : x > y ? 1 : 0;
}

export const sameRow = (a: RecordBatch, i: number, b: RecordBatch, j: number): boolean =>
  a.columns.every((column, c) => {
    const other = b.columns[c];
    return other !== undefined && sameValue(column, i, other, j);
  });

export function isSorted(batch: RecordBatch): boolean {
  for (let i = 1; i < batch.n; i += 1) if (compareKeys(batch, i - 1, batch, i) >= 0) return false;
  return true;
}

/** First row at or after `ts` in a sorted batch. */
export function lowerBound(batch: RecordBatch, ts: number): number {
  let low = 0;
  let high = batch.n;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((batch.ts[mid] ?? 0) < ts) low = mid + 1;
    else high = mid;
  }
  return low;
}

function sliceDecimal(c: DecimalColumn, from: number, to: number): DecimalColumn {
  let exceptions: Map<number, string> | undefined;
  for (const [i, text] of c.exceptions ?? []) {
    if (i >= from && i < to) (exceptions ??= new Map()).set(i - from, text);
  }
  return { ...c, ints: c.ints.subarray(from, to), nulls: c.nulls?.subarray(from, to), exceptions };
}

function sliceColumn(c: Column, from: number, to: number): Column {
  switch (c.kind) {
    case 'decimal':
      return sliceDecimal(c, from, to);
    case 'int':
      return { ...c, ints: c.ints.subarray(from, to), nulls: c.nulls?.subarray(from, to) };
    case 'text':
      return { ...c, indexes: c.indexes.subarray(from, to) };
    case 'flag':
      return { ...c, bits: c.bits.subarray(from, to) };
    case 'levels': {
      const start = c.offsets[from] ?? 0;
      const end = c.offsets[to] ?? start;
      return {
        kind: 'levels',
        offsets: c.offsets.slice(from, to + 1).map((o) => o - start),
        prices: sliceDecimal(c.prices, start, end),
        sizes: sliceDecimal(c.sizes, start, end),
      };
    }
  }
}

/** Rows `from .. to` (exclusive) of a batch; shares memory. */
export function sliceBatch(batch: RecordBatch, from: number, to: number): RecordBatch {
  if (from === 0 && to === batch.n) return batch;
  return {
    ...batch,
    n: to - from,
    ts: batch.ts.subarray(from, to),
    ties: batch.ties?.slice(from, to),
    columns: batch.columns.map((c) => sliceColumn(c, from, to)),
  };
}

/** The rows of a sorted batch inside the range; shares memory. */
export const sliceRange = (batch: RecordBatch, range: TimeRange): RecordBatch =>
  sliceBatch(
    batch,
    lowerBound(batch, range.from),
    Math.max(lowerBound(batch, range.from), lowerBound(batch, range.to)),
  );

/** Where each row of a new batch comes from: a batch and a row in it. */
export interface Pick {
  readonly batch: RecordBatch;
  readonly row: number;
}

function typeOf(batch: RecordBatch): DataType {
  const type = dataTypeOf(batch.type);
  if (!type) throw new RangeError(`unknown data type ${batch.type}`);
  return type;
}

function gatherDecimal(
  columns: readonly (Column | undefined)[],
  rows: readonly number[],
): DecimalColumn | undefined {
  const first = columns[0];
  if (first?.kind !== 'decimal' || !(first.ints instanceof Float64Array)) return undefined;
  const ints = new Float64Array(rows.length);
  let nulls: Uint8Array | undefined;
  for (let k = 0; k < rows.length; k += 1) {
    const c = columns[k];
    const row = rows[k] ?? 0;
    if (c?.kind !== 'decimal' || c.scale !== first.scale || c.exceptions || !(c.ints instanceof Float64Array))
      return undefined;
    ints[k] = c.ints[row] ?? 0;
    if (c.nulls?.[row] === 1) (nulls ??= new Uint8Array(rows.length))[k] = 1;
  }
  return { kind: 'decimal', scale: first.scale, ints, nulls };
}

/** A new batch of the picked rows, in their order. All picks are of one data type. */
export function gatherRows(type: DataType, picks: readonly Pick[]): RecordBatch {
  const rows = picks.map((p) => p.row);
  const columns = type.columns.map((spec, c) => {
    const sources = picks.map((p) => p.batch.columns[c]);
    return (
      gatherDecimal(sources, rows) ??
      buildColumn(
        spec,
        sources.map((s, k) => (s ? valueAt(s, rows[k] ?? 0) : null)),
      )
    );
  });
  return {
    type: type.id,
    version: type.version,
    n: picks.length,
    ts: Float64Array.from(picks, (p) => p.batch.ts[p.row] ?? NaN),
    ties: type.tied ? picks.map((p) => p.batch.ties?.[p.row] ?? '') : undefined,
    columns,
  };
}

function allRows(batches: readonly RecordBatch[]): Pick[] {
  const picks: Pick[] = [];
  for (const batch of batches) for (let row = 0; row < batch.n; row += 1) picks.push({ batch, row });
  return picks;
}

/** One batch after another. @throws RangeError on an empty list or an unknown type. */
export function concatBatches(batches: readonly RecordBatch[]): RecordBatch {
  const filled = batches.filter((b) => b.n > 0);
  const first = filled[0] ?? batches[0];
  if (!first) throw new RangeError('nothing to concatenate');
  return filled.length <= 1 ? first : gatherRows(typeOf(first), allRows(filled));
}

/** The same records ascending by key; equal keys keep their order. */
export function sortBatch(batch: RecordBatch): RecordBatch {
  let ascending = true;
  for (let i = 1; i < batch.n && ascending; i += 1) ascending = compareKeys(batch, i - 1, batch, i) <= 0;
  if (ascending) return batch;
  const picks = allRows([batch]).sort((a, b) => compareKeys(batch, a.row, batch, b.row) || a.row - b.row);
  return gatherRows(typeOf(batch), picks);
}
