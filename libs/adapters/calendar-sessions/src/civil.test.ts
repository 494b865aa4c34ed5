import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, dateOf, dayOf, LocalTime, minuteOf, weekdayOf } from './civil.ts';

const ZONES = [
  'Asia/Shanghai',
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Pacific/Apia',
  'Asia/Kolkata',
];

/** What a clock on the wall shows, by the platform's own formatting. */
function shown(zone: string, ts: number): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return parts.format(ts);
}

describe('local times', () => {
  it('are the instants at which a clock on the wall shows them, where it ever does', () => {
    const zones = fc.constantFrom(...ZONES);
    const days = fc.integer({ min: dayOf('1970-01-02') ?? 0, max: dayOf('2030-12-31') ?? 0 });
    const minutes = fc.integer({ min: 0, max: 1_439 });
    fc.assert(
      fc.property(zones, days, minutes, (zone, day, minute) => {
        const instant = new LocalTime(zone).instant(day, minute);
        const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
        const wanted = `${dateOf(day)} ${clock}`;
        if (shown(zone, instant) === wanted) return;
        // Skipped by a change of clocks: no instant around shows it.
        for (let off = -26 * 60; off <= 26 * 60; off += 15)
          expect(shown(zone, day * DAY_MS + (minute + off) * 60_000)).not.toBe(wanted);
      }),
      { seed: 20_260_104, numRuns: 300 },
    );
  });

  it('are the same in whatever order they are asked for', () => {
    const inOrder = new LocalTime('Africa/Cairo');
    const days = Array.from({ length: 800 }, (_, i) => (dayOf('2013-06-01') ?? 0) + i);
    const instants = days.map((day) => inOrder.instant(day, 600));
    const backwards = new LocalTime('Africa/Cairo');
    expect(
      [...days]
        .reverse()
        .map((day) => backwards.instant(day, 600))
        .reverse(),
    ).toEqual(instants);
  });

  it('take the first of two, and the offset before the change of one that is skipped', () => {
    const time = new LocalTime('America/New_York');
    const at = (date: string, minute: number): string =>
      new Date(time.instant(dayOf(date) ?? 0, minute)).toISOString();
    expect(at('2024-11-03', 90)).toBe('2024-11-03T05:30:00.000Z');
    expect(at('2024-03-10', 150)).toBe('2024-03-10T07:30:00.000Z');
  });

  it('are none of a zone that nobody knows', () => {
    expect(() => new LocalTime('Asia/Nowhere')).toThrow(RangeError);
  });
});

describe('dates and times as text', () => {
  it.each([
    ['1970-01-01', 0],
    ['2024-02-29', 19_782],
    ['2023-02-29', undefined],
    ['2024-13-01', undefined],
    ['2024-1-1', undefined],
    ['', undefined],
  ])('%s is day %s', (date, day) => {
    expect(dayOf(date)).toBe(day);
  });

  it.each([
    ['00:00', 0],
    ['09:30', 570],
    ['24:00', 1_440],
    ['24:01', undefined],
    ['9:30', undefined],
    ['12:60', undefined],
  ])('%s is minute %s', (time, minute) => {
    expect(minuteOf(time)).toBe(minute);
  });

  it('counts weekdays from Monday', () => {
    expect(
      [dayOf('2024-09-16'), dayOf('2024-09-22'), dayOf('1969-12-29')].map((d) => weekdayOf(d ?? 0)),
    ).toEqual([0, 6, 0]);
  });
});
