import { CRON_FIELDS, valuesOf, WEEKDAY_NAMES, type CronField, type CronTerm } from './cron-fields.ts';
import type { ParsedCron } from './parse-cron.ts';

/** How a dialect writes what differs between them. */
export interface Dialect {
  readonly none: string;
  /** The digit of a weekday in `6L` and `3#2`; ours counts from 1, Sunday. */
  digit(weekday: number): string;
  /** Whether a step is to be written as a step; else its values are listed. */
  keepsStep(at: number, step: number, field: CronField): boolean;
}

const isWeek = (field: CronField): boolean => field.name === 'day-of-week';

const one = (value: number, field: CronField): string =>
  isWeek(field) ? (WEEKDAY_NAMES[value - 1] ?? String(value)) : String(value);

const listed = (term: CronTerm, field: CronField): string =>
  valuesOf(term, field)
    .map((value) => one(value, field))
    .join(',');

function stepTerm(
  at: number,
  step: number,
  place: { term: CronTerm; field: CronField },
  dialect: Dialect,
): string {
  const { term, field } = place;
  if (at + step > field.max) return one(at, field);
  return dialect.keepsStep(at, step, field) ? `${at}/${step}` : listed(term, field);
}

function writeTerm(term: CronTerm, field: CronField, dialect: Dialect): string {
  switch (term.kind) {
    case 'none':
      return dialect.none;
    case 'every':
      return term.step === 1 ? '*' : stepTerm(field.min, term.step, { term, field }, dialect);
    case 'from':
      return stepTerm(term.at, term.step, { term, field }, dialect);
    case 'value':
      return one(term.at, field);
    case 'range':
      return term.step === 1 && term.from < term.to
        ? `${one(term.from, field)}-${one(term.to, field)}`
        : listed(term, field);
    case 'last':
      return term.back === 0 ? 'L' : `L-${term.back}`;
    case 'last-workday':
      return 'LW';
    case 'workday':
      return `${term.near}W`;
    case 'last-weekday':
      return `${dialect.digit(term.weekday)}L`;
    case 'nth-weekday':
      return `${dialect.digit(term.weekday)}#${term.n}`;
  }
}

/** The fields of a cron written anew: weekdays as names, ranges ascending, nothing that has a plainer form. */
export const writeFields = ({ fields }: ParsedCron, dialect: Dialect): string[] =>
  CRON_FIELDS.map((field, i) => (fields[i] ?? []).map((term) => writeTerm(term, field, dialect)).join(','));

const AWS: Dialect = { none: '?', digit: String, keepsStep: () => true };

/** The same instants in AWS's plainest form: what only the spelling leaves unproven is gone. */
export const plainCron = (parsed: ParsedCron): string => `cron(${writeFields(parsed, AWS).join(' ')})`;
