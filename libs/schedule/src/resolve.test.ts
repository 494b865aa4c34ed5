import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveSchedule, type ScheduleTarget } from './resolve.ts';
import { fromScf, toScf } from './scf.ts';
import { scheduleOf } from './schedule.ts';
import { nextSlots } from './slots.ts';
import { scheduleText } from './texts.ts';

const told = (schedule: string, target: ScheduleTarget, timezone = 'Asia/Shanghai'): string => {
  const resolution = resolveSchedule({ schedule, timezone }, target);
  return resolution.mode === 'native'
    ? resolution.expression
    : `${resolution.mode} ${resolution.reason.code}`;
};

describe('resolveSchedule', () => {
  it.each([
    ['rate(5 minutes)', 'rate(5 minutes)', 'tick tick_rate', 'tick tick_rate'],
    ['rate(7 minutes)', 'rate(7 minutes)', 'tick tick_rate', 'tick tick_rate'],
    ['cron(0 18 * * ? *)', 'cron(0 18 * * ? *)', 'cron(0 18 * * ? *)', '0 0 18 * * * *'],
    ['cron(0 9 ? * 2-6 *)', 'cron(0 9 ? * 2-6 *)', 'cron(0 9 ? * 2-6 *)', '0 0 9 * * MON-FRI *'],
    ['cron(0 9 ? * L *)', 'cron(0 9 ? * L *)', 'cron(0 9 ? * L *)', '0 0 9 * * SAT *'],
    ['cron(0 9 L * ? *)', 'cron(0 9 L * ? *)', 'cron(0 9 L * ? *)', 'tick tick_wildcard'],
    ['cron(0 9 ? * 6L *)', 'cron(0 9 ? * 6L *)', 'tick tick_unproven', 'tick tick_wildcard'],
    ['cron(0 9 LW * ? *)', 'cron(0 9 LW * ? *)', 'tick tick_unproven', 'tick tick_wildcard'],
    ['cron(0 22-1 * * ? *)', 'cron(0 22-1 * * ? *)', 'cron(0 22,23,0,1 * * ? *)', '0 0 22,23,0,1 * * * *'],
    [
      'cron(0 9 ? * sat-mon *)',
      'cron(0 9 ? * sat-mon *)',
      'cron(0 9 ? * SAT,SUN,MON *)',
      '0 0 9 * * SAT,SUN,MON *',
    ],
    ['cron(0 9 ? * TUE#2 *)', 'cron(0 9 ? * TUE#2 *)', 'cron(0 9 ? * 3#2 *)', 'tick tick_wildcard'],
    ['cron(0 9 1 1 ? 2150)', 'cron(0 9 1 1 ? 2150)', 'cron(0 9 1 1 ? 2150)', 'tick tick_year'],
    ['at(2027-01-01T00:00:00)', 'at(2027-01-01T00:00:00)', 'at(2027-01-01T00:00:00)', 'tick tick_at'],
    ['cron(0 9 31 2 ? *)', 'reject schedule_never', 'reject schedule_never', 'reject schedule_never'],
    [
      'cron(0 9 * * *)',
      'reject schedule_cron_fields',
      'reject schedule_cron_fields',
      'reject schedule_cron_fields',
    ],
  ])('keeps %s', (schedule, standalone, aws, scf) => {
    expect(told(schedule, 'standalone')).toBe(standalone);
    expect(told(schedule, 'aws-lambda')).toBe(aws);
    expect(told(schedule, 'tencent-scf')).toBe(scf);
  });

  it('leaves to SCF only what is told in its own zone', () => {
    expect(told('cron(0 18 * * ? *)', 'tencent-scf', 'UTC')).toBe('tick tick_zone');
    expect(told('cron(0 18 * * ? *)', 'tencent-scf', 'Asia/Singapore')).toBe('tick tick_zone');
  });

  it('rejects an unknown zone and a local time that does not exist, on every target', () => {
    expect(told('cron(0 18 * * ? *)', 'standalone', 'CST')).toBe('reject timezone_unknown');
    expect(told('at(2026-03-08T02:30:00)', 'aws-lambda', 'America/New_York')).toBe('reject schedule_at_gap');
  });

  it('notes what AWS does not say of a repeated hour, where there is one', () => {
    const note = (schedule: string, timezone: string): string | undefined => {
      const resolution = resolveSchedule({ schedule, timezone }, 'aws-lambda');
      return resolution.mode === 'native' ? resolution.note?.code : 'not native';
    };

    expect(note('cron(0/5 * * * ? *)', 'America/New_York')).toBe('note_repeated_hour');
    expect(note('cron(0/5 * * * ? *)', 'Asia/Shanghai')).toBeUndefined();
    expect(note('cron(0 18 * * ? *)', 'America/New_York')).toBeUndefined();
  });

  it('gives its reasons in both languages', () => {
    for (const schedule of [
      'rate(7 minutes)',
      'cron(0 9 ? * 6L *)',
      'at(2027-01-01T00:00:00)',
      'cron(0 9 1 1 ? 2150)',
    ])
      for (const target of ['aws-lambda', 'tencent-scf'] as const) {
        const resolution = resolveSchedule({ schedule, timezone: 'Asia/Shanghai' }, target);
        if (resolution.mode === 'native') continue;
        expect(scheduleText(resolution.reason, 'en')).toMatch(
          /^[^{}]*a trigger every minute asks for due slots$/,
        );
        expect(scheduleText(resolution.reason, 'zh')).toMatch(/^[^{}]*每分钟触发一次[^{}]*$/);
      }
  });
});

const scf = (schedule: string, timezone = 'Asia/Shanghai'): string => {
  const timer = toScf({ schedule, timezone });
  return 'refused' in timer ? timer.refused.code : timer.expression;
};

