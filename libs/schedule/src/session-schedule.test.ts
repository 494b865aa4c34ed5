import fc from 'fast-check';
import { floorTo, gridOf, shiftSlots, type Grid, type TimeRange } from '@kairos/domain';
import { slotsOf, WeekdayCalendar } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { scheduleOf, SETTLE_DELAY_MS, type SlotCalendar } from './schedule.ts';
import { sessionSchedule } from './session-schedule.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Made up: weekdays, 01:30 to 03:30 and 05:00 to 07:00 UTC; days and weeks end with their last session. */
const SESSIONS: SlotCalendar = {
  id: 'two-sessions',
  expected: ({ grid, range }) =>
    [...slotsOf(grid, range)]
      .map((from) => ({ from, to: shiftSlots(grid, from, 1) }))
      .filter((slot) => sessionsIn(slot).length > 0)
      .reduce<TimeRange[]>((parts, slot) => {
        const last = parts.at(-1);
        return last?.to === slot.from
          ? [...parts.slice(0, -1), { from: last.from, to: slot.to }]
          : [...parts, slot];
      }, []),
  closedBefore({ grid, now }) {
    const open = floorTo(grid, now);
    const end = shiftSlots(grid, open, 1);
    const over = sessionsIn({ from: open, to: end }).at(-1)?.to;
    return end - open >= DAY && over !== undefined && over <= now ? end : open;
  },
};

function sessionsIn(range: TimeRange): TimeRange[] {
  const out: TimeRange[] = [];
  for (let day = Math.floor(range.from / DAY) * DAY; day < range.to; day += DAY) {
    if ([0, 6].includes(new Date(day).getUTCDay())) continue;
    for (const [open, close] of [
      [1.5, 3.5],
      [5, 7],
    ] as const)
      if (day + open * HOUR < range.to && day + close * HOUR > range.from)
        out.push({ from: day + open * HOUR, to: day + close * HOUR });
  }
  return out;
}

const at = (text: string): number => Date.parse(`${text}Z`);
const EPOCH = at('2024-09-11T12:00');

const of = (
  timeframe: string,
  over: Partial<Parameters<typeof sessionSchedule>[0]> = {},
): ReturnType<typeof sessionSchedule> =>
  sessionSchedule({
    timeframe,
    calendar: SESSIONS,
    epochAt: EPOCH,
    delayMs: 2 * SECOND,
    tickAt: 'close',
    ...over,
  });

const ticks = (schedule: ReturnType<typeof sessionSchedule>, after: number, upTo: number): number[] => {
  const out: number[] = [];
  for (let next = schedule.next(after); next !== null && next <= upTo; next = schedule.next(next))
    out.push(next);
  return out;
};

const told = (instants: readonly number[]): string[] =>
  instants.map((ts) => new Date(ts).toISOString().slice(5, 19));

