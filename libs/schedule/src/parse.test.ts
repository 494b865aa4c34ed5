import { ValidationError, type Issue } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { checkSchedule } from './check.ts';
import { parseSchedule, ratePeriod } from './parse.ts';
import { SCHEDULE_CODES, scheduleText } from './texts.ts';

function issueOf(text: string): Issue {
  try {
    parseSchedule(text);
  } catch (error) {
    if (error instanceof ValidationError && error.issues.length === 1 && error.issues[0])
      return error.issues[0];
    throw error;
  }
  throw new Error(`${text} was taken`);
}

/** Text, code, and what of the params matters. */
const REFUSED: readonly (readonly [string, string, Issue['params']])[] = [
  ['cron(0 18 * * *)', 'schedule_cron_fields', { got: 5, mend: 'cron(0 18 * * ? *)' }],
  ['cron(0 0 18 * * ? *)', 'schedule_cron_fields', { got: 7, mend: 'cron(0 18 * * ? *)' }],
  ['cron(*/5 * * * *)', 'schedule_cron_fields', { got: 5, mend: 'cron(*/5 * * * ? *)' }],
  ['cron()', 'schedule_cron_fields', { got: 0 }],
  ['cron(0 18 * * * *)', 'schedule_cron_both_days', { mend: 'cron(0 18 * * ? *)' }],
  ['cron(0 18 1 * MON *)', 'schedule_cron_both_days', { mend: 'cron(0 18 ? * MON *)' }],
  ['cron(0 18 * * MON *)', 'schedule_cron_both_days', { mend: 'cron(0 18 ? * MON *)' }],
  ['cron(0 18 1 * * *)', 'schedule_cron_both_days', { mend: 'cron(0 18 1 * ? *)' }],
  ['cron(0 18 ? * ? *)', 'schedule_cron_no_days', { mend: 'cron(0 18 * * ? *)' }],
  ['cron(? 18 * * ? *)', 'schedule_cron_question', { field: 'minutes', position: 6 }],
  ['cron(0 18 * ? ? *)', 'schedule_cron_question', { field: 'month', position: 13 }],
  ['cron(0 18 * * ? ?)', 'schedule_cron_question', { field: 'year' }],
  ['cron(0 18 ?,1 * ? *)', 'schedule_cron_question', { field: 'day-of-month', value: '?,1' }],
  ['cron(60 18 * * ? *)', 'schedule_cron_value', { field: 'minutes', value: '60', position: 6 }],
  ['cron(0 24 * * ? *)', 'schedule_cron_value', { field: 'hours', range: '0-23' }],
  ['cron(0 18 0 * ? *)', 'schedule_cron_value', { field: 'day-of-month' }],
  ['cron(0 18 32 * ? *)', 'schedule_cron_value', { field: 'day-of-month' }],
  ['cron(0 18 * 13 ? *)', 'schedule_cron_value', { field: 'month', range: '1-12, JAN-DEC' }],
  ['cron(0 18 ? * 0 *)', 'schedule_cron_value', { field: 'day-of-week', range: '1-7, SUN-SAT' }],
  ['cron(0 18 ? * 8 *)', 'schedule_cron_value', { field: 'day-of-week' }],
  ['cron(0 18 ? * MONDAY *)', 'schedule_cron_value', { value: 'MONDAY' }],
  ['cron(0 18 * * ? 1969)', 'schedule_cron_value', { field: 'year' }],
  ['cron(0 18 * * ? 2200)', 'schedule_cron_value', { field: 'year', range: '1970-2199' }],
  ['cron(0 18 * * ? 26)', 'schedule_cron_value', { field: 'year' }],
  ['cron(0,75 18 * * ? *)', 'schedule_cron_value', { value: '75', position: 8 }],
  ['cron(-5 18 * * ? *)', 'schedule_cron_value', { field: 'minutes' }],
  ['cron(1.5 18 * * ? *)', 'schedule_cron_value', { field: 'minutes' }],
  ['cron(1-2-3 18 * * ? *)', 'schedule_cron_value', { field: 'minutes' }],
  ['cron(0 18 W * ? *)', 'schedule_cron_wildcard', { field: 'day-of-month', value: 'W' }],
  ['cron(0 18 0W * ? *)', 'schedule_cron_value', { field: 'day-of-month' }],
  ['cron(0 18 32W * ? *)', 'schedule_cron_value', { field: 'day-of-month' }],
  ['cron(0 18 L-31 * ? *)', 'schedule_cron_value', { value: 'L-31' }],
  ['cron(0 L * * ? *)', 'schedule_cron_wildcard', { field: 'hours', value: 'L' }],
  ['cron(0 18 * L ? *)', 'schedule_cron_wildcard', { field: 'month' }],
  ['cron(0 18 3#2 * ? *)', 'schedule_cron_wildcard', { field: 'day-of-month' }],
  ['cron(0 18 ? * 3W *)', 'schedule_cron_wildcard', { field: 'day-of-week' }],
  ['cron(0 18 ? * 2/2 *)', 'schedule_cron_wildcard', { field: 'day-of-week', value: '/2' }],
  ['cron(0/0 * * * ? *)', 'schedule_cron_step', { value: '0' }],
  ['cron(0/ * * * ? *)', 'schedule_cron_step', { field: 'minutes' }],
  ['cron(0/5/5 * * * ? *)', 'schedule_cron_step', { field: 'minutes' }],
  ['cron(*/x * * * ? *)', 'schedule_cron_step', { value: 'X' }],
  ['cron(/5 * * * ? *)', 'schedule_cron_value', { field: 'minutes' }],
  ['cron(0 18 * * ? 2030-2020)', 'schedule_cron_range', { field: 'year', value: '2030-2020' }],
  ['cron(0 18 ? * 3#6 *)', 'schedule_cron_nth', { value: '3#6' }],
  ['cron(0 18 ? * 3#0 *)', 'schedule_cron_nth', { value: '3#0' }],
  ['cron(0 18 ? * 3# *)', 'schedule_cron_nth', { value: '3#' }],
  ['cron(0 18 ? * 8#1 *)', 'schedule_cron_value', { value: '8' }],
  ['cron(0 18 ? * 3#1,6#3 *)', 'schedule_cron_nth_list', { value: '3#1,6#3' }],
  ['cron(0 18 ? * 3#1,6 *)', 'schedule_cron_nth_list', {}],
  ['cron(1,,2 * * * ? *)', 'schedule_cron_empty', { position: 8 }],
  ['cron(1, * * * ? *)', 'schedule_cron_empty', { field: 'minutes' }],
  ['rate(1 minutes)', 'schedule_rate_number', { mend: 'rate(1 minute)' }],
  ['rate(5 minute)', 'schedule_rate_number', { mend: 'rate(5 minutes)' }],
  ['rate(1 hours)', 'schedule_rate_number', { mend: 'rate(1 hour)' }],
  ['rate(0 minutes)', 'schedule_rate_zero', {}],
  ['rate(30 seconds)', 'schedule_rate_unit', { value: 'seconds' }],
  ['rate(1 week)', 'schedule_rate_unit', { value: 'week' }],
  ['rate(1 constructor)', 'schedule_rate_unit', {}],
  ['rate(1.5 hours)', 'schedule_rate_value', { value: '1.5' }],
  ['rate(-5 minutes)', 'schedule_rate_value', { value: '-5' }],
  ['rate(five minutes)', 'schedule_rate_value', {}],
  ['rate(99999999 days)', 'schedule_rate_value', {}],
  ['rate(5)', 'schedule_rate_shape', {}],
  ['rate( 5 minutes)', 'schedule_rate_shape', {}],
  ['rate(5  minutes)', 'schedule_rate_shape', {}],
  ['at(2026-02-29T00:00:00)', 'schedule_at_date', {}],
  ['at(2026-13-01T00:00:00)', 'schedule_at_date', {}],
  ['at(2026-12-31T24:00:00)', 'schedule_at_date', {}],
  ['at(2026-12-31T23:59:60)', 'schedule_at_date', {}],
  ['at(1969-12-31T23:59:59)', 'schedule_at_year', { value: 1969 }],
  ['at(2200-01-01T00:00:00)', 'schedule_at_year', {}],
  ['at(0001-01-01T00:00:00)', 'schedule_at_year', { value: 1 }],
  ['at(2026-12-31T18:00:00Z)', 'schedule_at_shape', {}],
  ['at(2026-12-31 18:00:00)', 'schedule_at_shape', {}],
  ['at(2026-12-31T18:00)', 'schedule_at_shape', {}],
  ['', 'schedule_unknown', {}],
  ['every 5m', 'schedule_unknown', {}],
  ['0 18 * * ? *', 'schedule_unknown', {}],
  ['Cron(0 18 * * ? *)', 'schedule_unknown', {}],
  [' cron(0 18 * * ? *)', 'schedule_unknown', {}],
  ['cron(0 18 * * ? *) ', 'schedule_unknown', {}],
  ['cron(0 18 * * ? *', 'schedule_unknown', {}],
  [`cron(${'0,'.repeat(200)}0 * * * ? *)`, 'schedule_long', { max: 256 }],
];

