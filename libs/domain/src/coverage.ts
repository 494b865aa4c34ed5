import type { TimeRange } from './time-range.ts';
import { isEmptyRange } from './time-range.ts';

/**
 * What is known of an expected record. `present`: a final row. `empty`: confirmed that the venue has none. `unavailable`:
 * it cannot be had (before listing, past the look-back, a missed snapshot). `provisional`: a row that may still change,
 * or, with reason `unconfirmed`, an absence that wants more reads. `failed`: asked for, not answered.
 */
export const COVERAGE_STATES = ['present', 'empty', 'unavailable', 'provisional', 'failed'] as const;
export type CoverageState = (typeof COVERAGE_STATES)[number];

/** Reason of a provisional run without rows. */
export const UNCONFIRMED = 'unconfirmed';

/**
 * A stretch of time whose expected records share one state. For grid types the bounds are slot opens. Runs of one part
 * are ordered, disjoint, and never carry equal facts back to back (they are coalesced).
 */
export interface CoverageRun extends TimeRange {
  readonly state: CoverageState;
  readonly reason?: string | undefined;
  /** Id of the evidence record, for `empty`, `unavailable` and `unconfirmed`. */
  readonly evidence?: string | undefined;
  /** How far the evidence reaches: 1 re-reads, 2 a coarser bar, 3 trade ids, 4 archive checksum, 5 a second source. */
  readonly grade?: number | undefined;
  /** When the provisional row was read, or the attempt failed. */
  readonly at?: number | undefined;
  /** Reads (`unconfirmed`) or attempts (`failed`) so far. */
  readonly attempts?: number | undefined;
  /** Stable error code of a failed run. */
  readonly error?: string | undefined;
  readonly nextTryAt?: number | undefined;
}

/** Settled: nothing more to ask for, save planned re-reads and audits. */
export const isSettled = (run: CoverageRun): boolean =>
  run.state === 'present' || run.state === 'empty' || run.state === 'unavailable';

/** Whether records in the run's stretch may have rows. */
export const hasRows = (run: CoverageRun): boolean =>
  run.state === 'present' || (run.state === 'provisional' && run.reason !== UNCONFIRMED);

function rank(run: CoverageRun): number {
  switch (run.state) {
    case 'present':
      return 6;
    case 'provisional':
      return run.reason === UNCONFIRMED ? 2 : 5;
    case 'empty':
      return 4;
    case 'unavailable':
      return 3;
    case 'failed':
      return 1;
  }
}

const order = (x: string | undefined, y: string | undefined): number => {
  const a = x ?? '';
  const b = y ?? '';
  return a < b ? 1 : a > b ? -1 : 0;
};

/**
 * Which of two facts about one record stands: positive when `a` does. A total order (zero only for equal facts), so
 * merging is commutative, associative and idempotent.
 */
export function compareRuns(a: CoverageRun, b: CoverageRun): number {
  return (
    rank(a) - rank(b) ||
    (a.grade ?? 0) - (b.grade ?? 0) ||
    (a.attempts ?? 0) - (b.attempts ?? 0) ||
    (a.at ?? 0) - (b.at ?? 0) ||
    order(a.evidence, b.evidence) ||
    order(a.reason, b.reason) ||
    order(a.error, b.error) ||
    (a.nextTryAt ?? 0) - (b.nextTryAt ?? 0)
  );
}

const sameFacts = (a: CoverageRun, b: CoverageRun): boolean => a.state === b.state && compareRuns(a, b) === 0;

/** Ordered runs with equal neighbours joined and empty ones dropped. */
export function coalesceRuns(runs: readonly CoverageRun[]): CoverageRun[] {
  const out: CoverageRun[] = [];
  for (const run of runs) {
    if (isEmptyRange(run)) continue;
    const last = out.at(-1);
    if (last && last.to === run.from && sameFacts(last, run)) out[out.length - 1] = { ...last, to: run.to };
    else out.push(run);
  }
  return out;
}

/** The stronger fact at every instant, of two ordered disjoint lists. */
export function mergeRuns(a: readonly CoverageRun[], b: readonly CoverageRun[]): CoverageRun[] {
  if (a.length === 0) return coalesceRuns(b);
  if (b.length === 0) return coalesceRuns(a);
  const cuts = [...new Set([...a, ...b].flatMap((r) => [r.from, r.to]))].sort((x, y) => x - y);
  const out: CoverageRun[] = [];
  let i = 0;
  let j = 0;
  for (let k = 0; k + 1 < cuts.length; k += 1) {
    const from = cuts[k] ?? 0;
    const to = cuts[k + 1] ?? 0;
    while ((a[i]?.to ?? Infinity) <= from) i += 1;
    while ((b[j]?.to ?? Infinity) <= from) j += 1;
    const x = a[i];
    const y = b[j];
    const inA = x && x.from <= from ? x : undefined;
    const inB = y && y.from <= from ? y : undefined;
    const best = inA && inB ? (compareRuns(inA, inB) >= 0 ? inA : inB) : (inA ?? inB);
    if (best) out.push({ ...best, from, to });
  }
  return coalesceRuns(out);
}

/** The runs cut to a range. */
export const clipRuns = (runs: readonly CoverageRun[], range: TimeRange): CoverageRun[] =>
  runs
    .filter((r) => r.to > range.from && r.from < range.to)
    .map((r) => ({ ...r, from: Math.max(r.from, range.from), to: Math.min(r.to, range.to) }));

/** The run that covers an instant, by binary search. */
export function runAt(runs: readonly CoverageRun[], ts: number): CoverageRun | undefined {
  let low = 0;
  let high = runs.length - 1;
  while (low <= high) {
    const mid = (low + high) >>> 1;
    const run = runs[mid];
    if (!run) return undefined;
    if (ts < run.from) high = mid - 1;
    else if (ts >= run.to) low = mid + 1;
    else return run;
  }
  return undefined;
}
