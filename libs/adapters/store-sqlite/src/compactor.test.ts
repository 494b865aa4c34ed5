import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aSeries, klineRows, T0 } from '@kairos/testkit';
import type { SeriesStore } from '@kairos/ports';
import { Bench } from './bench.test-support.ts';
import { Compactor, type CompactionSlice } from './compactor.ts';
import { Connection } from './connection.ts';
import { HotStage } from './hot-stage.ts';
import { SeriesRegistry } from './series-registry.ts';

const MINUTE = 60_000;
const SETTLED = T0 + 10_000 * MINUTE;
const ROWS = 300;
const PART = 30;
const many = Array.from({ length: 5 }, (_, i) => aSeries({ instrument: `binance:C${i}/USDT` }));

let bench: Bench;
let store: SeriesStore;
let db: Connection;
let era: number;
let ms: number;
let compactor: Compactor;

beforeEach(async () => {
  bench = new Bench();
  store = (await bench.open()).series;
  for (const series of many) await store.ensureSeries({ series });
  for (let slot = 0; slot < ROWS; slot += PART) {
    const part = klineRows(PART, T0 + slot * MINUTE);
    await Promise.all(many.map((series) => store.commit({ series, part })));
  }
  db = new Connection(bench.path, { readonly: false, timeoutMs: 1_000 });
  const registry = new SeriesRegistry();
  [era, ms] = [0, 0];
  compactor = new Compactor({
    seriesOf: (c, id) => registry.byId(c, id),
    era: () => era,
    sortIf: (c, isDue) => new HotStage().sortIf(c, isDue),
    nowMs: () => (ms += 10),
  });
});
afterEach(async () => {
  db.close();
  await bench.close();
});

const count = (table: string): number => db.number(`SELECT count(*) FROM ${table}`);

function slice(end: 'COMMIT' | 'ROLLBACK' = 'COMMIT', settledBefore = SETTLED): CompactionSlice {
  db.run('BEGIN IMMEDIATE');
  const done = compactor.run(db, { settledBefore, maxRows: 100_000 });
  db.run(end);
  if (end === 'ROLLBACK') era += 1;
  return done;
}

async function rowsIn(series: (typeof many)[number]): Promise<number> {
  let rows = 0;
  for await (const { batch } of store.read({ key: series.key, range: { from: 0, to: Infinity } }))
    rows += batch.n;
  return rows;
}

describe('Compactor', () => {
  it('ends a slice between two series once it took long, and goes on from there', async () => {
    expect(slice()).toEqual({ rows: 3 * ROWS, more: true });
    expect(count('hot_page')).toBe(1);
    expect(slice()).toEqual({ rows: 2 * ROWS, more: false });
    expect([count('hot_page'), count('hot'), count('span')]).toEqual([0, 0, 0]);
    for (const series of many) expect(await rowsIn(series)).toBe(ROWS);
  });

  it('takes up in the next slice nothing that went with a rollback', () => {
    slice();
    db.run('DELETE FROM hot_page');
    era += 1;
    const chunks = count('chunk');

    expect(slice().rows).toBe(0);
    expect(count('chunk')).toBe(chunks);
  });

  it('keeps every row where slices are rolled back', async () => {
    slice('ROLLBACK');
    slice();
    slice('ROLLBACK');
    const hoursLater = SETTLED + 2 * 3_600_000;
    for (let more = true; more;) ({ more } = slice('COMMIT', hoursLater));

    for (const series of many) expect(await rowsIn(series)).toBe(ROWS);
    expect([count('hot_page'), count('hot')]).toEqual([0, 0]);
  });
});
