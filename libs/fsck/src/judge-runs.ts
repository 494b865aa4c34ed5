import { COVERAGE_STATES, type CoverageRun, type TimeRange } from '@kairos/domain';
import { violation, type Violation, type ViolationPlace } from './violation.ts';

const KNOWN: ReadonlySet<string> = new Set(COVERAGE_STATES);

/** Whether the runs may be trusted to be searched and merged. */
export const isOrdered = (runs: readonly CoverageRun[]): boolean =>
  runs.every((run, i) => run.from < run.to && run.from >= (runs[i - 1]?.to ?? -Infinity));

/**
 * Runs are ordered, disjoint, not empty, inside their bounds, and each has a state. Only the first run out of order is
 * named: what comes after it follows from it.
 */
export function judgeRuns(
  runs: readonly CoverageRun[],
  where: ViolationPlace,
  bounds: TimeRange = { from: -Infinity, to: Infinity },
): Violation[] {
  const found: Violation[] = [];
  const odd = runs.findIndex(
    (run, i) =>
      !(run.from < run.to) ||
      run.from < (runs[i - 1]?.to ?? -Infinity) ||
      run.from < bounds.from ||
      run.to > bounds.to,
  );
  const run = runs[odd];
  if (run) {
    const before = runs[odd - 1];
    const detail = `[${run.from}, ${run.to})${before ? ` after [${before.from}, ${before.to})` : ''}`;
    found.push(violation('runs_disordered', { ...where, ts: run.from }, detail));
  }
  const unknown = runs.filter((r) => !KNOWN.has(r.state));
  const first = unknown[0];
  if (first)
    found.push(violation('run_unknown', { ...where, ts: first.from }, String(first.state), unknown.length));
  return found;
}
