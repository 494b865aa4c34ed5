import { describe, expect, it } from 'vitest';
import { parseFrame } from './frames.ts';
import { wireObject, wireRows, wireSpan, wireWhole } from './wire-values.ts';

describe('What comes over the wire', () => {
  it.each([
    ['an object', () => wireObject([1], 'a frame'), 'a frame is [1], expected an object'],
    ['a whole number', () => wireWhole(1.5, 'seq'), 'seq is 1.5, expected a whole number'],
    ['rows as wide as the columns', () => wireRows([[1, 2], [3]], 2), 'rows[1] has 1 cells for 2 columns'],
    ['plain cells', () => wireRows([[{ a: 1 }]], 1), 'rows[0][0] is {"a":1}'],
    ['a stretch that ends behind its begin', () => wireSpan(5, 5), 'range.to (5) must lie behind'],
    ['JSON', () => parseFrame(Buffer.from('{"a":')), 'no JSON'],
    ['UTF-8', () => parseFrame(Buffer.from([0x22, 0xff, 0x22])), 'no UTF-8'],
  ])('has to be %s', (_what, read, said) => {
    expect(read).toThrow(
      expect.objectContaining({ code: 'JOB_FRAME', message: expect.stringContaining(said) }),
    );
  });
});
