import type { Grid, TimeRange } from '@kairos/domain';

/** Which records are expected, and when each is final. Pure. */
export interface Calendar {
  readonly id: string;
  /** The parts of `range` in which every slot of the grid is expected: ordered, disjoint, bounds on slot opens. */
  expected(p: { readonly grid: Grid; readonly range: TimeRange }): readonly TimeRange[];
  /** Slots that open before this instant are closed at `now` (their last moment has passed). */
  closedBefore(p: { readonly grid: Grid; readonly now: number }): number;
}

/** Which calendar a series follows. Pure. */
export interface Calendars {
  /** By the source's id, as tasks and series name it. One that is not known is always open. */
  of(source: string): Calendar;
}
