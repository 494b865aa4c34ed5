import { LeaseLostError, runIdOf, type Task, type TaskContent } from '@kairos/domain';
import type { CasOutcome, TaskStore } from '@kairos/ports';
import {
  MemoryRunHistory,
  MemorySeriesStore,
  MemoryStore,
  MemoryTaskStore,
  MemoryUpkeep,
} from '@kairos/store-memory';
import {
  anActiveRun,
  aRunRecord,
  aSeries,
  aTask,
  codeOf,
  emptyPartOf,
  FakeClock,
  FakeIds,
  forEverySource,
  T0,
} from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { contentOf } from './task-content.ts';
import { TaskService } from './task-service.ts';

const HOUR = 3_600_000;
const CONTENT: TaskContent = contentOf(aTask({ frequency: '1h' }));

interface Room {
  readonly service: TaskService;
  readonly clock: FakeClock;
  readonly store: TaskStore;
  readonly history: MemoryRunHistory;
  readonly series: MemorySeriesStore;
  readonly upkeep: MemoryUpkeep;
  readonly task: () => Promise<Task>;
  readonly due: () => ReturnType<TaskStore['getDue']>;
}

/** The service over stores in memory; `wrap` puts a fault between the two. The task under test is `t`. */
function room(wrap: (store: TaskStore) => TaskStore = (store) => store, maxTasks?: number): Room {
  const data = new MemoryStore();
  const clock = new FakeClock();
  const store = new MemoryTaskStore(data);
  const history = new MemoryRunHistory(data);
  const series = new MemorySeriesStore(data);
  const calendar = {
    id: 'every-slot',
    expected: () => [],
    closedBefore: ({ now }: { readonly now: number }) => now,
  };
  const service = new TaskService({
    tasks: wrap(store),
    history,
    series,
    calendars: forEverySource(calendar),
    clock,
    ids: new FakeIds(),
    maxTasks,
  });
  const task = async (): Promise<Task> => (await store.get({ taskId: 't' })) ?? expect.fail('t is gone');
  const due = async () => store.getDue({ uid: (await task()).uid });
  return { service, clock, store, history, series, upkeep: new MemoryUpkeep(data), task, due };
}

