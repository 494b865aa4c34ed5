import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { readIntegers, writeIntegers } from './integer-list.ts';
import { readNaturals, STREAM, writeNaturals, type Effort } from './naturals.ts';
import { readWide, writeWide } from './wide.ts';

const SEED = { seed: 20_261_125, numRuns: 300 };
const EFFORTS: readonly Effort[] = ['plain', 'packed', 'repeats'];

const natural = fc.oneof(
  { weight: 5, arbitrary: fc.nat(40) },
  fc.nat(100_000),
  fc.maxSafeNat(),
  fc.nat(53).map((bits) => 2 ** bits - 1),
);

describe('naturals', () => {
  it('come back at every effort', () => {
    fc.assert(
      fc.property(fc.array(natural, { maxLength: 200 }), fc.constantFrom(...EFFORTS), (values, effort) => {
        const out = new ByteWriter();
        const mode = writeNaturals(out, Float64Array.from(values), values.length, effort);
        const input = new ByteReader(out.view());

        expect([...readNaturals(input, mode, values.length)]).toEqual(values);
        expect(input.left).toBe(0);
      }),
      SEED,
    );
  });

  it('come back when every token there is occurs, and when one of ten thousand differs', () => {
    const all = Float64Array.from({ length: 106 }, (_, i) => Math.floor(2 ** (i / 2)) % 2 ** 53);
    const lonely = new Float64Array(10_000).fill(3).with(5000, 2 ** 52);
    for (const values of [all, lonely]) {
      const out = new ByteWriter();
      const mode = writeNaturals(out, values, values.length, 'packed');

      expect(readNaturals(new ByteReader(out.view()), mode, values.length)).toEqual(values);
    }
  });

  it('cost about their entropy', () => {
    const values = Float64Array.from({ length: 4000 }, (_, i) => (i % 10 === 0 ? 1 : 0));
    const out = new ByteWriter();

    expect(writeNaturals(out, values, values.length, 'packed')).toBe(STREAM.entropy);
    expect((out.length * 8) / values.length).toBeLessThan(0.5);
  });
});

describe('integers', () => {
  it('come back with their signs, at the far ends of a double too', () => {
    const integer = fc.oneof(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
    );
    fc.assert(
      fc.property(fc.array(integer), (values) => {
        const out = new ByteWriter();
        writeIntegers(out, Float64Array.from(values), 'packed');

        expect([...readIntegers(new ByteReader(out.view()), values.length)]).toEqual(values);
      }),
      SEED,
    );
  });

  it('come back with 64 bits', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
        const out = new ByteWriter();
        writeWide(out, BigInt64Array.from(values), 'packed');

        expect([...readWide(new ByteReader(out.view()), values.length)]).toEqual(values);
      }),
      SEED,
    );
  });

  it('come back as varints of either sign', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -70, max: 70 }))), (values) => {
        const out = new ByteWriter(1);
        for (const value of values) out.signed(value);
        const input = new ByteReader(out.view());

        expect(values.map(() => input.signed())).toEqual(values);
      }),
      SEED,
    );
  });
});

describe('crc32', () => {
  it('agrees with the published check value', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});
