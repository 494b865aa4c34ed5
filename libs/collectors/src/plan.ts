import type { CoverageRun, Grid, TimeRange } from '@kairos/domain';
import {
  clipRuns,
  intersectRange,
  isEmptyRange,
  isSettled,
  shiftSlots,
  subtractRanges,
  UNCONFIRMED,
} from '@kairos/domain';

/** A young absence is asked for again no sooner than this. */
export const YOUNG_SPACING_MS = 60_000;
/** An old one may be confirmed within the same run, so far apart. */
export const OLD_SPACING_MS = 1_000;
/** Older than this counts as old: nothing is still on its way into the venue's books. */
export const OLD_AGE_MS = 86_400_000;
/** A stretch that failed is asked for again after this at the latest. */
export const FAILED_CAP_MS = 3_600_000;
/** Reads that must all miss a record before it counts as `empty`. */
export const CONFIRMING_READS = 3;

const isUnconfirmed = (run: CoverageRun): boolean =>
  run.state === 'provisional' && run.reason === UNCONFIRMED;

/** When a failed stretch is asked for again; at once where the instant was written by a clock that has since gone back. */
export const nextTryOf = (run: CoverageRun, now: number): number =>
  run.nextTryAt !== undefined && run.nextTryAt <= now + FAILED_CAP_MS ? run.nextTryAt : now;

/**
 * What a normal run asks for: expected, not settled, not waiting for a confirming read, and, where an attempt failed
 * before, its next try has come. Ordered and disjoint.
 */
export function planOpen(
  expected: readonly TimeRange[],
  known: readonly CoverageRun[],
  now: number,
): TimeRange[] {
  const taken = known.filter(
    (r) => isSettled(r) || isUnconfirmed(r) || (r.state === 'failed' && nextTryOf(r, now) > now),
  );
  return expected.flatMap((range) => subtractRanges(range, clipRuns(taken, range)));
}

/**
 * Open stretches as requests: on a fixed grid of pages of `pageSize` slots, one of which begins at `origin`, one request
 * per touched page, spanning from the page's first open slot to its last. The newest page comes first (live data is
 * wanted soonest), then from old to new. With the first slot there is as origin, none but the last page is short.
 */
export function planPages(
  grid: Grid,
  open: readonly TimeRange[],
  { pageSize, origin = 0 }: { readonly pageSize: number; readonly origin?: number | undefined },
): TimeRange[] {
  const first = grid.indexOf(origin);
  const pages: { page: number; from: number; to: number }[] = [];
  for (const range of open) {
    let from = range.from;
    while (from < range.to) {
      const page = Math.floor((grid.indexOf(from) - first) / pageSize);
      const to = Math.min(range.to, grid.openOf(first + (page + 1) * pageSize));
      const last = pages.at(-1);
      if (last?.page === page) last.to = to;
      else pages.push({ page, from, to });
      from = to;
    }
  }
  const newest = pages.pop();
  return (newest ? [newest, ...pages] : []).map(({ from, to }) => ({ from, to }));
}

/** Saving so small a part of the requests is not worth pages that lie across blocks, which a store writes twice. */
const WORTH_SHIFTING = 0.02;

/** Pages along the blocks, or counted from `origin` where that takes clearly fewer of them (see `planPages`). */
export function fewestPages(
  grid: Grid,
  open: readonly TimeRange[],
  { pageSize, origin }: { readonly pageSize: number; readonly origin: number | undefined },
): TimeRange[] {
  const along = planPages(grid, open, { pageSize });
  const shifted = planPages(grid, open, { pageSize, origin });
  return shifted.length < along.length * (1 - WORTH_SHIFTING) ? shifted : along;
}

/** How far apart the reads of an absence must be. `now` is the earlier of the venue's and our clock. */
export const readSpacing = (absence: TimeRange, now: number): number =>
  now - absence.to > OLD_AGE_MS ? OLD_SPACING_MS : YOUNG_SPACING_MS;

/**
 * The unconfirmed absences among the runs, each with the instant of our clock from which it may be read again; at once
 * where the last read was made by a clock that has since gone back. `now` as in `readSpacing`.
 */
export const unconfirmedOf = (
  known: readonly CoverageRun[],
  now: number,
  ownNow: number,
): { readonly run: CoverageRun; readonly ripeAt: number }[] =>
  known.filter(isUnconfirmed).map((run) => {
    const at = run.at ?? 0;
    return { run, ripeAt: at > ownNow ? ownNow : at + readSpacing(run, now) };
  });

/**
 * Windows for one round of confirming reads: each absence with some slots of its surroundings (so that rows on both sides
 * witness it), the margin differing from read to read so that no two ask with the same bounds; near ones share a request.
 */
export function planConfirmations(
  grid: Grid,
  absences: readonly CoverageRun[],
  pageSize: number,
  within: TimeRange,
): TimeRange[] {
  const windows: TimeRange[] = [];
  for (const absence of absences) {
    const margin = Math.min(Math.floor(pageSize / 4), 2 + 3 * (absence.attempts ?? 1));
    for (const piece of cut(grid, absence, pageSize - 2 * margin)) {
      const window = intersectRange(
        { from: shiftSlots(grid, piece.from, -margin), to: shiftSlots(grid, piece.to, margin) },
        within,
      );
      const last = windows.at(-1);
      const joined =
        last && window.from >= last.from ? { from: last.from, to: Math.max(last.to, window.to) } : undefined;
      if (joined && grid.indexOf(joined.to) - grid.indexOf(joined.from) <= pageSize)
        windows[windows.length - 1] = joined;
      else if (!isEmptyRange(window)) windows.push(window);
    }
  }
  return windows;
}

function cut(grid: Grid, range: TimeRange, slots: number): TimeRange[] {
  const out: TimeRange[] = [];
  for (let from = range.from; from < range.to;) {
    const to = Math.min(range.to, shiftSlots(grid, from, Math.max(1, slots)));
    out.push({ from, to });
    from = to;
  }
  return out;
}
