import { describe, expect, it } from 'vitest';
import { scheduleOf, type Schedule } from './schedule.ts';
import { nextSlots } from './slots.ts';
import { oracleUtc } from './testing/minute-oracle.ts';

const at = (text: string): number => Date.parse(`${text}Z`);
const shown = (slots: readonly number[]): string =>
  slots.map((slot) => new Date(slot).toISOString().slice(0, 16)).join(' ');

const cron = (fields: string, timezone = 'UTC', epochAt = 0): Schedule =>
  scheduleOf({ schedule: `cron(${fields})`, timezone, epochAt, frequency: '1h', dataType: 'kline' });

const NOW = at('2026-11-22T00:00');

/** The first three instants after a Sunday midnight; fewer where the expression ends, none where it never comes. */
const GOLDEN: readonly (readonly [string, string])[] = [
  ['0 18 * * ? *', '2026-11-22T18:00 2026-11-23T18:00 2026-11-24T18:00'],
  ['0/5 * * * ? *', '2026-11-22T00:05 2026-11-22T00:10 2026-11-22T00:15'],
  ['*/15 * * * ? *', '2026-11-22T00:15 2026-11-22T00:30 2026-11-22T00:45'],
  ['5/20 * * * ? *', '2026-11-22T00:05 2026-11-22T00:25 2026-11-22T00:45'],
  ['0 10 * * ? *', '2026-11-22T10:00 2026-11-23T10:00 2026-11-24T10:00'],
  ['15 12 * * ? *', '2026-11-22T12:15 2026-11-23T12:15 2026-11-24T12:15'],
  ['0 8 1 * ? *', '2026-12-01T08:00 2027-01-01T08:00 2027-02-01T08:00'],
  ['0/10 * ? * MON-FRI *', '2026-11-23T00:00 2026-11-23T00:10 2026-11-23T00:20'],
  ['0/5 8-17 ? * MON-FRI *', '2026-11-23T08:00 2026-11-23T08:05 2026-11-23T08:10'],
  ['0/30 20-23 ? * MON-FRI *', '2026-11-23T20:00 2026-11-23T20:30 2026-11-23T21:00'],
  ['0 9 ? * 2-6 *', '2026-11-23T09:00 2026-11-24T09:00 2026-11-25T09:00'],
  ['0 9 ? * 1 *', '2026-11-22T09:00 2026-11-29T09:00 2026-12-06T09:00'],
  ['0 9 ? * 7 *', '2026-11-28T09:00 2026-12-05T09:00 2026-12-12T09:00'],
  ['0 9 ? * SUN,SAT *', '2026-11-22T09:00 2026-11-28T09:00 2026-11-29T09:00'],
  ['0 9 ? * TUE *', '2026-11-24T09:00 2026-12-01T09:00 2026-12-08T09:00'],
  ['0 0 1 1 ? *', '2027-01-01T00:00 2028-01-01T00:00 2029-01-01T00:00'],
  ['0 0 1 JAN,JUL ? *', '2027-01-01T00:00 2027-07-01T00:00 2028-01-01T00:00'],
  ['0 0 1 1/3 ? *', '2027-01-01T00:00 2027-04-01T00:00 2027-07-01T00:00'],
  ['0 0 1 2-4 ? *', '2027-02-01T00:00 2027-03-01T00:00 2027-04-01T00:00'],
  ['0 12 1/10 * ? *', '2026-12-01T12:00 2026-12-11T12:00 2026-12-21T12:00'],
  ['0 12 */2 * ? *', '2026-11-23T12:00 2026-11-25T12:00 2026-11-27T12:00'],
  ['0 12 5-7 * ? *', '2026-12-05T12:00 2026-12-06T12:00 2026-12-07T12:00'],
  ['0 12 31 * ? *', '2026-12-31T12:00 2027-01-31T12:00 2027-03-31T12:00'],
  ['0 12 30 2 ? *', ''],
  ['0 12 29 2 ? *', '2028-02-29T12:00 2032-02-29T12:00 2036-02-29T12:00'],
  ['0 12 29 2 ? 2026-2031', '2028-02-29T12:00'],
  ['0 12 L * ? *', '2026-11-30T12:00 2026-12-31T12:00 2027-01-31T12:00'],
  ['0 12 L 2 ? *', '2027-02-28T12:00 2028-02-29T12:00 2029-02-28T12:00'],
  ['0 12 15W * ? *', '2026-12-15T12:00 2027-01-15T12:00 2027-02-15T12:00'],
  ['0 12 22W * ? *', '2026-11-23T12:00 2026-12-22T12:00 2027-01-22T12:00'],
  ['0 12 3W * ? *', '2026-12-03T12:00 2027-01-04T12:00 2027-02-03T12:00'],
  ['0 12 1W * ? *', '2026-12-01T12:00 2027-01-01T12:00 2027-02-01T12:00'],
  ['0 12 31W * ? *', '2026-12-31T12:00 2027-01-29T12:00 2027-03-31T12:00'],
  ['0 12 28W 2 ? *', '2027-02-26T12:00 2028-02-28T12:00 2029-02-28T12:00'],
  ['0 8 ? * 3#2 *', '2026-12-08T08:00 2027-01-12T08:00 2027-02-09T08:00'],
  ['0 8 ? * 2#1 *', '2026-12-07T08:00 2027-01-04T08:00 2027-02-01T08:00'],
  ['0 8 ? * 6#3 *', '2026-12-18T08:00 2027-01-15T08:00 2027-02-19T08:00'],
  ['0 8 ? * 1#5 *', '2026-11-29T08:00 2027-01-31T08:00 2027-05-30T08:00'],
  ['0 8 ? * L *', '2026-11-28T08:00 2026-12-05T08:00 2026-12-12T08:00'],
  ['0 10 ? * 6L 2002-2005', ''],
  ['0 10 ? * 6L *', '2026-11-27T10:00 2026-12-25T10:00 2027-01-29T10:00'],
  ['0 10 ? * FRIL *', '2026-11-27T10:00 2026-12-25T10:00 2027-01-29T10:00'],
  ['0 10 ? * 1L *', '2026-11-29T10:00 2026-12-27T10:00 2027-01-31T10:00'],
  ['0 12 LW * ? *', '2026-11-30T12:00 2026-12-31T12:00 2027-01-29T12:00'],
  ['0 12 L-3 * ? *', '2026-11-27T12:00 2026-12-28T12:00 2027-01-28T12:00'],
  ['0 12 L-30 * ? *', '2026-12-01T12:00 2027-01-01T12:00 2027-03-01T12:00'],
  ['0 12 L,15 * ? *', '2026-11-30T12:00 2026-12-15T12:00 2026-12-31T12:00'],
  ['0 12 1W,15W * ? *', '2026-12-01T12:00 2026-12-15T12:00 2027-01-01T12:00'],
  ['0 22-2 * * ? *', '2026-11-22T01:00 2026-11-22T02:00 2026-11-22T22:00'],
  ['0/30 11-2 * * ? *', '2026-11-22T00:30 2026-11-22T01:00 2026-11-22T01:30'],
  ['0 9 ? * SAT-MON *', '2026-11-22T09:00 2026-11-23T09:00 2026-11-28T09:00'],
  ['0 0 1 NOV-FEB ? *', '2026-12-01T00:00 2027-01-01T00:00 2027-02-01T00:00'],
  ['0 0 25-5 * ? *', '2026-11-25T00:00 2026-11-26T00:00 2026-11-27T00:00'],
  ['50-10 0 * * ? *', '2026-11-22T00:01 2026-11-22T00:02 2026-11-22T00:03'],
  ['0 9 ? * mon-fri *', '2026-11-23T09:00 2026-11-24T09:00 2026-11-25T09:00'],
  ['0 0 1 jan ? *', '2027-01-01T00:00 2028-01-01T00:00 2029-01-01T00:00'],
  ['5-40/15 9 * * ? *', '2026-11-22T09:05 2026-11-22T09:20 2026-11-22T09:35'],
  ['0 0/7 * * ? *', '2026-11-22T07:00 2026-11-22T14:00 2026-11-22T21:00'],
  ['0/45 * * * ? *', '2026-11-22T00:45 2026-11-22T01:00 2026-11-22T01:45'],
  ['0 0 1 1 ? 2027', '2027-01-01T00:00'],
  ['0 0 1 1 ? 2027-2028,2031', '2027-01-01T00:00 2028-01-01T00:00 2031-01-01T00:00'],
  ['0 0 1 1 ? 2026/2', '2028-01-01T00:00 2030-01-01T00:00 2032-01-01T00:00'],
  ['0 0 1 1 ? 2199', '2199-01-01T00:00'],
  ['0 0 1 1 ? 1999', ''],
  ['59 23 31 12 ? *', '2026-12-31T23:59 2027-12-31T23:59 2028-12-31T23:59'],
  ['0 0 ? 12 2#1 2026-2028', '2026-12-07T00:00 2027-12-06T00:00 2028-12-04T00:00'],
  ['10,20,40 1,3 ? * THU *', '2026-11-26T01:10 2026-11-26T01:20 2026-11-26T01:40'],
  ['0 12 ? 11 THU#4 *', '2026-11-26T12:00 2027-11-25T12:00 2028-11-23T12:00'],
  ['0 0 ? * 2#5 *', '2026-11-30T00:00 2027-03-29T00:00 2027-05-31T00:00'],
  ['00 09 * * ? *', '2026-11-22T09:00 2026-11-23T09:00 2026-11-24T09:00'],
  ['0/60 * * * ? *', '2026-11-22T01:00 2026-11-22T02:00 2026-11-22T03:00'],
  ['0 12 1W 5 ? 2027', '2027-05-03T12:00'],
  ['0 12 31W 10 ? 2027', '2027-10-29T12:00'],
  ['0 12 ? 2 7#5 2048', '2048-02-29T12:00'],
];

