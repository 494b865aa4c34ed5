import Database from 'better-sqlite3';
import { batchOfRows, KLINE, layoutOf, type CoverageRun } from '@kairos/domain';
import { openSqliteStore } from '@kairos/store-sqlite';
import { aDue, anEvidence, aRunRecord, aSeries, aTask, klineRow, klineRows, T0 } from '@kairos/testkit';

const MINUTE = 60_000;
const series = aSeries();
const layout = layoutOf(series);

/** When the planted store was last served: all its blocks are open, and nothing in it is due to be folded. */
export const SERVED_AT = T0 + 3 * 60 * MINUTE;
export const BLOCK = layout.blockOf(T0);
export const BLOCK_RANGE = layout.rangeOf(BLOCK);

/** A whole store: a chunk of 100 rows, five rows outside it, an absence with evidence, a task that ran twice. */
export async function wholeStore(path: string): Promise<void> {
  const store = await openSqliteStore({ path });
  await store.series.ensureSeries({ series });
  await store.series.commit({ series, part: klineRows(100) });
  await store.series.commit({ series, part: klineRows(5, T0 + 100 * MINUTE) });
  const empty: CoverageRun = {
    from: T0 + 105 * MINUTE,
    to: T0 + 110 * MINUTE,
    state: 'empty',
    reason: 'no_trade',
    evidence: 'evidence-1',
    grade: 1,
  };
  const forming: CoverageRun = {
    from: T0 + 110 * MINUTE,
    to: T0 + 111 * MINUTE,
    state: 'provisional',
    at: T0,
  };
  const part = { batch: batchOfRows(KLINE, [klineRow(forming.from)]), runs: [empty, forming] };
  await store.series.commit({ series, part, evidence: [anEvidence()] });
  const task = aTask({
    schedule: 'rate(1 hour)',
    lastRun: { runId: 'r', outcome: 'succeeded', slot: T0, endedAt: SERVED_AT, rows: 1 },
  });
  const due = aDue({ cursor: T0 + 120 * MINUTE, nextDue: T0 + 180 * MINUTE, fence: 3 });
  await store.tasks.create({ task, due });
  for (const hour of [0, 1, 2])
    await store.history.put({ record: aRunRecord({ slot: T0 + hour * 60 * MINUTE, fence: hour + 1 }) });
  await store.close();
}

/** Works on the file behind everybody's back. */
export function tamper(path: string, ...statements: readonly string[]): void {
  const db = new Database(path);
  try {
    for (const sql of statements) db.exec(sql);
  } finally {
    db.close();
  }
}
