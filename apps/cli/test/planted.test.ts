import {
  copyFileSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
  statSync,
  openSync,
  writeSync,
  closeSync,
  renameSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkStore,
  createSampler,
  MAX_LEASE_MS,
  SKEW_MS,
  type CheckCounts,
  type Violation,
} from '@kairos/fsck';
import * as scheduler from '@kairos/scheduler';
import { openSqliteStore } from '@kairos/store-sqlite';
import { FakeClock, T0 } from '@kairos/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BLOCK, BLOCK_RANGE, SERVED_AT, tamper, wholeStore } from './planted.ts';

const MINUTE = 60_000;
const LATER = SERVED_AT + 24 * 60 * MINUTE;
let home: string;
let whole: string;
let path: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'kairos-planted-'));
  whole = join(home, 'whole.sqlite');
  await wholeStore(whole);
});
afterAll(() => rmSync(home, { recursive: true }));
beforeEach(() => {
  path = join(home, 'planted.sqlite');
  copyFileSync(whole, path);
});
afterEach(() => {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
});

async function check(now = SERVED_AT): Promise<{ found: Violation[]; counts: CheckCounts }> {
  const store = await openSqliteStore({ path, readOnly: true });
  try {
    const look = checkStore({ ...store, clock: new FakeClock({ now: now - 1, autoAdvance: true }) });
    const found: Violation[] = [];
    for await (const v of look) found.push(v);
    return { found, counts: look.counts };
  } finally {
    await store.close();
  }
}

const setDoc = (table: string, field: string, value: string): string =>
  `UPDATE ${table} SET doc = json_set(doc, '$.${field}', json('${value}'))`;
const hot = (ts: number, seriesId = 1): string =>
  `INSERT OR REPLACE INTO hot (ts, series, tie, body) VALUES (${ts}, ${seriesId}, '', '["1","2","1","1","1",null,1]')`;
const span = (from: number, to: number, facts: string): string =>
  `INSERT INTO span (series, from_ts, to_ts, facts) VALUES (1, ${from}, ${to}, '${facts}')`;

