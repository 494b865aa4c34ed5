import { DAY_MS, dayOf, LocalTime, minuteOf, weekdayOf } from './civil.ts';
import { ORDINARY_DAYS, WEEKDAYS, type CalendarFacts, type SessionHours } from './facts.ts';

/** The sessions of a year as instants, in order and without overlap: `opens[i]` to `closes[i]`, the end exclusive. */
export interface YearOfSessions {
  readonly opens: Float64Array;
  readonly closes: Float64Array;
}

interface Minutes {
  readonly open: number;
  readonly close: number;
}

interface Rule {
  readonly from: number;
  /** By the weekday's number, Monday 0. */
  readonly days: readonly boolean[];
  readonly hours: readonly Minutes[];
}

/** Checked facts have no dates or times that do not exist. */
const known = (n: number | undefined): number => n ?? NaN;

const minutesOf = (hours: readonly SessionHours[]): readonly Minutes[] =>
  hours.map(({ open, close }) => ({ open: known(minuteOf(open)), close: known(minuteOf(close)) }));

/** Years outside these are not asked about in earnest, and answered with nothing. */
const FIRST_YEAR = 1900;
const LAST_YEAR = 2199;

/** An exchange's sessions as instants, worked out a year at a time and kept. */
export class SessionTable {
  readonly #time: LocalTime;
  readonly #rules: readonly Rule[];
  readonly #holidays: ReadonlySet<number>;
  readonly #special: ReadonlyMap<number, readonly Minutes[]>;
  readonly #years = new Map<number, YearOfSessions>();

  constructor(facts: CalendarFacts) {
    this.#time = new LocalTime(facts.zone);
    this.#rules = facts.sessions.map((rule) => ({
      from: known(dayOf(rule.from)),
      days: WEEKDAYS.map((day) => (rule.days ?? ORDINARY_DAYS).includes(day)),
      hours: minutesOf(rule.hours),
    }));
    const holidays = new Set<number>();
    for (const { from, to = from } of facts.holidays)
      for (let day = known(dayOf(from)); day <= known(dayOf(to)); day += 1) holidays.add(day);
    this.#holidays = holidays;
    this.#special = new Map(
      (facts.special ?? []).map(({ date, hours }) => [known(dayOf(date)), minutesOf(hours)]),
    );
  }

  /** The first moment of a local day. */
  midnight(day: number): number {
    return this.#time.instant(day, 0);
  }

  /** The years whose sessions may touch a stretch of time, in order. */
  *years(from: number, to: number): Generator<YearOfSessions> {
    // A day more on each side: local years begin up to a day off UTC's.
    const first = yearOf(Math.max(from - DAY_MS, Date.UTC(FIRST_YEAR, 0, 2)));
    const last = yearOf(Math.min(to + DAY_MS, Date.UTC(LAST_YEAR, 11, 30)));
    for (let year = first; year <= last; year += 1) yield this.#year(year);
  }

  #year(year: number): YearOfSessions {
    const kept = this.#years.get(year);
    if (kept) return kept;
    const opens: number[] = [];
    const closes: number[] = [];
    const end = Date.UTC(year + 1, 0, 1) / DAY_MS;
    for (let day = Date.UTC(year, 0, 1) / DAY_MS; day < end; day += 1)
      for (const { open, close } of this.#hoursOf(day)) {
        opens.push(this.#time.instant(day, open));
        closes.push(this.#time.instant(day, close));
      }
    const made = { opens: Float64Array.from(opens), closes: Float64Array.from(closes) };
    this.#years.set(year, made);
    return made;
  }

  #hoursOf(day: number): readonly Minutes[] {
    const special = this.#special.get(day);
    if (special) return special;
    if (this.#holidays.has(day)) return [];
    // Before the first rule, the first one is the best guess there is.
    const rule = this.#rules.findLast((r) => r.from <= day) ?? this.#rules[0];
    return rule?.days[weekdayOf(day)] === true ? rule.hours : [];
  }
}

const yearOf = (ts: number): number => new Date(ts).getUTCFullYear();