describe('toScf', () => {
  it.each([
    ['cron(0 10 ? * 6L *)', '0 0 10 * * 5L *'],
    ['cron(0 10 ? * 6#3 *)', '0 0 10 * * 5#3 *'],
    ['cron(0 10 LW * ? *)', '0 0 10 LW * * *'],
    ['cron(0 10 15W JAN ? 2030)', '0 0 10 15W 1 * 2030'],
    ['cron(0/5 8-17 ? * 2,4 *)', '0 0/5 8-17 * * MON,WED *'],
    ['cron(0 10 ? * 7-1 *)', '0 0 10 * * SAT,SUN *'],
    ['rate(1 minute)', '0 * * * * * *'],
    ['rate(15 minutes)', '0 0/15 * * * * *'],
    ['rate(60 minutes)', '0 0 * * * * *'],
    ['rate(6 hours)', '0 0 0/6 * * * *'],
    ['rate(1 day)', '0 0 0 * * * *'],
    ['rate(7 minutes)', 'scf_rate'],
    ['rate(90 minutes)', 'scf_rate'],
    ['rate(5 days)', 'scf_rate'],
    ['rate(5 hours)', 'scf_rate'],
    ['cron(0 0 1 1 ? 2100)', 'scf_year'],
    ['cron(0 0 1 1 ? 2090/5)', 'scf_year'],
    ['at(2027-01-01T00:00:00)', 'scf_at'],
    ['cron(0 25 * * ? *)', 'schedule_cron_value'],
  ])('writes %s as %s', (schedule, expected) => expect(scf(schedule)).toBe(expected));

  it('shifts no hours between zones', () => expect(scf('cron(0 10 * * ? *)', 'UTC')).toBe('scf_zone'));

  it('says of a rate that it is aligned to the clock there', () => {
    expect(toScf({ schedule: 'rate(15 minutes)', timezone: 'UTC' })).toMatchObject({
      note: { code: 'scf_clock_aligned' },
    });
  });
});

describe('fromScf', () => {
  it.each([
    ['0 0 18 * * * *', 'cron(0 18 * * ? *)', null],
    ['0 */5 * * * * *', 'cron(*/5 * * * ? *)', null],
    ['0 0 9 * * MON-FRI *', 'cron(0 9 ? * MON-FRI *)', null],
    ['0 0 9 * * 1-5 *', 'cron(0 9 ? * MON-FRI *)', 'scf_digits'],
    ['0 0 9 ? * 0 *', 'cron(0 9 ? * SUN *)', 'scf_digits'],
    ['0 0 9 * * 5L *', 'cron(0 9 ? * 6L *)', 'scf_digits'],
    ['0 0 9 * * 5#3 2030', 'cron(0 9 ? * 6#3 2030)', 'scf_digits'],
    ['0 0 9 15W * ? *', 'cron(0 9 15W * ? *)', null],
  ])('reads %s as %s', (expression, schedule, note) => {
    const read = fromScf(expression);

    expect(read).toMatchObject({ schedule, timezone: 'Asia/Shanghai' });
    expect('refused' in read ? 'refused' : (read.note?.code ?? null)).toBe(note);
  });

  it.each([
    ['0 18 * * * *', 'scf_fields'],
    ['*/10 * * * * * *', 'scf_seconds'],
    ['30 0 18 * * * *', 'scf_seconds'],
    ['0 0 18 1 * MON *', 'scf_both_days'],
  ])('refuses %s: %s', (expression, code) => {
    const read = fromScf(expression);

    expect(read).toMatchObject({ refused: { code } });
    if ('refused' in read) expect(scheduleText(read.refused, 'en')).toMatch(/^"[^{}]+$/);
  });

  it('throws at fields that are none', () => {
    expect(() => fromScf('0 61 18 * * * *')).toThrow('minutes');
    expect(() => fromScf('0 0 18 * * 7 *')).toThrow('0-6');
  });

  it('undoes toScf: the instants are the same', () => {
    const minute = fc.constantFrom('0', '*', '0/5', '7/13', '5,50', '50-10', '10-20');
    const hour = fc.constantFrom('*', '9', '8-17', '22-2', '0/6', '1,13');
    const days = fc.constantFrom(
      ['*', '?'],
      ['1/10', '?'],
      ['L', '?'],
      ['15W', '?'],
      ['25-5', '?'],
      ['?', 'MON-FRI'],
      ['?', '7-2'],
      ['?', 'L'],
      ['?', '6L'],
      ['?', '3#2'],
      ['?', '*'],
    );
    const month = fc.constantFrom('*', '1/3', 'JAN,JUL', '11-2');
    const year = fc.constantFrom('*', '2027-2030', '2026/2');
    const after = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2029, 0, 1) });
    const slots = (schedule: string, from: number): number[] =>
      nextSlots(
        scheduleOf({ schedule, timezone: 'Asia/Shanghai', epochAt: 0, frequency: '1h', dataType: 'kline' }),
        from,
        10,
      );
    fc.assert(
      fc.property(minute, hour, days, month, year, after, (m, h, [day, weekday], mon, y, from) => {
        const years = y.includes('/') ? '2026-2050' : y;
        const schedule = `cron(${m} ${h} ${day} ${mon} ${weekday} ${years})`;
        const timer = toScf({ schedule, timezone: 'Asia/Shanghai' });
        if ('refused' in timer) throw new Error(`${schedule}: ${timer.refused.code}`);
        const back = fromScf(timer.expression);
        if ('refused' in back) throw new Error(`${timer.expression}: ${back.refused.code}`);

        expect(slots(back.schedule, from)).toEqual(slots(schedule, from));
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });
});
