import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES } from './frames.ts';

const cut = (bytes: Buffer, at: readonly number[]): readonly Buffer[] => {
  const places = [0, ...at.map((x) => x % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((to, i) => bytes.subarray(places[i], to));
};

describe('FrameReader', () => {
  it('gives every message back, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 8 }),
        fc.array(fc.nat(4_000), { maxLength: 12 }),
        (messages, at) => {
          const reader = new FrameReader();
          const chunks = cut(Buffer.concat(messages.map(encodeFrame)), at);
          const bodies = chunks.flatMap((chunk) => reader.push(chunk));

          expect(bodies.map((body) => JSON.parse(body.toString('utf8')))).toEqual(
            messages.map((m) => JSON.parse(JSON.stringify(m))),
          );
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });

  it('refuses a length beyond the limit before any byte of it came', () => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(MAX_FRAME_BYTES + 1);

    expect(() => new FrameReader().push(head)).toThrow(/1048577 bytes/);
  });
});

describe('encodeFrame', () => {
  it.each([NaN, Infinity, -Infinity])('refuses %s, which JSON would turn into null', (odd) => {
    expect(() => encodeFrame({ params: { deep: [odd] } })).toThrow('no number in JSON');
  });

  it('refuses what is too long', () => {
    expect(() => encodeFrame({ state: 'é'.repeat(MAX_FRAME_BYTES / 2) })).toThrow('at most 1048576');
  });
});
