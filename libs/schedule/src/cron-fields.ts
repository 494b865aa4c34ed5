/** The six fields of a cron expression, in their order. */
export type CronFieldName = 'minutes' | 'hours' | 'day-of-month' | 'month' | 'day-of-week' | 'year';

/** What a field may hold: its range, the names that stand for numbers (from `min` on), and the wildcards AWS lists for it. */
export interface CronField {
  readonly name: CronFieldName;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
  readonly wildcards: string;
}

const MONTH_NAMES = [
  'JAN',
  'FEB',
  'MAR',
  'APR',
  'MAY',
  'JUN',
  'JUL',
  'AUG',
  'SEP',
  'OCT',
  'NOV',
  'DEC',
] as const;

/** Sunday is day 1, as AWS counts. */
export const WEEKDAY_NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

export const FIRST_YEAR = 1970;
export const LAST_YEAR = 2199;

const field = (
  name: CronFieldName,
  [min, max]: readonly [number, number],
  wildcards: string,
  names: readonly string[] = [],
): CronField => ({ name, min, max, names, wildcards });

/** The table of the EventBridge user guide (cron expressions): ranges, names and wildcards of each field. */
export const CRON_FIELDS: readonly CronField[] = [
  field('minutes', [0, 59], ', - * /'),
  field('hours', [0, 23], ', - * /'),
  field('day-of-month', [1, 31], ', - * ? / L W'),
  field('month', [1, 12], ', - * /', MONTH_NAMES),
  field('day-of-week', [1, 7], ', - * ? L #', WEEKDAY_NAMES),
  field('year', [FIRST_YEAR, LAST_YEAR], ', - * /'),
];

/** One entry of a field's list, as it was meant; numbers are in the field's own counting. */
export type CronTerm =
  | { readonly kind: 'none' }
  | { readonly kind: 'every'; readonly step: number }
  | { readonly kind: 'value'; readonly at: number }
  | { readonly kind: 'from'; readonly at: number; readonly step: number }
  | { readonly kind: 'range'; readonly from: number; readonly to: number; readonly step: number }
  /** `L`, or `L-3`: so many days before the last of the month. */
  | { readonly kind: 'last'; readonly back: number }
  /** `LW`: the last Monday-to-Friday day of the month. */
  | { readonly kind: 'last-workday' }
  /** `15W`: the Monday-to-Friday day nearest to this one, within the month. */
  | { readonly kind: 'workday'; readonly near: number }
  /** `6L`: the last such weekday of the month. */
  | { readonly kind: 'last-weekday'; readonly weekday: number }
  /** `3#2`: the second Tuesday. */
  | { readonly kind: 'nth-weekday'; readonly weekday: number; readonly n: number };

function stepped(from: number, count: number, step: number, value: (i: number) => number): number[] {
  const out: number[] = [];
  for (let i = 0; i < count; i += step) out.push(value(from + i));
  return out;
}

const same = (i: number): number => i;
const whole = new Map<CronField, readonly number[]>();

/** Most fields of most crons are `*`. */
function everyValue(field: CronField): readonly number[] {
  let values = whole.get(field);
  if (values === undefined) {
    values = stepped(field.min, field.max - field.min + 1, 1, same);
    whole.set(field, values);
  }
  return values;
}

/**
 * The plain numbers a term stands for, each once and ascending but where a range goes round past the end; none for the
 * kinds that depend on the month.
 */
export function valuesOf(term: CronTerm, field: CronField): readonly number[] {
  const { min, max } = field;
  const span = max - min + 1;
  switch (term.kind) {
    case 'every':
      return term.step === 1 ? everyValue(field) : stepped(min, span, term.step, same);
    case 'value':
      return [term.at];
    case 'from':
      return stepped(term.at, max - term.at + 1, term.step, same);
    case 'range': {
      const count = term.to >= term.from ? term.to - term.from + 1 : term.to - term.from + 1 + span;
      return stepped(term.from, count, term.step, (i) => min + ((i - min) % span));
    }
    default:
      return [];
  }
}
