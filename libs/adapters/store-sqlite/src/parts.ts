import {
  clipRuns,
  coalesceRuns,
  compareKeys,
  compareRuns,
  gatherRows,
  hasRows,
  lowerBound,
  mergeParts,
  sameRow,
  sliceBatch,
  subtractRanges,
  type BlockLayout,
  type CoverageRun,
  type DataType,
  type Part,
  type RecordBatch,
  type TimeRange,
} from '@kairos/domain';

/** The rows of a part that fall into one block, and all its runs there. */
export interface Slice {
  readonly block: number;
  readonly range: TimeRange;
  readonly part: Part;
}

/** A part cut into slices of the blocks that get rows, and the runs outside those blocks. */
export function cutPart(
  layout: BlockLayout,
  part: Part,
): { slices: readonly Slice[]; rest: readonly CoverageRun[] } {
  const { batch, runs } = part;
  const slices: Slice[] = [];
  for (let i = 0; i < batch.n;) {
    const block = layout.blockOf(batch.ts[i] ?? 0);
    const range = layout.rangeOf(block);
    const end = lowerBound(batch, range.to);
    slices.push({ block, range, part: { batch: sliceBatch(batch, i, end), runs: clipRuns(runs, range) } });
    i = end;
  }
  return {
    slices,
    rest: withoutRanges(
      runs,
      slices.map((s) => s.range),
    ),
  };
}

/** The runs outside the ranges. */
export const withoutRanges = (runs: readonly CoverageRun[], ranges: readonly TimeRange[]): CoverageRun[] =>
  coalesceRuns(runs.flatMap((run) => subtractRanges(run, ranges).map((r) => ({ ...run, ...r }))));

/** Where `merged` says more than `known`: the facts worth writing. `merged` is `known` joined with something. */
export function newsOf(known: readonly CoverageRun[], merged: readonly CoverageRun[]): CoverageRun[] {
  const news: CoverageRun[] = [];
  let first = 0;
  for (const run of merged) {
    while ((known[first]?.to ?? Infinity) <= run.from) first += 1;
    const same: CoverageRun[] = [];
    for (let k = first; (known[k]?.from ?? Infinity) < run.to; k += 1) {
      const old = known[k];
      if (old && compareRuns(old, run) === 0) same.push(old);
    }
    news.push(...subtractRanges(run, same).map((r) => ({ ...run, ...r })));
  }
  return news;
}

/** Runs of rows that may still change. They, and their rows, never lie in a chunk. */
export const isOpen = (run: CoverageRun): boolean => run.state === 'provisional' && hasRows(run);

/** Which rows of a sorted batch stand inside the ordered runs. */
export function rowsInside(batch: RecordBatch, runs: readonly CoverageRun[]): number[] {
  const rows: number[] = [];
  for (const run of runs) {
    const end = lowerBound(batch, run.to);
    for (let i = lowerBound(batch, run.from); i < end; i += 1) rows.push(i);
  }
  return rows;
}

/** Two sorted batches without a common key as one. */
export const unionRows = (type: DataType, a: RecordBatch, b: RecordBatch): RecordBatch =>
  mergeParts(type, { batch: a, runs: [] }, { batch: b, runs: [] }).part.batch;

export const pickRows = (type: DataType, batch: RecordBatch, rows: readonly number[]): RecordBatch =>
  rows.length === batch.n
    ? batch
    : gatherRows(
        type,
        rows.map((row) => ({ batch, row })),
      );

/** Rows of `after` that `before` does not hold, or holds otherwise. */
export function changedRows(before: RecordBatch, after: RecordBatch): number[] {
  const rows: number[] = [];
  let i = 0;
  for (let j = 0; j < after.n; j += 1) {
    while (i < before.n && compareKeys(before, i, after, j) < 0) i += 1;
    const isThere = i < before.n && compareKeys(before, i, after, j) === 0;
    if (!isThere || !sameRow(before, i, after, j)) rows.push(j);
  }
  return rows;
}
