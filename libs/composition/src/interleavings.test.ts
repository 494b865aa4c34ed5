import {
  DEFAULT_TASK_CONFIG,
  KairosError,
  rowsOf,
  seriesKey,
  type Row,
  type TaskContent,
} from '@kairos/domain';
import { openSqliteStore } from '@kairos/store-sqlite';
import { FakeClock, klineRow, ScriptedSource } from '@kairos/testkit';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { house, memoryStores, type House, type Stores } from './testing/house.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 10);
const NOW = START + 40 * 24 * HOUR;
const BTC = 'binance:BTC/USDT';
const KEY = seriesKey({
  realm: 'sandbox:1',
  source: 'binance',
  instrument: BTC,
  dataType: 'kline',
  timeframe: '1h',
  price: 'last',
  anchorMs: 0,
});
const TRUTH = Array.from({ length: 120 }, (_, i) => klineRow(START + i * HOUR));
/** Expected and unexpected refusals of commands that meet each other. */
const REFUSALS = new Set([
  'TASK_NOT_FOUND',
  'TASK_EXISTS',
  'TASK_STOPPED',
  'CONFLICT_RUN_ACTIVE',
  'LEASE_LOST',
]);

const content = (hours: number): TaskContent => ({
  handler: 'collect',
  projectId: 'p',
  dataset: 'd',
  dataType: 'kline',
  source: 'binance',
  symbols: ['BTCUSDT'],
  frequency: '1h',
  startTime: START,
  endTime: START + hours * HOUR,
  schedule: null,
  config: DEFAULT_TASK_CONFIG,
});

/** Every call of a store waits its turn, so that calls of several workers meet in any order the seed chooses. */
function interleaved<T extends object>(target: T, s: fc.Scheduler): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value !== 'function' || key === 'read')
        return typeof value === 'function' ? value.bind(object) : value;
      const call = value.bind(object) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await s.schedule(Promise.resolve(), String(key));
        return call(...args);
      };
    },
  });
}

type Command = {
  readonly kind: 'create' | 'update' | 'delete' | 'stop' | 'start' | 'run' | 'compact' | 'tick' | 'jump';
  readonly worker: number;
  readonly n: number;
};
const anyCommand: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom(
    'create',
    'update',
    'delete',
    'stop',
    'start',
    'run',
    'compact',
    'tick',
    'tick',
    'tick',
    'jump',
  ),
  worker: fc.nat(2),
  n: fc.integer({ min: 1, max: 120 }),
});

interface World {
  readonly clock: FakeClock;
  readonly stores: Stores;
  readonly houses: readonly House[];
}

async function perform(w: World, c: Command): Promise<void> {
  const h = w.houses[c.worker] ?? w.houses[0];
  if (!h) return;
  const taskId = 'job';
  switch (c.kind) {
    case 'create':
      await h.tasks.create({ taskId, content: content(c.n) });
      return;
    case 'update':
      await h.tasks.update({ taskId, patch: { endTime: START + c.n * HOUR } });
      return;
    case 'delete':
      return h.tasks.remove({ taskId });
    case 'stop':
      await h.tasks.stop({ taskId });
      return;
    case 'start':
      await h.tasks.start({ taskId });
      return;
    case 'run':
      await h.tasks.run({ taskId });
      return;
    case 'compact':
      await w.stores.series.compact({ settledBefore: Infinity, maxRows: c.n });
      return;
    case 'jump':
      w.clock.set(w.clock.now() + (c.n - 60) * 60_000);
      return;
    case 'tick':
      return h.tick();
  }
}

const tolerated = (error: unknown): void => {
  if (!KairosError.is(error) || !REFUSALS.has(error.code)) throw error;
};

