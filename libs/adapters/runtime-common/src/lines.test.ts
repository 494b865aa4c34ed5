import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader, MAX_LINE_BYTES, MAX_OUTPUT_BYTES, MAX_OUTPUT_LINES } from './lines.ts';

function read(chunks: readonly (Buffer | string)[], mark = 'mark 1') {
  const seen: string[] = [];
  const reader = new LineReader({ line: (text) => seen.push(text), mark: () => seen.push('<mark>') });
  reader.begin(mark);
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  reader.end();
  return seen;
}

describe('LineReader', () => {
  it('gives lines, without blank ones, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 20 })),
        fc.array(fc.nat(200)),
        (lines, at) => {
          const clean = lines.map((line) => line.replace(/[\r\n]/g, ''));
          const bytes = Buffer.from(clean.map((line) => `${line}\n`).join(''));
          const places = [0, ...at.map((x) => x % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
          const chunks = places.slice(1).map((to, i) => bytes.subarray(places[i], to));

          expect(read(chunks)).toEqual(clean.filter((line) => line.trim() !== ''));
        },
      ),
      { seed: 6, numRuns: 200 },
    );
  });

  it.each([
    ['behind whole lines', ['a\n', '\n\0mark 1\n'], ['a', '<mark>']],
    ['behind a line without an end', ['a', '\n\0mark 1\n'], ['a', '<mark>']],
    ['in pieces', ['a\n\n\0ma', 'rk 1', '\nlate\n'], ['a', '<mark>', 'late']],
    ['of another run', ['\n\0mark 2\n'], ['\0mark 2']],
    ['twice', ['\0mark 1\n', '\0mark 1\n'], ['<mark>', '\0mark 1']],
  ])('knows the mark %s', (_where, chunks, seen) => {
    expect(read(chunks)).toEqual(seen);
  });

  it('writes what is no UTF-8 as U+FFFD and takes Windows line ends', () => {
    expect(read([Buffer.from([0xff, 0x78, 0x0d, 0x0a])])).toEqual(['\ufffdx']);
  });

  it('cuts a long line and says by how much', () => {
    const [line] = read(['x'.repeat(MAX_LINE_BYTES + 7), '\n']);

    expect(line).toBe(`${'x'.repeat(MAX_LINE_BYTES)} … (7 bytes more)`);
  });

  it('keeps the beginning of an endless output, and counts the rest', () => {
    const line = `${'y'.repeat(999)}\n`.repeat(1_000);
    const seen = read([...Array.from({ length: 20 }, () => line), '\0mark 1\n']);

    expect(seen.slice(0, -2).join('').length).toBeLessThanOrEqual(MAX_OUTPUT_BYTES);
    expect(seen.at(-2)).toMatch(/^… \(\d{7,} bytes of output more, not kept\)$/);
    expect(seen.at(-1)).toBe('<mark>');
  });

  it('keeps so many lines of an output of tiny ones, and knows the mark behind them however it is cut', () => {
    const tiny = Buffer.from('x\n'.repeat(MAX_OUTPUT_LINES + 500));
    const marked = Buffer.concat([tiny, Buffer.from('\n\0mark 1\nlate\n')]);
    for (let cut = 0; cut < 20; cut += 1) {
      const seen = read([
        tiny,
        marked.subarray(0, marked.length - cut),
        marked.subarray(marked.length - cut),
      ]);

      expect(seen).toHaveLength(MAX_OUTPUT_LINES + 3);
      expect(seen.slice(-3, -1)).toEqual([
        `… (${1_000 + tiny.length} bytes of output more, not kept)`,
        '<mark>',
      ]);
    }
  });

  it('says nothing of what is missing when nothing is', () => {
    const full = 'x\n'.repeat(MAX_OUTPUT_LINES);
    for (const mark of ['\0mark 1\n', '\n\0mark 1\n'])
      expect(read([full, mark.slice(0, 3), mark.slice(3)]).slice(-2)).toEqual(['x', '<mark>']);
  });
});
