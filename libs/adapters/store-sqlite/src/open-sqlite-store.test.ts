import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aDue, aFinding, aRunRecord, aSeries, aTask, codeOf, klineRows, T0 } from '@kairos/testkit';
import { openClient } from './client.ts';
import { Connection } from './connection.ts';
import { openSqliteStore, storesOver, type SqliteStore } from './open-sqlite-store.ts';
import { APPLICATION_ID, latestOf, MIGRATIONS } from './schema.ts';

let folder: string;
let path: string;
const opened: SqliteStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kairos-open-'));
  path = join(folder, 'data', 'deep', 'kairos.db');
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  rmSync(folder, { recursive: true });
});

async function open(options: { readOnly?: boolean; busyTimeoutMs?: number } = {}): Promise<SqliteStore> {
  const store = await openSqliteStore({ path, ...options });
  opened.push(store);
  return store;
}

/** Works on the file with another connection. */
function tamper(work: (db: Connection) => void): void {
  const db = new Connection(path, { readonly: false, timeoutMs: 50 });
  try {
    work(db);
  } finally {
    db.close();
  }
}

const create = (store: SqliteStore, n = 1) =>
  store.tasks.create({ task: aTask({ uid: `uid-${n}`, taskId: `t-${n}` }), due: aDue({ uid: `uid-${n}` }) });

