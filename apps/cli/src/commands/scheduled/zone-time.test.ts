import { describe, expect, it } from 'vitest';
import { clockEffects, upcoming, type Timing } from './upcoming.ts';
import { clockChanges, instantText, wallOf } from './zone-time.ts';

const HOUR = 3_600_000;
const timing = (schedule: string | null, timezone = 'UTC'): Timing => ({
  ...{ schedule, timezone },
  frequency: '1h',
  dataType: 'kline',
});

describe('local time', () => {
  it.each([
    ['UTC', '2026-11-22 19:08 UTC'],
    ['Asia/Shanghai', '2026-11-23 03:08 Asia/Shanghai'],
    ['America/New_York', '2026-11-22 14:08 America/New_York'],
    ['Asia/Kathmandu', '2026-11-23 00:53 Asia/Kathmandu'],
    ['Pacific/Apia', '2026-11-23 08:08 Pacific/Apia'],
  ])('in %s', (zone, text) => {
    expect(instantText(Date.UTC(2026, 10, 22, 19, 8), zone)).toBe(text);
  });

  it('shows seconds only where there are any, and midnight as 00:00', () => {
    expect(instantText(Date.UTC(2026, 0, 1, 0, 0, 7), 'UTC')).toBe('2026-01-01 00:00:07 UTC');
    expect(instantText(Date.UTC(2026, 0, 1), 'UTC')).toBe('2026-01-01 00:00 UTC');
  });
});

describe('changes of the clocks', () => {
  it.each([
    ['America/New_York', [Date.UTC(2027, 2, 14, 7), Date.UTC(2027, 10, 7, 6)]],
    ['Europe/London', [Date.UTC(2027, 2, 28, 1), Date.UTC(2027, 9, 31, 1)]],
    ['Australia/Lord_Howe', [Date.UTC(2027, 3, 3, 15), Date.UTC(2027, 9, 2, 15, 30)]],
    ['Asia/Shanghai', []],
    ['UTC', []],
  ])('of %s in 2027', (zone, at) => {
    const changes = clockChanges(zone, Date.UTC(2027, 0, 1), Date.UTC(2028, 0, 1));

    expect(changes.map((c) => c.at)).toEqual(at);
    for (const c of changes) expect(wallOf(c.at, zone) - c.at).toBe(c.after);
  });

  it('lie after the first instant and up to the last', () => {
    const at = Date.UTC(2027, 2, 14, 7);

    expect(clockChanges('America/New_York', at, at + HOUR)).toEqual([]);
    expect(clockChanges('America/New_York', at - 1_000, at)).toHaveLength(1);
    expect(clockChanges('America/New_York', at - HOUR, at - 1_000)).toEqual([]);
  });

  it('touch a cron alone, and only one that falls into them', () => {
    const year = [Date.UTC(2027, 0, 1), Date.UTC(2028, 0, 1)] as const;
    const effects = (schedule: string | null): unknown =>
      clockEffects(timing(schedule, 'America/New_York'), ...year).map((e) => [e.kind, e.walls.length]);

    expect(effects('cron(30 2 * * ? *)')).toEqual([['gap', 1]]);
    expect(effects('cron(30 1 * * ? *)')).toEqual([['fold', 1]]);
    expect(effects('cron(0/10 1-2 * * ? *)')).toEqual([
      ['gap', 6],
      ['fold', 6],
    ]);
    expect(effects('cron(30 3 * * ? *)')).toEqual([]);
    expect(effects('rate(5 minutes)')).toEqual([]);
    expect(effects(null)).toEqual([]);
  });
});

describe('what comes next', () => {
  const now = Date.UTC(2026, 10, 22, 19, 8, 39);

  it('of a rate begins now where nobody tells better', () => {
    expect(upcoming(timing('rate(1 hour)'), { now, n: 2 })).toEqual({
      instants: [now, now + HOUR],
      floating: true,
    });
    expect(upcoming(timing('rate(1 hour)'), { now, n: 1, told: now + 5 })).toEqual({
      instants: [now + 5],
      floating: false,
    });
  });

  it('of a date is that date, once', () => {
    const { instants } = upcoming(timing('at(2026-11-23T00:00:00)'), { now, n: 5 });

    expect(instants).toEqual([Date.UTC(2026, 10, 23)]);
  });

  it('of a task without a schedule is the close of its bars', () => {
    const { instants } = upcoming(timing(null), { now, n: 2 });

    expect(instants).toEqual([Date.UTC(2026, 10, 22, 20, 0, 2), Date.UTC(2026, 10, 22, 21, 0, 2)]);
  });
});
