import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalDecimal, compareDecimals, scaledToText } from './decimal.ts';
import { decimalColumn, valueAt } from './column.ts';

const plainDecimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 26n }), fc.integer({ min: 0, max: 24 }))
  .map(([negative, digits, scale]) => {
    const text = digits.toString().padStart(scale + 1, '0');
    const body = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
    return negative ? `-${body}` : body;
  });

describe('canonicalDecimal', () => {
  it.each([
    ['4261.48000000', '4261.48'],
    ['-0.000', '0'],
    ['+1.50', '1.5'],
    ['1e-11', '0.00000000001'],
    ['12e3', '12000'],
    ['.5', '0.5'],
    ['007', '7'],
    ['123456789012345678.12345678', '123456789012345678.12345678'],
    [1e21, '1000000000000000000000'],
    [0.1, '0.1'],
  ])('writes %s as %s', (given, wanted) => {
    expect(canonicalDecimal(given)).toBe(wanted);
  });

  it.each(['', '.', 'abc', '1.2.3', '0x10', 'NaN', 'Infinity', '1e99999', ' 1'])('refuses %j', (given) => {
    expect(canonicalDecimal(given)).toBeUndefined();
  });

  it('is a fixed point', () => {
    fc.assert(
      fc.property(plainDecimal, (text) => {
        const once = canonicalDecimal(text) ?? '';
        expect(canonicalDecimal(once)).toBe(once);
      }),
    );
  });
});

describe('compareDecimals', () => {
  it('orders by value, however written', () => {
    expect(compareDecimals('0.10', '0.1')).toBe(0);
    expect(compareDecimals('-2', '1')).toBeLessThan(0);
    expect(compareDecimals('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
  });
});

describe('scaledToText', () => {
  it('drops the zeros a scale brings', () => {
    expect(scaledToText(426148000000, 8)).toBe('4261.48');
    expect(scaledToText(-5n, 3)).toBe('-0.005');
    expect(scaledToText(0, 8)).toBe('0');
  });
});

describe('decimalColumn', () => {
  it('gives back every decimal by value', () => {
    fc.assert(
      fc.property(fc.array(fc.option(plainDecimal, { nil: null }), { maxLength: 60 }), (texts) => {
        const column = decimalColumn(texts);
        for (const [i, text] of texts.entries())
          expect(valueAt(column, i)).toBe(text === null ? null : canonicalDecimal(text));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps an ordinary column narrow when one row is odd', () => {
    const texts = Array.from({ length: 100 }, (_, i) => `${i}.25`);
    const column = decimalColumn([...texts, '0.00000000000000000000000001']);
    expect(column.scale).toBe(2);
    expect(column.ints).toBeInstanceOf(Float64Array);
    expect(valueAt(column, 100)).toBe('0.00000000000000000000000001');
  });

  it('widens to 64 bits where whole columns need it', () => {
    const texts = ['12345678901.12345678', '98765432109.87654321'];
    const column = decimalColumn(texts);
    expect(column.ints).toBeInstanceOf(BigInt64Array);
    expect([valueAt(column, 0), valueAt(column, 1)]).toEqual(texts);
  });

  it('refuses what is not a decimal, naming column and row', () => {
    expect(() => decimalColumn(['1', '<html>'], 'close')).toThrow(/column close, row 1/);
  });
});
