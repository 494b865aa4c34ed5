import {
  batchOfColumns,
  batchOfRows,
  dataTypeIds,
  dataTypeOf,
  emptyBatch,
  FUNDING,
  KLINE,
  ORDER_BOOK,
  rowAt,
  sameRow,
  sliceBatch,
  TICKER,
  TRADE,
  type ColumnSpec,
  type DataType,
  type RecordBatch,
  type Value,
} from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatch, encodeBatch } from './batch-bytes.ts';

const SEED = { seed: 20_261_122, numRuns: 150 };

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((d) => d.join(''));

/** Decimals as venues send them, and as nobody should: 26 digits, eleven decimals, negative, padded, exponents. */
const decimal = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 99_999 }), digits(0, 3)).map(([w, f]) => `${w}.${f}0`),
  },
  fc.constantFrom(
    '0',
    '-0',
    '1e-11',
    '0.00000000001',
    '-1.5',
    '9007199254740992',
    '-9007199254740992',
    '9223372036854775807',
  ),
  fc.tuple(digits(1, 26), digits(0, 18)).map(([w, f]) => `${w}.${f}`),
  fc.tuple(digits(1, 26), digits(0, 18)).map(([w, f]) => `-${w}.${f}`),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }).map(String),
);

const text = fc.oneof(
  fc.constantFrom('buy', 'sell', ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string(),
);
const loneSurrogate = fc.constantFrom('\ud800', 'a\udfff', '\udc00\ud800');
const levels = fc.array(fc.tuple(decimal, decimal), { maxLength: 5 });

function cell(spec: ColumnSpec): fc.Arbitrary<Value> {
  const filled: Record<ColumnSpec['kind'], fc.Arbitrary<Value>> = {
    decimal,
    int: fc.oneof(fc.nat(1000), fc.maxSafeInteger()),
    text: fc.oneof(text, loneSurrogate),
    flag: fc.boolean(),
    levels,
  };
  return spec.nullable ? fc.option(filled[spec.kind], { freq: 4 }) : filled[spec.kind];
}

const time = fc.oneof(
  fc.nat(5000).map((k) => k * 60_000),
  fc.integer({ min: -1e15, max: 1e15 }),
);
const tie = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom('9007199254740991', '9007199254740993', '007', ''),
  text,
);

function batch(type: DataType): fc.Arbitrary<RecordBatch> {
  const row = fc.record({ ts: time, tie, values: fc.tuple(...type.columns.map(cell)) });
  return fc.array(row, { maxLength: 40 }).map((rows) => batchOfRows(type, rows));
}

function expectSame(before: RecordBatch, after: RecordBatch): void {
  expect([after.type, after.version, after.n]).toEqual([before.type, before.version, before.n]);
  expect(after.ties).toEqual(before.ties);
  expect(after.columns.map((c) => c.kind)).toEqual(before.columns.map((c) => c.kind));
  for (let i = 0; i < before.n; i += 1) {
    expect(rowAt(after, i)).toEqual(rowAt(before, i));
    expect(sameRow(before, i, after, i)).toBe(true);
    expect(sameRow(after, i, before, i)).toBe(true);
  }
}

const types = dataTypeIds().map((id) => dataTypeOf(id) ?? KLINE);

/** A seeded walk: what candles look like, without a generator to trust. */
function candles(n: number, decimals: number): RecordBatch {
  const ts = Float64Array.from({ length: n }, (_, i) => 1_700_000_040_000 + i * 60_000);
  const close = Array.from(ts, (_, i) => 60_000 + Math.round(500 * Math.sin(i / 40)) + ((i * 7919) % 37));
  const open = close.map((c, i) => close[i - 1] ?? c);
  const priced = (values: number[]): string[] => values.map((v) => (v / 10 ** decimals).toFixed(decimals));
  const high = close.map((c, i) => Math.max(c, open[i] ?? c) + ((i * 104_729) % 11));
  const low = close.map((c, i) => Math.min(c, open[i] ?? c) - ((i * 15_485_863) % 13));
  const volume = close.map((_, i) => String(((i * 32_452_843) % 5000) * 100));
  return batchOfColumns(KLINE, ts, [priced(open), priced(high), priced(low), priced(close), volume]);
}

describe.each(types.map((type) => ({ id: type.id, type })))('a batch of $id', ({ type }) => {
  it.each([0, 1] as const)('comes back value for value at level %i', (level) => {
    fc.assert(
      fc.property(batch(type), (before) => expectSame(before, decodeBatch(encodeBatch(before, { level })))),
      SEED,
    );
  });

  it('comes back when it is empty', () => {
    expectSame(emptyBatch(type), decodeBatch(encodeBatch(emptyBatch(type))));
  });

  it('comes back when it is a slice of a larger one', () => {
    fc.assert(
      fc.property(batch(type), fc.nat(40), fc.nat(40), (whole, a, b) => {
        const part = sliceBatch(whole, Math.min(a, b, whole.n), Math.min(Math.max(a, b), whole.n));

        expectSame(part, decodeBatch(encodeBatch(part)));
      }),
      SEED,
    );
  });
});