/** Once all is quiet: the task exists, is asked for all hours, and collected by whoever is there. */
async function finish(w: World): Promise<void> {
  const [calm] = w.houses;
  if (!calm) return;
  w.clock.set(NOW + 24 * HOUR);
  await calm.tasks.create({ taskId: 'job', content: content(120) }).catch(tolerated);
  await calm.tasks.update({ taskId: 'job', patch: { endTime: START + 120 * HOUR } });
  await calm.tasks.start({ taskId: 'job' });
  for (let i = 0; i < 20; i += 1) {
    await w.clock.advance(120_000);
    for (const h of w.houses) await h.tick();
    if ((await w.stores.tasks.get({ taskId: 'job' }))?.status === 'completed') return;
  }
}

async function check(w: World): Promise<void> {
  const task = await w.stores.tasks.get({ taskId: 'job' });
  expect(task?.status).toBe('completed');
  const due = await w.stores.tasks.getDue({ uid: task?.uid ?? '' });
  expect(due).toMatchObject({ active: null, nextDue: null });
  const rows: Row[] = [];
  for await (const part of w.stores.series.read({ key: KEY, range: { from: 0, to: Infinity } }))
    rows.push(...rowsOf(part.batch));
  expect(rows).toEqual(TRUTH);
  const records = (await w.stores.history.list({ uid: task?.uid ?? '', limit: 1_000 })).items;
  const fences = records.map((r) => r.fence);
  expect(Math.max(0, ...fences)).toBeLessThanOrEqual(due?.fence ?? 0);
  expect(records.filter((r) => r.outcome === 'running')).toEqual([]);
  for (const runId of new Set(records.map((r) => r.runId))) {
    expect(records.filter((r) => r.runId === runId && r.outcome === 'succeeded').length).toBeLessThanOrEqual(
      1,
    );
  }
}

async function play(
  s: fc.Scheduler,
  commands: readonly Command[],
  open: (clock: FakeClock) => Promise<Stores & { close?: () => Promise<void> }>,
): Promise<void> {
  const clock = new FakeClock({ now: NOW, autoAdvance: true });
  const truth = new Map([[BTC, TRUTH]]);
  const source = new ScriptedSource({
    id: 'binance',
    realm: 'sandbox:1',
    truth,
    venueNow: () => Math.max(NOW, clock.now()),
    facts: { pageSize: 50 },
  });
  const bare = await open(clock);
  const stores: Stores = {
    tasks: interleaved(bare.tasks, s),
    history: interleaved(bare.history, s),
    series: interleaved(bare.series, s),
  };
  const houses = ['a', 'b', 'c'].map((worker) => house({ clock, source, stores, worker }));
  const w: World = { clock, stores: bare, houses };
  const all = Promise.all(commands.map((c) => perform(w, c).catch(tolerated)));
  let over = false;
  void all.finally(() => (over = true)).catch(() => undefined);
  while (!over) {
    await s.waitIdle();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  const calm: World = {
    clock,
    stores: bare,
    houses: ['x', 'y'].map((worker) => house({ clock, source, stores: bare, worker })),
  };
  await finish(calm);
  await check(calm);
  await bare.close?.();
}

const RUNS = Number(process.env['KAIROS_TEST_INTERLEAVINGS'] ?? 60);
const SEED = Number(process.env['KAIROS_TEST_SEED'] ?? 7);
const commandLists = fc.array(anyCommand, { minLength: 4, maxLength: 14 });

describe('three workers and many commands, in any interleaving', () => {
  it(`leave one truth in memory (${RUNS} runs, seed ${SEED})`, async () => {
    const law = fc.asyncProperty(fc.scheduler(), commandLists, (s, commands) =>
      play(s, commands, async (clock) => memoryStores(clock)),
    );
    await fc.assert(law, { numRuns: RUNS, seed: SEED });
  }, 300_000);

  const place = mkdtempSync(join(tmpdir(), 'kairos-interleavings-'));
  let n = 0;
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it(`leave one truth in SQLite (${RUNS} runs, seed ${SEED})`, async () => {
    const law = fc.asyncProperty(fc.scheduler(), commandLists, (s, commands) =>
      play(s, commands, () => openSqliteStore({ path: join(place, `${(n += 1)}.sqlite`) })),
    );
    await fc.assert(law, { numRuns: RUNS, seed: SEED });
  }, 300_000);
});
