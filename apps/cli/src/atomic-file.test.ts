import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically } from './atomic-file.ts';

describe('writeAtomically', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kairos-atomic-'));
    path = join(folder, 'btc.csv');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function* pieces(
    ...chunks: readonly (string | Uint8Array | Error)[]
  ): AsyncGenerator<string | Uint8Array> {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk;
      yield chunk;
    }
  }

  it('writes text as UTF-8 and bytes as they are, and tells how far it is', async () => {
    const told: number[] = [];
    const chunks = pieces('交易,', new Uint8Array([0, 255]), '', 'x'.repeat(3_000_000));

    const bytes = await writeAtomically({ path, chunks, overwrite: false, onBytes: (n) => told.push(n) });

    const file = await readFile(path);
    expect(file.subarray(0, 9)).toEqual(Buffer.concat([Buffer.from('交易,'), Buffer.from([0, 255])]));
    expect([file.length, bytes, told]).toEqual([3_000_009, 3_000_009, [7, 9, 9, 3_000_009]]);
    expect(await readdir(folder)).toEqual(['btc.csv']);
  });

  it('shows nothing under the name before the last byte is written', async () => {
    async function* chunks(): AsyncGenerator<string> {
      yield 'a';
      expect(await readdir(folder)).toEqual([expect.stringMatching(/^\.btc\.csv\..*\.part$/)]);
      yield 'b';
    }

    await writeAtomically({ path, chunks: chunks(), overwrite: true });

    expect(await readFile(path, 'utf8')).toBe('ab');
  });

  it('leaves what stood there, and nothing else, when the chunks fail', async () => {
    await writeFile(path, 'old');
    const chunks = pieces('new', new Error('the store failed'));

    await expect(writeAtomically({ path, chunks, overwrite: true })).rejects.toThrow('the store failed');

    expect(await readdir(folder)).toEqual(['btc.csv']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  it('stops when it is told to, leaving nothing', async () => {
    const controller = new AbortController();
    async function* chunks(): AsyncGenerator<string> {
      yield 'a';
      controller.abort(new Error('interrupted'));
      yield 'b';
    }

    const writing = writeAtomically({ path, chunks: chunks(), overwrite: true, signal: controller.signal });

    await expect(writing).rejects.toThrow('interrupted');
    expect(await readdir(folder)).toEqual([]);
  });

  it('replaces a file only when it may, also one that came meanwhile', async () => {
    async function* late(): AsyncGenerator<string> {
      yield 'new';
      await writeFile(path, 'old');
    }
    const refused = writeAtomically({ path, chunks: late(), overwrite: false });

    await expect(refused).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['btc.csv']);

    await writeAtomically({ path, chunks: pieces('new'), overwrite: true });
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('fails where there is no folder', async () => {
    const writing = writeAtomically({
      path: join(folder, 'none/btc.csv'),
      chunks: pieces('a'),
      overwrite: true,
    });

    await expect(writing).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
