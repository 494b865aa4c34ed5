import cronstrue from 'cronstrue';
import 'cronstrue/locales/zh_CN.js';
import type { WrittenSchedule } from './check.ts';
import type { CronTerm } from './cron-fields.ts';
import { specialDays, steppedYears } from './explain-words.ts';
import type { ParsedCron } from './parse-cron.ts';
import { parseSchedule, type ParsedAt, type ParsedRate } from './parse.ts';
import type { ScheduleLocale } from './texts.ts';
import { writeFields, type Dialect } from './write-cron.ts';
import { zoneOf } from './zone.ts';

/** A step is told as one only where it goes on evenly past the end of the hour, day or year. */
const TOLD: Dialect = {
  none: '?',
  digit: String,
  keepsStep: (at, step, { name, min, max }) =>
    name !== 'day-of-month' && (max - min + 1) % step === 0 && at - min < step,
};

const DAY_OF_MONTH = 2;
const YEAR = 5;
const SPECIAL: readonly CronTerm['kind'][] = ['last', 'last-workday', 'workday'];

const hasStep = (term: CronTerm): boolean =>
  (term.kind === 'every' || term.kind === 'from' || term.kind === 'range') && term.step > 1;

/** Lists of special days, and years in steps, are told wrongly or not at all by the library: those words are ours. */
function cronWords(parsed: ParsedCron, locale: ScheduleLocale): string {
  const words = writeFields(parsed, TOLD);
  const days = parsed.fields[DAY_OF_MONTH] ?? [];
  const years = parsed.fields[YEAR] ?? [];
  const ours: string[] = [];
  if (days.length > 1 && days.some((term) => SPECIAL.includes(term.kind))) {
    ours.push(specialDays(days, locale));
    words[DAY_OF_MONTH] = '*';
  }
  if (years.some(hasStep)) {
    ours.push(steppedYears(years, locale));
    words[YEAR] = '*';
  }
  const told = cronstrue.toString(['0', ...words].join(' '), {
    locale: locale === 'zh' ? 'zh_CN' : 'en',
    dayOfWeekStartIndexZero: false,
    use24HourTimeFormat: true,
  });
  return [told.replace(/ {2,}/g, ' '), ...ours].join(locale === 'zh' ? '，' : ', ');
}

function rateWords({ value, unit }: ParsedRate, timezone: string, locale: ScheduleLocale): string {
  const many = value === 1 ? unit : `${value} ${unit}s`;
  const of = { minute: '分钟', hour: '小时', day: '天（24小时）' }[unit];
  return locale === 'zh'
    ? `从任务创建或调度变更时起，每${value === 1 ? '' : value}${of}一次（${timezone}，不受时区影响）`
    : `Every ${many}${unit === 'day' ? ' of 24 hours' : ''} from the moment the task was made or its schedule changed (${timezone}, which makes no difference)`;
}

function atWords({ wall }: ParsedAt, timezone: string, locale: ScheduleLocale): string {
  const [date, time] = new Date(wall).toISOString().slice(0, 19).split('T');
  return locale === 'zh'
    ? `仅一次，${date} ${time}（${timezone}）`
    : `Once, on ${date} at ${time} (${timezone})`;
}

/**
 * A schedule in words, with its zone.
 * @throws ValidationError as `parseSchedule`, and `timezone_unknown`
 */
export function explainSchedule({ schedule, timezone }: WrittenSchedule, locale: ScheduleLocale): string {
  const parsed = parseSchedule(schedule);
  const zone = zoneOf(timezone).name;
  if (parsed.kind === 'rate') return rateWords(parsed, zone, locale);
  if (parsed.kind === 'at') return atWords(parsed, zone, locale);
  const words = cronWords(parsed, locale);
  return locale === 'zh' ? `${words}（${zone}）` : `${words} (${zone})`;
}
