import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinSums, nestsIn, rowOfSum, sumBars } from './aggregate.ts';
import { batchOfRows, type Row } from './batch.ts';
import type { Value } from './column.ts';
import { KLINE } from './data-type.ts';
import { canonicalDecimal, compareDecimals } from './decimal.ts';
import { gridOf } from './timeframe.ts';

const SEED = 20_261_122;

/** Any decimal that a venue, or a hostile one, might print: also beyond 53 and 64 bits, and of many digits. */
const decimal = fc
  .oneof(
    { weight: 8, arbitrary: fc.tuple(fc.bigInt(-99_999_999n, 99_999_999n), fc.integer({ min: 0, max: 8 })) },
    { weight: 2, arbitrary: fc.tuple(fc.bigInt(-(2n ** 60n), 2n ** 60n), fc.integer({ min: 0, max: 18 })) },
    { weight: 1, arbitrary: fc.tuple(fc.bigInt(-(10n ** 40n), 10n ** 40n), fc.integer({ min: 0, max: 30 })) },
  )
  .map(([int, scale]) => canonicalDecimal(`${int}e-${scale}`) ?? '0');
const values = fc.tuple(
  decimal,
  decimal,
  decimal,
  decimal,
  decimal,
  fc.option(decimal, { freq: 20 }),
  fc.option(fc.nat(1_000_000), { freq: 20 }),
);
const rowsOf = (list: readonly (readonly Value[])[]): Row[] => list.map((v, i) => ({ ts: i, values: v }));

/** Sums texts the long way round. */
function added(texts: readonly (Value | undefined)[]): string | null {
  if (texts.some((t) => typeof t !== 'string')) return null;
  const sum = texts.reduce<bigint>((n, t) => {
    const [whole = '', fraction = ''] = String(t).replace('-', '').split('.');
    const size = BigInt(whole + fraction.padEnd(60, '0'));
    return String(t).startsWith('-') ? n - size : n + size;
  }, 0n);
  return canonicalDecimal(`${sum}e-60`) ?? null;
}

function oracle(list: readonly (readonly Value[])[]): Value[] {
  const column = (c: number): string[] => list.map((v) => String(v[c]));
  const sorted = (c: number): string[] => column(c).sort(compareDecimals);
  const trades = list.map((v) => v[6]);
  return [
    column(0)[0] ?? '',
    sorted(1).at(-1) ?? '',
    sorted(2)[0] ?? '',
    column(3).at(-1) ?? '',
    added(list.map((v) => v[4])),
    added(list.map((v) => v[5])),
    trades.some((t) => t === null) ? null : trades.reduce<number>((n, t) => n + Number(t), 0),
  ];
}

describe('candles as one', () => {
  it('are what a plain reading of their texts says, however they are cut into batches', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 40 }), fc.nat(40), (list, place) => {
        const cut = 1 + (place % list.length);
        const rows = rowsOf(list);
        const head = batchOfRows(KLINE, rows.slice(0, cut));
        const tail = batchOfRows(KLINE, rows.slice(cut));
        const whole = batchOfRows(KLINE, rows);
        const first = sumBars(head, 0, head.n);
        const joined = tail.n === 0 ? first : joinSums(first, sumBars(tail, 0, tail.n));

        expect(rowOfSum(joined, 7)).toEqual({ ts: 7, values: oracle(list) });
        expect(rowOfSum(sumBars(whole, 0, whole.n), 7).values).toEqual(oracle(list));
        expect(joined.n).toBe(list.length);
        expect(rowOfSum(sumBars(whole, cut - 1, whole.n), 7).values).toEqual(oracle(list.slice(cut - 1)));
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('add up exactly where doubles no longer do', () => {
    const most = '9007199254740991';
    const list = Array.from({ length: 5 }, () => [most, most, most, most, most, '0.1', 1]);
    const batch = batchOfRows(KLINE, rowsOf(list));

    expect(rowOfSum(sumBars(batch, 0, 5), 0).values.slice(4)).toEqual(['45035996273704955', '0.5', 5]);
  });

  it('are refused when there are more trades than can be counted', () => {
    const row: Value[] = ['1', '1', '1', '1', '1', null, Number.MAX_SAFE_INTEGER];
    const batch = batchOfRows(KLINE, rowsOf([row, row]));

    expect(() => sumBars(batch, 0, 2)).toThrow(RangeError);
  });
});

describe('nesting', () => {
  it.each([
    ['1m', '5m', true],
    ['1m', '7m', true],
    ['7m', '1h', false],
    ['5m', '5m', false],
    ['1h', '1m', false],
    ['1h', '1d', true],
    ['1d', '1w', true],
    ['3d', '1w', false],
    ['1d', '1M', true],
    ['1h', '1M', true],
    ['1w', '1M', false],
    ['2d', '1M', false],
    ['1M', '3M', true],
    ['2M', '3M', false],
    ['1M', '12M', true],
    ['1M', '1w', false],
    ['4h', '12h', true],
    ['8h', '12h', false],
  ])('of %s in %s is %s', (inner, outer, nests) => {
    expect(nestsIn(gridOf(inner), gridOf(outer))).toBe(nests);
  });

  it('minds where a venue opens its days', () => {
    const eight = 8 * 3_600_000;

    expect(nestsIn(gridOf('1h'), gridOf('1d', eight))).toBe(true);
    expect(nestsIn(gridOf('1d'), gridOf('1w', eight))).toBe(false);
    expect(nestsIn(gridOf('1d', eight), gridOf('1M', eight))).toBe(true);
  });
});
