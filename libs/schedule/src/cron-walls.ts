import { CronDays } from './cron-days.ts';
import { CRON_FIELDS, valuesOf, type CronField, type CronTerm } from './cron-fields.ts';
import type { ParsedCron } from './parse-cron.ts';

const MINUTE = 60_000;
const DAY_MINUTES = 1_440;

/** The values of a field that has no special days: ascending, each once. */
function numbers(terms: readonly CronTerm[], field: CronField): readonly number[] {
  const [term] = terms;
  if (terms.length === 1 && term !== undefined && !(term.kind === 'range' && term.from > term.to))
    return valuesOf(term, field);
  return [...new Set(terms.flatMap((each) => valuesOf(each, field)))].sort((a, b) => a - b);
}

/** How many of an ascending list are at most `value`. */
function atMost(list: readonly number[], value: number): number {
  let n = 0;
  while (n < list.length && (list[n] ?? 0) <= value) n += 1;
  return n;
}

const isEvery = (terms: readonly CronTerm[]): boolean =>
  terms.some((term) => term.kind === 'every' && term.step === 1);

/**
 * The local times of a cron expression, on a calendar without any zone. Walls are milliseconds of a clock on UTC; those of
 * a cron are whole minutes.
 */
export class CronWalls {
  readonly days: CronDays;
  /** Ascending, never empty. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly #firstMinute: number;
  readonly #lastMinute: number;

  constructor({ fields: terms }: ParsedCron) {
    const of = (i: number): { terms: readonly CronTerm[]; field: CronField } => {
      const field = CRON_FIELDS[i];
      if (field === undefined) throw new RangeError(`no field ${i}`);
      return { terms: terms[i] ?? [], field };
    };
    const list = (i: number): readonly number[] => numbers(of(i).terms, of(i).field);
    this.minutes = list(0);
    this.hours = list(1);
    this.days = new CronDays({
      days: of(2),
      weekdays: of(4),
      months: list(3).reduce((mask, month) => mask | (1 << month), 0),
      years: isEvery(of(5).terms) ? null : new Set(list(5)),
    });
    this.#firstMinute = (this.hours[0] ?? 0) * 60 + (this.minutes[0] ?? 0);
    this.#lastMinute = (this.hours.at(-1) ?? 0) * 60 + (this.minutes.at(-1) ?? 0);
  }

  /** First wall after this one, or null. */
  next(wall: number): number | null {
    const minute = Math.floor(wall / MINUTE) + 1;
    const day = Math.floor(minute / DAY_MINUTES);
    if (this.days.has(day)) {
      const found = this.#minuteFrom(minute - day * DAY_MINUTES);
      if (found >= 0) return (day * DAY_MINUTES + found) * MINUTE;
      return this.#opening(this.days.next(day + 1));
    }
    return this.#opening(this.days.next(day));
  }

  /** Last wall at or before this one, or null. */
  prev(wall: number): number | null {
    const minute = Math.floor(wall / MINUTE);
    const day = Math.floor(minute / DAY_MINUTES);
    if (this.days.has(day)) {
      const found = this.#minuteUpTo(minute - day * DAY_MINUTES);
      if (found >= 0) return (day * DAY_MINUTES + found) * MINUTE;
    }
    const before = this.days.prev(day - 1);
    return before === null ? null : (before * DAY_MINUTES + this.#lastMinute) * MINUTE;
  }

  /** How many walls lie in `(after, upTo]`. */
  count(after: number, upTo: number): number {
    if (upTo <= after) return 0;
    const [from, to] = [Math.floor(after / MINUTE), Math.floor(upTo / MINUTE)];
    const [first, last] = [Math.floor(from / DAY_MINUTES), Math.floor(to / DAY_MINUTES)];
    const whole = this.days.count(first, last) * this.minutes.length * this.hours.length;
    return whole + this.#upTo(last, to) - this.#upTo(first, from);
  }

  #opening(day: number | null): number | null {
    return day === null ? null : (day * DAY_MINUTES + this.#firstMinute) * MINUTE;
  }

  /** How many walls of a day lie at or before the minute. */
  #upTo(day: number, minute: number): number {
    if (!this.days.has(day)) return 0;
    const within = minute - day * DAY_MINUTES;
    const hour = Math.floor(within / 60);
    const hours = atMost(this.hours, hour - 1) * this.minutes.length;
    return hours + (this.hours.includes(hour) ? atMost(this.minutes, within % 60) : 0);
  }

  #minuteFrom(minute: number): number {
    const hour = Math.floor(minute / 60);
    if (this.hours.includes(hour)) {
      const found = this.minutes[atMost(this.minutes, (minute % 60) - 1)];
      if (found !== undefined) return hour * 60 + found;
    }
    const later = this.hours[atMost(this.hours, hour)];
    return later === undefined ? -1 : later * 60 + (this.minutes[0] ?? 0);
  }

  #minuteUpTo(minute: number): number {
    const hour = Math.floor(minute / 60);
    if (this.hours.includes(hour)) {
      const found = this.minutes[atMost(this.minutes, minute % 60) - 1];
      if (found !== undefined) return hour * 60 + found;
    }
    const earlier = this.hours[atMost(this.hours, hour - 1) - 1];
    return earlier === undefined ? -1 : earlier * 60 + (this.minutes.at(-1) ?? 0);
  }
}