describe('a cron in UTC', () => {
  it.each(GOLDEN)('runs %s at %s', (fields, slots) => {
    expect(shown(nextSlots(cron(fields), NOW, 3))).toBe(slots);
  });

  it('is what the oracle finds as well, wherever it looks', () => {
    const days = 366 * 3;
    const until = NOW + days * 86_400_000;
    const wrong = GOLDEN.filter(([fields]) => {
      const ours = nextSlots(cron(fields), NOW, 3).filter((slot) => slot <= until);
      return shown(ours) !== shown(oracleUtc(fields, NOW, { n: 3, days }));
    });

    expect(wrong).toEqual([]);
  });

  it.each([
    '0 0 30 2 ? *',
    '0 0 31 4,6,9,11 ? *',
    '0 0 29 2 ? 2100',
    '0 0 ? 2 2#5 2026-2031',
    '0 0 L-30 2 ? *',
  ])('gives null for %s, which never comes, forward and back', (fields) => {
    const schedule = cron(fields);

    expect([schedule.next(0), schedule.prev(at('2199-12-31T00:00')), schedule.count(0, NOW * 2)]).toEqual([
      null,
      null,
      0,
    ]);
  });

  it('ends with the year 2199 and begins with 1970', () => {
    const schedule = cron('0 0 * * ? *', 'UTC', -1e13);

    expect(schedule.next(at('2199-12-31T00:00'))).toBeNull();
    expect(schedule.prev(Infinity)).toBe(at('2199-12-31T00:00'));
    expect(schedule.next(-Infinity)).toBe(0);
    expect(schedule.prev(-1)).toBeNull();
  });

  it('has no slot at its epoch, unless the epoch fits, and none before', () => {
    expect(cron('0 18 * * ? *', 'UTC', NOW).next(0)).toBe(at('2026-11-22T18:00'));
    expect(cron('0 0 * * ? *', 'UTC', NOW).next(0)).toBe(NOW);
    expect(cron('0 0 * * ? *', 'UTC', NOW).prev(NOW)).toBe(NOW);
    expect(cron('0 0 * * ? *', 'UTC', NOW + 1).prev(NOW + 1)).toBeNull();
    expect(cron('0 0 * * ? *', 'UTC', NOW).count(0, NOW + 86_400_000)).toBe(2);
  });
});

