import type { CoverageRun, CoverageState } from './coverage.ts';
import { clipRuns, isSettled, UNCONFIRMED } from './coverage.ts';
import { countSlots, type Grid } from './timeframe.ts';
import { subtractRanges, type TimeRange } from './time-range.ts';

/** A stretch of expected records with one state; `missing`: never asked for. */
export interface TalliedRange extends TimeRange {
  readonly state: CoverageState | 'missing';
  readonly run?: CoverageRun | undefined;
}

/** Every expected record of a span counted once. `expected` is the sum of all counts. */
export interface Tally {
  readonly ranges: readonly TalliedRange[];
  readonly expected: number;
  readonly counts: Readonly<Record<CoverageState | 'missing', number>>;
  /** Everything expected before this instant is settled. */
  readonly watermark: number;
  /** Stretches that are missing, failed or unconfirmed. */
  readonly gaps: number;
}

const isGap = (r: TalliedRange): boolean =>
  r.state === 'missing' ||
  r.state === 'failed' ||
  (r.state === 'provisional' && r.run?.reason === UNCONFIRMED);

function tile(expected: readonly TimeRange[], runs: readonly CoverageRun[]): TalliedRange[] {
  const out: TalliedRange[] = [];
  for (const range of expected) {
    const known = clipRuns(runs, range);
    for (const run of known) out.push({ from: run.from, to: run.to, state: run.state, run });
    for (const hole of subtractRanges(range, known)) out.push({ ...hole, state: 'missing' });
  }
  return out.sort((a, b) => a.from - b.from);
}

/**
 * Counts the expected slots of a span by state. `expected` are the calendar's ranges inside the span, `runs` what a store
 * knows of it. Grid types only.
 */
export function tallyCoverage(
  grid: Grid,
  span: TimeRange,
  expected: readonly TimeRange[],
  runs: readonly CoverageRun[],
): Tally {
  const counts = { present: 0, empty: 0, unavailable: 0, provisional: 0, failed: 0, missing: 0 };
  const ranges = tile(expected, runs);
  let watermark = Math.max(span.from, span.to);
  for (const r of ranges) {
    const n = countSlots(grid, r);
    counts[r.state] += n;
    if (n > 0 && !(r.run && isSettled(r.run))) watermark = Math.min(watermark, r.from);
  }
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  return { ranges, expected: total, counts, watermark, gaps: ranges.filter(isGap).length };
}
