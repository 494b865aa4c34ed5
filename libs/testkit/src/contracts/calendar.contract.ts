import fc from 'fast-check';
import { ceilTo, floorTo, gridOf, shiftSlots, type Grid, type TimeRange } from '@kairos/domain';
import type { Calendar, Calendars } from '@kairos/ports';
import { describe, expect, it } from 'vitest';

const DAY = 86_400_000;
const SEED = 20_260_101;

/** The slots that open inside a range, one by one: slow and plain, to check calendars against. */
export function* slotsOf(grid: Grid, range: TimeRange): Generator<number> {
  for (let open = ceilTo(grid, range.from); open < range.to; open = shiftSlots(grid, open, 1)) yield open;
}

/** Any grid, and a range of up to some 200 of its slots whose bounds need not be slot opens. */
const gridAndRange = fc
  .record({
    timeframe: fc.constantFrom('1m', '5m', '1h', '4h', '1d', '3d', '1w', '1M'),
    anchor: fc.constantFrom(0, 8 * 3_600_000),
    at: fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2030, 0, 1) }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ timeframe, anchor, at, share }) => {
    const grid = gridOf(timeframe, anchor);
    const span = shiftSlots(grid, at, 200) - floorTo(grid, at);
    return { grid, range: { from: at, to: at + Math.floor(span * share) } };
  });

/**
 * The law of calendars: what is expected is made of whole slots of the grid, in order and without overlap, inside the
 * range; it does not depend on how a range is cut; and what has closed stays closed.
 */
export function calendarContract(name: string, open: () => Calendar): void {
  describe(`${name} as a Calendar`, () => {
    const calendar = open();
    const check = (law: (grid: Grid, range: TimeRange) => void): void => {
      fc.assert(
        fc.property(gridAndRange, ({ grid, range }) => law(grid, range)),
        { seed: SEED, numRuns: 200 },
      );
    };
    const slots = (grid: Grid, range: TimeRange): number[] =>
      calendar.expected({ grid, range }).flatMap((part) => [...slotsOf(grid, part)]);

    it('has a name', () => {
      expect(calendar.id).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
    });

    describe('expected', () => {
      it('answers ordered parts that neither overlap nor touch', () => {
        check((grid, range) => {
          let end = Number.NEGATIVE_INFINITY;
          for (const part of calendar.expected({ grid, range })) {
            expect(part.from).toBeGreaterThan(end);
            expect(part.to).toBeGreaterThan(part.from);
            end = part.to;
          }
        });
      });

      it('puts every bound on the opening of a slot', () => {
        check((grid, range) => {
          for (const part of calendar.expected({ grid, range })) {
            expect(floorTo(grid, part.from)).toBe(part.from);
            expect(floorTo(grid, part.to)).toBe(part.to);
          }
        });
      });

      it('expects only slots that open inside the range', () => {
        check((grid, range) => {
          for (const slot of slots(grid, range)) {
            expect(slot).toBeGreaterThanOrEqual(range.from);
            expect(slot).toBeLessThan(range.to);
          }
        });
      });

      it('expects nothing of an empty or inverted range', () => {
        check((grid, range) => {
          expect(calendar.expected({ grid, range: { from: range.from, to: range.from } })).toEqual([]);
          expect(calendar.expected({ grid, range: { from: range.to + 1, to: range.from } })).toEqual([]);
        });
      });

      it('expects the same slots of a range as of its two halves', () => {
        check((grid, range) => {
          const middle = Math.floor((range.from + range.to) / 2);
          const halves = [
            ...slots(grid, { from: range.from, to: middle }),
            ...slots(grid, { from: middle, to: range.to }),
          ];
          expect(halves).toEqual(slots(grid, range));
        });
      });

      it('gives the same answer again', () => {
        check((grid, range) => {
          expect(calendar.expected({ grid, range })).toEqual(calendar.expected({ grid, range }));
        });
      });
    });

    describe('closedBefore', () => {
      it('answers the opening of a slot, at most the one after the slot that holds now', () => {
        check((grid, { from: now }) => {
          const closed = calendar.closedBefore({ grid, now });
          expect(floorTo(grid, closed)).toBe(closed);
          expect(closed).toBeLessThanOrEqual(shiftSlots(grid, now, 1));
        });
      });

      it('calls no slot closed in which something is still to come', () => {
        const minutes = gridOf('1m');
        check((grid, { from: now }) => {
          const closed = calendar.closedBefore({ grid, now });
          if (closed <= now) return;
          const rest = { from: floorTo(minutes, now), to: closed };
          expect(calendar.expected({ grid: minutes, range: rest })).toEqual([]);
        });
      });

      it('never reopens a slot as time goes on', () => {
        check((grid, { from, to }) => {
          const earlier = calendar.closedBefore({ grid, now: from });
          expect(calendar.closedBefore({ grid, now: to })).toBeGreaterThanOrEqual(earlier);
        });
      });

      it('closes every expected slot in the end', () => {
        check((grid, range) => {
          const last = slots(grid, range).at(-1);
          if (last === undefined) return;
          const now = shiftSlots(grid, last, 1) + 8 * DAY;
          expect(calendar.closedBefore({ grid, now })).toBeGreaterThan(last);
        });
      });
    });
  });
}

/** One calendar for all sources. */
export const forEverySource = (calendar: Calendar): Calendars => ({ of: () => calendar });

const isWeekday = (ts: number): boolean => ![0, 6].includes(new Date(ts).getUTCDay());

/** Whether any day that the slot touches is a weekday. Longer slots always touch one. */
function touchesWeekday(grid: Grid, open: number): boolean {
  const end = shiftSlots(grid, open, 1);
  for (let day = open; day < end; day += DAY) if (isWeekday(day)) return true;
  return isWeekday(end - 1);
}

/** A market that rests from Saturday to Sunday, UTC: the plainest calendar with holes, for tests of what must cope with them. */
export class WeekdayCalendar implements Calendar {
  readonly id = 'weekdays';

  expected(p: { readonly grid: Grid; readonly range: TimeRange }): readonly TimeRange[] {
    const parts: { from: number; to: number }[] = [];
    for (const from of slotsOf(p.grid, p.range)) {
      if (!touchesWeekday(p.grid, from)) continue;
      const to = shiftSlots(p.grid, from, 1);
      const last = parts.at(-1);
      if (last?.to === from) last.to = to;
      else parts.push({ from, to });
    }
    return parts;
  }

  closedBefore(p: { readonly grid: Grid; readonly now: number }): number {
    return floorTo(p.grid, p.now);
  }
}