const DST: readonly (readonly [string, string, string, string, string])[] = [
  [
    'a time that the clock jumps over is skipped',
    '30 2 * * ? *',
    'America/New_York',
    '2027-03-13T00:00',
    '2027-03-13T07:30 2027-03-15T06:30 2027-03-16T06:30',
  ],
  [
    'a time shown twice runs at the first showing only',
    '30 1 * * ? *',
    'America/New_York',
    '2026-10-31T12:00',
    '2026-11-01T05:30 2026-11-02T06:30 2026-11-03T06:30',
  ],
  [
    'every half hour runs once within the repeated hour',
    '0/30 * * * ? *',
    'America/New_York',
    '2026-11-01T04:00',
    '2026-11-01T04:30 2026-11-01T05:00 2026-11-01T05:30 2026-11-01T07:00',
  ],
  [
    'a list of minutes in the repeated hour runs once',
    '0,30 1 * * ? *',
    'America/New_York',
    '2026-11-01T04:00',
    '2026-11-01T05:00 2026-11-01T05:30 2026-11-02T06:00',
  ],
  [
    'every half hour goes from 01:30 to 03:00 over the gap',
    '0/30 * * * ? *',
    'America/New_York',
    '2027-03-14T06:00',
    '2027-03-14T06:30 2027-03-14T07:00 2027-03-14T07:30',
  ],
  [
    'a half-hour gap takes two quarters with it',
    '0/15 2 * * ? *',
    'Australia/Lord_Howe',
    '2026-10-03T00:00',
    '2026-10-03T15:30 2026-10-03T15:45 2026-10-04T15:00',
  ],
  [
    'a day that was left out has no slots',
    '0 12 * * ? *',
    'Pacific/Apia',
    '2011-12-28T23:00',
    '2011-12-29T22:00 2011-12-30T22:00 2011-12-31T22:00',
  ],
  [
    'a midnight that does not exist is skipped',
    '0 0 * * ? *',
    'America/Sao_Paulo',
    '2018-11-03T00:00',
    '2018-11-03T03:00 2018-11-05T02:00 2018-11-06T02:00',
  ],
  [
    'a midnight that does not exist is skipped, to the east as well',
    '0 0 ? * SUN *',
    'Asia/Beirut',
    '2026-03-21T00:00',
    '2026-03-21T22:00 2026-04-04T21:00 2026-04-11T21:00',
  ],
];