describe('a SQLite store', () => {
  it('is whole when nothing was planted, also long after its server stopped', async () => {
    expect(await check()).toEqual({
      found: [],
      counts: { series: 1, blocks: 1, rows: 106, tasks: 1, runs: 3 },
    });
    expect((await check(LATER)).found).toEqual([]);
  });

  it.each<[string, readonly string[], string]>([
    ['a chunk cut short', ['UPDATE chunk SET body = substr(body, 1, 40)'], 'chunk_unreadable'],
    [
      'a flipped byte in a chunk',
      ["UPDATE chunk SET body = CAST(substr(body, 1, 40) || x'00' || substr(body, 42) AS BLOB)"],
      'chunk_unreadable',
    ],
    ['states that cannot be read', ["UPDATE chunk SET states = x'00'"], 'chunk_unreadable'],
    ['a part that no reader asks for', ['UPDATE chunk SET part = 1'], 'chunk_unreadable'],
    ['a count that is not the rows’', ['UPDATE chunk SET n = 99'], 'chunk_count_differs'],
    ['a chunk under another block', ['UPDATE chunk SET block = block + 1'], 'key_outside_block'],
    [
      'a row in both tiers',
      [hot(T0 + MINUTE), span(T0 + MINUTE, T0 + 2 * MINUTE, '{"state":"present"}')],
      'key_twice',
    ],
    ['a row without a state', [hot(T0 + 120 * MINUTE)], 'row_without_run'],
    ['a row where coverage says empty', [hot(T0 + 107 * MINUTE)], 'row_without_run'],
    ['a row of no series', [hot(T0, 77)], 'hot_astray'],
    ['a row between two slots', [hot(T0 + 101 * MINUTE + 1)], 'hot_off_grid'],
    ['a row that is no row', ["UPDATE hot SET body = '['"], 'hot_unreadable'],
    ['a lost row outside the chunk', [`DELETE FROM hot WHERE ts = ${T0 + 102 * MINUTE}`], 'slot_without_row'],
    ['a lost forming row', [`DELETE FROM hot WHERE ts = ${T0 + 110 * MINUTE}`], 'slot_without_row'],
    [
      'a lost chunk',
      ['DELETE FROM chunk', span(T0, T0 + 100 * MINUTE, '{"state":"present"}')],
      'slot_without_row',
    ],
    ['facts that overlap', [`UPDATE span SET to_ts = to_ts + 60000`], 'runs_disordered'],
    ['facts that cannot be read', ["UPDATE span SET facts = '{'"], 'run_unknown'],
    ['lost evidence', ['DELETE FROM evidence'], 'evidence_missing'],
    ['a key of another realm', ["UPDATE series SET key = 'live' || substr(key, 10)"], 'store_differs'],
    ['a record of another realm', [setDoc('series', 'realm', '"live"')], 'series_realm_differs'],
    [
      'a record of another instrument',
      [setDoc('series', 'instrument', '"binance:X/Y"')],
      'series_key_differs',
    ],
    ['rows of a forgotten series', ['UPDATE evidence SET series = 9'], 'store_differs'],
    ['a task without a due item', ['DELETE FROM due'], 'task_without_due'],
    ['a due item without a task', ['DELETE FROM task'], 'due_without_task'],
    ['a task that is no task', ["UPDATE task SET doc = '{'"], 'task_unreadable'],
    ['a column that contradicts its document', ["UPDATE task SET status = 'stopped'"], 'store_differs'],
    ['an active task with nothing planned', ['UPDATE due SET next_due = NULL'], 'task_asleep'],
    ['a stopped task with something planned', [setDoc('task', 'status', '"stopped"')], 'due_without_work'],
    ['a cursor ahead of time', [`UPDATE due SET cursor = ${T0 + 300 * MINUTE}`], 'cursor_ahead'],
    ['a fence that went back', ['UPDATE due SET fence = 2'], 'fence_behind'],
    ['a lost line of history', [`DELETE FROM history WHERE fence = 2`], 'slot_unaccounted'],
    ['a line left running', [setDoc('history', 'outcome', '"running"')], 'run_orphaned'],
    ['history that cannot be read', ["UPDATE history SET doc = '{' WHERE fence = 2"], 'store_unreadable'],
    [
      'a slot that succeeded twice',
      [
        `INSERT INTO history SELECT uid, kind, slot, 3, started_at, 0, json_set(doc, '$.fence', 3, '$.startedAt', ${SERVED_AT}) FROM history WHERE fence = 1`,
      ],
      'slot_twice',
    ],
    [
      'a task’s series that is not kept',
      [setDoc('task', 'series', '[{"seriesKey":"lost"}]')],
      'task_series_missing',
    ],
    [
      'a lease without end',
      [
        `UPDATE due SET active = '{"kind":"s","slot":${T0 + 120 * MINUTE},"owner":"a#b","until":${SERVED_AT * 2},"notBefore":0,"skipped":null}'`,
      ],
      'lease_too_long',
    ],
  ])('tells of %s', async (_what, statements, code) => {
    tamper(path, 'PRAGMA foreign_keys = OFF', ...statements);

    expect((await check()).found.map((v) => v.code)).toContain(code);
  });

  it('tells of final rows that were never folded', async () => {
    const served = BLOCK_RANGE.to + 60 * MINUTE;
    tamper(path, setDoc('task', 'lastRun.endedAt', String(served)));

    expect((await check(served)).found).toMatchObject([
      { code: 'hot_stale', severity: 'warning', n: 5, where: { block: BLOCK, ts: T0 + 100 * MINUTE } },
    ]);
  });

  it('tells of damaged pages', async () => {
    const size = statSync(path).size;
    const file = openSync(path, 'r+');
    for (let at = 4096 * 2; at < size; at += 4096) writeSync(file, Buffer.alloc(64, 0xab), 0, 64, at);
    closeSync(file);

    const codes = (await check()).found.map((v) => v.code);
    expect(codes.some((code) => code === 'store_damaged' || code === 'store_unreadable')).toBe(true);
  });
});

describe('the sample of a SQLite store', () => {
  it('sees that the file at the path is another', async () => {
    const store = await openSqliteStore({ path });
    const sampler = createSampler(store);
    const before = await sampler.step(SERVED_AT);
    renameSync(path, `${path}.aside`);
    writeFileSync(path, '');
    const after = await sampler.step(SERVED_AT);
    await store.close();
    rmSync(`${path}.aside`);

    expect(before).toEqual([]);
    expect(after).toMatchObject([{ code: 'store_replaced' }]);
  });

  it('sees a foreign mark', async () => {
    const store = await openSqliteStore({ path });
    const sampler = createSampler(store);
    tamper(path, 'PRAGMA application_id = 7');

    expect(await sampler.step(SERVED_AT)).toMatchObject([{ code: 'store_foreign' }]);
    await store.close();
  });
});

describe('the limits of the checks', () => {
  it('are those of the scheduler', () => {
    expect([MAX_LEASE_MS, SKEW_MS]).toEqual([scheduler.MAX_LEASE_MS, scheduler.SKEW_MS]);
  });
});
