import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import type { RetentionConfig } from '@kairos/config';
import { NO_STATS, StoreError, type Task } from '@kairos/domain';
import { checkStore, type ViolationCode } from '@kairos/fsck';
import type { RunHandler, StoreUpkeep, TaskStore, WorkHint } from '@kairos/ports';
import { Scheduler } from '@kairos/scheduler';
import {
  MemoryInspector,
  MemoryRunHistory,
  MemorySeriesStore,
  MemoryStore,
  MemoryTaskStore,
  MemoryUpkeep,
} from '@kairos/store-memory';
import { openSqliteStore } from '@kairos/store-sqlite';
import { TaskService } from '@kairos/tasks';
import {
  aDue,
  aFinding,
  aRunRecord,
  aSeries,
  aTask,
  emptyPartOf,
  FakeClock,
  FakeIds,
  FakeWorkers,
  forEverySource,
  RecordingLogger,
  silentLogger,
  T0,
} from '@kairos/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { Housekeeper } from './housekeeper.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = T0 + 400 * DAY;
const UID = 'aaaaaaaaaaaa';
const KEEP: RetentionConfig = {
  runsDays: 90,
  runsMin: 2,
  runsMax: 1_000,
  findingsDays: 90,
  findingsMax: 1_000,
  historyMaxMb: 0,
  finishedTasksDays: 0,
};
const series = aSeries();

type Stores = Pick<Awaited<ReturnType<typeof openSqliteStore>>, 'close'> & {
  readonly tasks: TaskStore;
  readonly history: MemoryRunHistory | Awaited<ReturnType<typeof openSqliteStore>>['history'];
  readonly series: MemorySeriesStore | Awaited<ReturnType<typeof openSqliteStore>>['series'];
  readonly inspector: Awaited<ReturnType<typeof openSqliteStore>>['inspector'];
  readonly upkeep: StoreUpkeep;
};

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

const OPEN: Readonly<Record<string, () => Promise<Stores>>> = {
  memory: async () => {
    const data = new MemoryStore();
    return {
      tasks: new MemoryTaskStore(data),
      history: new MemoryRunHistory(data),
      series: new MemorySeriesStore(data),
      inspector: new MemoryInspector(data),
      upkeep: new MemoryUpkeep(data),
      close: async () => undefined,
    };
  },
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kairos-housekeeper-'));
    ending.push(() => rmSync(folder, { recursive: true }));
    const store = await openSqliteStore({ path: join(folder, 'kairos.sqlite') });
    ending.push(() => store.close());
    return store;
  },
};

interface House {
  readonly stores: Stores;
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  /** A sweep's time has come: what one step does now. */
  sweep(): Promise<void>;
  /** The same, `n` times. */
  sweeps(n: number): Promise<void>;
  /** How far back the runs on record reach, in days before `NOW`, newest first. */
  days(uid?: string): Promise<number[]>;
  restart(): void;
}

async function house(open: () => Promise<Stores>, keep: Partial<RetentionConfig> = {}): Promise<House> {
  const stores = await open();
  const clock = new FakeClock({ now: NOW });
  const log = new RecordingLogger();
  let uptime = 0;
  const { upkeep, tasks } = stores;
  const deps = { upkeep, tasks, clock, log, retention: { ...KEEP, ...keep }, uptime: () => uptime };
  let keeper = new Housekeeper(deps);
  const sweep = async (): Promise<void> => {
    uptime += HOUR;
    await keeper.step();
  };
  return {
    stores,
    clock,
    log,
    sweep,
    sweeps: async (n) => {
      for (let i = 0; i < n; i += 1) await sweep();
    },
    days: async (uid = UID) =>
      (await stores.history.list({ uid, limit: 1_000 })).items.map((r) => (NOW - r.startedAt) / DAY),
    restart: () => void (keeper = new Housekeeper(deps)),
  };
}

/** A run a day for so many days, up to yesterday; the cursor stands at the last. The store was swept until now. */
async function lived(
  { stores }: House,
  days: number,
  task: Partial<Task> = {},
  lost: readonly number[] = [],
): Promise<Task> {
  const first = NOW - days * DAY;
  const kept = aTask({ uid: UID, schedule: 'rate(1 day)', epochAt: first, endTime: null, ...task });
  const due = aDue({ uid: kept.uid, cursor: NOW - DAY, nextDue: NOW, fence: days });
  await stores.tasks.create({ task: kept, due });
  for (let i = 0; i < days; i += 1) {
    if (lost.includes(i)) continue;
    const slot = first + i * DAY;
    await stores.history.put({ record: aRunRecord({ uid: kept.uid, slot, fence: i + 1 }) });
  }
  await stores.upkeep.markSwept({ at: NOW });
  return kept;
}

