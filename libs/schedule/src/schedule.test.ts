import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ratePeriod } from './parse.ts';
import { scheduleOf } from './schedule.ts';

const task = (over: Partial<Parameters<typeof scheduleOf>[0]> = {}): Parameters<typeof scheduleOf>[0] => ({
  schedule: null,
  timezone: 'UTC',
  frequency: '1h',
  dataType: 'kline',
  epochAt: Date.UTC(2026, 0, 1, 0, 30),
  ...over,
});

describe('ratePeriod', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(7 minutes)', 420_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(5 days)', 432_000_000],
  ])('reads %s', (text, ms) => expect(ratePeriod(text)).toBe(ms));

  it.each([
    'rate(0 minutes)',
    'rate(1 minutes)',
    'rate(5 minute)',
    'rate(5)',
    'rate(5 seconds)',
    'rate( 5 minutes)',
    'every 5m',
    '',
  ])('refuses %j', (text) => {
    expect(() => ratePeriod(text)).toThrow();
  });
});

describe('scheduleOf', () => {
  it('runs a new task at once, then after each close', () => {
    const schedule = scheduleOf(task());
    const first = schedule.next(0);
    expect(first).toBe(task().epochAt);
    expect(new Date(schedule.next(first ?? 0) ?? 0).toISOString()).toBe('2026-01-01T01:00:02.000Z');
  });

  it('anchors a rate at the epoch, not at the clock', () => {
    const schedule = scheduleOf(task({ schedule: 'rate(7 minutes)' }));
    expect(schedule.next(task().epochAt)).toBe(task().epochAt + 420_000);
  });

  it('agrees with itself: next is strictly increasing, prev undoes it, count counts it', () => {
    const anyTask = fc.record({
      schedule: fc.constantFrom(null, 'rate(7 minutes)', 'rate(1 day)'),
      frequency: fc.constantFrom('1m', '1h', '1d', '1w', '1M'),
      timezone: fc.constant('UTC'),
      dataType: fc.constantFrom('kline', 'ticker'),
      epochAt: fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
    });
    fc.assert(
      fc.property(anyTask, fc.integer({ min: -1e9, max: 1e10 }), (t, offset) => {
        const schedule = scheduleOf(t);
        const start = t.epochAt + offset;
        let at = start;
        for (let n = 1; n <= 5; n += 1) {
          const next = schedule.next(at) ?? NaN;
          expect(next).toBeGreaterThan(at);
          expect(schedule.prev(next)).toBe(next);
          expect(schedule.count(start, next)).toBe(n);
          at = next;
        }
      }),
    );
  });
});
