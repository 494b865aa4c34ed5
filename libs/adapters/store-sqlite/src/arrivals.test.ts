import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aPart, aSeries, codeOf, klineRow, klineRows, T0 } from '@kairos/testkit';
import { rowsOf, type Row, type Series } from '@kairos/domain';
import type { SeriesStore } from '@kairos/ports';
import { Bench, pageOfVersion1 } from './bench.test-support.ts';
import { openClient } from './client.ts';
import { Connection } from './connection.ts';
import { openSqliteStore, storesOver } from './open-sqlite-store.ts';
import { ARRIVALS, firstIdOf } from './page-rows.ts';
import { MIGRATIONS } from './schema.ts';

const MINUTE = 60_000;
const EVER = { from: 0, to: Infinity };
/** Seven shards. */
const many = Array.from({ length: 100 }, (_, i) => aSeries({ instrument: `binance:A${i}/USDT` }));
const at = (slot: number): number => T0 + slot * MINUTE;

/** Of a kline, with two decimals. */
const INTS = [100, 300, 50, 200, 700, 900, 1_100];
const rowAtSlot = (slot: number): Row => ({
  ts: at(slot),
  values: ['1', '3', '0.5', '2', '7', '9', 1_100],
});

let bench: Bench;
let store: SeriesStore;

beforeEach(async () => {
  bench = new Bench();
  store = (await bench.open()).series;
  for (const series of many) await store.ensureSeries({ series });
});
afterEach(() => bench.close());

const isSorted = (page: unknown): boolean => (page as { id: number }).id < firstIdOf(ARRIVALS);

/** How many pages are sorted, and how many are not. */
function pages(): { readonly sorted: number; readonly waiting: number } {
  const all = bench.dump()['hot_page'] ?? [];
  const sorted = all.filter(isSorted).length;
  return { sorted, waiting: all.length - sorted };
}

/** One transaction: what all series bring from this slot on. */
const bring = (to: SeriesStore, slot: number, rows = 20): Promise<unknown> =>
  Promise.all(many.map((series) => to.commit({ series, part: klineRows(rows, at(slot)) })));

async function slotsOf(from: SeriesStore, { key }: Series): Promise<number[]> {
  const slots: number[] = [];
  for await (const { batch } of from.read({ key, range: EVER }))
    for (const row of rowsOf(batch)) {
      expect(row).toEqual(klineRow(row.ts));
      slots.push((row.ts - T0) / MINUTE);
    }
  return slots;
}

async function expectAll(from: SeriesStore, slots: number): Promise<void> {
  const wanted = Array.from({ length: slots }, (_, slot) => slot);
  for (const series of many) {
    expect(await slotsOf(from, series)).toEqual(wanted);
    expect(await from.coverage({ key: series.key, range: EVER })).toEqual([
      { from: at(0), to: at(slots), state: 'present' },
    ]);
  }
}

async function compactAll(from: SeriesStore): Promise<void> {
  for (let more = true; more;)
    ({ more } = await from.compact({ settledBefore: at(100_000), maxRows: 4_000 }));
}

/** So many rows that a round of sorting is under way. */
async function untilARound(): Promise<number> {
  let slot = 0;
  for (; pages().sorted === 0; slot += 20) await bring(store, slot);
  expect(pages().waiting).toBeGreaterThan(0);
  return slot;
}

