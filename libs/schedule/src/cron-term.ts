import type { CronField, CronTerm } from './cron-fields.ts';
import { refusal, shown } from './refuse.ts';

/** What AWS's documents leave open, each by a word of its own; see docs/reference/schedules.md. */
export type UnprovenConstruct =
  | 'lower_case'
  | 'leading_zero'
  | 'spacing'
  | 'wrap_range'
  | 'range_step'
  | 'mixed_range'
  | 'step_beyond'
  | 'last_offset'
  | 'last_workday'
  | 'workday_edge'
  | 'last_weekday'
  | 'named_nth'
  | 'special_in_list';

/** Something accepted here of which AWS's documents do not say that AWS accepts it, or what it means there. */
export interface Unproven {
  readonly construct: UnprovenConstruct;
  readonly field: string;
  readonly value: string;
}

/** Where a term stands, for messages. */
export interface TermPlace {
  readonly field: CronField;
  /** Column of the term's first character in the whole text, from 1. */
  readonly position: number;
  readonly note: (construct: UnprovenConstruct) => void;
}

type Fault =
  | 'schedule_cron_value'
  | 'schedule_cron_wildcard'
  | 'schedule_cron_step'
  | 'schedule_cron_range'
  | 'schedule_cron_nth';

function refuse(place: TermPlace, code: Fault, value: string): never {
  const { name, min, max, names, wildcards } = place.field;
  const range = names.length === 0 ? `${min}-${max}` : `${min}-${max}, ${names[0]}-${names.at(-1)}`;
  throw refusal(code, { field: name, value: shown(value), position: place.position, range, wildcards });
}

const isNumber = (word: string): boolean => /^\d+$/.test(word);

function valueOf(word: string, place: TermPlace): number {
  const { min, max, names } = place.field;
  if (isNumber(word)) {
    const value = Number(word);
    if (value < min || value > max) refuse(place, 'schedule_cron_value', word);
    if (word.length > String(value).length) place.note('leading_zero');
    return value;
  }
  const index = names.indexOf(word);
  if (index < 0) refuse(place, /[LW#?*]/.test(word) ? 'schedule_cron_wildcard' : 'schedule_cron_value', word);
  return min + index;
}

function stepOf(word: string | undefined, place: TermPlace): number {
  if (word === undefined) return 1;
  if (!place.field.wildcards.includes('/')) refuse(place, 'schedule_cron_wildcard', `/${word}`);
  const step = isNumber(word) ? Number(word) : 0;
  if (step === 0) refuse(place, 'schedule_cron_step', word);
  if (step > place.field.max - place.field.min) place.note('step_beyond');
  return Math.min(step, 1_000_000);
}

function rangeOf(ends: readonly [string, string], step: string | undefined, place: TermPlace): CronTerm {
  const [from, to] = [valueOf(ends[0], place), valueOf(ends[1], place)];
  if (isNumber(ends[0]) !== isNumber(ends[1])) place.note('mixed_range');
  if (from > to) {
    // Hours and days come round again, years do not.
    if (place.field.name === 'year') refuse(place, 'schedule_cron_range', `${ends[0]}-${ends[1]}`);
    place.note('wrap_range');
  }
  if (step !== undefined) place.note('range_step');
  return { kind: 'range', from, to, step: stepOf(step, place) };
}

function plainTerm(word: string, place: TermPlace): CronTerm {
  const [base = '', step, ...more] = word.split('/');
  if (more.length > 0) refuse(place, 'schedule_cron_step', word);
  if (base === '*') return { kind: 'every', step: stepOf(step, place) };
  const [first = '', second, ...others] = base.split('-');
  if (others.length > 0) refuse(place, 'schedule_cron_value', word);
  if (second !== undefined) return rangeOf([first, second], step, place);
  const at = valueOf(base, place);
  return step === undefined ? { kind: 'value', at } : { kind: 'from', at, step: stepOf(step, place) };
}

/** The longest way back from a month's last day that can still lie in a month. */
const MAX_BACK = 30;

function dayOfMonthTerm(word: string, place: TermPlace): CronTerm | undefined {
  if (word === 'L') return { kind: 'last', back: 0 };
  if (word === 'LW') {
    place.note('last_workday');
    return { kind: 'last-workday' };
  }
  const back = /^L-(\d{1,4})$/.exec(word)?.[1];
  if (back !== undefined) {
    if (Number(back) < 1 || Number(back) > MAX_BACK) refuse(place, 'schedule_cron_value', word);
    place.note('last_offset');
    return { kind: 'last', back: Number(back) };
  }
  const near = /^(\d{1,4})W$/.exec(word)?.[1];
  if (near === undefined) return undefined;
  const day = valueOf(near, place);
  // Whether the nearest weekday may lie in the next month, and what a month without the day does, AWS does not say.
  if (day === 1 || day >= 28) place.note('workday_edge');
  return { kind: 'workday', near: day };
}

function dayOfWeekTerm(word: string, place: TermPlace): CronTerm | undefined {
  if (word === 'L') return { kind: 'value', at: place.field.max };
  if (word.includes('#')) {
    const [day = '', n = ''] = word.split('#');
    if (!/^[1-5]$/.test(n) || word.split('#').length > 2) refuse(place, 'schedule_cron_nth', word);
    const weekday = valueOf(day, place);
    if (!isNumber(day)) place.note('named_nth');
    return { kind: 'nth-weekday', weekday, n: Number(n) };
  }
  const last = /^(.+)L$/.exec(word)?.[1];
  if (last === undefined || (!isNumber(last) && !place.field.names.includes(last))) return undefined;
  place.note('last_weekday');
  return { kind: 'last-weekday', weekday: valueOf(last, place) };
}

/**
 * Reads one entry of a field's list.
 * @throws ValidationError `schedule_cron_value`, `_wildcard`, `_step`, `_range`, `_nth`
 */
export function parseTerm(raw: string, place: TermPlace): CronTerm {
  const word = raw.toUpperCase();
  if (word !== raw) place.note('lower_case');
  const { name } = place.field;
  const special =
    name === 'day-of-month'
      ? dayOfMonthTerm(word, place)
      : name === 'day-of-week'
        ? dayOfWeekTerm(word, place)
        : undefined;
  return special ?? plainTerm(word, place);
}