describe('a cron where clocks change', () => {
  it.each(DST)('%s: %s in %s after %s', (_rule, fields, zone, after, slots) => {
    const found = nextSlots(cron(fields, zone), at(after), slots.split(' ').length);
    expect(shown(found)).toBe(slots);
    expect(found.map((slot) => cron(fields, zone).prev(slot))).toEqual(found);
  });

  it('counts ten years of minutes exactly, in a zone that loses and repeats hours', () => {
    const [from, to] = [at('2020-01-01T05:00'), at('2030-01-01T05:00')];
    const all = (to - from) / 60_000;

    // Each of ten autumns shows 60 local times a second time; springs skip what never passes anyway.
    expect(cron('* * * * ? *', 'America/New_York').count(from, to)).toBe(all - 10 * 60);
    expect(cron('* * * * ? *', 'Asia/Shanghai').count(from, to)).toBe(all);
  });
});

describe('the schedules of the requirement', () => {
  it.each([
    ['rate(5 minutes)', '2026-11-22T00:01 2026-11-22T00:06'],
    ['rate(10 minutes)', '2026-11-22T00:01 2026-11-22T00:11'],
    ['rate(3 minutes)', '2026-11-22T00:01 2026-11-22T00:04'],
    ['rate(7 minutes)', '2026-11-22T00:01 2026-11-22T00:08'],
    ['cron(0 18 * * ? *)', '2026-11-22T18:00 2026-11-23T18:00'],
  ])('runs %s, made at 00:01, at %s', (schedule, slots) => {
    const made = scheduleOf({
      schedule,
      timezone: 'UTC',
      epochAt: NOW + 60_000,
      frequency: '1h',
      dataType: 'kline',
    });
    expect(shown(nextSlots(made, 0, 2))).toBe(slots);
  });
});

describe('at()', () => {
  const once = (text: string, timezone: string, epochAt = 0): Schedule =>
    scheduleOf({ schedule: `at(${text})`, timezone, epochAt, frequency: '1h', dataType: 'kline' });

  it('runs once, at the local time of its zone, with its seconds', () => {
    const schedule = once('2026-12-31T18:00:05', 'Asia/Shanghai');
    const instant = Date.UTC(2026, 11, 31, 10, 0, 5);

    expect(nextSlots(schedule, 0, 3)).toEqual([instant]);
    expect([schedule.prev(instant - 1), schedule.prev(instant)]).toEqual([null, instant]);
    expect([
      schedule.count(0, instant - 1),
      schedule.count(0, instant),
      schedule.count(instant, Infinity),
    ]).toEqual([0, 1, 0]);
  });

  it('takes the first of two showings, and never runs in a gap or before the epoch', () => {
    expect(once('2026-11-01T01:30:00', 'America/New_York').next(0)).toBe(at('2026-11-01T05:30'));
    expect(once('2026-03-08T02:30:00', 'America/New_York').next(0)).toBeNull();
    expect(once('2026-01-01T00:00:00', 'UTC', NOW).next(0)).toBeNull();
    expect(once('2026-01-01T00:00:00', 'UTC', NOW).prev(NOW)).toBeNull();
  });
});