describe('Arrivals', () => {
  it('lie in one page a transaction, small ones together, and are sorted a few shards at a time', async () => {
    await bring(store, 0, 1);
    await bring(store, 1, 1);
    expect(pages()).toEqual({ sorted: 0, waiting: 1 });
    await bring(store, 2, 18);
    const slots = [];
    for (let slot = 20; slot < 400; slot += 20) {
      await bring(store, slot);
      slots.push(pages());
    }

    expect(new Set(slots.map(({ sorted }) => sorted)).size).toBeGreaterThan(3);
    expect(Math.max(...slots.map(({ waiting }) => waiting))).toBeLessThanOrEqual(13);
    await expectAll(store, 400);
  });

  it('are read once, whether they lie in one tier or in two', async () => {
    const slots = await untilARound();
    await expectAll(store, slots);
    const { inspector } = await bench.open();
    const keys: string[] = [];
    let after: string | undefined;
    do {
      const page = await inspector.hotRows({ limit: 500, after });
      keys.push(...page.items.map((row) => `${row.key} ${row.ts}`));
      after = page.next;
    } while (after !== undefined);
    expect(keys).toHaveLength(slots * many.length);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('lose nothing and double nothing when the process goes in the midst of a round', async () => {
    const slots = await untilARound();
    store = (await bench.reopen()).series;
    await expectAll(store, slots);
    expect(
      await store.commit({ series: many[0] ?? aSeries(), part: klineRows(9, at(slots - 9)) }),
    ).toMatchObject({
      changed: false,
    });

    await bring(store, slots);
    await bring(store, slots + 20);
    await expectAll(store, slots + 40);
    await compactAll(store);
    await expectAll(store, slots + 40);
    expect(pages()).toEqual({ sorted: 0, waiting: 0 });
  });

  it('are sorted by two processes that take turns, and do not pile up', async () => {
    const other = (await bench.open()).series;
    let most = 0;
    for (let slot = 0; slot < 600; slot += 20) {
      await bring(slot % 40 === 0 ? store : other, slot);
      most = Math.max(most, pages().waiting);
    }

    expect(most).toBeLessThanOrEqual(13);
    await expectAll(other, 600);
  });

  it('stay as they are when a compaction that sorted them is undone', async () => {
    const slots = await untilARound();
    const db = new Connection(bench.path, { readonly: false, timeoutMs: 1_000 });
    const sql = 'SELECT id, body FROM hot_page WHERE id < ? ORDER BY id DESC LIMIT 1';
    const kept = db.get<{ id: number; body: Uint8Array }>(sql, firstIdOf(ARRIVALS));
    db.run("UPDATE hot_page SET body = x'0107' WHERE id = ?", kept?.id ?? 0);
    const before = pages();
    expect(await codeOf(store.compact({ settledBefore: at(100_000), maxRows: 4_000 }))).toBe('STORE_CORRUPT');
    expect(pages()).toEqual(before);
    db.run('UPDATE hot_page SET body = ? WHERE id = ?', kept?.body ?? null, kept?.id ?? 0);
    db.close();

    store = (await bench.reopen()).series;
    await bring(store, slots);
    await compactAll(store);
    await expectAll(store, slots + 20);
  });

  it('are sorted when they waited for long, or their block is over, and only then', async () => {
    await bring(store, 0, 1);
    const compactAt = (slot: number) => store.compact({ settledBefore: at(slot), maxRows: 4_000 });
    await compactAt(60);
    expect(pages()).toEqual({ sorted: 0, waiting: 1 });
    await compactAt(62);
    expect(pages()).toEqual({ sorted: 7, waiting: 0 });

    const [series = aSeries()] = many;
    const blockEnd = Math.ceil(T0 / (1_000 * MINUTE)) * 1_000 * MINUTE;
    await store.commit({ series, part: klineRows(1, blockEnd - MINUTE) });
    await store.compact({ settledBefore: blockEnd - 1, maxRows: 4_000 });
    expect(pages()).toMatchObject({ waiting: 1 });
    await store.compact({ settledBefore: blockEnd, maxRows: 4_000 });
    expect(pages()).toMatchObject({ waiting: 0 });
  });

  it('follow what a file of format 4 holds in pages and in single rows', async () => {
    const [series = aSeries()] = many;
    const path = `${bench.path}.4`;
    const file = await openClient({ path }, MIGRATIONS.slice(0, 4));
    const older = storesOver(file).series;
    await older.ensureSeries({ series });
    const open = { from: at(2), to: at(3), state: 'provisional' as const, at: at(2) };
    await older.commit({ series, part: aPart(series, [rowAtSlot(2)], [open]) });
    await file.close();
    const db = new Connection(path, { readonly: false, timeoutMs: 1_000 });
    const rows = [0, 1].map((slot) => ({ series: 1, ts: at(slot), ints: INTS }));
    const put = 'INSERT INTO hot_page (id, from_ts, to_ts, body) VALUES (1, ?, ?, ?)';
    db.run(put, at(0), at(1) + 1, pageOfVersion1(INTS.length, rows));
    db.close();

    const { series: newer, close } = await openSqliteStore({ path });
    const rowsNow = async (): Promise<Row[]> => {
      const found: Row[] = [];
      for await (const { batch } of newer.read({ key: series.key, range: EVER }))
        for (const { ts, values } of rowsOf(batch)) found.push({ ts, values });
      return found;
    };
    expect(await rowsNow()).toEqual([0, 1, 2].map(rowAtSlot));
    const more = [2, 3, 4];
    for (const slot of more)
      await newer.commit({
        series,
        part: aPart(series, [rowAtSlot(slot)], [{ from: at(slot), to: at(slot + 1), state: 'present' }]),
      });
    expect(await rowsNow()).toEqual([0, 1, 2, 3, 4].map(rowAtSlot));
    await compactAll(newer);
    expect(await rowsNow()).toEqual([0, 1, 2, 3, 4].map(rowAtSlot));
    await close();
  });
});
