import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aDue, aTask } from '@kairos/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore, type SqliteStore } from './open-sqlite-store.ts';

let folder: string;
let store: SqliteStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kairos-security-'));
  store = await openSqliteStore({ path: join(folder, 'deep', 'k.sqlite') });
  const names = ['plain', 'a"b', "a'b", 'x*', '%', '_', '; DROP TABLE task; --'];
  for (const [n, dataset] of names.entries()) {
    const task = aTask({ uid: `uid-${n}`, taskId: `t-${n}`, dataset });
    await store.tasks.create({ task, due: aDue({ uid: task.uid }) });
  }
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('the files of a store', () => {
  it('are readable by their owner alone, the log and its index too, whatever the mask', async () => {
    await store.close();
    const mask = process.umask(0);
    try {
      store = await openSqliteStore({ path: join(folder, 'open', 'k.sqlite') });
      await store.tasks.ping({ now: 1 });
      const files = readdirSync(join(folder, 'open'));

      expect(files.sort()).toEqual(['k.sqlite', 'k.sqlite-shm', 'k.sqlite-wal']);
      for (const file of files) expect(statSync(join(folder, 'open', file)).mode & 0o777, file).toBe(0o600);
      expect(statSync(join(folder, 'open')).mode & 0o777).toBe(0o700);
    } finally {
      process.umask(mask);
    }
  });
});

describe('words of a search', () => {
  const found = async (query: string): Promise<string[]> =>
    (await store.tasks.search({ query, filter: {}, limit: 100 })).items.map((t) => t.dataset);

  it.each([
    ['a"b', ['a"b']],
    ["a'b", ["a'b"]],
    ['x*', ['x*']],
    ['%', ['%']],
    ['_', ['_']],
    ['DROP TABLE', ['; DROP TABLE task; --']],
  ])('mean themselves: %j', async (query, datasets) => {
    expect(await found(query)).toEqual(datasets);
  });

  it.each([
    '""',
    'NEAR(a b)',
    'a" OR "b',
    'plain OR x',
    'NOT plain',
    'dataset:plain',
    '^plain',
    'pla*',
    '{a b}: c',
    '(((((',
    '\u0000',
    "' OR 1=1 --",
    '%%',
    `${'('.repeat(200)}`,
  ])('are never a language: %j finds nothing, and harms nothing', async (query) => {
    expect(await found(query)).toEqual([]);
    expect(await found('plain')).toEqual(['plain']);
  });
});
