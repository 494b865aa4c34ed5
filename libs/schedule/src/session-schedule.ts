import {
  countSlots,
  floorTo,
  gridOf,
  shiftSlots,
  type Grid,
  type TimeRange,
  type Timeframe,
} from '@kairos/domain';
import type { Schedule, SlotCalendar } from './schedule.ts';

export interface SessionScheduleInput {
  readonly timeframe: Timeframe;
  readonly calendar: SlotCalendar;
  /** When slots begin to count; the first tick is the epoch itself. */
  readonly epochAt: number;
  /** After a slot's close, or its opening, the tick waits so long. */
  readonly delayMs: number;
  /** `open` for snapshots, which stand for the moment at which their slot opens. */
  readonly tickAt: 'close' | 'open';
}

const DAY_MS = 86_400_000;
/** A market that does not open for so long does not come back. */
const LONGEST_REST_MS = 3_660 * DAY_MS;
const FIRST_LOOK_SLOTS = 64;
const FIRST_LOOK_MS = 16 * DAY_MS;

/** The ticks of a timeframe that a market's sessions allow, without the epoch. Strictly increasing, as slots are. */
class SessionTicks {
  readonly #grid: Grid;
  readonly #p: SessionScheduleInput;

  constructor(p: SessionScheduleInput) {
    this.#p = p;
    this.#grid = gridOf(p.timeframe, p.calendar.anchorMs ?? 0);
  }

  /** First tick strictly after the instant. */
  firstAfter(after: number): number | null {
    const start = this.#slotOf(after);
    for (let from = start, reach = this.#firstReach(start); from - start < LONGEST_REST_MS; reach *= 2) {
      const to = from + reach;
      for (const part of this.#expected({ from, to }))
        for (let slot = part.from; slot < part.to; slot = shiftSlots(this.#grid, slot, 1)) {
          const tick = this.#tickOf(slot);
          if (tick > after) return tick;
        }
      from = to;
    }
    return null;
  }

  /** Last tick at or before `at`, if it comes after `floor`. */
  lastUpTo(at: number, floor: number): number | null {
    const end = shiftSlots(this.#grid, this.#slotOf(at), 1);
    for (let to = end, reach = this.#firstReach(end); to > floor - reach; reach *= 2) {
      const from = to - reach;
      const parts = this.#expected({ from, to });
      for (let i = parts.length - 1; i >= 0; i -= 1) {
        const part = parts[i] ?? { from, to: from };
        for (let next = part.to; next > part.from; next = shiftSlots(this.#grid, next, -1)) {
          const tick = this.#tickOf(shiftSlots(this.#grid, next, -1));
          if (tick <= floor) return null;
          if (tick <= at) return tick;
        }
      }
      to = from;
    }
    return null;
  }

  /** How many ticks lie in `(after, upTo]`. */
  count(after: number, upTo: number): number {
    if (upTo <= after) return 0;
    const [first, last] = [this.#slotOf(after), this.#slotOf(upTo)];
    const range = { from: first, to: shiftSlots(this.#grid, last, 1) };
    const slots = this.#expected(range).reduce((n, part) => n + countSlots(this.#grid, part), 0);
    const early = this.#isExpected(first) && this.#tickOf(first) <= after ? 1 : 0;
    const late = this.#isExpected(last) && this.#tickOf(last) > upTo ? 1 : 0;
    // One slot can only be both where it is counted once.
    return slots - (first === last ? Math.max(early, late) : early + late);
  }

  /** The slot under way so long before the instant as a tick waits: no later slot has ticked. */
  #slotOf(ts: number): number {
    return floorTo(this.#grid, ts - this.#p.delayMs);
  }

  #firstReach(from: number): number {
    return Math.max(
      FIRST_LOOK_MS,
      shiftSlots(this.#grid, from, FIRST_LOOK_SLOTS) - floorTo(this.#grid, from),
    );
  }

  #expected(range: TimeRange): readonly TimeRange[] {
    return this.#p.calendar.expected({ grid: this.#grid, range });
  }

  #isExpected(slot: number): boolean {
    return this.#expected({ from: slot, to: slot + 1 }).length > 0;
  }

  #tickOf(slot: number): number {
    return (this.#p.tickAt === 'open' ? slot : this.#closeOf(slot)) + this.#p.delayMs;
  }

  /** The first instant at which the calendar calls the slot closed: its end, or that of its last session. */
  #closeOf(slot: number): number {
    const isClosedAt = (now: number): boolean =>
      this.#p.calendar.closedBefore({ grid: this.#grid, now }) > slot;
    let late = shiftSlots(this.#grid, slot, 1);
    if (!isClosedAt(late - 1)) return late;
    let early = slot;
    while (late - early > 1) {
      const middle = Math.floor((early + late) / 2);
      if (isClosedAt(middle)) late = middle;
      else early = middle;
    }
    return late;
  }
}

/**
 * The schedule of a task without one of its own, whose market opens for sessions: each close of an expected slot plus the
 * settle delay (snapshots: each opening). Nights, lunches, weekends and holidays have no ticks, and a day ticks when its
 * last session has ended. The first tick is the epoch itself, whatever the hour: a new or changed task runs at once.
 */
export function sessionSchedule(p: SessionScheduleInput): Schedule {
  const { epochAt } = p;
  const ticks = new SessionTicks(p);
  return {
    text: `every ${p.timeframe} of ${p.calendar.id}`,
    next: (after) => (after < epochAt ? epochAt : ticks.firstAfter(after)),
    prev: (at) => (at < epochAt ? null : (ticks.lastUpTo(at, epochAt) ?? epochAt)),
    count(after, upTo) {
      if (upTo < epochAt) return 0;
      return ticks.count(Math.max(after, epochAt), upTo) + (after < epochAt ? 1 : 0);
    },
  };
}
