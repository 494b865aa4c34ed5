import { describe, expect, it } from 'vitest';
import { formatUnits, fromUnits, padDecimal, toUnits } from './decimals.ts';

describe('decimal text', () => {
  it.each([
    [5, 2, '0.05000000'],
    [123_456, 2, '1234.56000000'],
    [7, 0, '7.00000000'],
    [-12_345n, 8, '-0.00012345'],
    [123_456_789_012_345_678_901n, 8, '1234567890123.45678901'],
  ] as const)('prints %s units of 10^-%s', (units, decimals, text) => {
    expect(formatUnits(units, decimals)).toBe(text);
  });

  it('pads recorded text without changing its value', () => {
    expect(padDecimal('4261.48')).toBe('4261.48000000');
    expect(padDecimal('17')).toBe('17.00000000');
    expect(padDecimal('0.123456789')).toBe('0.123456789');
    expect(() => padDecimal('1e-7')).toThrow('1e-7');
  });

  it('reads back what it prints', () => {
    for (const text of ['0.00000001', '-3.50000000', '98765432109876.12345678']) {
      expect(fromUnits(toUnits(text))).toBe(text);
    }
  });
});
