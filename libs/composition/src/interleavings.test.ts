import {
  DEFAULT_TASK_CONFIG,
  KairosError,
  rowsOf,
  seriesKey,
  type Row,
  type TaskContent,
} from '@kairos/domain';
import { checkStore } from '@kairos/fsck';
import { openSqliteStore } from '@kairos/store-sqlite';
import { FakeClock, klineRow, ScriptedSource } from '@kairos/testkit';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { house, memoryStores, type CheckedStores, type House, type Stores } from './testing/house.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 10);
/** The last of the hours that are asked for in the end closed a while ago; more come while clocks jump. */
const ASKED = 120;
const NOW = START + (ASKED + 6) * HOUR;
const END = NOW + 24 * HOUR;
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
const TRUTH = Array.from({ length: ASKED + 60 }, (_, i) => klineRow(START + i * HOUR));
/** Expected and unexpected refusals of commands that meet each other. */
const REFUSALS = new Set([
  'TASK_NOT_FOUND',
  'TASK_EXISTS',
  'TASK_STOPPED',
  'CONFLICT_RUN_ACTIVE',
  'LEASE_LOST',
  'SERIES_NOT_FOUND',
]);

/** Every third task has no end: it gets a slot each hour. */
const content = (hours: number): TaskContent => ({
  handler: 'collect',
  projectId: 'p',
  dataset: 'd',
  dataType: 'kline',
  source: 'binance',
  symbols: ['BTCUSDT'],
  frequency: '1h',
  startTime: START,
  endTime: hours % 3 === 0 ? null : START + hours * HOUR,
  schedule: null,
  timezone: 'UTC',
  job: null,
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

/** Ticks come oftener than commands: it is they that claim, collect and settle. */
const KINDS = [
  'create',
  'update',
  'delete',
  'recreate',
  'stop',
  'start',
  'run',
  'refetch',
  'compact',
  'recover',
  'jump',
  'tick',
  'tick',
  'tick',
  'tick',
] as const;

type Command = {
  readonly kind: (typeof KINDS)[number];
  readonly worker: number;
  readonly n: number;
};
const anyCommand: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom(...KINDS),
  worker: fc.nat(2),
  n: fc.integer({ min: 1, max: 120 }),
});

interface World {
  readonly clock: FakeClock;
  readonly stores: CheckedStores;
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
    case 'recreate':
      await h.tasks.remove({ taskId }).catch(tolerated);
      await h.tasks.create({ taskId, content: content(c.n) });
      return;
    case 'stop':
      await h.tasks.stop({ taskId });
      return;
    case 'start':
      await h.tasks.start({ taskId });
      return;
    case 'run':
      await h.tasks.run({ taskId });
      return;
    case 'refetch':
      await h.tasks.refetch({
        series: { source: 'binance', symbol: 'BTCUSDT', dataType: 'kline', frequency: '1h' },
        range: { from: START, to: START + c.n * HOUR },
        reason: 'audit',
      });
      return;
    case 'recover':
      await h.scheduler.recover(w.clock.now());
      return h.tick();
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
  w.clock.set(END);
  await calm.tasks.create({ taskId: 'job', content: content(ASKED) }).catch(tolerated);
  await calm.tasks.update({ taskId: 'job', patch: { endTime: START + ASKED * HOUR } });
  await calm.tasks.start({ taskId: 'job' });
  for (let i = 0; i < 20; i += 1) {
    await w.clock.advance(120_000);
    for (const h of w.houses) await h.tick();
    if ((await w.stores.tasks.get({ taskId: 'job' }))?.status === 'completed') return;
  }
}

/** How runs ended, over all plays: what never occurs was not tried. */
const met = new Map<string, number>();

async function check(w: World): Promise<void> {
  const task = await w.stores.tasks.get({ taskId: 'job' });
  expect(task?.status).toBe('completed');
  const due = await w.stores.tasks.getDue({ uid: task?.uid ?? '' });
  expect(due).toMatchObject({ active: null, nextDue: null });
  const rows: Row[] = [];
  for await (const part of w.stores.series.read({ key: KEY, range: { from: 0, to: Infinity } }))
    rows.push(...rowsOf(part.batch));
  expect(rows.filter((row) => row.ts < START + ASKED * HOUR)).toEqual(TRUTH.slice(0, ASKED));
  const truth = new Map(TRUTH.map((row) => [row.ts, row]));
  expect(rows).toEqual(rows.map((row) => truth.get(row.ts)));
  const records = (await w.stores.history.list({ uid: task?.uid ?? '', limit: 1_000 })).items;
  for (const { outcome } of records) met.set(outcome, (met.get(outcome) ?? 0) + 1);
  const fences = records.map((r) => r.fence);
  expect(Math.max(0, ...fences)).toBeLessThanOrEqual(due?.fence ?? 0);
  expect(records.filter((r) => r.outcome === 'running')).toEqual([]);
  for (const runId of new Set(records.map((r) => r.runId))) {
    expect(records.filter((r) => r.runId === runId && r.outcome === 'succeeded').length).toBeLessThanOrEqual(
      1,
    );
  }
  const broken: string[] = [];
  for await (const v of checkStore({ ...w.stores, clock: w.clock }))
    if (v.severity === 'error') broken.push(`${v.code} ${JSON.stringify(v.where)} ${v.detail}`);
  expect(broken).toEqual([]);
}

async function play(
  s: fc.Scheduler,
  commands: readonly Command[],
  open: (clock: FakeClock) => Promise<CheckedStores & { close?: () => Promise<void> }>,
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
/** A run takes some 20 ms in memory, and some 60 in SQLite. */
const LIMIT_MS = 120_000 + RUNS * 1_000;
const commandLists = fc.array(anyCommand, { minLength: 4, maxLength: 14 });

describe('three workers and many commands, in any interleaving', () => {
  it(
    `leave one truth in memory (${RUNS} runs, seed ${SEED})`,
    async () => {
      const law = fc.asyncProperty(fc.scheduler(), commandLists, (s, commands) =>
        play(s, commands, async (clock) => memoryStores(clock)),
      );
      await fc.assert(law, { numRuns: RUNS, seed: SEED });
    },
    LIMIT_MS,
  );

  const place = mkdtempSync(join(tmpdir(), 'kairos-interleavings-'));
  let n = 0;
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it(
    `leave one truth in SQLite (${RUNS} runs, seed ${SEED})`,
    async () => {
      const law = fc.asyncProperty(fc.scheduler(), commandLists, (s, commands) =>
        play(s, commands, () => openSqliteStore({ path: join(place, `${(n += 1)}.sqlite`) })),
      );
      await fc.assert(law, { numRuns: RUNS, seed: SEED });
    },
    LIMIT_MS,
  );
});
