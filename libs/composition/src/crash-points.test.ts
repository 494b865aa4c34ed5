import {
  DEFAULT_TASK_CONFIG,
  rowsOf,
  seriesKey,
  type CoverageRun,
  type Row,
  type TaskContent,
} from '@kairos/domain';
import { FakeClock, klineRow, ScriptedSource } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { CRASH_MODES, CrashPlan, Died, throughPlan, type CrashMode } from './testing/crash.ts';
import { house, memoryStores, type House, type Stores } from './testing/house.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 10);
const NOW = START + 40 * 24 * HOUR;
const BTC = 'binance:BTC/USDT';
const ETH = 'binance:ETH/USDT';
const SPAN = { from: START, to: START + 250 * HOUR };
/** Two outages: one inside a page, one over the bound of two. */
const TRUTH = Array.from({ length: 250 }, (_, i) => i)
  .filter((i) => ![30, 31, 98, 99, 100, 101].includes(i))
  .map((i) => klineRow(START + i * HOUR));

const CONTENT: TaskContent = {
  handler: 'collect',
  projectId: 'p',
  dataset: 'd',
  dataType: 'kline',
  source: 'binance',
  symbols: ['BTCUSDT', 'ETHUSDT'],
  frequency: '1h',
  startTime: SPAN.from,
  endTime: SPAN.to,
  schedule: null,
  config: DEFAULT_TASK_CONFIG,
};

const keyOf = (instrument: string): string =>
  seriesKey({
    realm: 'sandbox:1',
    source: 'binance',
    instrument,
    dataType: 'kline',
    timeframe: '1h',
    price: 'last',
    anchorMs: 0,
  });

interface Picture {
  readonly rows: readonly Row[];
  readonly runs: readonly Pick<CoverageRun, 'from' | 'to' | 'state'>[];
}

async function pictureOf(stores: Stores, instrument: string): Promise<Picture> {
  const rows: Row[] = [];
  for await (const part of stores.series.read({ key: keyOf(instrument), range: SPAN }))
    rows.push(...rowsOf(part.batch));
  const runs: { from: number; to: number; state: CoverageRun['state'] }[] = [];
  for (const { from, to, state } of await stores.series.coverage({ key: keyOf(instrument), range: SPAN })) {
    const last = runs.at(-1);
    if (last?.to === from && last.state === state) last.to = to;
    else runs.push({ from, to, state });
  }
  return { rows, runs };
}

interface World {
  readonly clock: FakeClock;
  readonly stores: Stores;
  readonly source: ScriptedSource;
}

function world(): World {
  const clock = new FakeClock({ now: NOW, autoAdvance: true });
  const truth = new Map([
    [BTC, TRUTH],
    [ETH, TRUTH],
  ]);
  const source = new ScriptedSource({
    id: 'binance',
    realm: 'sandbox:1',
    truth,
    venueNow: () => clock.now(),
    facts: { pageSize: 100 },
  });
  return { clock, stores: memoryStores(clock), source };
}

/** A worker whose every call of a store or of the venue may be its last. */
function worker(w: World, plan: CrashPlan, name: string): House {
  const stores: Stores = {
    tasks: throughPlan(w.stores.tasks, plan, [
      'create',
      'replace',
      'remove',
      'getDue',
      'putDue',
      'getByUid',
      'get',
      'dueBefore',
    ]),
    history: throughPlan(w.stores.history, plan, ['put']),
    series: throughPlan(w.stores.series, plan, ['commit', 'coverage', 'ensureSeries', 'evidence']),
  };
  const source = throughPlan(w.source, plan, ['resolve', 'venueTime', 'earliest', 'fetchRange']);
  return house({ clock: w.clock, stores, source, worker: name });
}

/** Lets a worker go on until the task is over, or it dies; failures that it survives are retried by later ticks. */
async function live(h: House, w: World, plan: CrashPlan): Promise<void> {
  for (let turn = 0; turn < 60 && !plan.dead; turn += 1) {
    await h.tick().catch((error: unknown) => {
      if (error instanceof Died || plan.dead) return;
      if ((error as { code?: string }).code !== 'STORE_UNKNOWN_OUTCOME') throw error;
    });
    const task = await w.stores.tasks.get({ taskId: 'job' });
    if (task?.status === 'completed' && (await w.stores.tasks.getDue({ uid: task.uid }))?.active === null)
      return;
    await w.clock.advance(20_000);
  }
}

async function ordered(h: House): Promise<void> {
  await h.tasks.create({ taskId: 'job', content: CONTENT }).catch(() => undefined);
}

/** Runs the job with one failure; a second worker takes over. Answers the world as it is in the end. */
async function crashed(at: number, mode: CrashMode): Promise<World> {
  const w = world();
  const plan = new CrashPlan(at, mode);
  const first = worker(w, plan, 'first');
  await ordered(first);
  await live(first, w, plan);
  const second = worker(w, new CrashPlan(), 'second');
  second.workers.kill('first');
  await ordered(second);
  await second.scheduler.recover(w.clock.now());
  await live(second, w, new CrashPlan());
  return w;
}

async function check(w: World, wanted: readonly Picture[], what: string): Promise<void> {
  const task = await w.stores.tasks.get({ taskId: 'job' });
  expect(task?.status, what).toBe('completed');
  const pictures = [await pictureOf(w.stores, BTC), await pictureOf(w.stores, ETH)];
  expect(pictures, what).toEqual(wanted);
  const records = (await w.stores.history.list({ uid: task?.uid ?? '', limit: 1_000 })).items;
  expect(
    records.filter((r) => r.outcome === 'running'),
    what,
  ).toEqual([]);
  for (const slot of new Set(records.map((r) => r.slot))) {
    const done = records.filter((r) => r.slot === slot && r.outcome === 'succeeded');
    expect(done.length, `${what}: slot ${slot}`).toBeLessThanOrEqual(1);
  }
}

describe('a job that fails at any one of its calls', () => {
  it('ends as the job that never failed, whichever call it was and however it failed', async () => {
    const calm = world();
    const plan = new CrashPlan();
    const h = worker(calm, plan, 'first');
    await ordered(h);
    await live(h, calm, plan);
    const wanted = [await pictureOf(calm.stores, BTC), await pictureOf(calm.stores, ETH)];
    expect(wanted[0]?.rows).toEqual(TRUTH);
    await check(calm, wanted, 'without a failure');
    const calls = plan.names.length;
    expect(calls).toBeGreaterThan(60);
    console.log(`${calls} calls of stores and venue, each failed in ${CRASH_MODES.length} ways`);
    for (const mode of CRASH_MODES) {
      for (let at = 1; at <= calls; at += 1)
        await check(await crashed(at, mode), wanted, `${mode} call ${at} (${plan.names[at - 1]})`);
    }
  }, 300_000);
});
