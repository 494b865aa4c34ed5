import { gridOf } from '@kairos/domain';
import { calendarContract } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { AlwaysOpenCalendar } from './always-open-calendar.ts';

calendarContract('AlwaysOpenCalendar', () => new AlwaysOpenCalendar());

describe('AlwaysOpenCalendar', () => {
  const calendar = new AlwaysOpenCalendar();
  const grid = gridOf('1m');

  it('expects every slot that opens inside the range', () => {
    expect(calendar.expected({ grid, range: { from: 1, to: 180_001 } })).toEqual([
      { from: 60_000, to: 240_000 },
    ]);
  });

  it('expects nothing between two openings', () => {
    expect(calendar.expected({ grid, range: { from: 1, to: 60_000 } })).toEqual([]);
  });

  it.each([
    [59_999, 0],
    [60_000, 60_000],
    [60_001, 60_000],
  ])('at %d ms calls closed what opened before %d ms', (now, closed) => {
    expect(calendar.closedBefore({ grid, now })).toBe(closed);
  });
});
