import fc from 'fast-check';
import { ceilTo, ConfigError, floorTo, gridOf, unionRanges, type TimeRange } from '@kairos/domain';
import { slotsOf } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import type { CalendarFacts } from './facts.ts';
import { sessionCalendar } from './session-calendar.ts';
import { SSE } from './sse.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const EAST_8 = -8 * HOUR;

const at = (text: string): number => Date.parse(`${text}+08:00`);
const told = (ranges: readonly TimeRange[]): string[] =>
  ranges.map((r) =>
    [r.from, r.to].map((ts) => new Date(ts + 8 * HOUR).toISOString().slice(5, 16)).join(' to '),
  );

const NEW_YORK: CalendarFacts = {
  id: 'new-york',
  zone: 'America/New_York',
  validFrom: '2018-01-01',
  validTo: '2018-12-31',
  sessions: [{ from: '2018-01-01', hours: [{ open: '09:30', close: '16:00' }] }],
  holidays: [{ from: '2018-11-22', name: 'Thanksgiving' }],
  special: [{ date: '2018-11-23', hours: [{ open: '09:30', close: '13:00' }], name: 'half day' }],
  sources: ['made up for a test'],
};

describe('the sessions of Shanghai', () => {
  const calendar = sessionCalendar(SSE);
  const week = { from: at('2024-09-13T00:00'), to: at('2024-09-20T00:00') };

  it('are two a day, without lunch, nights, weekends and holidays', () => {
    expect(told(calendar.expected({ grid: gridOf('1m'), range: week }))).toEqual([
      '09-13T09:30 to 09-13T11:30',
      '09-13T13:00 to 09-13T15:00',
      '09-18T09:30 to 09-18T11:30',
      '09-18T13:00 to 09-18T15:00',
      '09-19T09:30 to 09-19T11:30',
      '09-19T13:00 to 09-19T15:00',
    ]);
  });

  it('expect no bar that opens at 11:30 or 15:00', () => {
    const opens = [...slotsOf(gridOf('5m'), week)].filter((open) =>
      calendar.expected({ grid: gridOf('5m'), range: { from: open, to: open + 1 } }).some(() => true),
    );
    const clock = opens.map((open) => new Date(open + 8 * HOUR).toISOString().slice(11, 16));
    expect(clock).toContain('11:25');
    expect(clock).not.toContain('11:30');
    expect(clock).toContain('14:55');
    expect(clock).not.toContain('15:00');
  });

  it('expect the hour that a session ends in the midst of', () => {
    const range = { from: at('2024-09-19T00:00'), to: at('2024-09-20T00:00') };
    expect(told(calendar.expected({ grid: gridOf('1h'), range }))).toEqual([
      '09-19T09:00 to 09-19T12:00',
      '09-19T13:00 to 09-19T15:00',
    ]);
  });

  it('expect days, weeks and months that hold a session', () => {
    expect(told(calendar.expected({ grid: gridOf('1d', EAST_8), range: week }))).toEqual([
      '09-13T00:00 to 09-14T00:00',
      '09-18T00:00 to 09-20T00:00',
    ]);
    // The week of the Spring Festival 2024, Monday to Sunday, has no session.
    const spring = { from: at('2024-02-05T00:00'), to: at('2024-02-26T00:00') };
    expect(told(calendar.expected({ grid: gridOf('1w', EAST_8), range: spring }))).toEqual([
      '02-05T00:00 to 02-12T00:00',
      '02-19T00:00 to 02-26T00:00',
    ]);
    const year = { from: at('2024-01-01T00:00'), to: at('2025-01-01T00:00') };
    expect(calendar.expected({ grid: gridOf('1M', EAST_8), range: year })).toEqual([year]);
  });

  it('say how far from UTC its days begin', () => {
    expect(calendar.anchorMs).toBe(EAST_8);
    expect(floorTo(gridOf('1w', calendar.anchorMs), at('2024-09-19T10:00'))).toBe(at('2024-09-16T00:00'));
  });

  it('end a day at 15:00, not at midnight', () => {
    const grid = gridOf('1d', EAST_8);
    const today = at('2024-09-19T00:00');
    expect(calendar.closedBefore({ grid, now: at('2024-09-19T11:30') })).toBe(today);
    expect(calendar.closedBefore({ grid, now: at('2024-09-19T15:00') - 1 })).toBe(today);
    expect(calendar.closedBefore({ grid, now: at('2024-09-19T15:00') })).toBe(today + DAY);
  });

  it('end a week with its last trading day', () => {
    const grid = gridOf('1w', EAST_8);
    const next = at('2024-09-30T00:00');
    expect(calendar.closedBefore({ grid, now: at('2024-09-27T14:59') })).toBe(at('2024-09-23T00:00'));
    expect(calendar.closedBefore({ grid, now: at('2024-09-27T15:00') })).toBe(next);
    // On Monday, the 30th, the exchange was open; then came seven days of holidays.
    expect(calendar.closedBefore({ grid, now: at('2024-09-30T15:00') })).toBe(at('2024-10-07T00:00'));
  });

  it('close shorter slots by the clock', () => {
    const now = at('2024-09-19T11:31');
    expect(calendar.closedBefore({ grid: gridOf('1h'), now })).toBe(at('2024-09-19T11:00'));
    expect(calendar.closedBefore({ grid: gridOf('1m'), now })).toBe(now);
  });

  it('follow the clocks of summers when Shanghai changed them', () => {
    const range = { from: Date.UTC(1991, 6, 1), to: Date.UTC(1991, 6, 2) };
    const [morning] = calendar.expected({ grid: gridOf('1m'), range });
    expect(new Date(morning?.from ?? 0).toISOString()).toBe('1991-07-01T00:30:00.000Z');
  });

  it('beyond their last known day expect every weekday, and close by the clock', () => {
    const grid = gridOf('1d', EAST_8);
    expect(calendar.known.to).toBe(at('2027-01-01T00:00'));
    const spring = { from: at('2027-02-01T00:00'), to: at('2027-02-15T00:00') };
    expect(told(calendar.expected({ grid, range: spring }))).toEqual([
      '02-01T00:00 to 02-06T00:00',
      '02-08T00:00 to 02-13T00:00',
    ]);
    expect(calendar.closedBefore({ grid, now: at('2027-02-01T16:00') })).toBe(at('2027-02-01T00:00'));
  });

  it('are none in years that no exchange knows', () => {
    const far = { from: -8e15, to: Date.UTC(1899, 0, 1) };
    expect(calendar.expected({ grid: gridOf('1d'), range: far })).toEqual([]);
    expect(
      calendar.expected({ grid: gridOf('1d'), range: { from: Date.UTC(2201, 0, 1), to: 8e15 } }),
    ).toEqual([]);
  });

  it('expect of two stretches together what they expect of each', () => {
    const instant = fc.integer({ min: at('1990-01-01T00:00'), max: at('2028-01-01T00:00') });
    const length = fc.integer({ min: 0, max: 90 * DAY });
    const frames = fc.constantFrom('1m', '7m', '1h', '4h', '1d', '1w', '1M');
    fc.assert(
      fc.property(instant, length, length, frames, (from, one, two, frame) => {
        const grid = gridOf(frame, EAST_8);
        // Cut where a slot opens: then the two stretches share none.
        const cut = ceilTo(grid, from + one);
        const whole = calendar.expected({ grid, range: { from, to: cut + two } });
        const first = calendar.expected({ grid, range: { from, to: cut } });
        const second = calendar.expected({ grid, range: { from: cut, to: cut + two } });
        expect(unionRanges([...first, ...second])).toEqual(whole);
      }),
      { seed: 20_260_102, numRuns: 300 },
    );
  });
});