/** A store of which single methods are replaced. */
const overlaid = (store: TaskStore, over: Partial<TaskStore>): TaskStore =>
  new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(over, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** The next `putDue` never happens: as when the process dies between a task and its due item. */
function dying(): { wrap: (store: TaskStore) => TaskStore; arm: () => void } {
  let armed = false;
  const wrap = (store: TaskStore): TaskStore =>
    overlaid(store, {
      putDue: (p) => {
        if (!armed) return store.putDue(p);
        armed = false;
        return Promise.reject(new Error('killed'));
      },
    });
  return { wrap, arm: () => (armed = true) };
}

/** Puts a run into the due item, as a scheduler does. */
async function hold(r: Room, over: Parameters<typeof anActiveRun>[0] = {}): Promise<void> {
  const due = (await r.due()) ?? expect.fail('no due item');
  const active = anActiveRun({ slot: due.nextDue ?? T0, ...over });
  const held = { ...due, active, fence: due.fence + 1, cursor: Math.max(due.cursor, active.slot) };
  expect(await r.store.putDue({ due: held, expectedV: due.v })).toMatchObject({ outcome: 'committed' });
}

describe('creating a task', () => {
  it('makes it due at once', async () => {
    const r = room();

    const { task, created } = await r.service.create({ taskId: 't', content: CONTENT });

    expect({ created, status: task.status }).toEqual({ created: true, status: 'running' });
    expect(await r.store.dueBefore({ now: T0, limit: 10 })).toEqual([task.uid]);
  });

  it('makes it due at its start when that lies ahead', async () => {
    const r = room();

    await r.service.create({ taskId: 't', content: { ...CONTENT, startTime: T0 + HOUR } });

    expect(await r.task()).toMatchObject({ status: 'pending' });
    expect(await r.due()).toMatchObject({ nextDue: T0 + HOUR });
  });

  it('is refused where there are as many as may be; one that is there is still known', async () => {
    const r = room(undefined, 2);
    for (const taskId of ['t', 'u']) await r.service.create({ taskId, content: CONTENT });

    expect(await codeOf(r.service.create({ taskId: 'v', content: CONTENT }))).toBe('TOO_MANY_TASKS');
    expect((await r.service.create({ taskId: 'u', content: CONTENT })).created).toBe(false);
    await r.service.remove({ taskId: 'u' });
    expect((await r.service.create({ taskId: 'v', content: CONTENT })).created).toBe(true);
  });

  it('again with the same content changes nothing', async () => {
    const r = room();
    const first = await r.service.create({ taskId: 't', content: CONTENT });
    r.clock.set(T0 + HOUR);

    expect(await r.service.create({ taskId: 't', content: CONTENT })).toEqual({
      task: first.task,
      created: false,
    });
  });

  it('again with other content is a conflict, and the task stays', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });

    const other = r.service.create({ taskId: 't', content: { ...CONTENT, symbols: ['ETHUSDT'] } });

    expect(await codeOf(other)).toBe('TASK_EXISTS');
    expect(await r.task()).toEqual(task);
  });

  it('without an id is named after its content, whatever the order of the fields', async () => {
    const r = room();
    const reversed = Object.fromEntries(Object.entries(CONTENT).reverse()) as unknown as TaskContent;
    const { task } = await r.service.create({ content: CONTENT });

    expect(await r.service.create({ content: reversed })).toMatchObject({
      created: false,
      task: { uid: task.uid },
    });
    expect((await r.service.create({ content: { ...CONTENT, dataset: 'x' } })).task.taskId).not.toBe(
      task.taskId,
    );
  });

  it('after a removal starts from nothing: a new uid, a new fence, no history', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    await r.history.put({ record: aRunRecord({ uid: task.uid }) });
    await r.service.remove({ taskId: 't' });

    const again = await r.service.create({ taskId: 't', content: CONTENT });

    expect(again).toMatchObject({ created: true, task: { rev: 1 } });
    expect(again.task.uid).not.toBe(task.uid);
    expect((await r.service.runs({ taskId: 't', limit: 10 })).items).toEqual([]);
  });

  it('by many at once makes one task', async () => {
    const r = room();

    const all = await Promise.all(
      Array.from({ length: 8 }, () => r.service.create({ taskId: 't', content: CONTENT })),
    );

    expect(all.filter((a) => a.created)).toHaveLength(1);
    expect(new Set(all.map((a) => a.task.uid)).size).toBe(1);
  });
});

