import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aDue,
  anEvidence,
  aPart,
  aRunPart,
  aSeries,
  aTask,
  codeOf,
  klineRow,
  klineRows,
  T0,
} from '@kairos/testkit';
import { rowsOf, type CoverageRun } from '@kairos/domain';
import type { SeriesStore } from '@kairos/ports';
import { Bench } from './bench.test-support.ts';
import { Connection } from './connection.ts';

const MINUTE = 60_000;
const series = aSeries();
const { key } = series;
const at = (slot: number): number => T0 + slot * MINUTE;
const EVER = { from: at(-1_000), to: at(5_000) };

let bench: Bench;
let store: SeriesStore;

beforeEach(async () => {
  bench = new Bench();
  store = (await bench.open()).series;
  await store.ensureSeries({ series });
});
afterEach(() => bench.close());

const count = (table: string): number => bench.dump()[table]?.length ?? NaN;
const add = (to: SeriesStore, slot: number, n = 1) => to.commit({ series, part: klineRows(n, at(slot)) });

async function slotsIn(from: SeriesStore): Promise<number[]> {
  const slots: number[] = [];
  for await (const part of from.read({ key, range: EVER }))
    for (const ts of part.batch.ts) slots.push((ts - T0) / MINUTE);
  return slots;
}

describe('HotStage', () => {
  it('takes rows that another process brought meanwhile for known', async () => {
    const other = (await bench.open()).series;
    await add(store, 0);
    await add(other, 1);

    expect(await add(store, 1)).toMatchObject({ changed: false });
    expect(await add(store, 2)).toMatchObject({ changed: true });
    expect(await slotsIn(other)).toEqual([0, 1, 2]);
    expect([count('hot_page'), count('hot')]).toEqual([3, 0]);
  });

  it('knows after a restart what pages hold', async () => {
    await add(store, 0, 3);
    store = (await bench.reopen()).series;

    expect(await add(store, 2)).toMatchObject({ changed: false });
    expect(await slotsIn(store)).toEqual([0, 1, 2]);
  });

  it('leaves what other facts reach to a merge', async () => {
    const failed: CoverageRun = { from: at(3), to: at(6), state: 'failed', at: T0, attempts: 1, error: 'X' };
    await store.commit({ series, part: aRunPart(series, failed) });
    await add(store, 4);
    await add(store, 6);

    expect([count('hot_page'), count('hot')]).toEqual([1, 1]);
    expect((await store.coverage({ key, range: EVER })).map((run) => run.state)).toEqual([
      'failed',
      'present',
      'failed',
      'present',
    ]);
  });

  it('lets a lost lease stop a row, and the rows beside it stand', async () => {
    const { tasks } = await bench.open();
    await tasks.create({ task: aTask(), due: aDue() });
    const fence = { uid: aTask().uid, fence: aDue().fence + 7 };
    const lost = store.commit({ series, part: klineRows(1, at(1)), fence });
    const [, code] = await Promise.all([add(store, 0), codeOf(lost), add(store, 1)]);

    expect(code).toBe('LEASE_LOST');
    expect(await slotsIn(store)).toEqual([0, 1]);
  });

  it('keeps gathered rows when a merge beside them is refused', async () => {
    const bad = { ...klineRows(1, at(7)), runs: [] };
    const [, code] = await Promise.all([
      add(store, 0),
      codeOf(store.commit({ series, part: bad })),
      add(store, 1),
    ]);

    expect(code).toBe('STORE_BAD_INPUT');
    expect(await slotsIn(store)).toEqual([0, 1]);
  });

  it('lets a revision change a row in a page, and a fold keep it', async () => {
    await add(store, 0, 3);
    const from = klineRow(at(1));
    const to = { ...from, values: ['9', ...from.values.slice(1)] };
    const revision = { from, to, reason: 'x', at: T0 };
    const { revised } = await store.commit({
      series,
      part: aPart(series, [], []),
      revisions: [revision],
      evidence: [anEvidence()],
    });
    const opens = async (): Promise<unknown[]> => {
      const all: unknown[] = [];
      for await (const { batch } of store.read({ key, range: EVER }))
        for (const row of rowsOf(batch)) all.push(row.values[0]);
      return all;
    };
    const wanted = [klineRow(at(0)).values[0], '9', klineRow(at(2)).values[0]];

    expect(revised).toHaveLength(1);
    expect(await opens()).toEqual(wanted);
    await store.compact({ settledBefore: at(9_999), maxRows: 100 });
    expect(await opens()).toEqual(wanted);
    expect([count('hot_page'), count('hot'), count('chunk')]).toEqual([0, 0, 1]);
    expect(await store.commit({ series, part: aPart(series, [], []), revisions: [revision] })).toMatchObject({
      revised: [],
    });
  });

  it('moves what a neighbour with longer slots has in a folded page to single rows', async () => {
    const hourly = aSeries({ timeframe: '1h' });
    await store.ensureSeries({ series: hourly });
    const run: CoverageRun = { from: T0, to: T0 + 60 * MINUTE, state: 'present' };
    const neighbours = Array.from({ length: 3 }, (_, i) => aSeries({ instrument: `binance:N${i}/USDT` }));
    for (const s of neighbours) await store.ensureSeries({ series: s });
    await Promise.all([
      ...neighbours.map((s) => store.commit({ series: s, part: klineRows(1, at(0)) })),
      store.commit({ series: hourly, part: aPart(hourly, [klineRow(T0)], [run]) }),
    ]);
    expect(count('hot_page')).toBe(1);

    await store.compact({ settledBefore: at(1_500), maxRows: 100 });
    expect([count('hot_page'), count('hot'), count('span'), count('chunk')]).toEqual([0, 1, 1, 3]);
    expect(await store.coverage({ key: hourly.key, range: EVER })).toEqual([run]);
  });

  it('tells of a damaged page', async () => {
    await add(store, 0, 3);
    const db = new Connection(bench.path, { readonly: false, timeoutMs: 1_000 });
    db.exec("UPDATE hot_page SET body = x'0107'");
    db.close();

    const { inspector } = await bench.open();
    expect((await inspector.hotRows({ limit: 5 })).next).toBeDefined();
    const { next } = await inspector.hotRows({ limit: 5 });
    expect((await inspector.hotRows({ limit: 5, after: next })).items).toMatchObject([
      { ts: T0, fault: expect.stringContaining('damaged') as string },
    ]);
    expect(await codeOf(slotsIn(store))).toBe('STORE_CORRUPT');
  });
});
