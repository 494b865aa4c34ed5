import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import { scheduleOf } from './schedule.ts';
import { nextSlots } from './slots.ts';

/**
 * Beside two libraries, on what they read rightly: zones whose clock does not change and those parts of a year in which
 * others do not; no wrap-around ranges; for cron-parser also no `W` and no years.
 */
const BOTH = [
  '* * * * ? *',
  '0 18 * * ? *',
  '0/5 * * * ? *',
  '7/13 * * * ? *',
  '0 9 ? * MON-FRI *',
  '0/30 8-17 ? * 2-6 *',
  '15,45 6,18 * * ? *',
  '0 0 1 * ? *',
  '0 0 31 * ? *',
  '0 0 29 2 ? *',
  '30 4 1,15 * ? *',
  '0 12 ? JAN,JUL SUN *',
  '59 23 31 12 ? *',
  '0 0/6 1-7 * ? *',
  '10-20 3 * 2-4 ? *',
  '0 10 L * ? *',
  '0 8 ? * 3#2 *',
  '0 8 ? * 6#5 *',
];
const CRONER_ALONE = [
  '0 10 15W * ? *',
  '0 10 1W * ? *',
  '0 10 31W * ? *',
  '0 10 LW * ? *',
  '0 0 1 1 ? 2027-2030',
  '0 0 ? 3 MON 2028',
  '0 10 ? * 6L *',
];

/** Weekdays count from 1 with us and from 0 with both of them; `?` is a word of ours alone. */
function unixFields(fields: string): readonly [minutes: string, ...string[]] {
  const [minutes = '', hours = '', days = '', months = '', weekdays = '', year = ''] = fields.split(' ');
  const digits = weekdays.replace(/(?<!#)\d/g, (digit) => String(Number(digit) - 1));
  const free = (word: string): string => (word === '?' ? '*' : word);
  return [minutes, hours, free(days), months, free(digits), year];
}

function byCroner(fields: string, zone: string, { after, n }: { after: number; n: number }): number[] {
  const job = new Cron(`0 ${unixFields(fields).join(' ')}`, {
    timezone: zone,
    paused: true,
    mode: '7-part',
    alternativeWeekdays: false,
    sloppyRanges: true,
  });
  return job.nextRuns(n, new Date(after)).map((date) => date.getTime());
}

function byCronParser(fields: string, zone: string, { after, n }: { after: number; n: number }): number[] {
  const expression = CronExpressionParser.parse(unixFields(fields).slice(0, 5).join(' '), {
    tz: zone,
    currentDate: new Date(after),
  });
  return Array.from({ length: n }, () => expression.next().getTime());
}

const ours = (fields: string, timezone: string, { after, n }: { after: number; n: number }): number[] =>
  nextSlots(
    scheduleOf({ schedule: `cron(${fields})`, timezone, epochAt: 0, frequency: '1h', dataType: 'kline' }),
    after,
    n,
  );

const STEADY = ['UTC', 'Asia/Shanghai', 'Asia/Kathmandu', 'America/Phoenix', 'Pacific/Kiritimati'];
const STARTS = [Date.UTC(2026, 10, 22), Date.UTC(2027, 1, 28, 23, 59), Date.UTC(2028, 1, 29, 12, 30)];
const asked = STARTS.map((after) => ({ after, n: 12 }));

describe('beside croner', () => {
  it.each([...BOTH, ...CRONER_ALONE.filter((fields) => !fields.includes('2028'))])(
    'agrees on %s where the clock is steady',
    (fields) => {
      for (const zone of STEADY)
        for (const p of asked)
          expect([zone, ours(fields, zone, p)]).toEqual([zone, byCroner(fields, zone, p)]);
    },
  );
});

describe('beside cron-parser', () => {
  it.each(BOTH)('agrees on %s where the clock is steady', (fields) => {
    for (const zone of STEADY)
      for (const p of asked)
        expect([zone, ours(fields, zone, p)]).toEqual([zone, byCronParser(fields, zone, p)]);
  });
});

describe('beside both, in zones that change their clock', () => {
  /** At noon and in the evening no clock of these zones changes, so the rules of the hour make no difference. */
  const SAFE = ['0 12 * * ? *', '0/20 18-20 ? * MON-FRI *', '30 16 L * ? *', '0 9 ? * 3#2 *'];

  it.each(SAFE)('agrees on %s over a year', (fields) => {
    for (const zone of ['America/New_York', 'Europe/London', 'Australia/Sydney', 'America/St_Johns']) {
      const p = { after: Date.UTC(2026, 0, 1), n: 400 };
      expect(ours(fields, zone, p)).toEqual(byCroner(fields, zone, p));
      expect(ours(fields, zone, p)).toEqual(byCronParser(fields, zone, p));
    }
  });
});
