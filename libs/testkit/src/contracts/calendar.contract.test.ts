import { gridOf } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { calendarContract, WeekdayCalendar } from './calendar.contract.ts';

calendarContract('WeekdayCalendar', () => new WeekdayCalendar());

describe('WeekdayCalendar', () => {
  const calendar = new WeekdayCalendar();
  const friday = Date.UTC(2026, 0, 2);
  const monday = Date.UTC(2026, 0, 5);
  const DAY = 86_400_000;

  it('leaves the weekend out', () => {
    const range = { from: friday, to: monday + DAY };

    expect(calendar.expected({ grid: gridOf('1h'), range })).toEqual([
      { from: friday, to: friday + DAY },
      { from: monday, to: monday + DAY },
    ]);
  });

  it('expects every week and month', () => {
    const range = { from: Date.UTC(2025, 0, 1), to: Date.UTC(2026, 0, 1) };

    expect(calendar.expected({ grid: gridOf('1M'), range })).toEqual([range]);
  });
});