describe('parseSchedule', () => {
  it.each(REFUSED)('refuses %j as %s', (text, code, params) => {
    const issue = issueOf(text);

    expect(issue).toMatchObject({ path: 'schedule', code, params });
  });

  it('says in both languages what is wrong, leaving no parameter open', () => {
    const issues = REFUSED.map(([text]) => issueOf(text));
    const texts = issues.flatMap((issue) => [scheduleText(issue, 'en'), scheduleText(issue, 'zh')]);

    expect(texts.filter((text) => /\{\w+\}/.test(text) || text.startsWith('schedule_'))).toEqual([]);
  });

  it('says the same in the error itself', () => {
    expect(() => parseSchedule('cron(0 24 * * ? *)')).toThrow(
      'schedule: hours "24" (column 8) is outside of 0-23',
    );
  });

  it('proposes only what it would take', () => {
    const mends = REFUSED.map(([text]) => issueOf(text).params.mend).filter(
      (mend) => typeof mend === 'string',
    );

    expect(mends.length).toBeGreaterThan(10);
    for (const mend of mends) expect(() => parseSchedule(mend)).not.toThrow();
  });

  it('has a text for every code it refuses with', () => {
    expect(REFUSED.map(([, code]) => code).filter((code) => !SCHEDULE_CODES.includes(code))).toEqual([]);
  });
});

