import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ceilTo, countSlots, floorTo, gridOf, isTimeframe } from './timeframe.ts';

const anyTimeframe = fc.constantFrom('1s', '1m', '3m', '5m', '15m', '1h', '4h', '1d', '3d', '1w', '1M', '3M');
const anyInstant = fc.integer({ min: -2_000_000_000_000, max: 4_000_000_000_000 });

describe('gridOf', () => {
  it('opens weeks on Monday and months on the first', () => {
    expect(new Date(floorTo(gridOf('1w'), Date.UTC(2026, 10, 22))).toISOString()).toBe(
      '2026-11-16T00:00:00.000Z',
    );
    expect(new Date(floorTo(gridOf('1M'), Date.UTC(2024, 1, 29))).toISOString()).toBe(
      '2024-02-01T00:00:00.000Z',
    );
  });

  it('shifts by the anchor', () => {
    const hongKong = gridOf('1d', 16 * 3_600_000);
    expect(new Date(floorTo(hongKong, Date.UTC(2024, 0, 2))).toISOString()).toBe('2024-01-01T16:00:00.000Z');
  });

  it('puts every instant into exactly one slot', () => {
    fc.assert(
      fc.property(anyTimeframe, anyInstant, (timeframe, ts) => {
        const grid = gridOf(timeframe);
        const index = grid.indexOf(ts);
        expect(grid.openOf(index)).toBeLessThanOrEqual(ts);
        expect(grid.openOf(index + 1)).toBeGreaterThan(ts);
        expect(grid.indexOf(grid.openOf(index))).toBe(index);
        expect(ceilTo(grid, grid.openOf(index))).toBe(grid.openOf(index));
      }),
    );
  });

  it('counts slots additively', () => {
    fc.assert(
      fc.property(anyTimeframe, anyInstant, fc.nat(1e10), fc.nat(1e10), (timeframe, from, a, b) => {
        const grid = gridOf(timeframe);
        const whole = countSlots(grid, { from, to: from + a + b });
        expect(
          countSlots(grid, { from, to: from + a }) + countSlots(grid, { from: from + a, to: from + a + b }),
        ).toBe(whole);
      }),
    );
  });

  it.each(['', '0m', '1x', '1', 'm', '-1m', '99999m'])('refuses %j', (text) => {
    expect(isTimeframe(text)).toBe(false);
    expect(() => gridOf(text)).toThrow();
  });
});
