import { floorTo, gridOf, nominalMs, type TimeRange, type Timeframe } from '@kairos/domain';

/** Bars through which the first one is searched for, longest first: each splits into less than a page of the next. */
const RUNGS: readonly Timeframe[] = ['1M', '1d', '1h', '1m'];
/** No market of any venue is older. */
const BEGINNING = Date.UTC(2010, 0, 1);

export interface EarliestQuery {
  readonly timeframe: Timeframe;
  /** Timeframes the venue has. */
  readonly offered: readonly Timeframe[];
  readonly pageSize: number;
  /** Of the timeframe asked for. */
  readonly anchorMs: number;
  readonly now: number;
}

/** Open time of the first bar in a window of at most a page; null: it is empty. */
export type FirstIn = (window: TimeRange & { readonly timeframe: Timeframe }) => Promise<number | null>;

/**
 * The first bar there is: the first long one, then the first shorter one inside it, and so on, a few requests in all.
 * Windows are walked from the oldest, so a pause of years in a market's life does not hide what was before it. Null: no
 * bar at all. Undefined: long bars that hold no short ones, of which no more can be said.
 */
export async function findEarliest(
  query: EarliestQuery,
  firstIn: FirstIn,
): Promise<number | null | undefined> {
  let range: TimeRange = { from: BEGINNING, to: query.now };
  let longer = false;
  for (const rung of rungsOf(query)) {
    const anchorMs = rung === query.timeframe ? query.anchorMs : 0;
    const first = await firstOf({ rung, anchorMs, range, pageSize: query.pageSize }, firstIn);
    if (first === null) return longer ? undefined : null;
    const grid = gridOf(rung, anchorMs);
    range = { from: first, to: grid.openOf(grid.indexOf(first) + 1) };
    longer = true;
  }
  return range.from;
}

function rungsOf({ timeframe, offered }: EarliestQuery): readonly Timeframe[] {
  const length = (t: Timeframe): number => nominalMs(gridOf(t));
  const longer = RUNGS.filter((t) => offered.includes(t) && length(t) > length(timeframe));
  return [...longer, timeframe];
}

interface Rung {
  readonly rung: Timeframe;
  readonly anchorMs: number;
  readonly range: TimeRange;
  readonly pageSize: number;
}

/** The bar that holds the start of the range counts: it may begin before. */
async function firstOf({ rung, anchorMs, range, pageSize }: Rung, firstIn: FirstIn): Promise<number | null> {
  const grid = gridOf(rung, anchorMs);
  const start = grid.indexOf(floorTo(grid, range.from));
  for (let index = start; grid.openOf(index) < range.to; index += pageSize) {
    const end = grid.indexOf(range.to - 1) + 1;
    const window = { from: grid.openOf(index), to: grid.openOf(Math.min(index + pageSize, end)) };
    const first = await firstIn({ ...window, timeframe: rung });
    if (first !== null) return first;
  }
  return null;
}
