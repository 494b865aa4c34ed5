import { describe, expect, it } from 'vitest';
import {
  closeTimeOf,
  INTERVALS,
  nextOpen,
  openAtOrAfter,
  openOf,
  opensBackward,
  opensForward,
} from './intervals.ts';

const at = (text: string): number => Date.parse(text);

describe('interval arithmetic', () => {
  it.each([
    ['1s', '2024-02-29T13:07:09.999Z', '2024-02-29T13:07:09Z', '2024-02-29T13:07:09.999Z'],
    ['3m', '2024-02-29T13:08:59Z', '2024-02-29T13:06:00Z', '2024-02-29T13:08:59.999Z'],
    ['8h', '2024-02-29T13:08:59Z', '2024-02-29T08:00:00Z', '2024-02-29T15:59:59.999Z'],
    ['3d', '2017-08-17T04:00:00Z', '2017-08-16T00:00:00Z', '2017-08-18T23:59:59.999Z'],
    ['1w', '2024-03-03T23:59:59Z', '2024-02-26T00:00:00Z', '2024-03-03T23:59:59.999Z'],
    ['1M', '2024-02-29T13:08:59Z', '2024-02-01T00:00:00Z', '2024-02-29T23:59:59.999Z'],
  ] as const)('opens and closes the %s bar that holds %s', (interval, instant, open, close) => {
    expect(openOf(interval, at(instant))).toBe(at(open));
    expect(closeTimeOf(interval, at(open))).toBe(at(close));
  });

  it('is its own open at every open, for all sixteen intervals', () => {
    expect(INTERVALS).toHaveLength(16);
    for (const interval of INTERVALS) {
      const open = openOf(interval, at('2023-12-31T23:59:59.500Z'));
      expect(openAtOrAfter(interval, open)).toBe(open);
      expect(openAtOrAfter(interval, open + 1)).toBe(nextOpen(interval, open));
      expect(openOf(interval, nextOpen(interval, open) - 1)).toBe(open);
    }
  });

  it('lists opens forward from a rounded-up start and backward from the end, both ends inclusive', () => {
    const months = [at('2024-01-01'), at('2024-02-01'), at('2024-03-01')];

    expect(opensForward('1M', at('2023-12-02'), at('2024-03-01'), 10)).toEqual(months);
    expect(opensForward('1M', at('2023-12-02'), at('2024-03-01'), 2)).toEqual(months.slice(0, 2));
    expect(opensBackward('1M', at('2024-01-01'), at('2024-03-09'), 10)).toEqual(months);
    expect(opensBackward('1M', at('2023-01-01'), at('2024-03-09'), 2)).toEqual(months.slice(1));
  });
});
