import { CRON_FIELDS, valuesOf, WEEKDAY_NAMES, type CronField, type CronTerm } from './cron-fields.ts';
import { parseTerm } from './cron-term.ts';
import { checkSchedule, type WrittenSchedule } from './check.ts';
import { parseSchedule, type ParsedRate, type ParsedSchedule } from './parse.ts';
import type { ParsedCron } from './parse-cron.ts';
import { shown, type Remark } from './refuse.ts';
import { writeFields, type Dialect } from './write-cron.ts';

/** A timer of Tencent's SCF in its seven fields, or the reason why there is none. */
export type ScfTimer =
  { readonly expression: string; readonly note: Remark | null } | { readonly refused: Remark };

/** Zones whose clock is China's, which is the one SCF reads its timers by. */
const CHINA = ['Asia/Shanghai', 'Asia/Chongqing', 'Asia/Chungking', 'Asia/Harbin', 'PRC', 'Etc/GMT-8'];
/** SCF's last year, by its documents (product/583/9708). */
const LAST_SCF_YEAR = 2099;

/** Whether SCF's UTC+8 shows the same local times as this zone, now and by no law otherwise in future. */
export const isScfZone = (timezone: string): boolean => CHINA.includes(timezone);

const SCF: Dialect = {
  none: '*',
  // Sunday is 0 in the forms that have no name.
  digit: (weekday) => String(weekday - 1),
  keepsStep: () => true,
};

const refused = (code: string, params: Remark['params']): ScfTimer => ({ refused: { code, params } });

function yearsOf({ fields }: ParsedCron): readonly number[] {
  const field = CRON_FIELDS[5];
  const terms = fields[5] ?? [];
  if (field === undefined || terms.some((term) => term.kind === 'every' && term.step === 1)) return [];
  return terms.flatMap((term) => valuesOf(term, field));
}

function cronTimer(parsed: ParsedCron): ScfTimer {
  const late = yearsOf(parsed).find((year) => year > LAST_SCF_YEAR);
  if (late !== undefined) return refused('scf_year', { got: shown(parsed.text), value: late });
  return { expression: ['0', ...writeFields(parsed, SCF)].join(' '), note: null };
}

/** Steps that fit into the hour or the day; all others would be cut short by the next one's beginning. */
function rateTimer({ value, unit, text }: ParsedRate): ScfTimer {
  const minutes = value * { minute: 1, hour: 60, day: 1440 }[unit];
  const note: Remark = { code: 'scf_clock_aligned', params: { got: shown(text) } };
  if (minutes < 60 && 60 % minutes === 0)
    return { expression: minutes === 1 ? '0 * * * * * *' : `0 0/${minutes} * * * * *`, note };
  const hours = minutes / 60;
  if (Number.isInteger(hours) && hours < 24 && 24 % hours === 0)
    return { expression: hours === 1 ? '0 0 * * * * *' : `0 0 0/${hours} * * * *`, note };
  if (minutes === 1440) return { expression: '0 0 0 * * * *', note };
  return refused('scf_rate', { got: shown(text) });
}

/**
 * A schedule as an SCF timer. Fields are never shifted between zones (midnight would move days), so a cron of a zone other
 * than China's is refused; so are `at()`, years after 2099, and rates that do not fit into an hour or a day. Those rates
 * that do are aligned to the clock on SCF, and the note says so. `L`, `W` and `#` are written as SCF's Chinese page has them.
 */
export function toScf({ schedule, timezone }: WrittenSchedule): ScfTimer {
  const [issue] = checkSchedule({ schedule, timezone }).issues;
  if (issue) return refused(issue.code, issue.params);
  const parsed: ParsedSchedule = parseSchedule(schedule);
  if (parsed.kind === 'rate') return rateTimer(parsed);
  if (parsed.kind === 'at') return refused('scf_at', { got: shown(schedule) });
  if (!isScfZone(timezone)) return refused('scf_zone', { got: shown(schedule), zone: timezone });
  return cronTimer(parsed);
}

/** What of our grammar an SCF timer is, or the reason why nothing is. */
export type FromScf =
  | { readonly schedule: string; readonly timezone: string; readonly note: Remark | null }
  | { readonly refused: Remark };

const WEEK: CronField = {
  name: 'day-of-week',
  min: 0,
  max: 6,
  names: WEEKDAY_NAMES,
  wildcards: ', - * / L #',
};

const weekNames = (term: CronTerm): string =>
  valuesOf(term, WEEK)
    .map((day) => WEEK.names[day] ?? '')
    .join(',');

function weekTerm(term: CronTerm): string {
  switch (term.kind) {
    case 'last-weekday':
      return `${term.weekday + 1}L`;
    case 'nth-weekday':
      return `${term.weekday + 1}#${term.n}`;
    case 'range':
      if (term.step === 1 && term.from < term.to) return `${WEEK.names[term.from]}-${WEEK.names[term.to]}`;
      return weekNames(term);
    default:
      return weekNames(term);
  }
}

const isFree = (word: string): boolean => word === '*' || word === '?';

/** Day and week of SCF as ours, where one of them has to be `?`. */
function daysOf(day: string, week: string): readonly [string, string] | undefined {
  if (isFree(week)) return [isFree(day) ? '*' : day, '?'];
  if (!isFree(day)) return undefined;
  const place = { field: WEEK, position: 1, note: () => undefined };
  return [
    '?',
    week
      .split(',')
      .map((word) => weekTerm(parseTerm(word, place)))
      .join(','),
  ];
}

/**
 * An SCF timer as a schedule of China's zone. Refused are timers of seconds other than 0, those that restrict day and week
 * both, and what is no timer. Digits of the week count from Sunday, 0, as SCF's own page has them; the note warns of it.
 * @throws ValidationError for fields that cannot be read
 */
export function fromScf(expression: string): FromScf {
  const got = shown(expression);
  const words = expression.trim().split(/\s+/);
  if (words.length !== 7) return { refused: { code: 'scf_fields', params: { got } } };
  const [second = '', minute = '', hour = '', day = '', month = '', week = '', year = ''] = words;
  if (!/^0+$/.test(second))
    return { refused: { code: 'scf_seconds', params: { got, value: shown(second) } } };
  const days = daysOf(day, week);
  if (days === undefined) return { refused: { code: 'scf_both_days', params: { got } } };
  const schedule = `cron(${[minute, hour, days[0], month, days[1], year].join(' ')})`;
  parseSchedule(schedule);
  const counted = /\d/.test(week.replace(/#\d/g, '').replace(/\/\d+/g, ''));
  const note: Remark | null = counted ? { code: 'scf_digits', params: { got, value: shown(week) } } : null;
  return { schedule, timezone: 'Asia/Shanghai', note };
}