describe('candles', () => {
  it('come back from chunks long enough for every way of coding', () => {
    const before = candles(3000, 2);

    expectSame(before, decodeBatch(encodeBatch(before)));
    expectSame(before, decodeBatch(encodeBatch(before, { level: 0 })));
  });

  it('cost less than five bytes, where nothing but prices and lots of volume is new', () => {
    const before = candles(1000, 2);

    expect(encodeBatch(before).length / before.n).toBeLessThan(5);
  });

  it('come back when high and low break the rule, and when prices of one batch have different scales', () => {
    const before = batchOfColumns(KLINE, Float64Array.of(0, 60_000, 120_000), [
      ['1.5', '2', '2'],
      ['1', '2.25', '1.125'],
      ['3', '0.5', '-7'],
      ['2', '9', '2'],
      ['0', '1', '1e6'],
    ]);

    expectSame(before, decodeBatch(encodeBatch(before)));
  });

  it('pay about two bytes for a column without values', () => {
    const before = candles(1000, 2);
    const bare = { ...before, columns: before.columns.slice(0, 5) };

    expect(encodeBatch(before).length - encodeBatch(bare).length).toBeLessThanOrEqual(4);
  });

  it('keep a turnover of 64 bits as one', () => {
    const turnover = ['92233720368.54775807', '-92233720368.54775808', '1.00000001'];
    const prices = turnover.map(() => '1');
    const ts = Float64Array.of(0, 1, 2);
    const before = batchOfColumns(KLINE, ts, [prices, prices, prices, prices, prices, turnover]);
    const after = decodeBatch(encodeBatch(before));

    expect(before.columns[5]).toMatchObject({ ints: expect.any(BigInt64Array) as unknown });
    expect(after.columns[5]).toMatchObject({ ints: expect.any(BigInt64Array) as unknown });
    expectSame(before, after);
  });

  it('pay little for a turnover near volume times price', () => {
    const plain = candles(1000, 0);
    const volume = plain.columns[4];
    const close = plain.columns[3];
    if (volume?.kind !== 'decimal' || close?.kind !== 'decimal') throw new Error('not candles');
    const row = (i: number): number => (Number(volume.ints[i]) / 100) * 100 * Number(close.ints[i]);
    const turnover = Array.from(plain.ts, (_, i) => row(i).toFixed(4));
    const full = {
      ...plain,
      columns: plain.columns.with(5, batchOfColumns(FUNDING, plain.ts, [turnover]).columns[0] ?? volume),
    };

    const cost = (encodeBatch(full).length - encodeBatch(plain).length) / plain.n;

    expectSame(full, decodeBatch(encodeBatch(full)));
    expect(cost).toBeLessThan(3);
  });
});

describe('other records', () => {
  it('cost next to nothing for a regular clock and consecutive ids', () => {
    const n = 2000;
    const ts = Float64Array.from({ length: n }, (_, i) => i * 1000);
    const same = Array.from(ts, () => '1');
    const ids = Array.from(ts, (_, i) => String(5_000_000_000 + i));
    const before = batchOfColumns(TRADE, ts, [same, same, same.map(() => 'buy')], ids);

    expectSame(before, decodeBatch(encodeBatch(before)));
    expect(encodeBatch(before).length).toBeLessThan(100);
  });

  it('come back when text ties repeat and carry any character', () => {
    const ties = ['a', '比特币', '\ufeffbom', '', 'a'.repeat(500)];
    const cells = ties.map(() => '1');
    const before = batchOfColumns(
      TRADE,
      Float64Array.from(ties, (_, i) => i),
      [cells, cells, ties],
      ties,
    );

    expectSame(before, decodeBatch(encodeBatch(before)));
  });

  it('keep deep books, whose far levels stay, at a fraction of their text', () => {
    const side = (i: number, sign: number): [string, string][] =>
      Array.from({ length: 50 }, (_, k) => [
        ((600_000 + i * 3 + sign * (k + 1)) / 10).toFixed(1),
        (((k + sign * 7) * 7919 + (k < 5 ? i : 0)) % 1000).toFixed(3),
      ]);
    const rows = Array.from({ length: 60 }, (_, i) => ({
      ts: i * 60_000,
      values: [i * 60_000 - 40, i * 60_000 + 5, side(i, -1), side(i, 1), i],
    }));
    const before = batchOfRows(ORDER_BOOK, rows);
    const bytes = encodeBatch(before);

    expectSame(before, decodeBatch(bytes));
    expect(bytes.length).toBeLessThan(JSON.stringify(rows).length / 20);
  });

  it('foretell times of receipt from the slot', () => {
    const n = 500;
    const ts = Float64Array.from(
      { length: n },
      (_, i) => 1_700_000_000_000 + (i + Math.floor(i / 50)) * 60_000,
    );
    const received = Array.from(ts, (t, i) => t + 200 + ((i * 7919) % 64));
    const before = batchOfColumns(TICKER, ts, [new Array(n).fill(null), received]);

    expectSame(before, decodeBatch(encodeBatch(before)));
    expect(encodeBatch(before).length / n).toBeLessThan(1.6);
  });

  it('need no table of types, and know their own version', () => {
    const known = candles(50, 1);
    const unknown = { ...known, type: 'of_a_later_release', version: 77 };

    expectSame(unknown, decodeBatch(encodeBatch(unknown)));
  });
});

describe('a batch that contradicts itself', () => {
  it.each([
    ['has fewer times than rows', { n: 2000 }],
    ['has a time that is none', { ts: new Float64Array(3).fill(NaN) }],
    ['has a time between milliseconds', { ts: Float64Array.of(0.5, 1, 2) }],
    ['has a short column', { columns: [{ kind: 'int' as const, ints: new Float64Array(2) }] }],
    [
      'has an integer that is none',
      { columns: [{ kind: 'int' as const, ints: Float64Array.of(1, 2, 0.5) }] },
    ],
    [
      'has an endless scale',
      { columns: [{ kind: 'decimal' as const, scale: 1e9, ints: new Float64Array(3) }] },
    ],
    ['has more ties than rows', { ties: ['a', 'b', 'c', 'd'] }],
  ])('is refused when it %s', (_, wrong) => {
    expect(() => encodeBatch({ ...candles(3, 1), ...wrong })).toThrow(RangeError);
  });
});