describe('ratePeriod', () => {
  it('refuses what is no rate', () => {
    expect(() => ratePeriod('cron(0 18 * * ? *)')).toThrow('no rate');
  });
});

describe('what AWS leaves open', () => {
  it.each([
    ['cron(0 9 ? * mon-fri *)', ['lower_case']],
    ['cron(00 9 * * ? *)', ['leading_zero']],
    ['cron(0 9  * * ? *)', ['spacing']],
    ['cron( 0 9 * * ? *)', ['spacing']],
    ['cron(0 22-2 * * ? *)', ['wrap_range']],
    ['cron(0 9 ? * SAT-MON *)', ['wrap_range']],
    ['cron(5-40/15 * * * ? *)', ['range_step']],
    ['cron(0 9 ? * MON-6 *)', ['mixed_range']],
    ['cron(0/60 * * * ? *)', ['step_beyond']],
    ['cron(0 9 L-3 * ? *)', ['last_offset']],
    ['cron(0 9 LW * ? *)', ['last_workday']],
    ['cron(0 9 31W * ? *)', ['workday_edge']],
    ['cron(0 9 1W * ? *)', ['workday_edge']],
    ['cron(0 9 ? * 6L *)', ['last_weekday']],
    ['cron(0 9 ? * FRIL *)', ['last_weekday']],
    ['cron(0 9 ? * TUE#2 *)', ['named_nth']],
    ['cron(0 9 L,15 * ? *)', ['special_in_list']],
    ['cron(0 9 3W,15W * ? *)', ['special_in_list']],
    ['cron(0 9 ? * L,2 *)', ['special_in_list']],
  ])('is taken with a warning: %s', (schedule, constructs) => {
    const { issues, warnings } = checkSchedule({ schedule, timezone: 'UTC' });

    expect(issues).toEqual([]);
    expect(warnings.map((warning) => warning.params.construct)).toEqual(constructs);
    for (const warning of warnings) expect(scheduleText(warning, 'zh')).toMatch(/^[^_]*$/);
  });

  it.each([
    'cron(0 18 * * ? *)',
    'cron(0/5 8-17 ? * MON-FRI *)',
    'cron(*/5 * * * ? *)',
    'cron(0 9 L * ? *)',
    'cron(0 9 3W * ? *)',
    'cron(0 9 ? * 3#2 *)',
    'cron(0 9 ? * L *)',
    'cron(0 0 1/10 JAN,JUL ? 2026-2030)',
    'rate(7 minutes)',
    'at(2020-01-01T00:00:00)',
  ])('is not %s: no warning', (schedule) => {
    expect(checkSchedule({ schedule, timezone: 'UTC' })).toEqual({ issues: [], warnings: [] });
  });
});
