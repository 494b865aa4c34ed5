import { parseCron, type ParsedCron } from './parse-cron.ts';
import { FIRST_YEAR, LAST_YEAR } from './cron-fields.ts';
import { refusal, shown } from './refuse.ts';

export type RateUnit = 'minute' | 'hour' | 'day';

/** `rate(value unit)`: a step of fixed length; a day is 24 hours in every zone. */
export interface ParsedRate {
  readonly kind: 'rate';
  readonly text: string;
  readonly value: number;
  readonly unit: RateUnit;
  readonly periodMs: number;
}

/** `at(yyyy-mm-ddThh:mm:ss)`: once. */
export interface ParsedAt {
  readonly kind: 'at';
  readonly text: string;
  /** The local time, as milliseconds of a clock that stood on UTC. */
  readonly wall: number;
}

/** A schedule as read, before it is given a zone. */
export type ParsedSchedule = ParsedRate | ParsedCron | ParsedAt;

const UNIT_MS: Readonly<Record<RateUnit, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** As EventBridge Scheduler's API bounds `ScheduleExpression`. */
const MAX_TEXT = 256;

const isUnit = (word: string): word is RateUnit => Object.hasOwn(UNIT_MS, word);

function parseRate(text: string): ParsedRate {
  const got = shown(text);
  const inner = text.slice('rate('.length, -1);
  const match = /^(\S+) (\S+)$/.exec(inner);
  if (!match) throw refusal('schedule_rate_shape', { got });
  const [, number = '', word = ''] = match;
  const unit = word.replace(/s$/, '');
  if (!isUnit(unit)) throw refusal('schedule_rate_unit', { got, value: shown(word) });
  if (!/^\d{1,7}$/.test(number)) throw refusal('schedule_rate_value', { got, value: shown(number) });
  const value = Number(number);
  if (value === 0) throw refusal('schedule_rate_zero', { got });
  if ((value === 1) === word.endsWith('s')) {
    const mend = `rate(${value} ${value === 1 ? unit : `${unit}s`})`;
    throw refusal('schedule_rate_number', { got, mend });
  }
  return { kind: 'rate', text, value, unit, periodMs: value * UNIT_MS[unit] };
}

const AT = /^at\((\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\)$/;

function parseAt(text: string): ParsedAt {
  const got = shown(text);
  const match = AT.exec(text);
  if (!match) throw refusal('schedule_at_shape', { got });
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const written = text.slice('at('.length, -1);
  // A date that is not in the calendar comes back as another one.
  if (year > 99 && new Date(wall).toISOString().slice(0, 19) !== written)
    throw refusal('schedule_at_date', { got });
  if (year < FIRST_YEAR || year > LAST_YEAR) throw refusal('schedule_at_year', { got, value: year });
  return { kind: 'at', text, wall };
}

/**
 * Reads a schedule text: `rate(…)`, `cron(…)` or `at(…)`, by the rules of Amazon EventBridge Scheduler's documents.
 * Constructs that these leave open are read, and listed in a cron's `unproven`.
 * @throws ValidationError with one issue of path `schedule`: `schedule_unknown`, `schedule_long`, `schedule_rate_*`,
 * `schedule_cron_*`, `schedule_at_*`; its params name field, value and position (from 1), and a mend where one is likely
 */
export function parseSchedule(text: string): ParsedSchedule {
  if (text.length > MAX_TEXT) throw refusal('schedule_long', { got: text.length, max: MAX_TEXT });
  const kind = /^(rate|cron|at)\([^()]*\)$/.exec(text)?.[1];
  if (kind === 'rate') return parseRate(text);
  if (kind === 'cron') return parseCron(text);
  if (kind === 'at') return parseAt(text);
  throw refusal('schedule_unknown', { got: shown(text) });
}

/**
 * The period of `rate(value unit)` in milliseconds.
 * @throws ValidationError as `parseSchedule`; `schedule_not_rate` for `cron()` and `at()`
 */
export function ratePeriod(text: string): number {
  const parsed = parseSchedule(text);
  if (parsed.kind !== 'rate') throw refusal('schedule_not_rate', { got: shown(text) });
  return parsed.periodMs;
}
