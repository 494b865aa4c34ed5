import { aDue, aSeries, aTask, klineRows, storeInspectorContract, T0 } from '@kairos/testkit';
import { renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layoutOf } from '@kairos/domain';
import { Bench } from './bench.test-support.ts';
import { Connection } from './connection.ts';
import type { SqliteStore } from './open-sqlite-store.ts';

storeInspectorContract('sqlite', {
  open: async () => {
    const bench = new Bench();
    const { inspector, tasks, series, budget } = await bench.open();
    return { inspector, tasks, series, budget, dump: async () => bench.dump(), close: () => bench.close() };
  },
});

describe('SqliteInspector, of a file that somebody tampered with', () => {
  const series = aSeries();
  const block = layoutOf(series).blockOf(T0);
  let bench: Bench;
  let store: SqliteStore;

  beforeEach(async () => {
    bench = new Bench();
    store = await bench.open();
    await store.tasks.create({ task: aTask(), due: aDue() });
    await store.series.ensureSeries({ series });
    await store.series.commit({ series, part: klineRows(40) });
    const item = { scope: 'default|a/api', win: 7, used: 1, foreign: 0, banUntil: 0, v: 0 };
    await store.budget.put({ item, expectedV: 0 });
  });
  afterEach(() => bench.close());

  function tamper(sql: string): void {
    const db = new Connection(bench.path, { readonly: false, timeoutMs: 1_000 });
    try {
      db.exec(sql);
    } finally {
      db.close();
    }
  }

  it('tells of a due item without its task, and of a document that cannot be read', async () => {
    const { uid } = aTask();
    tamper(`UPDATE task SET doc = '{'`);
    expect((await store.inspector.holding({ uid })).faults).toHaveLength(1);
    expect(await store.inspector.holding({ uid })).toMatchObject({ task: undefined });
    tamper('DELETE FROM task');
    expect((await store.inspector.holdings({ limit: 5 })).items).toMatchObject([
      { uid, task: undefined, due: aDue(), faults: [] },
    ]);
  });

  it('shows what it can of a chunk whose bytes are damaged, and says what it cannot', async () => {
    tamper(`UPDATE chunk SET body = CAST(substr(body, 1, length(body) - 5) || x'0000000000' AS BLOB)`);

    const { chunk } = await store.inspector.block({ key: series.key, block });
    expect(chunk).toMatchObject({ stated: 40, rows: undefined });
    expect(chunk?.states).toMatchObject([{ state: 'present' }]);
    expect(chunk?.faults).toHaveLength(1);
  });

  it('tells of a part of a block that nobody reads', async () => {
    tamper('UPDATE chunk SET part = 3');

    expect((await store.inspector.block({ key: series.key, block })).chunk?.faults).toEqual([
      'part 3 of the block is read by nobody',
    ]);
  });

  it('tells of a row of no known series, and of one that cannot be read', async () => {
    tamper(`INSERT INTO hot (ts, series, tie, body) VALUES (1, 77, '', '[]'), (2, 77, '', '{')`);

    expect((await store.inspector.hotRows({ limit: 5 })).items).toMatchObject([
      { key: undefined, ts: 1, run: undefined, fault: undefined },
      { key: undefined, ts: 2, fault: expect.stringContaining('JSON') as string },
    ]);
  });

  it('tells of a budget that cannot be read, and of one that contradicts its columns', async () => {
    tamper(`UPDATE budget SET v = 9`);
    expect((await store.inspector.budgets()).map((b) => b.fault)).toEqual([
      'the item says otherwise than its columns',
    ]);
    tamper(`UPDATE budget SET doc = '{'`);
    expect(await store.inspector.budgets()).toMatchObject([
      { scope: 'default|a/api', item: undefined, fault: expect.stringContaining('JSON') as string },
    ]);
  });

  it('tells that another file, or none, lies at the path', async () => {
    renameSync(bench.path, `${bench.path}.away`);

    expect(await store.inspector.container({ deep: false })).toMatchObject([{ code: 'replaced' }]);
  });
});