async function violations(stores: Stores): Promise<ViolationCode[]> {
  const found: ViolationCode[] = [];
  const clock = new FakeClock({ now: NOW, autoAdvance: true });
  for await (const v of checkStore({ ...stores, clock })) found.push(v.code);
  return found;
}

describe.each(Object.entries(OPEN))('Housekeeper over %s', (_name, open) => {
  it('lets runs go that are too old, and leaves a store that the check finds whole', async () => {
    const h = await house(open);
    await lived(h, 120);
    await h.sweep();
    expect(await h.days()).toEqual(Array.from({ length: 90 }, (_, i) => i + 1));
    expect(await violations(h.stores)).toEqual([]);
    expect(h.log.entries).toMatchObject([
      { event: 'housekeeping.removed', fields: { what: 'runs', records: 30 } },
    ]);
    await h.sweep();
    expect(h.log.entries).toHaveLength(1);
  });

  it('does not hide a slot that was lost', async () => {
    const h = await house(open);
    await lived(h, 120, {}, [10, 60]);
    expect(await violations(h.stores)).toEqual(['slot_unaccounted', 'slot_unaccounted']);
    await h.sweep();
    expect(await violations(h.stores)).toEqual(['slot_unaccounted']);
  });

  it('takes nothing of what decides', async () => {
    const h = await house(open, {
      runsMin: 0,
      runsMax: 1,
      findingsMax: 1,
      historyMaxMb: 1,
      finishedTasksDays: 1,
    });
    const task = await lived(h, 5);
    const { tasks } = h.stores;
    const due = await tasks.getDue({ uid: UID });
    await h.sweep();
    expect(await h.days()).toEqual([1]);
    expect([await tasks.getByUid({ uid: UID }), await tasks.getDue({ uid: UID })]).toEqual([task, due]);
  });

  it('starts nothing when an event comes whose run is no longer on record', async () => {
    const h = await house(open, { runsMin: 0, runsMax: 1 });
    const { taskId } = await lived(h, 10);
    const { stores, clock } = h;
    const ids = new FakeIds();
    const service = new TaskService({
      ...stores,
      calendars: forEverySource(new AlwaysOpenCalendar()),
      clock,
      ids,
    });
    let ran = 0;
    const handler: RunHandler = {
      name: 'collect',
      run: async () => {
        ran += 1;
        return {
          outcome: 'succeeded',
          stats: NO_STATS,
          complete: false,
          withUnavailable: false,
          healthReasons: [],
        };
      },
    };
    const hints: WorkHint[] = [];
    const scheduler = new Scheduler({
      ...stores,
      queue: {
        capabilities: { delayMs: 0, maxBytes: 0, deadLetter: false },
        send: async (sent) => void hints.push(...sent),
        onHint: () => undefined,
        drain: async () => undefined,
      },
      clock,
      ids,
      workers: new FakeWorkers('worker-2', new Set()),
      handlers: new Map([[handler.name, handler]]),
      log: silentLogger,
    });
    const deliver = (hint: WorkHint) =>
      scheduler.onHint(hint, { deadline: Infinity, signal: new AbortController().signal });
    clock.set(NOW - 1);
    const { runId } = await service.run({ taskId, requestId: 'once' });
    const slot = Number(runId.slice(-13));
    await deliver({ v: 1, uid: UID, kind: 'm', slot, hop: 0 });
    expect(ran).toBe(1);

    // All that could tell of it is let go: the newest line is of a later slot.
    await stores.history.put({
      record: aRunRecord({ uid: UID, slot: NOW - DAY, fence: 99, startedAt: NOW }),
    });
    clock.set(NOW - 1);
    await h.sweep();
    expect(await h.days()).toEqual([0]);

    const late = [NOW - 9 * DAY, NOW - 5 * DAY, NOW - DAY];
    for (const s of late) await deliver({ v: 1, uid: UID, kind: 's', slot: s, hop: 0 });
    await deliver({ v: 1, uid: UID, kind: 'm', slot, hop: 0 });
    const again = await service.run({ taskId, requestId: 'once' });
    for (const hint of hints) await deliver(hint);

    expect([again.runId, ran]).toEqual([runId, 1]);
    expect((await stores.tasks.getDue({ uid: UID }))?.active).toBeNull();
  });

  it('follows a clock that jumps ahead by a day at a time, and back again at once', async () => {
    const h = await house(open);
    await lived(h, 120);
    await h.sweep();
    h.clock.set(NOW + 365 * DAY);
    await h.sweeps(3);
    expect((await h.days()).length).toBe(87);
    h.restart();
    await h.sweep();
    expect((await h.days()).length).toBe(86);

    h.clock.set(NOW);
    await h.sweeps(5);
    expect((await h.days()).length).toBe(86);
    expect(await h.stores.upkeep.sweptAt()).toBe(NOW);
  });

  it('lets nothing go by a clock that is far behind', async () => {
    const h = await house(open, { finishedTasksDays: 1 });
    await lived(h, 120);
    h.clock.set(0);
    await h.sweeps(3);
    expect((await h.days()).length).toBe(120);
  });

  it('ages a store that was never swept from its oldest line on', async () => {
    const h = await house(open, { runsDays: 1, runsMin: 0 });
    await lived(h, 10);
    const oldest = NOW - 10 * DAY;
    await h.stores.upkeep.markSwept({ at: oldest });
    await h.sweeps(2);
    expect((await h.days()).length).toBe(9);
    await h.sweeps(20);
    expect(await h.days()).toEqual([1]);
  });

  it('keeps the newest of runs that are all old', async () => {
    const h = await house(open, { runsMin: 3 });
    await lived(h, 5);
    h.clock.set(NOW + 300 * DAY);
    await h.stores.upkeep.markSwept({ at: NOW + 300 * DAY });
    await h.sweep();
    expect(await h.days()).toEqual([1, 2, 3]);
  });

  it('brings runs and findings below a size, the oldest first', async () => {
    const h = await house(open, {
      historyMaxMb: 1,
      runsDays: 0,
      findingsDays: 0,
      runsMax: 9_999,
      findingsMax: 9_999,
    });
    const { stores } = h;
    await lived(h, 100);
    await stores.series.ensureSeries({ series });
    const detail = 'x'.repeat(10_000);
    const findings = Array.from({ length: 150 }, (_, i) =>
      aFinding({ ts: T0 + i, at: NOW - (50 - i / 10) * DAY, detail }),
    );
    await stores.series.commit({ series, part: emptyPartOf(series), findings });

    await h.sweep();

    const sizes = [await stores.upkeep.runs.usage(), await stores.upkeep.findings.usage()];
    const bytes = sizes.reduce((sum, s) => sum + s.bytes, 0);
    expect(bytes).toBeLessThanOrEqual(1_000_000);
    expect(bytes).toBeGreaterThan(970_000);
    const oldest = sizes.map((s) => s.oldest ?? 0);
    expect(Math.abs((oldest[0] ?? 0) - (oldest[1] ?? 0))).toBeLessThanOrEqual(DAY + HOUR);
    expect((await h.days()).at(-1)).toBeLessThan(50);
  });

  it('removes tasks that ended long ago, where that is wanted, and no others', async () => {
    const old = NOW - 40 * DAY;
    const ended: Partial<Task> = {
      status: 'completed',
      createdAt: T0,
      updatedAt: old,
      endTime: old,
      lastRun: null,
    };
    const cases: Readonly<Record<string, readonly [Partial<Task>, Parameters<typeof aDue>[0]]>> = {
      spent: [ended, {}],
      'spent-failed': [{ ...ended, status: 'failed' }, {}],
      'later-end': [{ ...ended, endTime: NOW - DAY }, {}],
      'ended-lately': [{ ...ended, updatedAt: NOW - DAY }, {}],
      'standing-order': [{ ...ended, status: 'failed', endTime: null }, {}],
      stopped: [{ ...ended, status: 'stopped' }, {}],
      running: [{ ...ended, status: 'running' }, {}],
      declared: [{ ...ended, origin: 'config' }, {}],
      due: [ended, { nextDue: NOW }],
    };
    const left = async (keep: Partial<RetentionConfig>): Promise<string[]> => {
      const h = await house(open, keep);
      for (const [taskId, [task, due]] of Object.entries(cases)) {
        const uid = taskId.padEnd(12, '0');
        await h.stores.tasks.create({
          task: aTask({ ...task, taskId, uid }),
          due: aDue({ uid, nextDue: null, ...due }),
        });
      }
      await h.stores.upkeep.markSwept({ at: NOW });
      await h.sweep();
      const page = await h.stores.tasks.list({ filter: {}, limit: 100 });
      expect(h.log.events().filter((e) => e === 'task.expired')).toHaveLength(9 - page.total);
      return page.items.map((t) => t.taskId).sort();
    };
    const all = Object.keys(cases).sort();
    expect(await left({ finishedTasksDays: 0 })).toEqual(all);
    expect(await left({ finishedTasksDays: 50 })).toEqual(all);
    expect(await left({ finishedTasksDays: 30 })).toEqual(all.filter((id) => !id.startsWith('spent')));
  });

  it('leaves a finished task that a person starts in that very moment', async () => {
    const old = NOW - 40 * DAY;
    const h = await house(open, { finishedTasksDays: 1 });
    await lived(h, 1, { status: 'completed', updatedAt: old, endTime: old, lastRun: null });
    const { tasks } = h.stores;
    const due = (await tasks.getDue({ uid: UID })) ?? expect.fail('no due item');
    await tasks.putDue({ due: { ...due, nextDue: null }, expectedV: due.v });
    const getDue = tasks.getDue.bind(tasks);
    tasks.getDue = async (p) => {
      const found = await getDue(p);
      const task = (await tasks.getByUid(p)) ?? expect.fail('no task');
      await tasks.replace({ task: { ...task, status: 'running' }, expectedV: task.v });
      return found;
    };
    await h.sweep();
    expect(await tasks.getByUid({ uid: UID })).toMatchObject({ status: 'running' });
  });
});

