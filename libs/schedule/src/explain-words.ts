import { CRON_FIELDS, FIRST_YEAR, LAST_YEAR, valuesOf, type CronTerm } from './cron-fields.ts';
import type { ScheduleLocale } from './texts.ts';

const joined = (parts: readonly string[], locale: ScheduleLocale): string => {
  if (locale === 'zh') return parts.join('、');
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
};

function dayWords(term: CronTerm, locale: ScheduleLocale): readonly string[] {
  const zh = locale === 'zh';
  switch (term.kind) {
    case 'last':
      if (term.back === 0) return [zh ? '最后一天' : 'the last day'];
      return [zh ? `最后一天之前第${term.back}天` : `${term.back} days before the last day`];
    case 'last-workday':
      return [zh ? '最后一个工作日（周一至周五）' : 'the last weekday (Monday to Friday)'];
    case 'workday':
      return [zh ? `最接近${term.near}号的工作日` : `the weekday nearest day ${term.near}`];
    default: {
      const [, , field] = CRON_FIELDS;
      const days = field === undefined ? [] : valuesOf(term, field);
      return days.map((day) => (zh ? `${day}号` : `day ${day}`));
    }
  }
}

/** A list of days of the month, some of which depend on the month. */
export function specialDays(terms: readonly CronTerm[], locale: ScheduleLocale): string {
  const days = joined(
    terms.flatMap((term) => dayWords(term, locale)),
    locale,
  );
  return locale === 'zh' ? `每月${days}` : `on ${days} of the month`;
}

function yearWords(term: CronTerm, locale: ScheduleLocale): string {
  const zh = locale === 'zh';
  if (term.kind === 'value') return zh ? `${term.at}年` : `in ${term.at}`;
  const from = term.kind === 'range' ? term.from : term.kind === 'from' ? term.at : FIRST_YEAR;
  const to = term.kind === 'range' ? term.to : LAST_YEAR;
  const step = term.kind === 'range' || term.kind === 'from' || term.kind === 'every' ? term.step : 1;
  if (step === 1) return zh ? `${from}至${to}年` : `from ${from} to ${to}`;
  return zh ? `${from}至${to}年中每${step}年` : `every ${step} years from ${from} to ${to}`;
}

/** Years of which some go by steps. */
export function steppedYears(terms: readonly CronTerm[], locale: ScheduleLocale): string {
  const years = joined(
    terms.map((term) => yearWords(term, locale)),
    locale,
  );
  return locale === 'zh' ? `仅于${years}` : years;
}
