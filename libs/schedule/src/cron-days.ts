import { FIRST_YEAR, LAST_YEAR, valuesOf, type CronField, type CronTerm } from './cron-fields.ts';

const DAY = 86_400_000;
const MONTHS = 12;
const MONTH_SLOTS = (LAST_YEAR - FIRST_YEAR + 1) * MONTHS;
const SATURDAY = 6;

/** A month as whole days: `first` counts from 1970-01-01, `weekday` is that of the first day (0: Sunday). */
interface Month {
  readonly first: number;
  readonly length: number;
  readonly weekday: number;
}

/** `index` counts months from January 1970. */
function monthAt(index: number): Month {
  const first = Date.UTC(FIRST_YEAR, index, 1) / DAY;
  return {
    first,
    length: Date.UTC(FIRST_YEAR, index + 1, 1) / DAY - first,
    weekday: (((first + 4) % 7) + 7) % 7,
  };
}

const JANUARY_1970 = monthAt(0);

/** Day `d` of a month is bit `d - 1`. */
const bit = (day: number): number => 1 << (day - 1);
const weekdayOf = (month: Month, day: number): number => (month.weekday + day - 1) % 7;

function nearestWorkday(month: Month, day: number): number {
  const weekday = weekdayOf(month, day);
  if (weekday === SATURDAY) return day === 1 ? 3 : day - 1;
  if (weekday === 0) return day === month.length ? day - 2 : day + 1;
  return day;
}

function lastWorkday(month: Month): number {
  const weekday = weekdayOf(month, month.length);
  return month.length - (weekday === SATURDAY ? 1 : weekday === 0 ? 2 : 0);
}

function everyWeekday(month: Month, weekday: number): number {
  let mask = 0;
  for (let d = 1 + ((weekday - month.weekday + 7) % 7); d <= month.length; d += 7) mask |= bit(d);
  return mask;
}

/** Days of a month that a term of the day-of-month field means; days past the month's end may be among them. */
function dayMask(term: CronTerm, month: Month, field: CronField): number {
  switch (term.kind) {
    case 'last':
      return month.length > term.back ? bit(month.length - term.back) : 0;
    case 'last-workday':
      return bit(lastWorkday(month));
    case 'workday':
      return term.near > month.length ? 0 : bit(nearestWorkday(month, term.near));
    default:
      return valuesOf(term, field).reduce((mask, day) => mask | bit(day), 0);
  }
}

/** Days of a month that a term of the day-of-week field means (1: Sunday). */
function weekdayMask(term: CronTerm, month: Month, field: CronField): number {
  switch (term.kind) {
    case 'last-weekday': {
      const days = everyWeekday(month, term.weekday - 1);
      return bit(32 - Math.clz32(days));
    }
    case 'nth-weekday': {
      const day = 1 + ((term.weekday - 1 - month.weekday + 7) % 7) + (term.n - 1) * 7;
      return day <= month.length ? bit(day) : 0;
    }
    default:
      return valuesOf(term, field).reduce((mask, day) => mask | everyWeekday(month, day - 1), 0);
  }
}

function popcount(mask: number): number {
  let v = mask - ((mask >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** What of a month's mask lies in `[from, to)`, as days counted from the first. */
function clipMask(mask: number, from: number, to: number): number {
  const low = from <= 0 ? mask : from > 30 ? 0 : (mask >>> from) << from;
  return to > 30 ? low : low & ((1 << Math.max(to, 0)) - 1);
}

export interface DayFields {
  readonly days: { readonly terms: readonly CronTerm[]; readonly field: CronField };
  readonly weekdays: { readonly terms: readonly CronTerm[]; readonly field: CronField };
  /** Month `m` is bit `m`. */
  readonly months: number;
  /** Null: every year. */
  readonly years: ReadonlySet<number> | null;
}

/** The days on which a cron expression fires, as days counted from 1970-01-01 of its zone's calendar; bounded by 2199. */
export class CronDays {
  readonly #fields: DayFields;
  /** The last month looked at: a schedule is asked about the same days over and over. */
  #index = -1;
  #month: Month = JANUARY_1970;
  #mask = 0;

  constructor(fields: DayFields) {
    this.#fields = fields;
  }

  has(day: number): boolean {
    const index = this.#indexOf(day);
    return index >= 0 && index < MONTH_SLOTS && (this.#load(index) & bit(day - this.#month.first + 1)) !== 0;
  }

  /** First such day at or after this one. */
  next(day: number): number | null {
    for (let index = Math.max(this.#indexOf(day), 0); index < MONTH_SLOTS; index += 1) {
      if (!this.#isWanted(index)) continue;
      const mask = clipMask(this.#load(index), day - this.#month.first, 31);
      if (mask !== 0) return this.#month.first + 31 - Math.clz32(mask & -mask);
    }
    return null;
  }

  /** Last such day at or before this one. */
  prev(day: number): number | null {
    for (let index = Math.min(this.#indexOf(day), MONTH_SLOTS - 1); index >= 0; index -= 1) {
      if (!this.#isWanted(index)) continue;
      const mask = clipMask(this.#load(index), 0, day - this.#month.first + 1);
      if (mask !== 0) return this.#month.first + 31 - Math.clz32(mask);
    }
    return null;
  }

  /** How many lie in `[from, to)`. */
  count(from: number, to: number): number {
    let sum = 0;
    const last = Math.min(this.#indexOf(to), MONTH_SLOTS - 1);
    for (let index = Math.max(this.#indexOf(from), 0); index <= last; index += 1) {
      if (!this.#isWanted(index)) continue;
      const mask = this.#load(index);
      sum += popcount(clipMask(mask, from - this.#month.first, to - this.#month.first));
    }
    return sum;
  }

  /** Index of the month that holds a day. */
  #indexOf(day: number): number {
    const { first, length } = this.#month;
    if (this.#index >= 0 && day >= first && day < first + length) return this.#index;
    const date = new Date(day * DAY);
    return (date.getUTCFullYear() - FIRST_YEAR) * MONTHS + date.getUTCMonth();
  }

  /** The days of a month, as bits; `#month` is that month afterwards. */
  #load(index: number): number {
    if (index !== this.#index) {
      this.#index = index;
      this.#month = monthAt(index);
      this.#mask = this.#maskOf(index);
    }
    return this.#mask;
  }

  /** Whether month and year fit, which costs less to know than the month's days. */
  #isWanted(index: number): boolean {
    const { months, years } = this.#fields;
    return (
      (months & (2 << (index % MONTHS))) !== 0 &&
      (years === null || years.has(FIRST_YEAR + Math.floor(index / MONTHS)))
    );
  }

  #maskOf(index: number): number {
    if (!this.#isWanted(index)) return 0;
    const { days, weekdays } = this.#fields;
    const whole = 2 ** this.#month.length - 1;
    let mask = 0;
    for (const term of days.terms) mask |= dayMask(term, this.#month, days.field);
    for (const term of weekdays.terms) mask |= weekdayMask(term, this.#month, weekdays.field);
    return mask & whole;
  }
}