describe('Housekeeper', () => {
  const open = OPEN['memory'] ?? expect.fail('no memory store');

  it('begins ten minutes after the start, and then once an hour', async () => {
    const h = await house(open);
    await lived(h, 100);
    let swept = 0;
    const prune = h.stores.upkeep.runs.prune.bind(h.stores.upkeep.runs);
    h.stores.upkeep.runs.prune = (p) => {
      swept += 1;
      return prune(p);
    };
    let uptime = 7_000;
    const { upkeep, tasks } = h.stores;
    const deps = { upkeep, tasks, clock: h.clock, log: h.log, retention: KEEP, uptime: () => uptime };
    const keeper = new Housekeeper(deps);
    const seen: number[] = [];
    for (const at of [0, 9, 10, 11, 69, 70, 71, 130]) {
      uptime = 7_000 + at * 60_000;
      await keeper.step();
      seen.push(swept);
    }
    expect(seen).toEqual([0, 0, 1, 1, 1, 2, 2, 3]);
  });

  it('gives way after a turn, and goes on where it was at the next', async () => {
    const h = await house(open, { runsMin: 0, runsMax: 1 });
    for (let i = 0; i < 100; i += 1)
      for (const slot of [T0, T0 + 1])
        await h.stores.history.put({ record: aRunRecord({ uid: `uid-${1_000 + i}`, slot }) });
    let uptime = 0;
    const { upkeep, tasks } = h.stores;
    const retention = { ...KEEP, runsDays: 0, runsMin: 0, runsMax: 1 };
    const deps = { upkeep, tasks, clock: h.clock, log: h.log, retention, uptime: () => (uptime += 15) };
    const keeper = new Housekeeper(deps);
    uptime = HOUR;
    const left: number[] = [];
    do {
      await keeper.step();
      left.push((await upkeep.runs.usage()).records);
    } while ((left.at(-1) ?? 0) > 100);
    expect(left.length).toBeGreaterThan(1);
    expect(left.at(-1)).toBe(100);
  });

  it('logs a failure of the store, stops no work by it, and tries again an hour later', async () => {
    const h = await house(open);
    await lived(h, 120);
    const { runs } = h.stores.upkeep;
    const prune = runs.prune.bind(runs);
    runs.prune = () => Promise.reject(new StoreError('STORE_IO', 'no'));
    await h.sweep();
    expect(h.log.events()).toEqual(['housekeeping.failed']);
    runs.prune = prune;
    await h.sweep();
    expect((await h.days()).length).toBe(90);
  });
});
