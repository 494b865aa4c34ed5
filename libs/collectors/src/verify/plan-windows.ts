import type { Grid, TimeRange } from '@kairos/domain';
import { ceilTo, floorTo, nominalMs, unionRanges } from '@kairos/domain';

/** Slots held at a time, at the least. */
const WINDOW_SLOTS = 5_000;

/** Stretches of a witness's grid that are touched. */
export const wantedOf = (grid: Grid, settled: readonly TimeRange[]): TimeRange[] =>
  unionRanges(settled.map(({ from, to }) => ({ from: floorTo(grid, from), to: ceilTo(grid, to) })));

/** Windows that hold something settled: whole bars of the longest timeframe, ascending. */
export function* windowsOf(longest: Grid, own: Grid, settled: readonly TimeRange[]): Generator<TimeRange> {
  const step = Math.max(1, Math.ceil((WINDOW_SLOTS * nominalMs(own)) / nominalMs(longest)));
  let reached = -Infinity;
  for (const run of settled) {
    for (let from = Math.max(floorTo(longest, run.from), reached); from < run.to; from = reached) {
      reached = longest.openOf((Math.floor(longest.indexOf(from) / step) + 1) * step);
      yield { from, to: reached };
    }
  }
}