describe('updating a task', () => {
  it('raises the revision and makes the new content due now', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });
    r.clock.set(T0 + 30_000);

    const task = await r.service.update({ taskId: 't', patch: { frequency: '1m' } });

    expect(task).toMatchObject({ rev: 2, frequency: '1m', epochAt: T0 + 30_000 });
    expect(await r.due()).toMatchObject({ nextDue: T0 + 30_000, active: null });
  });

  it('with what is there already changes nothing', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    const due = await r.due();
    r.clock.set(T0 + HOUR);

    expect(await r.service.update({ taskId: 't', patch: { symbols: CONTENT.symbols } })).toEqual(task);
    expect(await r.due()).toEqual(due);
  });

  it('is refused upon another revision than the expected one', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });
    await r.service.update({ taskId: 't', patch: { dataset: 'x' }, expectedRev: 1 });

    const late = r.service.update({ taskId: 't', patch: { dataset: 'y' }, expectedRev: 1 });

    expect(await codeOf(late)).toBe('REV_CONFLICT');
    expect(await r.task()).toMatchObject({ dataset: 'x', rev: 2 });
  });

  it('leaves a stopped task stopped and nothing due', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });
    await r.service.stop({ taskId: 't' });

    await r.service.update({ taskId: 't', patch: { dataset: 'x' } });

    expect(await r.task()).toMatchObject({ status: 'stopped', dataset: 'x' });
    expect(await r.due()).toMatchObject({ nextDue: null });
  });

  it('takes the fence from a run under way and records it as cancelled', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });
    await hold(r);
    const held = await r.due();

    await r.service.update({ taskId: 't', patch: { symbols: ['ETHUSDT'] } });

    expect(await r.due()).toMatchObject({ active: null, fence: (held?.fence ?? 0) + 1 });
    expect((await r.service.runs({ taskId: 't', limit: 10 })).items).toMatchObject([
      { outcome: 'cancelled', fence: held?.fence, slot: T0 },
    ]);
  });

  it('never makes a slot due that has started', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });
    await hold(r);

    const task = await r.service.update({ taskId: 't', patch: { dataset: 'x' } });

    expect(task.epochAt).toBeGreaterThan(T0);
    expect((await r.due())?.nextDue).toBeGreaterThan(T0);
  });

  it('sets a completed task going again when its end moves', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: { ...CONTENT, endTime: T0 } });
    await r.store.replace({ task: { ...task, status: 'completed' }, expectedV: task.v });

    await r.service.update({ taskId: 't', patch: { endTime: T0 + HOUR } });

    expect(await r.task()).toMatchObject({ status: 'running' });
    expect((await r.due())?.nextDue).not.toBeNull();
  });

  it('loses nothing of updates that come at once', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });
    const patches = [
      { dataset: 'x' },
      { projectId: 'p2' },
      { symbols: ['A', 'B'] },
      { frequency: '5m' },
      { schedule: 'rate(5 minutes)' },
      { config: { retries: 1 } },
      { config: { batchSize: 7 } },
    ] as const;

    await Promise.all(patches.map((patch) => r.service.update({ taskId: 't', patch })));

    expect(await r.task()).toMatchObject({
      rev: 1 + patches.length,
      dataset: 'x',
      projectId: 'p2',
      symbols: ['A', 'B'],
      frequency: '5m',
      schedule: 'rate(5 minutes)',
      config: { retries: 1, batchSize: 7 },
    });
  });

  it('takes its own write for its own when the store cannot say whether it was kept', async () => {
    let unsure = false;
    const r = room((store) =>
      overlaid(store, {
        replace: async (p): Promise<CasOutcome<Task>> => {
          const answer = await store.replace(p);
          if (!unsure) return answer;
          unsure = false;
          return { outcome: 'unknown' };
        },
      }),
    );
    await r.service.create({ taskId: 't', content: CONTENT });
    r.clock.set(T0 + 30_000);
    unsure = true;

    expect(await r.service.update({ taskId: 't', patch: { dataset: 'x' }, expectedRev: 1 })).toMatchObject({
      rev: 2,
    });
    expect(await r.due()).toMatchObject({ nextDue: T0 + 30_000 });
  });

  it('that is overtaken by a later update does not turn the clock back', async () => {
    let overtake: (() => Promise<unknown>) | undefined;
    const r = room((store) =>
      overlaid(store, {
        putDue: async (p) => {
          const first = overtake;
          overtake = undefined;
          await first?.();
          return store.putDue(p);
        },
      }),
    );
    await r.service.create({ taskId: 't', content: CONTENT });
    overtake = () => r.service.update({ taskId: 't', patch: { startTime: T0 } });

    await r.service.update({ taskId: 't', patch: { startTime: T0 + 99 * HOUR } });

    expect(await r.task()).toMatchObject({ status: 'running', startTime: T0, rev: 3 });
    expect(await r.due()).toMatchObject({ nextDue: T0 });
  });
});

