import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { countSlots, floorTo, gridOf, type Grid } from '@kairos/domain';
import { slotsOf } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { CFFEX } from './cffex.ts';
import { sessionCalendar, type SessionCalendar } from './session-calendar.ts';
import { SSE } from './sse.ts';

const DATA =
  process.env['KAIROS_DATA_DIR'] ?? resolve(fileURLToPath(import.meta.url), '../../../../../../shared/data');
const FOLDER = join(DATA, 'candles/cn');

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DAYS = gridOf('1d', -8 * HOUR);
const MINUTES = gridOf('1m');

const opensOf = (file: string): number[] =>
  gunzipSync(readFileSync(join(FOLDER, `${file}.csv.gz`)))
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[0]));

/**
 * Daily bars stand at the local midnight of their trading date; in the summer of 1991 that was 15:00 UTC, an hour before
 * the slot of the date opens. Half a day later all of them lie inside it.
 */
const daysOf = (file: string): number[] => opensOf(file).map((ts) => floorTo(DAYS, ts + DAY / 2));

/** The slots that are expected from the first bar to the last. */
function expectedOver(calendar: SessionCalendar, grid: Grid, bars: readonly number[]): number[] {
  const range = { from: bars[0] ?? 0, to: (bars.at(-1) ?? 0) + 1 };
  return calendar.expected({ grid, range }).flatMap((part) => [...slotsOf(grid, part)]);
}

const without = (slots: readonly number[], others: readonly number[]): number[] => {
  const set = new Set(others);
  return slots.filter((slot) => !set.has(slot));
};

const dates = (days: readonly number[]): string[] =>
  days.map((day) => new Date(day + 8 * HOUR).toISOString().slice(0, 10));

/** The recording of the index lacks them; no list of holidays knows of any in these weeks. */
const LOST_BY_THE_RECORDING = [
  ...['03', '06', '07', '08', '09', '10', '13', '14'],
  ...['15', '16', '17', '20', '21', '22', '23', '24'],
].map((day) => `1995-03-${day}`);

describe.skipIf(!existsSync(FOLDER))('the calendar of Shanghai and recorded bars', () => {
  const sse = sessionCalendar(SSE);

  it('agree on every trading day of the index since 1991, but for sixteen that the recording lacks', () => {
    const days = daysOf('000001.SH-index-1d');
    expect(days).toHaveLength(8_162);
    const expected = expectedOver(sse, DAYS, days);
    expect(without(days, expected)).toEqual([]);
    expect(dates(without(expected, days))).toEqual(LOST_BY_THE_RECORDING);
  });

  it('agree on every trading day of the CSI 300 since 2005', () => {
    const days = daysOf('000300.SH-index-1d');
    expect(days).toHaveLength(4_790);
    expect(expectedOver(sse, DAYS, days)).toEqual(days);
  });

  it.each([
    ['600000.SH-1d', 5_908, 118],
    ['000151.SZ-1d', 5_779, 50],
  ])('agree on every bar of %s, and expect the days of its suspensions', (file, bars, suspended) => {
    const days = daysOf(file);
    expect(days).toHaveLength(bars);
    const expected = expectedOver(sse, DAYS, days);
    expect(without(days, expected)).toEqual([]);
    expect(without(expected, days)).toHaveLength(suspended);
  });

  it('agree on every minute of 600000.SH: 67 days of 240', () => {
    const minutes = opensOf('600000.SH-1m');
    expect(minutes).toHaveLength(67 * 240);
    expect(expectedOver(sse, MINUTES, minutes)).toEqual(minutes);
  });

  it('agree on every minute of the future IML8: 200 days of 240', () => {
    const minutes = opensOf('IML8.CFE-1m');
    expect(minutes).toHaveLength(200 * 240);
    expect(expectedOver(sessionCalendar(CFFEX), MINUTES, minutes)).toEqual(minutes);
  });

  it('agree on the weeks and months that hold a day of the index', () => {
    const days = daysOf('000300.SH-index-1d');
    for (const frame of ['1w', '1M']) {
      const grid = gridOf(frame, -8 * HOUR);
      const periods = [...new Set(days.map((day) => floorTo(grid, day)))];
      const range = { from: periods[0] ?? 0, to: (periods.at(-1) ?? 0) + 1 };
      const expected = sse.expected({ grid, range });
      expect(expected.flatMap((part) => [...slotsOf(grid, part)])).toEqual(periods);
      expect(expected.reduce((n, part) => n + countSlots(grid, part), 0)).toBe(periods.length);
    }
  });
});

describe('the calendar of Shanghai', () => {
  const sse = sessionCalendar(SSE);

  it('knows the days of the years that were announced', () => {
    const tradingDays = (year: number): number => {
      const range = { from: Date.UTC(year, 0, 1) - 8 * HOUR, to: Date.UTC(year + 1, 0, 1) - 8 * HOUR };
      return sse.expected({ grid: DAYS, range }).reduce((n, part) => n + countSlots(DAYS, part), 0);
    };
    // Weekdays of the year less its announced weekday holidays.
    expect([2024, 2025, 2026].map(tradingDays)).toEqual([262 - 20, 261 - 18, 261 - 19]);
  });
});
