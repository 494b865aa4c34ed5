import { describe, expect, it } from 'vitest';
import { StoreError } from '@kairos/domain';
import { codeOf } from '@kairos/testkit';
import { Bench } from './bench.test-support.ts';
import { Connection } from './connection.ts';
import { WriteLane } from './write-lane.ts';

interface Rig {
  readonly writer: Connection;
  readonly lane: WriteLane;
  /** How many of the next commits throw, and whether they take effect all the same. */
  readonly disk: { hasRoom: boolean };
  readonly failing: { commits: number; effect: boolean; code: string };
  begins(): number;
}

class RawError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** A lane over a real file whose commits can be made to fail. */
async function withRig(test: (rig: Rig) => Promise<void>): Promise<void> {
  const bench = new Bench();
  const store = await bench.open();
  const real = new Connection(bench.path, { readonly: false, timeoutMs: 50 });
  const failing = { commits: 0, effect: false, code: 'SQLITE_INTERRUPT' };
  const writer = new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== 'run') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      return (sql: string, ...params: string[]): number => {
        if (sql !== 'COMMIT' || failing.commits === 0) return target.run(sql, ...params);
        failing.commits -= 1;
        if (failing.effect) target.run('COMMIT');
        throw new RawError(failing.code);
      };
    },
  });
  let begins = 0;
  const begin = async (): Promise<void> => {
    begins += 1;
    real.run('BEGIN IMMEDIATE');
  };
  const disk = { hasRoom: true };
  const lane = new WriteLane({
    path: bench.path,
    writer,
    begin,
    guard: () => undefined,
    hasRoom: () => disk.hasRoom,
  });
  try {
    await test({ writer: real, lane, failing, disk, begins: () => begins });
  } finally {
    await lane.drain();
    real.close();
    await store.close();
    await bench.close();
  }
}

const put = (key: string) => (db: Connection) =>
  db.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, 'x');
const keys = (db: Connection): string[] =>
  db.all<{ key: string }>('SELECT key FROM meta ORDER BY key').map((row) => row.key);