describe('stopping and starting', () => {
  it('takes the task out of work and puts it back', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });

    expect(await r.service.stop({ taskId: 't' })).toMatchObject({ status: 'stopped' });
    expect(await r.due()).toMatchObject({ nextDue: null });
    r.clock.set(T0 + HOUR);
    expect(await r.service.start({ taskId: 't' })).toMatchObject({ status: 'running' });
    expect(await r.due()).toMatchObject({ nextDue: T0 + HOUR });
  });

  it('twice is once', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });
    await hold(r);
    await r.service.stop({ taskId: 't' });
    const stopped = { task: await r.task(), fence: (await r.due())?.fence };

    await r.service.stop({ taskId: 't' });

    expect({ task: await r.task(), fence: (await r.due())?.fence }).toEqual(stopped);
    expect((await r.service.runs({ taskId: 't', limit: 10 })).items).toHaveLength(1);
  });

  it('makes a held run lose its fence: what it commits from now on is refused', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    const series = aSeries();
    await r.series.ensureSeries({ series });
    await hold(r);
    const fence = { uid: task.uid, fence: (await r.due())?.fence ?? -1 };
    const part = emptyPartOf(series);
    await r.series.commit({ series, part, fence });

    await r.service.stop({ taskId: 't' });

    await expect(r.series.commit({ series, part, fence })).rejects.toBeInstanceOf(LeaseLostError);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'at once end in agreement of task and due item (%i commands each)',
    async (n) => {
      const r = room();
      await r.service.create({ taskId: 't', content: CONTENT });

      await Promise.all(
        Array.from({ length: n }, (_, i) => [
          r.service.stop({ taskId: 't' }),
          r.service.start({ taskId: 't' }),
          r.service.update({ taskId: 't', patch: { dataset: `d${i}` } }),
        ]).flat(),
      );

      const isDue = (await r.due())?.nextDue !== null;
      expect(isDue).toBe((await r.task()).status === 'running');
    },
  );

  it('that was overtaken by a start leaves the task due', async () => {
    let overtake: (() => Promise<unknown>) | undefined;
    const r = room((store) =>
      overlaid(store, {
        putDue: async (p) => {
          const first = overtake;
          overtake = undefined;
          await first?.();
          return store.putDue(p);
        },
      }),
    );
    await r.service.create({ taskId: 't', content: CONTENT });
    overtake = () => r.service.start({ taskId: 't' });

    await r.service.stop({ taskId: 't' });

    expect(await r.task()).toMatchObject({ status: 'running' });
    expect((await r.due())?.nextDue).not.toBeNull();
  });
});

describe('a task that was stopped for a while', () => {
  const RATE = { ...CONTENT, schedule: 'rate(10 minutes)' };
  const MINUTE = 60_000;

  async function rested(content: TaskContent): Promise<Room> {
    const r = room();
    await r.service.create({ taskId: 't', content });
    const due = (await r.due()) ?? expect.fail('no due item');
    await r.store.putDue({ due: { ...due, cursor: T0, nextDue: T0 + 10 * MINUTE }, expectedV: due.v });
    await r.service.stop({ taskId: 't' });
    return r;
  }

  it('has the slots that passed on record, and runs at once when it is started', async () => {
    const r = await rested(RATE);
    r.clock.set(T0 + 35 * MINUTE);

    await r.service.start({ taskId: 't' });

    expect((await r.service.runs({ taskId: 't', limit: 10 })).items).toMatchObject([
      {
        kind: 's',
        outcome: 'skipped',
        skipped: { from: T0 + 10 * MINUTE, to: T0 + 30 * MINUTE, n: 3, reason: 'stopped' },
      },
    ]);
    expect(await r.due()).toMatchObject({
      cursor: T0 + 30 * MINUTE,
      nextDue: T0 + 35 * MINUTE,
      active: { kind: 'm', slot: T0 + 35 * MINUTE },
    });
  });

  it('runs under its slot when it is started at just that instant', async () => {
    const r = await rested({ ...CONTENT, schedule: 'cron(0/10 * * * ? *)' });
    r.clock.set(T0 + 20 * MINUTE);

    await r.service.start({ taskId: 't' });

    expect((await r.service.runs({ taskId: 't', limit: 10 })).items).toMatchObject([
      { skipped: { from: T0 + 10 * MINUTE, to: T0 + 10 * MINUTE, n: 1, reason: 'stopped' } },
    ]);
    expect(await r.due()).toMatchObject({
      cursor: T0 + 10 * MINUTE,
      nextDue: T0 + 20 * MINUTE,
      active: null,
    });
  });

  it('has them on record also when it comes back with another schedule', async () => {
    const r = await rested(RATE);
    r.clock.set(T0 + 35 * MINUTE);

    await r.service.update({ taskId: 't', patch: { schedule: 'rate(1 hour)' } });
    await r.service.start({ taskId: 't' });

    expect((await r.service.runs({ taskId: 't', limit: 10 })).items).toMatchObject([
      { skipped: { from: T0 + 10 * MINUTE, to: T0 + 30 * MINUTE, reason: 'stopped' } },
    ]);
    expect(await r.due()).toMatchObject({ nextDue: T0 + 35 * MINUTE, active: null });
  });
});

