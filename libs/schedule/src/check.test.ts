import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkSchedule } from './check.ts';
import { explainSchedule } from './explain.ts';
import { parseSchedule } from './parse.ts';
import { scheduleOf } from './schedule.ts';
import { nextSlots, shortestInterval } from './slots.ts';
import { SCHEDULE_CODES, scheduleText } from './texts.ts';
import { isTimezone } from './timezone.ts';

const issues = (schedule: string, timezone = 'UTC'): string[] =>
  checkSchedule({ schedule, timezone }).issues.map((issue) => `${issue.path} ${issue.code}`);

describe('checkSchedule', () => {
  it('tells of schedule and zone together', () => {
    expect(issues('cron(0 24 * * ? *)', 'Mars/Olympus')).toEqual([
      'schedule schedule_cron_value',
      'timezone timezone_unknown',
    ]);
    expect(issues('rate(5 minutes)', 'CST')).toEqual(['timezone timezone_unknown']);
  });

  it.each([
    ['cron(0 0 31 4 ? *)', 'UTC', 'schedule schedule_never'],
    ['cron(0 0 29 2 ? 2027)', 'UTC', 'schedule schedule_never'],
    ['cron(0 12 30 12 ? 2011)', 'Pacific/Apia', 'schedule schedule_never'],
    ['cron(30 2 8 3 ? 2026)', 'America/New_York', 'schedule schedule_never'],
    ['at(2026-03-08T02:30:00)', 'America/New_York', 'schedule schedule_at_gap'],
  ])('tells of a date that never comes: %s in %s', (schedule, zone, issue) => {
    expect(issues(schedule, zone)).toEqual([issue]);
  });

  it('proposes the next local time that exists', () => {
    const { issues: found } = checkSchedule({
      schedule: 'at(2026-03-08T02:30:00)',
      timezone: 'America/New_York',
    });
    expect(found[0]?.params.mend).toBe('at(2026-03-08T03:00:00)');
  });

  it.each(['at(1999-01-01T00:00:00)', 'cron(0 0 1 1 ? 1999)'])(
    'has nothing against the past: %s',
    (schedule) => {
      expect(issues(schedule)).toEqual([]);
    },
  );
});

describe('isTimezone', () => {
  it.each([
    'UTC',
    'Asia/Shanghai',
    'America/Argentina/Ushuaia',
    'US/Eastern',
    'Asia/Calcutta',
    'PRC',
    'EST5EDT',
    'Etc/GMT-8',
  ])('knows %s', (zone) => expect(isTimezone(zone)).toBe(true));

  it.each([
    ['CST', 'Asia/Shanghai, America/New_York, UTC'],
    ['PST', 'America/Los_Angeles'],
    ['UTC+8', 'Asia/Shanghai'],
    ['+08:00', 'Asia/Shanghai'],
    ['Asia/Beijing', 'Asia/Shanghai'],
    ['asia/shanghai', 'Asia/Shanghai'],
    ['Asia/Shangai', 'Asia/Shanghai'],
    ['New_York', 'America/New_York'],
    ['', 'Asia/Shanghai, America/New_York, UTC'],
    ['__proto__', 'Asia/Shanghai, America/New_York, UTC'],
  ])('does not know %j, and proposes %s', (zone, mend) => {
    expect(isTimezone(zone)).toBe(false);
    expect(checkSchedule({ schedule: 'rate(1 minute)', timezone: zone }).issues[0]?.params.mend).toBe(mend);
  });

  it('is asked before a cron is planned', () => {
    const task = {
      schedule: 'cron(0 18 * * ? *)',
      timezone: 'CST',
      epochAt: 0,
      frequency: '1h',
      dataType: 'kline',
    };
    expect(() => scheduleOf(task)).toThrow('"CST" is no IANA time zone');
  });
});

describe('shortestInterval', () => {
  it.each([
    ['rate(7 minutes)', 7],
    ['cron(* * * * ? *)', 1],
    ['cron(0/5 * * * ? *)', 5],
    ['cron(0/7 * * * ? *)', 4],
    ['cron(0 0/7 * * ? *)', 180],
    ['cron(0 18 * * ? *)', 1_440],
    ['cron(59,0 0,23 * * ? *)', 1],
    ['cron(0 9 ? * MON *)', 7 * 1_440],
    ['cron(0 9 ? * MON,WED *)', 2 * 1_440],
    ['cron(0 9 1 * ? *)', 28 * 1_440],
    ['cron(0 9 29 2 ? *)', 1_461 * 1_440],
    ['cron(0 9 1 1 ? 2030)', Infinity],
    ['cron(0 9 31 2 ? *)', Infinity],
    ['at(2030-01-01T00:00:00)', Infinity],
  ])('of %s is %d minutes', (schedule, minutes) => {
    expect(shortestInterval(parseSchedule(schedule))).toBe(minutes * 60_000);
  });
});

