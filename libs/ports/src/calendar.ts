import type { Grid, TimeRange } from '@kairos/domain';

/** Which records are expected, and when each is final. Pure. */
export interface Calendar {
  readonly id: string;
  /**
   * The stretch of time whose days are known for certain; absent: all of time. Outside it a calendar expects too much
   * rather than too little, and closes by the clock: what it is wrong about ends as `empty`, and nothing is missed.
   */
  readonly known?: TimeRange | undefined;
  /** How far from UTC midnight this market's days begin (negative: east of Greenwich); absent: 0. As of a grid's anchor. */
  readonly anchorMs?: number | undefined;
  /** The parts of `range` in which every slot of the grid is expected: ordered, disjoint, bounds on slot opens. */
  expected(p: { readonly grid: Grid; readonly range: TimeRange }): readonly TimeRange[];
  /**
   * Slots that open before this instant are closed at `now`: nothing more can come to pass in them. A slot's opening,
   * and no later than the end of the slot that holds `now`: a trading day is over when its last session is.
   */
  closedBefore(p: { readonly grid: Grid; readonly now: number }): number;
}

/** Which calendar a series follows. Pure. */
export interface Calendars {
  /** By the source's id, as tasks and series name it. One that is not known is always open. */
  of(source: string): Calendar;
}