describe('a schedule that names its instants', () => {
  const DAILY = { ...CONTENT, schedule: 'cron(0 18 * * ? *)', timezone: 'Asia/Shanghai' };

  it('makes the task due at the first of them', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: DAILY });

    expect(await r.due()).toMatchObject({ nextDue: T0 + 10 * HOUR, cursor: T0 - 1 });
    expect((await r.service.view({ taskId: 't' })).nextRunAt).toBe(T0 + 10 * HOUR);
  });

  it('takes effect from its next instant on when it is changed', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: DAILY });
    r.clock.set(T0 + HOUR);

    await r.service.update({ taskId: 't', patch: { timezone: 'America/New_York' } });

    expect(await r.due()).toMatchObject({ nextDue: T0 + 23 * HOUR });
  });

  it('is refused where all of them have passed, but for a task that is there', async () => {
    const r = room();
    const once = { ...CONTENT, schedule: 'at(2024-01-01T01:00:00)' };
    await r.service.create({ taskId: 't', content: once });
    r.clock.set(T0 + 2 * HOUR);

    expect((await r.service.create({ taskId: 't', content: once })).created).toBe(false);
    await expect(r.service.create({ taskId: 'u', content: once })).rejects.toMatchObject({
      issues: [{ path: 'schedule', code: 'schedule_past', params: { zone: 'UTC' } }],
    });
    const late = r.service.update({ taskId: 't', patch: { schedule: 'at(2024-01-01T01:30:00)' } });
    expect(await codeOf(late)).toBe('VALIDATION');
    expect(await r.task()).toMatchObject({ rev: 1 });
  });
});

describe('a command cut off between the task and its due item', () => {
  it('start: is made whole by repeating it', async () => {
    const { wrap, arm } = dying();
    const r = room(wrap);
    await r.service.create({ taskId: 't', content: CONTENT });
    await r.service.stop({ taskId: 't' });
    arm();
    await expect(r.service.start({ taskId: 't' })).rejects.toThrow('killed');
    expect(await r.due()).toMatchObject({ nextDue: null });

    await r.service.start({ taskId: 't' });

    expect(await r.due()).toMatchObject({ nextDue: T0 });
  });

  it('update of a completed task: is made whole by repeating it', async () => {
    const { wrap, arm } = dying();
    const r = room(wrap);
    const { task } = await r.service.create({ taskId: 't', content: { ...CONTENT, endTime: T0 } });
    await r.store.replace({ task: { ...task, status: 'completed' }, expectedV: task.v });
    const due = (await r.due()) ?? expect.fail('no due item');
    await r.store.putDue({ due: { ...due, nextDue: null }, expectedV: due.v });
    arm();
    await expect(r.service.update({ taskId: 't', patch: { endTime: T0 + HOUR } })).rejects.toThrow('killed');

    await r.service.update({ taskId: 't', patch: { endTime: T0 + HOUR } });

    expect(await r.task()).toMatchObject({ status: 'running', rev: 2 });
    expect((await r.due())?.nextDue).not.toBeNull();
  });

  it('stop: is made whole by repeating it', async () => {
    const { wrap, arm } = dying();
    const r = room(wrap);
    await r.service.create({ taskId: 't', content: CONTENT });
    arm();
    await expect(r.service.stop({ taskId: 't' })).rejects.toThrow('killed');

    await r.service.stop({ taskId: 't' });

    expect(await r.due()).toMatchObject({ nextDue: null });
  });

  it('delete: is made whole by repeating it', async () => {
    const { wrap, arm } = dying();
    const r = room(wrap);
    await r.service.create({ taskId: 't', content: CONTENT });
    arm();
    await expect(r.service.remove({ taskId: 't' })).rejects.toThrow('killed');

    await r.service.remove({ taskId: 't' });

    expect(await codeOf(r.service.view({ taskId: 't' }))).toBe('TASK_NOT_FOUND');
  });
});