describe('openSqliteStore', () => {
  it('makes folders and a file that its owner alone may read', async () => {
    await create(await open());

    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  it('marks the file, logs ahead, and flushes each commit', async () => {
    const client = await openClient({ path });
    const pragmas = await client.write((db) =>
      ['application_id', 'user_version', 'synchronous', 'foreign_keys'].map((name) =>
        db.number(`PRAGMA ${name}`),
      ),
    );
    const mode = client.read((db) => db.get<{ journal_mode: string }>('PRAGMA journal_mode')?.journal_mode);
    await client.close();

    expect(pragmas).toEqual([APPLICATION_ID, latestOf(MIGRATIONS), 2, 1]);
    expect(mode).toBe('wal');
  });

  it('closes all ports together, and waits for writes under way', async () => {
    const store = await open();
    const writing = create(store);
    await store.close();

    expect((await writing).created).toBe(true);
    expect(await codeOf(store.tasks.get({ taskId: 't-1' }))).toBe('STORE_CLOSED');
    expect(await codeOf(store.history.list({ uid: 'x', limit: 1 }))).toBe('STORE_CLOSED');
    expect(await codeOf(store.series.getSeries({ key: 'x' }))).toBe('STORE_CLOSED');
    expect((await (await open()).tasks.get({ taskId: 't-1' }))?.uid).toBe('uid-1');
  });

  it('serves readers while another transaction writes', async () => {
    const store = await open();
    await create(store);
    tamper((db) => {
      db.exec("BEGIN IMMEDIATE; INSERT INTO meta VALUES ('held', 'yes')");
    });
    expect((await store.tasks.get({ taskId: 't-1' }))?.uid).toBe('uid-1');
  });

  it('opens for reading without a write, and refuses writes', async () => {
    await create(await open());
    const store = await open({ readOnly: true });

    expect((await store.tasks.get({ taskId: 't-1' }))?.uid).toBe('uid-1');
    expect(await codeOf(create(store, 2))).toBe('STORE_READ_ONLY');
    expect(store.health()).toEqual({ ok: true });
  });

  it('refuses to read what is not there', async () => {
    expect(await codeOf(open({ readOnly: true }))).toMatch(/^STORE_/);
  });

  it.each([':memory:', ''])('refuses the path %j', async (odd) => {
    expect(await codeOf(openSqliteStore({ path: odd }))).toBe('STORE_BAD_INPUT');
  });

  it('refuses a file of a later format, and leaves it as it is', async () => {
    await (await open()).close();
    tamper((db) => db.exec('PRAGMA user_version = 99'));

    expect(await codeOf(open())).toBe('STORE_NEWER');
    tamper((db) => expect(db.number('PRAGMA user_version')).toBe(99));
  });

  it('refuses a file that is no database', async () => {
    await (await open()).close();
    writeFileSync(path, 'date,open,high\n'.repeat(500));

    expect(await codeOf(open())).toBe('STORE_CORRUPT');
  });

  it("refuses another program's database", async () => {
    await (await open()).close();
    rmSync(path);
    writeFileSync(path, '');
    tamper((db) => db.exec('CREATE TABLE songs (title TEXT)'));

    expect(await codeOf(open())).toBe('STORE_CORRUPT');
    tamper((db) => expect(db.number('SELECT count(*) FROM sqlite_schema')).toBe(1));
  });

  it('refuses a folder in place of the file', async () => {
    expect(await codeOf(openSqliteStore({ path: folder }))).toBe('STORE_READ_ONLY');
  });

  it('says who is in the way when another process holds the file', async () => {
    const store = await open({ busyTimeoutMs: 0 });
    const holder = new Connection(path, { readonly: false, timeoutMs: 50 });
    holder.exec('BEGIN IMMEDIATE');
    try {
      expect(await codeOf(create(store))).toBe('STORE_LOCKED');
    } finally {
      holder.exec('ROLLBACK');
      holder.close();
    }
    expect(store.health()).toEqual({ ok: true });
    expect((await create(store)).created).toBe(true);
  });

  it('waits for a holder that finishes in time', async () => {
    const store = await open();
    const holder = new Connection(path, { readonly: false, timeoutMs: 50 });
    holder.exec('BEGIN IMMEDIATE');
    const writing = create(store);
    // The write's first try blocks inside SQLite, so this runs after it was refused.
    const release = new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    await release;
    holder.exec('COMMIT');
    holder.close();

    expect((await writing).created).toBe(true);
  });
});

describe('a store whose disk fails', () => {
  it('turns unhealthy when the disk is full, keeps what it had, reads, and goes on once there is room', async () => {
    const client = await openClient({ path });
    const store = storesOver(client);
    opened.push(store);
    const series = aSeries();
    await store.series.ensureSeries({ series });
    await create(store);
    await client.write((db) => db.exec(`PRAGMA max_page_count = ${db.number('PRAGMA page_count') + 1}`));

    expect(await codeOf(store.series.commit({ series, part: klineRows(30_000) }))).toBe('STORE_FULL');

    expect(store.health()).toMatchObject({ ok: false, code: 'STORE_FULL' });
    expect((await store.tasks.get({ taskId: 't-1' }))?.uid).toBe('uid-1');
    expect(await store.series.coverage({ key: series.key, range: { from: 0, to: 2 * T0 } })).toEqual([]);

    await client.write((db) => db.exec('PRAGMA max_page_count = 1000000'));
    expect(store.health()).toEqual({ ok: true });
    expect(await store.series.commit({ series, part: klineRows(30_000) })).toMatchObject({ changed: true });
  });

  it.each(['replaced', 'gone'])('acknowledges nothing once the file is %s', async (what) => {
    const store = await open();
    await create(store);
    renameSync(path, `${path}.old`);
    if (what === 'replaced') copyFileSync(`${path}.old`, path);

    expect(await codeOf(create(store, 2))).toBe('STORE_REPLACED');
    renameSync(`${path}.old`, path);
    expect(await codeOf(create(store, 2))).toBe('STORE_REPLACED');
    expect(store.health()).toMatchObject({ ok: false, code: 'STORE_REPLACED' });
  });

  it('acknowledges nothing once its log is gone, and loses nothing of it', async () => {
    const store = await open();
    await create(store);
    rmSync(`${path}-wal`);

    expect(await codeOf(create(store, 2))).toBe('STORE_REPLACED');
    await store.close();
    expect((await (await open()).tasks.get({ taskId: 't-1' }))?.uid).toBe('uid-1');
  });

  it('leaves no log behind for the file that took its place', async () => {
    const store = await open();
    await create(store);
    renameSync(path, `${path}.old`);
    writeFileSync(path, 'another');

    expect(await codeOf(create(store, 2))).toBe('STORE_REPLACED');

    expect(statSync(`${path}-wal`).size).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('another');
    await store.close();
    renameSync(`${path}.old`, path);
    expect((await (await open()).tasks.get({ taskId: 't-1' }))?.uid).toBe('uid-1');
  });

  it.each([0, 8_192])('acknowledges nothing once the file is cut to %i bytes', async (size) => {
    const store = await open();
    await create(store);
    await create(store, 2);
    tamper((db) => db.get('PRAGMA wal_checkpoint(FULL)'));
    await create(store, 3);
    truncateSync(path, size);

    expect(await codeOf(create(store, 4))).toBe('STORE_CORRUPT');
    expect(store.health()).toMatchObject({ ok: false, code: 'STORE_CORRUPT' });
  });

  it('takes a vacuum for what it is', async () => {
    const store = await open();
    const series = aSeries();
    await store.series.ensureSeries({ series });
    await store.series.commit({ series, part: klineRows(30_000) });
    tamper((db) => db.exec('DELETE FROM chunk; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)'));

    expect((await create(store)).created).toBe(true);
    expect((await create(store, 2)).created).toBe(true);
  });

  it('acknowledges nothing once another process upgraded the file', async () => {
    const store = await open();
    tamper((db) => db.exec(`PRAGMA user_version = ${latestOf(MIGRATIONS) + 1}`));

    expect(await codeOf(create(store))).toBe('STORE_NEWER');
  });

  it('reports a damaged chunk as corrupt', async () => {
    const store = await open();
    const series = aSeries();
    await store.series.ensureSeries({ series });
    await store.series.commit({ series, part: klineRows(500) });
    tamper((db) => db.exec("UPDATE chunk SET body = x'00ff00ff'"));

    const reading = (async () => {
      for await (const part of store.series.read({ key: series.key, range: { from: 0, to: 2 * T0 } }))
        void part;
    })();
    expect(await codeOf(reading)).toBe('STORE_CORRUPT');
    expect(store.health()).toMatchObject({ ok: false, code: 'STORE_CORRUPT' });
    expect(await codeOf(create(store))).toBe('STORE_CORRUPT');
  });
});

describe('migrations', () => {
  const LATEST = latestOf(MIGRATIONS);
  const NEXT = [
    ...MIGRATIONS,
    { version: LATEST + 1, sql: 'CREATE TABLE extra (x INTEGER) STRICT; INSERT INTO extra VALUES (7)' },
  ];
  const BROKEN = [
    ...MIGRATIONS,
    { version: LATEST + 1, sql: 'CREATE TABLE extra (x INTEGER) STRICT; CREATE NONSENSE' },
  ];

  it('make one of findings of format 2 that say the same, and know what histories take', async () => {
    const older = await openClient({ path }, MIGRATIONS.slice(0, 2));
    const series = aSeries();
    await storesOver(older).series.ensureSeries({ series });
    await storesOver(older).history.put({ record: aRunRecord() });
    await older.close();
    const first = aFinding({ detail: 'quote \" 中文' });
    const kept = [first, aFinding({ ts: T0 + 1, at: T0 - 5 })];
    tamper((db) => {
      for (const [i, f] of [first, { ...first, at: T0 + 9, runId: 'other' }, kept[1]].entries())
        db.run(
          'INSERT INTO finding (series, hash, at, doc) VALUES (1, ?, ?, ?)',
          `h${i}`,
          f?.at ?? 0,
          JSON.stringify(f),
        );
    });

    const store = await open();

    expect(await store.series.findings({ key: series.key, limit: 9 })).toEqual(kept);
    const usage = [await store.upkeep.runs.usage(), await store.upkeep.findings.usage()];
    expect(usage).toMatchObject([
      { records: 1, oldest: T0 },
      { records: 2, oldest: T0 - 5 },
    ]);
    expect(await store.inspector.container({ deep: true })).toEqual([]);
  });

  it('bring an older file to the latest format once, with its data', async () => {
    await create(await open());
    await opened[0]?.close();

    for (let time = 0; time < 2; time += 1) {
      const client = await openClient({ path }, NEXT);
      expect(
        client.read((db) => [db.number('PRAGMA user_version'), db.number('SELECT sum(x) FROM extra')]),
      ).toEqual([LATEST + 1, 7]);
      expect((await storesOver(client).tasks.get({ taskId: 't-1' }))?.uid).toBe('uid-1');
      await client.close();
    }
    expect(await codeOf(open())).toBe('STORE_NEWER');
  });

  it('take effect whole or not at all', async () => {
    await (await open()).close();

    expect(await codeOf(openClient({ path }, BROKEN))).toBe('STORE_UNEXPECTED');

    tamper((db) => {
      expect(db.number('PRAGMA user_version')).toBe(LATEST);
      expect(db.number("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'")).toBe(0);
    });
  });

  it('ask for a writer where a reader meets an older file', async () => {
    await (await open()).close();
    expect(await codeOf(openClient({ path, readOnly: true }, NEXT))).toBe('STORE_READ_ONLY');
  });
});
