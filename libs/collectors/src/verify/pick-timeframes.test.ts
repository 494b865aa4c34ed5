import { gridOf } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { pickTimeframes } from './pick-timeframes.ts';

const BINANCE = [
  '1s',
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
  '1M',
];

const picked = (
  own: string,
  deep = false,
  offered: readonly string[] = BINANCE,
  anchors: Record<string, number> = {},
) => pickTimeframes({ own: gridOf(own), offered, deep, anchorOf: (timeframe) => anchors[timeframe] ?? 0 });

describe('pickTimeframes', () => {
  it.each([
    ['1m', ['5m', '1h'], '1s'],
    ['5m', ['30m', '6h'], '1m'],
    ['1h', ['4h', '1d'], '30m'],
    ['12h', ['1d'], '8h'],
    ['1d', ['1w'], '12h'],
    ['1w', [], '1d'],
  ])('compares %s with %j, and looks closely at the next finer one that fits', (own, coarser, closeUp) => {
    const finer = own === '12h' ? '6h' : closeUp;

    expect(picked(own)).toEqual({ coarser, finer: undefined, closeUp: finer });
  });

  it('takes everything up to a day and the finer bars when it goes deep', () => {
    expect(picked('1m', true)).toEqual({
      coarser: ['3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d'],
      finer: '1s',
      closeUp: undefined,
    });
  });

  it('leaves out what does not hold whole bars, by length or by where it opens', () => {
    expect(picked('2h', false, ['2h', '3h', '7h']).coarser).toEqual([]);
    expect(picked('1h', false, ['1h', '4h', '1d'], { '1d': 5_400_000 }).coarser).toEqual(['4h']);
  });

  it('takes only those that nest in the longest', () => {
    expect(picked('1h', true, ['1h', '2h', '3h', '8h']).coarser).toEqual(['2h', '8h']);
  });
});
