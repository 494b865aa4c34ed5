import type { DataType } from './data-type.ts';
import type { CoverageRun } from './coverage.ts';
import type { TimeRange } from './time-range.ts';
import { clipRuns, compareRuns, mergeRuns, runAt } from './coverage.ts';
import {
  batchOfRows,
  compareKeys,
  concatBatches,
  emptyBatch,
  gatherRows,
  rowAt,
  sameRow,
  sliceRange,
  type Pick,
  type RecordBatch,
  type Row,
} from './batch.ts';

/**
 * Rows together with what is known of their stretch: the unit that travels from `collectors` into a store, and what a
 * block holds. The batch is sorted; every row stands in a `present` or (row-bearing) `provisional` run.
 */
export interface Part {
  readonly batch: RecordBatch;
  readonly runs: readonly CoverageRun[];
}

/** Two final rows of one key that differ: the stored one stays, the other is reported. */
export interface RowConflict {
  readonly stored: Row;
  readonly incoming: Row;
}

export interface MergedPart {
  readonly part: Part;
  /** False when the incoming part added nothing, so that nothing needs to be written. */
  readonly changed: boolean;
  readonly conflicts: readonly RowConflict[];
}

/** A settled value that changes on purpose. Applied only where the stored row equals `from`. */
export interface Revision {
  readonly from: Row;
  readonly to: Row;
  readonly reason: string;
  /** When the new value was seen. */
  readonly at: number;
}

export const emptyPart = (type: DataType): Part => ({ batch: emptyBatch(type), runs: [] });

/** The part's rows and runs inside a range. */
export const clipPart = (part: Part, range: TimeRange): Part => ({
  batch: sliceRange(part.batch, range),
  runs: clipRuns(part.runs, range),
});

const sameRuns = (a: readonly CoverageRun[], b: readonly CoverageRun[]): boolean =>
  a.length === b.length &&
  a.every((run, i) => {
    const other = b[i];
    return (
      other !== undefined && run.from === other.from && run.to === other.to && compareRuns(run, other) === 0
    );
  });

/** Which of two rows of one key stands; `'conflict'` when both are final and differ. */
function decideRow(stored: Part, i: number, incoming: Part, j: number): 'stored' | 'incoming' | 'conflict' {
  if (sameRow(stored.batch, i, incoming.batch, j)) return 'stored';
  const ts = stored.batch.ts[i] ?? 0;
  const a = runAt(stored.runs, ts);
  const b = runAt(incoming.runs, ts);
  if (a?.state === 'present' && b?.state === 'present') return 'conflict';
  const better = a && b ? compareRuns(b, a) : a ? -1 : 1;
  if (better !== 0) return better > 0 ? 'incoming' : 'stored';
  const x = JSON.stringify(rowAt(stored.batch, i).values);
  const y = JSON.stringify(rowAt(incoming.batch, j).values);
  return y > x ? 'incoming' : 'stored';
}

function mergeRows(
  type: DataType,
  stored: Part,
  incoming: Part,
): { batch: RecordBatch; conflicts: RowConflict[]; taken: number } {
  const a = stored.batch;
  const b = incoming.batch;
  const picks: Pick[] = [];
  const conflicts: RowConflict[] = [];
  let taken = 0;
  let i = 0;
  let j = 0;
  while (i < a.n || j < b.n) {
    const side = i >= a.n ? 1 : j >= b.n ? -1 : compareKeys(a, i, b, j);
    let decision: 'stored' | 'incoming' | 'conflict' = side < 0 ? 'stored' : 'incoming';
    if (side === 0) decision = decideRow(stored, i, incoming, j);
    if (decision === 'conflict') conflicts.push({ stored: rowAt(a, i), incoming: rowAt(b, j) });
    if (decision === 'incoming') taken += 1;
    picks.push(decision === 'incoming' ? { batch: b, row: j } : { batch: a, row: i });
    if (side <= 0) i += 1;
    if (side >= 0) j += 1;
  }
  return { batch: taken === 0 ? a : gatherRows(type, picks), conflicts, taken };
}

function mergeBatches(
  type: DataType,
  stored: Part,
  incoming: Part,
): { batch: RecordBatch; conflicts: RowConflict[]; taken: number } {
  const a = stored.batch;
  const b = incoming.batch;
  if (b.n === 0) return { batch: a, conflicts: [], taken: 0 };
  if (a.n === 0) return { batch: b, conflicts: [], taken: b.n };
  if (compareKeys(a, a.n - 1, b, 0) < 0) return { batch: concatBatches([a, b]), conflicts: [], taken: b.n };
  if (compareKeys(b, b.n - 1, a, 0) < 0) return { batch: concatBatches([b, a]), conflicts: [], taken: b.n };
  return mergeRows(type, stored, incoming);
}

/**
 * Folds what came in into what is stored, per key: pure, idempotent, and commutative except for conflicts of final rows
 * (where the stored one stays and both are reported).
 *
 * ∅ → incoming · final beats provisional · of two provisional the later read · equal → stored, no write ·
 * final ≠ final → stored, and a conflict. States: row > empty > unavailable > unconfirmed > failed > nothing.
 */
export function mergeParts(type: DataType, stored: Part, incoming: Part): MergedPart {
  const { batch, conflicts, taken } = mergeBatches(type, stored, incoming);
  const runs = mergeRuns(stored.runs, incoming.runs);
  return { part: { batch, runs }, changed: taken > 0 || !sameRuns(stored.runs, runs), conflicts };
}

/**
 * Replaces settled rows by their revised values. A revision whose `from` no longer stands is left out of `applied`
 * (already revised, or stored otherwise).
 */
export function reviseRows(
  type: DataType,
  part: Part,
  revisions: readonly Revision[],
): { part: Part; applied: readonly Revision[] } {
  const byKey = new Map(revisions.map((r) => [`${r.from.ts}|${r.from.tie ?? ''}`, r]));
  const applied: Revision[] = [];
  const picks: Pick[] = [];
  for (let row = 0; row < part.batch.n; row += 1) {
    const revision = byKey.get(`${part.batch.ts[row]}|${part.batch.ties?.[row] ?? ''}`);
    const old = revision && batchOfRows(type, [revision.from]);
    if (revision && old && sameRow(part.batch, row, old, 0)) {
      applied.push(revision);
      picks.push({ batch: batchOfRows(type, [revision.to]), row: 0 });
    } else picks.push({ batch: part.batch, row });
  }
  if (applied.length === 0) return { part, applied };
  return { part: { batch: gatherRows(type, picks), runs: part.runs }, applied };
}
