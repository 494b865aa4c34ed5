import { rowsOf } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { BINANCE_INVERSE_ROW, BINANCE_ROW, CCXT_ROW, klineBatch, onlyColumns } from './kline-rows.ts';

const T = 1_704_067_200_000;
const RAW = [
  T,
  '0.1',
  '0.30',
  '0.05',
  '0.2',
  '123456789012345678.12345678',
  T + 59_999,
  '7.70',
  12,
  '1',
  '2',
  '0',
];

const values = (rows: unknown, shape = BINANCE_ROW) =>
  [...rowsOf(klineBatch(rows, shape, 'x'))].map((r) => r.values);

describe('klineBatch', () => {
  it('keeps decimals as they are, with quote volume and trade count', () => {
    expect(values([RAW])).toEqual([['0.1', '0.3', '0.05', '0.2', '123456789012345678.12345678', '7.7', 12]]);
  });

  it('leaves out what a shape does not have', () => {
    expect(values([RAW.slice(0, 6)], CCXT_ROW)[0]?.slice(5)).toEqual([null, null]);
    expect(values([RAW], BINANCE_INVERSE_ROW)[0]?.slice(4)).toEqual([
      '123456789012345678.12345678',
      null,
      12,
    ]);
  });

  it('takes zeros that stand for columns never recorded as absent', () => {
    const shape = onlyColumns(BINANCE_ROW, ['open', 'high', 'low', 'close', 'volume']);

    expect(values([RAW], shape)[0]?.slice(5)).toEqual([null, null]);
    expect(onlyColumns(BINANCE_ROW, undefined)).toBe(BINANCE_ROW);
  });

  it('is empty for an empty list', () => {
    expect(klineBatch([], BINANCE_ROW, 'x').n).toBe(0);
  });

  it.each([
    ['an object', {}],
    ['text', 'no'],
    ['nothing', undefined],
    ['a row that is no list', [{ t: T }]],
    ['a row too short', [RAW.slice(0, 5)]],
    ['a row without its quote volume', [RAW.slice(0, 7)]],
    ['a time as text', [[String(T), ...RAW.slice(1)]]],
    ['a time with a fraction', [[T + 0.5, ...RAW.slice(1)]]],
    ['a price that is no number', [[T, 'abc', ...RAW.slice(2)]]],
    ['a price that is absent', [[T, null, ...RAW.slice(2)]]],
    ['a price that is NaN', [[T, NaN, ...RAW.slice(2)]]],
    ['a volume that is absent', [[...RAW.slice(0, 5), undefined, ...RAW.slice(6)]]],
  ])('refuses %s', (_, rows) => {
    expect(() => klineBatch(rows, BINANCE_ROW, 'candles of x')).toThrow(
      expect.objectContaining({ code: 'SOURCE_BAD_DATA', message: expect.stringContaining('candles of x') }),
    );
  });

  it('gives a price that is never traded at a volume of zero', () => {
    const row = [...RAW.slice(0, 5), undefined];

    expect(values([row], { ...CCXT_ROW, absentVolume: '0' })[0]?.[4]).toBe('0');
  });
});
