import type { Grid, Timeframe } from '@kairos/domain';
import { gridOf, nestsIn, nominalMs } from '@kairos/domain';

const DAY = 86_400_000;
/** Bars of the nearest coarser timeframe cost at most so much of what the bars themselves did: a quarter. */
const NEAR = 4;
/** The far one is so much longer again: nearly free, and a second opinion. */
const FAR = 12;
/** Finer bars are asked for one by one up to so many per bar. */
const MOST_FINER = 60;

/** The other timeframes of a source that a series is compared with. Each nests in the longest of them. */
export interface PickedTimeframes {
  readonly coarser: readonly Timeframe[];
  /** Read throughout. */
  readonly finer: Timeframe | undefined;
  /** Asked where a coarser bar differs, to find out which bar it is. */
  readonly closeUp: Timeframe | undefined;
}

/**
 * Picks by what it costs: a near and a far coarser timeframe; with `deep` all up to a day (of days and longer: a week) and
 * the next finer one throughout. `anchorOf`: where the source's bars of a timeframe open.
 */
export function pickTimeframes(p: {
  readonly own: Grid;
  readonly offered: readonly Timeframe[];
  readonly anchorOf: (timeframe: Timeframe) => number;
  readonly deep: boolean;
}): PickedTimeframes {
  const { own, deep } = p;
  const grids = p.offered.map((timeframe) => gridOf(timeframe, p.anchorOf(timeframe)));
  const longest = nominalMs(own) < DAY ? DAY : 7 * DAY;
  const up = grids
    .filter((grid) => nestsIn(own, grid) && nominalMs(grid) <= longest)
    .sort((a, b) => nominalMs(a) - nominalMs(b));
  const down = grids
    .filter((grid) => nestsIn(grid, own) && nominalMs(own) / nominalMs(grid) <= MOST_FINER)
    .sort((a, b) => nominalMs(b) - nominalMs(a));
  const finer = down[0]?.timeframe;
  const chosen = deep ? up : nearAndFar(own, up);
  const last = chosen.at(-1);
  const coarser = chosen.filter((grid) => grid === last || (last !== undefined && nestsIn(grid, last)));
  return {
    coarser: coarser.map((grid) => grid.timeframe),
    finer: deep ? finer : undefined,
    closeUp: deep ? undefined : finer,
  };
}

function nearAndFar(own: Grid, up: readonly Grid[]): Grid[] {
  const near = up.find((grid) => nominalMs(grid) >= NEAR * nominalMs(own)) ?? up.at(-1);
  if (!near) return [];
  const beyond = up.filter((grid) => nestsIn(near, grid));
  const far = beyond.find((grid) => nominalMs(grid) >= FAR * nominalMs(near)) ?? beyond.at(-1);
  return far ? [near, far] : [near];
}