describe('ordering a run', () => {
  it('puts a manual run beside the schedule, whose cursor stays', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    const cursor = (await r.due())?.cursor;
    r.clock.set(T0 + 7);

    const { runId } = await r.service.run({ taskId: 't' });

    expect(runId).toBe(runIdOf(task.uid, 'm', T0 + 7));
    expect(await r.due()).toMatchObject({ cursor, nextDue: T0 + 7, active: { kind: 'm', owner: null } });
    expect(await r.service.view({ taskId: 't' })).toMatchObject({ activeRunId: runId, nextRunAt: T0 + 7 });
  });

  it('is refused while another run is active, naming it', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    await hold(r);

    await expect(r.service.run({ taskId: 't' })).rejects.toMatchObject({
      code: 'CONFLICT_RUN_ACTIVE',
      details: { run_id: runIdOf(task.uid, 's', T0) },
    });
  });

  it('is refused on a stopped task', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });
    await r.service.stop({ taskId: 't' });

    expect(await codeOf(r.service.run({ taskId: 't' }))).toBe('TASK_STOPPED');
  });

  it('by the same name again is the same run: waiting, held or long done', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    const { runId } = await r.service.run({ taskId: 't', requestId: 'a' });
    r.clock.set(T0 + HOUR);
    expect((await r.service.run({ taskId: 't', requestId: 'a' })).runId).toBe(runId);

    const due = (await r.due()) ?? expect.fail('no due item');
    await r.history.put({ record: aRunRecord({ uid: task.uid, kind: 'm', slot: due.active?.slot ?? -1 }) });
    await r.store.putDue({ due: { ...due, active: null }, expectedV: due.v });

    expect((await r.service.run({ taskId: 't', requestId: 'a' })).runId).toBe(runId);
    expect((await r.due())?.active).toBeNull();
    expect((await r.service.run({ taskId: 't', requestId: 'b' })).runId).not.toBe(runId);
  });

  it('by the same name is the same run after a thousand others, and after its record was let go', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    const { runId } = await r.service.run({ taskId: 't', requestId: 'a' });
    const due = (await r.due()) ?? expect.fail('no due item');
    const own = aRunRecord({ uid: task.uid, kind: 'm', slot: due.active?.slot ?? -1, startedAt: T0 });
    await r.history.put({ record: own });
    await r.store.putDue({ due: { ...due, active: null }, expectedV: due.v });
    for (let i = 0; i < 1_001; i += 1)
      await r.history.put({ record: aRunRecord({ uid: task.uid, slot: T0 + i, startedAt: T0 + 1 + i }) });

    expect((await r.service.run({ taskId: 't', requestId: 'a' })).runId).toBe(runId);
    await r.upkeep.runs.pruneOldest({ bytes: 1, before: Infinity, limit: 1 });
    expect(await r.history.list({ uid: task.uid, limit: 1_000 })).not.toMatchObject({ items: [own] });
    expect((await r.service.run({ taskId: 't', requestId: 'a' })).runId).toBe(runId);
    expect((await r.due())?.active).toBeNull();
  });

  it('by the same name from several doors at once is one run', async () => {
    const r = room();
    await r.service.create({ taskId: 't', content: CONTENT });

    const runs = await Promise.all(
      Array.from({ length: 5 }, () => r.service.run({ taskId: 't', requestId: 'a' })),
    );

    expect(new Set(runs.map((run) => run.runId)).size).toBe(1);
  });
});

