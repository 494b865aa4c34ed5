import { ceilTo, floorTo, isEmptyRange, type Grid, type TimeRange } from '@kairos/domain';
import type { Calendar } from '@kairos/ports';

/** A venue that never closes: every slot is expected, and is closed once the next one has opened. */
export class AlwaysOpenCalendar implements Calendar {
  readonly id = 'always';

  expected(p: { readonly grid: Grid; readonly range: TimeRange }): readonly TimeRange[] {
    if (isEmptyRange(p.range)) return [];
    const slots = { from: ceilTo(p.grid, p.range.from), to: ceilTo(p.grid, p.range.to) };
    return isEmptyRange(slots) ? [] : [slots];
  }

  closedBefore(p: { readonly grid: Grid; readonly now: number }): number {
    return floorTo(p.grid, p.now);
  }
}
