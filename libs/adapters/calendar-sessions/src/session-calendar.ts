import {
  ceilTo,
  ConfigError,
  floorTo,
  isEmptyRange,
  shiftSlots,
  type Grid,
  type TimeRange,
} from '@kairos/domain';
import type { Calendar } from '@kairos/ports';
import { mistakesIn } from './check-facts.ts';
import { DAY_MS, dayOf } from './civil.ts';
import type { CalendarFacts } from './facts.ts';
import { SessionTable, type YearOfSessions } from './session-table.ts';

/** Index of the first session that closes after the instant. */
function firstClosingAfter({ closes }: YearOfSessions, ts: number): number {
  let low = 0;
  let high = closes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((closes[middle] ?? 0) > ts) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * An exchange that opens for sessions. A slot is expected when any session falls into it, however short the part: an hour
 * from 11:00 to 12:00 of a market that rests from 11:30 is, the minute at 11:30 is not; a day, week or month is when it
 * holds a session. Slots of a day and more close with their last session, shorter ones by the clock.
 *
 * Outside `known` nothing is certain: holidays are not known, so every ordinary weekday is expected with the hours known
 * last (or first), and all slots close by the clock. Years before 1900 and after 2199 have no sessions.
 */
export class SessionCalendar implements Calendar {
  readonly id: string;
  readonly known: TimeRange;
  readonly anchorMs: number;
  readonly facts: CalendarFacts;
  readonly #table: SessionTable;

  /** @throws ConfigError where the facts contradict themselves */
  constructor(facts: CalendarFacts) {
    const [mistake] = mistakesIn(facts);
    if (mistake) throw new ConfigError(`the calendar's ${mistake.path.join('.')} ${mistake.problem}`);
    this.id = facts.id;
    this.facts = facts;
    this.#table = new SessionTable(facts);
    const first = dayOf(facts.validFrom) ?? 0;
    const last = dayOf(facts.validTo) ?? 0;
    this.known = { from: this.#table.midnight(first), to: this.#table.midnight(last + 1) };
    // Of the newest days known: where clocks change, days begin an hour off for a part of the year.
    this.anchorMs = this.#table.midnight(last) - last * DAY_MS;
  }

  expected({ grid, range }: { readonly grid: Grid; readonly range: TimeRange }): readonly TimeRange[] {
    if (isEmptyRange(range)) return [];
    const slots = { from: ceilTo(grid, range.from), to: ceilTo(grid, range.to) };
    if (isEmptyRange(slots)) return [];
    const parts: { from: number; to: number }[] = [];
    let last: { from: number; to: number } | undefined;
    for (const year of this.#table.years(slots.from, slots.to))
      for (let i = firstClosingAfter(year, slots.from); i < year.opens.length; i += 1) {
        const open = year.opens[i] ?? 0;
        if (open >= slots.to) break;
        const from = Math.max(slots.from, floorTo(grid, open));
        const to = Math.min(slots.to, ceilTo(grid, year.closes[i] ?? 0));
        if (last && from <= last.to) last.to = Math.max(last.to, to);
        else parts.push((last = { from, to }));
      }
    return parts;
  }

  closedBefore({ grid, now }: { readonly grid: Grid; readonly now: number }): number {
    const open = floorTo(grid, now);
    const end = shiftSlots(grid, open, 1);
    if (end - open < DAY_MS || open < this.known.from || end > this.known.to) return open;
    const over = this.#lastClose({ from: open, to: end });
    return over !== undefined && over <= now ? end : open;
  }

  /** When the last session that touches a stretch ends; undefined where none does. */
  #lastClose({ from, to }: TimeRange): number | undefined {
    let close: number | undefined;
    for (const year of this.#table.years(from, to))
      for (let i = firstClosingAfter(year, from); i < year.opens.length; i += 1) {
        if ((year.opens[i] ?? 0) >= to) break;
        close = year.closes[i];
      }
    return close;
  }
}

/** A calendar of facts written in code. @throws ConfigError where they contradict themselves */
export const sessionCalendar = (facts: CalendarFacts): SessionCalendar => new SessionCalendar(facts);