describe('ordering a refetch', () => {
  const ref = { source: 'binance', symbol: 'BTCUSDT', dataType: 'kline', frequency: '1h' };
  const range = { from: T0, to: T0 + HOUR };

  async function collecting(): Promise<Room & { readonly key: string }> {
    const r = room();
    const series = aSeries({ timeframe: '1h' });
    await r.series.ensureSeries({ series });
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    const standing = {
      ...task.series[0],
      symbol: 'BTCUSDT',
      seriesKey: series.key,
      instrument: series.instrument,
    };
    const known = {
      ...task,
      series: [{ note: null, error: null, watermark: null, ...standing, state: 'active' as const }],
    };
    expect(await r.store.replace({ task: known, expectedV: task.v })).toMatchObject({ outcome: 'committed' });
    return { ...r, key: series.key };
  }

  it.each(['BTCUSDT', 'BTC/USDT', 'binance:BTC/USDT', 'btc-usdt'])('finds the task by %s', async (symbol) => {
    const r = await collecting();

    await r.service.refetch({ series: { ...ref, symbol }, range, reason: 'doubt' });

    expect((await r.due())?.active).toMatchObject({
      kind: 'r',
      refetch: { seriesKey: r.key, ...range, reason: 'doubt' },
    });
  });

  it.each([
    { symbol: 'ETHUSDT' },
    { symbol: 'BTC/USDT:USDT' },
    { source: 'okx' },
    { dataType: 'ticker' },
    { frequency: '1m' },
    { realm: 'live' },
  ])('is refused when no task collects %j', async (other) => {
    const r = await collecting();

    const asked = r.service.refetch({ series: { ...ref, ...other }, range, reason: 'doubt' });

    expect(await codeOf(asked)).toBe('TASK_NOT_FOUND');
    expect((await r.due())?.active).toBeNull();
  });

  it('takes the realm that is named when a task collects it', async () => {
    const r = await collecting();

    const { runId } = await r.service.refetch({
      series: { ...ref, realm: 'sandbox:1' },
      range,
      reason: 'doubt',
    });

    expect(runId).toContain('.r');
  });
});

describe('asking for tasks', () => {
  it.each([
    ['view', (r: Room) => r.service.view({ taskId: 'no' })],
    ['update', (r: Room) => r.service.update({ taskId: 'no', patch: {} })],
    ['remove', (r: Room) => r.service.remove({ taskId: 'no' })],
    ['start', (r: Room) => r.service.start({ taskId: 'no' })],
    ['stop', (r: Room) => r.service.stop({ taskId: 'no' })],
    ['run', (r: Room) => r.service.run({ taskId: 'no' })],
    ['runs', (r: Room) => r.service.runs({ taskId: 'no', limit: 1 })],
  ] as const)('%s of an unknown task is not found', async (_name, ask) => {
    expect(await codeOf(ask(room()))).toBe('TASK_NOT_FOUND');
  });

  it('lists page by page, each with its start and next run', async () => {
    const r = room();
    for (const [i, taskId] of ['a', 'b', 'c'].entries()) {
      r.clock.set(T0 + i);
      await r.service.create({ taskId, content: { ...CONTENT, dataset: taskId } });
    }

    const first = await r.service.list({ filter: {}, limit: 2 });
    const rest = await r.service.list({ filter: {}, limit: 2, cursor: first.next });

    expect([...first.items, ...rest.items].map((i) => i.task.taskId)).toEqual(['c', 'b', 'a']);
    expect([first.total, rest.next]).toEqual([3, undefined]);
    expect(first.items[0]).toMatchObject({ start: T0, nextRunAt: T0 + 2 });
  });

  it('refuses to change what is declared in the configuration', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: CONTENT });
    await r.store.replace({ task: { ...task, origin: 'config' }, expectedV: task.v });

    expect(await codeOf(r.service.update({ taskId: 't', patch: { dataset: 'x' } }))).toBe('TASK_DECLARED');
    expect(await codeOf(r.service.stop({ taskId: 't' }))).toBe('TASK_DECLARED');
  });
});