describe('sessions with special days and changing clocks', () => {
  const calendar = sessionCalendar(NEW_YORK);
  const grid = gridOf('1d', 5 * HOUR);
  const utc = (text: string): number => Date.parse(`${text}Z`);

  it('open at the same local time in summer and in winter', () => {
    const open = (from: string, to: string): string[] =>
      calendar
        .expected({ grid: gridOf('1m'), range: { from: utc(from), to: utc(to) } })
        .map((r) => new Date(r.from).toISOString());
    expect(open('2018-03-09T00:00', '2018-03-13T00:00')).toEqual([
      '2018-03-09T14:30:00.000Z',
      '2018-03-12T13:30:00.000Z',
    ]);
  });

  it('end a half day at its own end', () => {
    const day = utc('2018-11-23T05:00');
    expect(calendar.closedBefore({ grid, now: utc('2018-11-23T18:00') - 1 })).toBe(day);
    expect(calendar.closedBefore({ grid, now: utc('2018-11-23T18:00') })).toBe(day + DAY);
  });

  it('begin where the local day begins in winter', () => {
    expect(calendar.anchorMs).toBe(5 * HOUR);
  });
});

describe('facts that contradict themselves', () => {
  it('make no calendar', () => {
    expect(() => sessionCalendar({ ...SSE, validTo: '1980-01-01' })).toThrow(ConfigError);
  });
});
