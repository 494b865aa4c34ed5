import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iso, readTime } from './wire-time.ts';

describe('readTime', () => {
  it.each([
    ['2024-01-01T00:00:00Z', Date.UTC(2024, 0, 1)],
    ['2024-12-31T23:59:59Z', Date.UTC(2024, 11, 31, 23, 59, 59)],
    ['2024-01-01T08:00:00+08:00', Date.UTC(2024, 0, 1)],
    ['2024-01-01T08:00+0800', Date.UTC(2024, 0, 1)],
    ['2024-01-01', Date.UTC(2024, 0, 1)],
    ['2024-02-29 12:30:15.1239Z', Date.UTC(2024, 1, 29, 12, 30, 15, 123)],
    [1_704_067_200_000, Date.UTC(2024, 0, 1)],
  ])('reads %s', (text, ms) => {
    expect(readTime(text)).toEqual({ ms, zoned: true });
  });

  it.each([
    '',
    '2023-02-29',
    '2024-13-01',
    '2024-1-1',
    '2024-01-01T',
    '2024-01-01T24:00Z',
    '2024-01-01T00:60Z',
    '2024-01-01T00:00:60Z',
    '2024-01-01T00:00:00+25:00',
    'now',
    '0050-01-01',
    NaN,
    null,
    true,
  ])('refuses %s', (text) => {
    expect(readTime(text)).toEqual({ problem: 'time_invalid' });
  });

  it('reads back every time it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(9999, 11, 31) }), (ms) => {
        expect(readTime(iso(ms))).toEqual({ ms, zoned: true });
      }),
      { seed: 3 },
    );
  });
});

describe('iso', () => {
  it('leaves out milliseconds that are zero, and impossible times', () => {
    expect(iso(Date.UTC(2024, 0, 1))).toBe('2024-01-01T00:00:00Z');
    expect(iso(Date.UTC(2024, 0, 1) + 5)).toBe('2024-01-01T00:00:00.005Z');
    for (const ms of [null, undefined, NaN, Infinity, 1e18]) expect(iso(ms)).toBeNull();
  });
});
