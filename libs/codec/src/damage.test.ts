import { deflateRawSync } from 'node:zlib';
import { batchOfRows, FUNDING, KLINE, ORDER_BOOK, StoreError, TRADE, type RecordBatch } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';
import { readDeflated } from './deflate.ts';
import { BATCH_FORMAT, decodeBatch, encodeBatch } from './batch-bytes.ts';
import { guarded, seal, unseal, type FrameFormat } from './frame.ts';
import { decodeStates, encodeStates, STATES_FORMAT } from './states.ts';

const SEED = { seed: 20_261_123, numRuns: 400 };

const walk = (i: number): string => String(1000 + ((i * i * 31) % 97));
const kline = batchOfRows(
  KLINE,
  Array.from({ length: 200 }, (_, i) => ({
    ts: i * 60_000,
    values: [walk(i), walk(i + 1), walk(i + 2), walk(i + 3), walk(i * 5), i % 9 ? walk(i) : null, i],
  })),
);
const trade = batchOfRows(
  TRADE,
  Array.from({ length: 90 }, (_, i) => ({
    ts: i,
    tie: `t${i}`,
    values: [walk(i), '1e-30', i % 2 ? 'buy' : null],
  })),
);
const book = batchOfRows(
  ORDER_BOOK,
  Array.from({ length: 30 }, (_, i) => ({
    ts: i,
    values: [
      null,
      i,
      [
        [walk(i), '2'],
        ['7', '9'],
      ],
      [],
      null,
    ],
  })),
);
const funding = batchOfRows(FUNDING, [{ ts: 5, values: ['9223372036854775807.5', '-1e25'] }]);

const batches: [string, RecordBatch][] = Object.entries({ kline, trade, book, funding });
const states = encodeStates([
  { from: 0, to: 60_000, state: 'present' },
  { from: 60_000, to: 120_000, state: 'empty', reason: 'no-trade', evidence: 'e1', grade: 2, at: 130_000 },
]);

const formats: [string, FrameFormat, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ...batches.map(
    ([name, batch]) => [name, BATCH_FORMAT, encodeBatch(batch), decodeBatch] as (typeof formats)[number],
  ),
  ['states', STATES_FORMAT, states, decodeStates],
];

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'read';
  } catch (error) {
    return error instanceof StoreError ? error.code : `unexpected: ${String(error)}`;
  }
}

describe.each(formats)('bytes of %s', (_, format, whole, decode) => {
  it('are refused as damaged when cut short anywhere', () => {
    for (let end = 0; end < whole.length; end += 1) {
      expect(codeOf(() => decode(whole.subarray(0, end)))).toBe('STORE_CORRUPT');
    }
  });

  it('are refused as damaged when any one bit is flipped', () => {
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const bytes = whole.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));

      expect(codeOf(() => decode(bytes))).toBe('STORE_CORRUPT');
    }
  });

  it('are refused as newer when a later format sealed them', () => {
    const later = seal({ ...format, version: format.version + 1 }, Uint8Array.of(1, 2, 3));

    expect(codeOf(() => decode(later))).toBe('STORE_NEWER');
  });

  it('read elsewhere in memory too', () => {
    const shifted = new Uint8Array(whole.length + 3);
    shifted.set(whole, 3);

    expect(decode(shifted.subarray(3))).toEqual(decode(whole));
  });

  it('never raise another error, even when nonsense carries a true checksum', () => {
    const body = unseal(format, whole);
    const edit = fc.tuple(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 }));
    const edits = fc.array(edit, { minLength: 1, maxLength: 6 });

    fc.assert(
      fc.property(edits, fc.nat(body.length), (changes, cut) => {
        const bytes = body.slice(0, cut % 3 === 0 ? cut : body.length);
        for (const [at, value] of changes) bytes[at] = value;

        expect(['read', 'STORE_CORRUPT', 'STORE_NEWER']).toContain(codeOf(() => decode(seal(format, bytes))));
      }),
      SEED,
    );
  });
});

describe('garbage', () => {
  it('is refused as damaged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codeOf(() => decodeBatch(bytes))).toBe('STORE_CORRUPT');
        expect(codeOf(() => decodeStates(bytes))).toBe('STORE_CORRUPT');
      }),
      SEED,
    );
  });

  it('is refused when it claims more rows or bytes than its size can hold', () => {
    const huge = [0, 9, 0, 0, 3, 0x61, 0x62, 0x63, 1, 0xff, 0xff, 0xff, 0x7f, 250];

    expect(codeOf(() => decodeBatch(seal(BATCH_FORMAT, Uint8Array.from(huge))))).toBe('STORE_CORRUPT');
  });

  it('is refused when it inflates to more than it says', () => {
    const bomb = deflateRawSync(new Uint8Array(2 ** 20));
    const block = new ByteWriter();
    block.varint(bomb.length);
    block.varint(10);
    block.bytes(bomb);

    expect(codeOf(() => guarded(() => readDeflated(new ByteReader(block.view()))))).toBe('STORE_CORRUPT');
  });

  it('of any kind behind a true header never raises another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(codeOf(() => decodeBatch(seal(BATCH_FORMAT, bytes)))).not.toContain('unexpected');
        expect(codeOf(() => decodeStates(seal(STATES_FORMAT, bytes)))).not.toContain('unexpected');
      }),
      SEED,
    );
  });
});

describe('sections after the columns', () => {
  it('are attributes of a later release: skipped', () => {
    const body = unseal(BATCH_FORMAT, encodeBatch(kline));
    const longer = new Uint8Array(body.length + 3);
    longer.set(body);
    longer.set([2, 99, 1], body.length);

    expect(decodeBatch(seal(BATCH_FORMAT, longer))).toEqual(decodeBatch(encodeBatch(kline)));
  });
});
