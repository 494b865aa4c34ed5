import { batchOfRows, KLINE } from '@kairos/domain';
import { klineRow } from '@kairos/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { calm, crashed, inMemory, inSqlite, type CrashJob, type Vessel } from './testing/crash-job.ts';
import { CRASH_MODES } from './testing/crash.ts';
import { hasRecordings, recordedBatch } from './testing/recorded.ts';

if (!hasRecordings)
  console.warn('recorded candles are not beside the project: the crash points of their job are skipped');

const HOUR = 3_600_000;
const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 10);
const SEED = Number(process.env['KAIROS_TEST_SEED'] ?? 5);
/** Every n-th crash point, beginning at a seeded one; 1 is all of them. Unset: as many as are quickly done. */
const STRIDE = Number(process.env['KAIROS_TEST_CRASH_STRIDE'] ?? 0);
const LIMIT_MS = 4 * 3_600_000;

/** Two outages: one inside a page, one over the bound of two. */
const small = (hours: number): CrashJob['truth'] => {
  const rows = Array.from({ length: hours }, (_, i) => i)
    .filter((i) => ![30, 31, 98, 99, 100, 101].includes(i))
    .map((i) => klineRow(START + i * HOUR));
  const batch = batchOfRows(KLINE, rows);
  return new Map([
    ['BTC/USDT', batch],
    ['ETH/USDT', batch],
  ]);
};

const SMALL: CrashJob = {
  truth: small(250),
  timeframe: '1h',
  span: { from: START, to: START + 250 * HOUR },
  pageSize: 100,
  batchSize: 40,
  now: START + 40 * 24 * HOUR,
  until: 0,
  turnMs: 20_000,
  sample: undefined,
};

/** No end: begins with a day of backfill, and five more bars close while it is looked after. */
const LIVE: CrashJob = {
  ...SMALL,
  truth: small(60),
  span: { from: START + 12 * HOUR, to: null },
  now: START + 36 * HOUR + 20 * MINUTE,
  until: START + 41 * HOUR + 20 * MINUTE,
  turnMs: 5 * MINUTE,
};

/** Four symbols, five years of hours; one symbol is listed three years after the others. */
function recordedJob(): CrashJob {
  const symbols = ['BTC/USDT', 'ETH/USDT', 'BNB/USDT', 'SOL/USDT'];
  const truth = new Map(symbols.map((symbol) => [symbol, recordedBatch(symbol.replace('/', ''), '1h')]));
  const stamps = truth.get('BTC/USDT')?.ts;
  const [from, last] = [stamps?.[0] ?? 0, stamps?.at(-1) ?? 0];
  const now = last + 30 * 24 * HOUR;
  return {
    ...SMALL,
    truth,
    span: { from, to: last + HOUR },
    pageSize: 1_000,
    batchSize: null,
    now,
    sample: 4,
  };
}

/** Fails the job at every n-th of its (call, mode) pairs; answers how many there were. */
async function enumerate(job: CrashJob, vessel: Vessel, defaultStride: number): Promise<string> {
  const { calls, facts } = await calm(job, vessel);
  const points = calls.flatMap((name, i) => CRASH_MODES.map((mode) => ({ at: i + 1, mode, name })));
  const stride = STRIDE || defaultStride;
  const begun = Date.now();
  let n = 0;
  for (let i = SEED % stride; i < points.length; i += stride) {
    const point = points[i];
    if (!point) break;
    const what = `${point.mode} call ${point.at} (${point.name})`;
    const ending = await crashed(job, vessel, { ...point, what });
    expect(ending.facts, what).toEqual(facts);
    n += 1;
  }
  const seconds = ((Date.now() - begun) / 1_000).toFixed(1);
  return `${calls.length} calls × ${CRASH_MODES.length} ways; ${n} of ${points.length} tried, ${seconds} s`;
}

describe('a job that fails at any one of its calls', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-crash-points-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const cases: readonly [string, Vessel, string, () => CrashJob, number, boolean][] = [
    ['memory', inMemory, 'two symbols', () => SMALL, 1, true],
    ['SQLite', inSqlite(folder), 'two symbols', () => SMALL, 8, true],
    ['memory', inMemory, 'a task without end', () => LIVE, 4, true],
    ['SQLite', inSqlite(folder), 'a task without end', () => LIVE, 31, true],
    ['memory', inMemory, 'four recorded symbols', recordedJob, 400, hasRecordings],
    ['SQLite', inSqlite(folder), 'four recorded symbols', recordedJob, 1_000, hasRecordings],
  ];

  for (const [store, vessel, name, job, stride, isThere] of cases)
    it.skipIf(!isThere)(
      `ends as if it had not: ${name}, in ${store}`,
      async () => {
        console.log(`${name} in ${store}: ${await enumerate(job(), vessel, stride)}`);
      },
      LIMIT_MS,
    );
});