describe('nextSlots', () => {
  it('ends where the schedule ends', () => {
    const task = {
      schedule: 'cron(0 0 1 1 ? 2027-2028)',
      timezone: 'UTC',
      epochAt: 0,
      frequency: '1h',
      dataType: 'kline',
    };
    expect(nextSlots(scheduleOf(task), 0, 5)).toHaveLength(2);
  });

  it('does not run round a schedule that stands still', () => {
    const still = { text: '', next: (after: number) => after, prev: () => null, count: () => 0 };
    expect(nextSlots(still, 7, 5)).toEqual([]);
  });
});

describe('explainSchedule', () => {
  const zone = 'Asia/Shanghai';

  it.each([
    ['rate(7 minutes)', 'Every 7 minutes from', '每7分钟一次'],
    ['rate(1 day)', 'Every day of 24 hours from', '每天（24小时）一次'],
    ['at(2027-01-01T08:00:00)', 'Once, on 2027-01-01 at 08:00:00', '仅一次，2027-01-01 08:00:00'],
    ['cron(0 18 * * ? *)', 'At 18:00', '在18:00'],
    ['cron(0/5 * * * ? *)', 'Every 5 minutes', '每隔 5 分钟'],
    ['cron(0 9 ? * 2-6 *)', 'At 09:00, Monday through Friday', '在09:00, 星期一至星期五'],
    ['cron(0 9 ? * SAT-MON *)', 'At 09:00, only on Saturday, Sunday, and Monday', '星期六'],
    [
      'cron(0/7 * * * ? *)',
      'At 0, 7, 14, 21, 28, 35, 42, 49, and 56 minutes past',
      '0, 7, 14, 21, 28, 35, 42, 49',
    ],
    ['cron(35/10 * * * ? *)', 'At 35, 45, and 55 minutes past the hour', '35, 45'],
    ['cron(0 0/7 * * ? *)', 'At 00:00, 07:00, 14:00 and 21:00', '00:00, 07:00, 14:00 和 21:00'],
    ['cron(0 12 1/10 * ? *)', 'At 12:00, on day 1, 11, 21, and 31 of the month', '31 号'],
    ['cron(0 9 L * ? *)', 'on the last day of the month', '每月的最后一天'],
    ['cron(0 9 L-3 * ? *)', '3 days before the last day of the month', '最后一天之前的第3天'],
    ['cron(0 9 LW * ? *)', 'on the last weekday of the month', '最后一个工作日'],
    ['cron(0 9 15W * ? *)', 'on the weekday nearest day 15 of the month', '最接近 15 号的工作日'],
    ['cron(0 9 L,15 * ? *)', 'on the last day and day 15 of the month', '每月最后一天、15号'],
    [
      'cron(0 9 1W,15W * ? *)',
      'on the weekday nearest day 1 and the weekday nearest day 15 of the month',
      '最接近1号',
    ],
    ['cron(0 9 ? * 3#2 *)', 'on the second Tuesday of the month', '第二个 星期二'],
    ['cron(0 9 ? * L *)', 'only on Saturday', '仅星期六'],
    ['cron(0 9 ? * 6L *)', 'on the last Friday of the month', '最后一个星期五'],
    ['cron(0 9 1 1 ? 2027-2030)', '2027 through 2030', '2027年至2030年'],
    ['cron(0 9 1 1 ? 2026/2)', 'every 2 years from 2026 to 2199', '2026至2199年中每2年'],
  ])('tells %s', (schedule, en, zh) => {
    const told = explainSchedule({ schedule, timezone: zone }, 'en');

    expect(told).toContain(en);
    expect(told).toContain(`(${zone}`);
    expect(explainSchedule({ schedule, timezone: zone }, 'zh')).toContain(zh);
    expect(explainSchedule({ schedule, timezone: zone }, 'zh')).toContain(`（${zone}`);
  });

  it('refuses what is no schedule or no zone', () => {
    expect(() => explainSchedule({ schedule: 'cron(0 18 * * *)', timezone: zone }, 'en')).toThrow(
      'six fields',
    );
    expect(() => explainSchedule({ schedule: 'rate(5 minutes)', timezone: 'CST' }, 'en')).toThrow('CST');
  });
});

describe('scheduleText', () => {
  it('has a text for every code of the sources, and none besides', () => {
    const folder = new URL('.', import.meta.url);
    const sources = readdirSync(folder).filter(
      (name) => name.endsWith('.ts') && !/(\.test|^texts)\.ts$/.test(name),
    );
    const text = sources.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
    const codes = [...text.matchAll(/'((?:schedule|timezone|tick|note|scf)_[a-z_]+)'/g)].map(
      ([, code]) => code,
    );

    expect([...new Set(codes)].sort()).toEqual([...SCHEDULE_CODES].sort());
  });

  it('gives back a code that is not its own', () => {
    expect(scheduleText({ code: 'toString', params: {} }, 'en')).toBe('toString');
  });
});
