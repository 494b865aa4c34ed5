import { setImmediate } from 'node:timers';
import { describe, expect, it } from 'vitest';
import type { SqliteClient } from './client.ts';
import { Face } from './face.ts';

const slowRead = (): number => {
  const until = performance.now() + 5;
  while (performance.now() < until);
  return 1;
};
const client = { path: 'x', read: (op: () => number) => op() } as unknown as SqliteClient;

describe('Face', () => {
  it.each([
    ['one after another', false],
    ['all at once', true],
  ])('lets everything else have its turn during many reads, %s', async (_what, atOnce) => {
    const face = new Face(client);
    let turns = 0;
    let done = false;
    const count = (): void => {
      turns += 1;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    let sum = 0;
    if (atOnce)
      for (const n of await Promise.all(Array.from({ length: 40 }, () => face.read(slowRead)))) sum += n;
    else for (let i = 0; i < 40; i += 1) sum += await face.read(slowRead);
    done = true;
    expect(sum).toBe(40);
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  it('refuses reads that were put off when it closes', async () => {
    const face = new Face(client);
    const reads = Array.from({ length: 20 }, () => face.read(slowRead));
    face.close();
    const ends = await Promise.allSettled(reads);
    expect(ends.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'STORE_CLOSED' } });
  });
});
