import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BINANCE_INVERSE_ROW, BINANCE_ROW, klineBatch, onlyColumns, type KlineShape } from './kline-rows.ts';
import { scanKlines } from './kline-text.ts';

const T = 1_704_067_200_000;
const SHAPES: readonly KlineShape[] = [
  BINANCE_ROW,
  BINANCE_INVERSE_ROW,
  onlyColumns(BINANCE_ROW, ['open', 'high', 'low', 'close', 'volume']),
];

const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: most });
const decimal = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.nat(100_000), digits(8)).map(([a, b]) => `${a}.${b}`) },
  { weight: 1, arbitrary: fc.tuple(digits(20), digits(12)).map(([a, b]) => `-${a}.${b}`) },
  { weight: 1, arbitrary: fc.constantFrom('0', '-0', '.5', '5.', '1e-7', '0.00000000', '00012', '1.50') },
);
const row = fc
  .tuple(fc.nat(2 ** 40), fc.array(decimal, { minLength: 9, maxLength: 9 }), fc.nat(2 ** 30))
  .map(([minute, [o, h, l, c, v, q, tb, tq, x], n]) => [
    T + minute,
    o,
    h,
    l,
    c,
    v,
    T + minute + 59_999,
    q,
    n,
    tb,
    tq,
    x,
  ]);
/** The last three cells are not read, so the scan takes plain decimals there only. */
const plain = fc
  .array(row, { minLength: 1, maxLength: 40 })
  .map((rows) => rows.map((cells) => [...cells.slice(0, 9), '1.5', '2.00', '0']));

describe('scanKlines', () => {
  it('reads what parsing and reading the rows gives, column by column', () => {
    let read = 0;
    const law = fc.property(plain, fc.constantFrom(...SHAPES), (rows, shape) => {
      const scanned = scanKlines(JSON.stringify(rows), shape);
      if (!scanned) return;
      read += 1;
      expect(scanned).toEqual(klineBatch(rows, shape, 'x'));
    });
    fc.assert(law, { numRuns: 500, seed: 4 });
    // The others have odd text in a column that the shape does not read.
    expect(read).toBeGreaterThan(250);
  });

  it('reads no text that differs by a character, unless it says the same or another number', () => {
    const rows = [0, 1].map((i) => [
      T + i,
      '1.10',
      '2',
      '0.5',
      '1.5',
      '10.000',
      T + i,
      '15.25',
      7,
      '1',
      '2',
      '0',
    ]);
    const text = JSON.stringify(rows);
    const law = fc.property(
      fc.nat(text.length),
      fc.constantFrom('', ...'0123456789.-+eE"[]{},: \\u\n\t\u0000n'),
      fc.boolean(),
      (at, put, isReplacing) => {
        const changed = text.slice(0, at) + put + text.slice(isReplacing ? at + 1 : at);
        const scanned = scanKlines(changed, BINANCE_ROW);
        if (scanned) expect(scanned).toEqual(klineBatch(JSON.parse(changed), BINANCE_ROW, 'x'));
      },
    );
    fc.assert(law, { numRuns: 5_000, seed: 4 });
    expect(scanKlines(text, BINANCE_ROW)?.n).toBe(2);
  });

  it.each([
    ['nothing', ''],
    ['an empty list', '[]'],
    ['brackets without end, of which each would be a row', '['.repeat(1_000_000)],
    ['an error', '{"code":-1121,"msg":"Invalid symbol."}'],
    ['spaces between values', '[ [1] ]'],
    ['prices that are numbers', JSON.stringify([[T, 1, 2, 3, 4, '5', T, '6', 7, '8', '9', '0']])],
    ['an absent volume', JSON.stringify([[T, '1', '2', '3', '4', null, T, '6', 7, '8', '9', '0']])],
    ['a price that is none', JSON.stringify([[T, 'one', '2', '3', '4', '5', T, '6', 7, '8', '9', '0']])],
    ['a row of another length', JSON.stringify([[T, '1', '2', '3', '4', '5']])],
    ['a list in a row', JSON.stringify([[T, [], '2', '3', '4', '5', T, '6', 7, '8', '9', '0']])],
    ['a time beyond what a double holds', `[[12345678901234567,"1","1","1","1","1",1,"1",1,"1","1","0"]]`],
  ])('leaves %s to be parsed', (_, text) => {
    expect(scanKlines(text, BINANCE_ROW)).toBeUndefined();
  });
});