describe('a schedule of sessions', () => {
  it('begins with the epoch itself, whatever the hour', () => {
    expect(of('1h').next(EPOCH - 1)).toBe(EPOCH);
    expect(of('1h').prev(EPOCH)).toBe(EPOCH);
    expect(of('1h').prev(EPOCH - 1)).toBeNull();
    expect(of('1h').count(EPOCH - DAY, EPOCH)).toBe(1);
  });

  it('ticks at the close of expected slots alone', () => {
    expect(told(ticks(of('1h'), at('2024-09-13T00:00'), at('2024-09-16T03:00')))).toEqual([
      '09-13T02:00:02',
      '09-13T03:00:02',
      '09-13T04:00:02',
      '09-13T06:00:02',
      '09-13T07:00:02',
      '09-16T02:00:02',
    ]);
  });

  it('ticks for a day and a week when their last session has ended', () => {
    expect(told(ticks(of('1d'), at('2024-09-12T12:00'), at('2024-09-17T00:00')))).toEqual([
      '09-13T07:00:02',
      '09-16T07:00:02',
    ]);
    expect(told(ticks(of('1w'), at('2024-09-12T12:00'), at('2024-09-24T00:00')))).toEqual([
      '09-13T07:00:02',
      '09-20T07:00:02',
    ]);
  });

  it('ticks for snapshots when a slot of a session opens', () => {
    const polls = of('30m', { tickAt: 'open', delayMs: 0 });
    expect(told(ticks(polls, at('2024-09-13T00:00'), at('2024-09-13T05:00')))).toEqual([
      '09-13T01:30:00',
      '09-13T02:00:00',
      '09-13T02:30:00',
      '09-13T03:00:00',
      '09-13T05:00:00',
    ]);
  });

  it('takes its days from where the calendar begins them', () => {
    const east = of('1d', { calendar: { ...SESSIONS, anchorMs: -8 * HOUR } });
    expect(told(ticks(east, at('2024-09-12T12:00'), at('2024-09-16T12:00')))).toEqual([
      '09-13T07:00:02',
      '09-16T07:00:02',
    ]);
  });

  it('has no further tick where a market never opens again', () => {
    const shut = { ...SESSIONS, id: 'shut', expected: () => [] };
    expect(of('1d', { calendar: shut }).next(EPOCH)).toBeNull();
    expect(of('1d', { calendar: shut }).prev(EPOCH + 400 * DAY)).toBe(EPOCH);
    expect(of('1d', { calendar: shut }).count(EPOCH - 1, EPOCH + 400 * DAY)).toBe(1);
  });

  it('is that of a task without one of its own whose calendar has sessions', () => {
    const task = { schedule: null, timezone: 'UTC', frequency: '1d', dataType: 'kline', epochAt: EPOCH };
    const friday = at('2024-09-13T07:00') + SETTLE_DELAY_MS;
    expect(scheduleOf(task, SESSIONS).next(at('2024-09-12T08:00'))).toBe(friday);
    expect(scheduleOf({ ...task, dataType: 'ticker', frequency: '1h' }, SESSIONS).next(friday)).toBe(
      at('2024-09-16T01:00'),
    );
    const always = { ...SESSIONS, id: 'always' };
    expect(scheduleOf(task, always).next(friday)).toBe(at('2024-09-14T00:00') + SETTLE_DELAY_MS);
    expect(scheduleOf({ ...task, schedule: 'rate(1 day)' }, SESSIONS).next(EPOCH)).toBe(EPOCH + DAY);
  });

  it.each([
    ['two sessions', SESSIONS],
    ['weekdays', new WeekdayCalendar()],
  ])('has next, prev and count agree with all its ticks, one by one: %s', (_name, calendar) => {
    const frames = fc.constantFrom('5m', '30m', '1h', '4h', '1d', '1w');
    const offset = fc.integer({ min: 0, max: 20 * DAY });
    const delays = fc.constantFrom(0, 2 * SECOND, 90 * SECOND, 2 * HOUR);
    const sides = fc.constantFrom('close' as const, 'open' as const);
    fc.assert(
      fc.property(frames, offset, offset, delays, sides, (timeframe, a, b, delayMs, tickAt) => {
        const schedule = of(timeframe, { calendar, delayMs, tickAt });
        const all = bruteTicks(calendar, gridOf(timeframe), { delayMs, tickAt });
        const [after, upTo] = [EPOCH - DAY + Math.min(a, b), EPOCH - DAY + Math.max(a, b)];
        expect(schedule.next(after)).toBe(all.find((tick) => tick > after));
        expect(schedule.prev(upTo)).toBe(all.findLast((tick) => tick <= upTo) ?? null);
        expect(schedule.count(after, upTo)).toBe(all.filter((tick) => tick > after && tick <= upTo).length);
      }),
      { seed: 20_260_103, numRuns: 150 },
    );
  });
});

/** All ticks of six weeks, from the expected slots one by one and the sessions themselves. */
function bruteTicks(
  calendar: SlotCalendar,
  grid: Grid,
  p: { readonly delayMs: number; readonly tickAt: 'close' | 'open' },
): number[] {
  const range = { from: EPOCH - 7 * DAY, to: EPOCH + 35 * DAY };
  const out = [EPOCH];
  for (const part of calendar.expected({ grid, range }))
    for (const slot of slotsOf(grid, part)) {
      const end = shiftSlots(grid, slot, 1);
      const over =
        calendar === SESSIONS && end - slot >= DAY ? sessionsIn({ from: slot, to: end }).at(-1)?.to : end;
      const tick = (p.tickAt === 'open' ? slot : (over ?? end)) + p.delayMs;
      if (tick > EPOCH) out.push(tick);
    }
  return out.sort((a, b) => a - b);
}
