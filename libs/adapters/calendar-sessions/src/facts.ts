/** A day of a calendar: `2024-09-19`. */
export type CivilDate = string;

/** A stretch of a day in local time, `HH:MM` to `HH:MM`, the end exclusive and at most `24:00`. */
export interface SessionHours {
  readonly open: string;
  readonly close: string;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** The hours of ordinary days, from a day on until the next rule. */
export interface SessionRule {
  readonly from: CivilDate;
  /** Default: Monday to Friday. */
  readonly days?: readonly Weekday[] | undefined;
  /** In order, without overlap. */
  readonly hours: readonly SessionHours[];
}

/** Days without trading. */
export interface Holiday {
  readonly from: CivilDate;
  /** Inclusive; default: the one day. Weekends inside do no harm. */
  readonly to?: CivilDate | undefined;
  readonly name?: string | undefined;
}

/** A day with hours of its own: a half day, or a Saturday on which the exchange opens. Goes before holidays. */
export interface SpecialDay {
  readonly date: CivilDate;
  readonly hours: readonly SessionHours[];
  readonly name?: string | undefined;
}

/** What a dated file says of an exchange's days: every fact in it holds from `validFrom` to `validTo`, both inclusive. */
export interface CalendarFacts {
  readonly id: string;
  readonly title?: string | undefined;
  /** IANA name of the zone in which all dates and hours are. */
  readonly zone: string;
  readonly validFrom: CivilDate;
  readonly validTo: CivilDate;
  /** In order of `from`; the first holds from `validFrom` or before. */
  readonly sessions: readonly SessionRule[];
  /** In order, without overlap. */
  readonly holidays: readonly Holiday[];
  readonly special?: readonly SpecialDay[] | undefined;
  /** Where the facts are from, in words. */
  readonly sources: readonly string[];
}

export const ORDINARY_DAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];