describe('WriteLane', () => {
  it('puts writes that arrive together into one transaction', () =>
    withRig(async ({ writer, lane, begins }) => {
      await Promise.all(['a', 'b', 'c'].map((key) => lane.write(put(key))));

      expect(keys(writer)).toEqual(['a', 'b', 'c']);
      expect(begins()).toBe(1);
    }));

  it('parts them by weight', () =>
    withRig(async ({ lane, begins }) => {
      await Promise.all(['a', 'b', 'c'].map((key) => lane.write(put(key), { rows: 10_000 })));

      expect(begins()).toBe(3);
    }));

  it('tidies after each transaction, once those that waited have their answer', async () => {
    const told: string[] = [];
    const run = (sql: string): number => {
      if (sql === 'COMMIT') told.push(sql);
      return 0;
    };
    const writer = { inTransaction: false, run, close: () => undefined } as unknown as Connection;
    const lane = new WriteLane({
      path: 'x',
      writer,
      begin: async () => undefined,
      guard: () => undefined,
      hasRoom: () => true,
      tidy: () => void told.push('tidy'),
    });
    for (const key of ['a', 'b']) await lane.write(put(key)).then(() => told.push(key));
    await lane.drain();

    expect(told).toEqual(['COMMIT', 'a', 'tidy', 'COMMIT', 'b', 'tidy']);
  });

  it('lets one fail without the others', () =>
    withRig(async ({ writer, lane }) => {
      const answers = await Promise.allSettled([
        lane.write(put('a')),
        lane.write((db) => {
          put('b')(db);
          throw new StoreError('STORE_BAD_INPUT', 'no');
        }),
        lane.write(put('c')),
      ]);

      expect(answers.map((a) => a.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(keys(writer)).toEqual(['a', 'c']);
    }));

  it.each([true, false])('repeats a write whose commit failed (it took effect: %s)', (effect) =>
    withRig(async ({ writer, lane, failing }) => {
      Object.assign(failing, { commits: 1, effect });

      await expect(lane.write(put('a'))).resolves.toBe(1);

      expect(keys(writer)).toEqual(['a']);
    }),
  );

  it('answers unknown for a write that must not be repeated', () =>
    withRig(async ({ lane, failing }) => {
      Object.assign(failing, { commits: 1, effect: true });
      let runs = 0;

      const answer = await lane.write(
        () => {
          runs += 1;
          return 'committed';
        },
        { onUnknown: () => 'unknown' },
      );

      expect([answer, runs]).toEqual(['unknown', 1]);
    }));

  it('says so when the repetition fails too, and goes on with the next write', () =>
    withRig(async ({ writer, lane, failing }) => {
      Object.assign(failing, { commits: 2 });

      expect(await codeOf(lane.write(put('a')))).toBe('STORE_UNKNOWN_OUTCOME');
      await lane.write(put('b'));

      expect(keys(writer)).toEqual(['b']);
    }));

  it.each([
    ['SQLITE_IOERR_FSYNC', 'STORE_IO'],
    ['SQLITE_CORRUPT', 'STORE_CORRUPT'],
  ])('acknowledges nothing after %s', (raw, code) =>
    withRig(async ({ writer, lane, failing }) => {
      Object.assign(failing, { commits: 1, code: raw });
      const answers = await Promise.all([codeOf(lane.write(put('a'))), codeOf(lane.write(put('b')))]);

      expect(answers).toEqual([code, code]);
      expect(await codeOf(lane.write(put('c')))).toBe(code);
      expect(lane.fault?.code).toBe(code);
      expect(keys(writer)).toEqual([]);
    }),
  );

  it('writes nothing on a full disk until there is room, and then goes on', () =>
    withRig(async ({ writer, lane, failing, disk, begins }) => {
      Object.assign(failing, { commits: 1, code: 'SQLITE_FULL' });
      disk.hasRoom = false;

      expect(await codeOf(lane.write(put('a')))).toBe('STORE_FULL');
      expect(await codeOf(lane.write(put('b')))).toBe('STORE_FULL');
      expect([lane.fault?.code, begins()]).toEqual(['STORE_FULL', 1]);

      disk.hasRoom = true;
      await lane.write(put('c'));
      expect(lane.fault).toBeUndefined();
      expect(keys(writer)).toEqual(['c']);
    }));

  it('tells of the fault that ends all writing, once', async () => {
    const told: string[] = [];
    const guard = (): void => {
      throw new StoreError('STORE_REPLACED', 'gone');
    };
    const writer = { inTransaction: false, run: () => 0, close: () => undefined } as unknown as Connection;
    const onFault = ({ code }: { readonly code: string }): void => void told.push(code);
    const begin = async (): Promise<void> => undefined;
    const lane = new WriteLane({ path: 'x', writer, begin, guard, hasRoom: () => true, onFault });

    for (const key of ['a', 'b']) expect(await codeOf(lane.write(put(key)))).toBe('STORE_REPLACED');

    expect(told).toEqual(['STORE_REPLACED']);
    await lane.drain();
  });

  it('answers every write, and takes no more, when not even a rollback works', async () => {
    const run = (sql: string): number => {
      if (sql === 'COMMIT' || sql === 'ROLLBACK') throw new RawError('SQLITE_IOERR_WRITE');
      return 0;
    };
    const writer = { inTransaction: true, run, close: () => undefined } as unknown as Connection;
    const lane = new WriteLane({
      path: 'x',
      writer,
      begin: async () => undefined,
      guard: () => undefined,
      hasRoom: () => true,
    });
    const writes = [lane.write(put('a')), lane.write(put('b'))];
    expect(await Promise.all(writes.map(codeOf))).toEqual(['STORE_IO', 'STORE_IO']);
    expect(await codeOf(lane.write(put('c')))).toBe('STORE_IO');
    await lane.drain();
  });
});
