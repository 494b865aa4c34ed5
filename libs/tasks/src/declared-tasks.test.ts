import type { DueItem, RunRecord, Task, TaskContent, TaskDeclaration } from '@kairos/domain';
import { DEFAULT_TASK_CONFIG } from '@kairos/domain';
import type { TaskStore } from '@kairos/ports';
import { MemoryRunHistory, MemorySeriesStore, MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import { anActiveRun, aTask, codeOf, FakeClock, FakeIds, forEverySource, T0 } from '@kairos/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeclaredTasks, type DeclarationPlan } from './declared-tasks.ts';
import { contentOf } from './task-content.ts';
import { TaskService } from './task-service.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const JOB: TaskContent = {
  ...contentOf(aTask()),
  handler: 'job',
  dataset: '',
  dataType: '',
  source: '',
  symbols: [],
  startTime: null,
  schedule: 'rate(5 minutes)',
  config: DEFAULT_TASK_CONFIG,
  job: {
    function: 'python_crawler',
    language: 'python',
    runtime: 'python3.11',
    taskType: 'simple_task_1',
    taskName: 'one',
    timeoutMs: 300_000,
    memoryMb: 512,
    params: { depth: 1, pair: 'BTC' },
  },
};

const COLLECT: TaskContent = { ...contentOf(aTask({ frequency: '1h' })), startTime: null };

const declare = (
  over: Partial<TaskDeclaration> = {},
  content: Partial<TaskContent> = {},
): TaskDeclaration => ({
  taskId: 't',
  description: 'a task',
  enabled: true,
  ...over,
  content: { ...(over.content ?? JOB), ...content },
});

/** Declared tasks over stores in memory; `wrap` puts a fault between the two. */
function room(wrap: (store: TaskStore) => TaskStore = (store) => store, maxTasks?: number) {
  const data = new MemoryStore();
  const clock = new FakeClock();
  const store = new MemoryTaskStore(data);
  const history = new MemoryRunHistory(data);
  const series = new MemorySeriesStore(data);
  const calendars = forEverySource({
    id: 'every-slot',
    expected: () => [],
    closedBefore: ({ now }: { readonly now: number }) => now,
  });
  const deps = { tasks: wrap(store), history, clock, ids: new FakeIds(), maxTasks };
  const declared = new DeclaredTasks(deps);
  const service = new TaskService({ ...deps, series, calendars });
  const task = async (taskId = 't'): Promise<Task> =>
    (await store.get({ taskId })) ?? expect.fail(`${taskId} is gone`);
  const due = async (taskId = 't'): Promise<DueItem> =>
    (await store.getDue({ uid: (await task(taskId)).uid })) ?? expect.fail('no due item');
  const lines = async (taskId = 't'): Promise<readonly RunRecord[]> =>
    (await history.list({ uid: (await task(taskId)).uid, limit: 100 })).items;
  const plan = (...declarations: TaskDeclaration[]): Promise<DeclarationPlan> =>
    declared.plan({ declarations });
  const apply = async (...declarations: TaskDeclaration[]): Promise<string[]> =>
    (await declared.apply(await plan(...declarations))).actions.map((a) => `${a.kind} ${a.taskId}`);
  /** Holds the slot that is due, as a scheduler does. */
  const hold = async (): Promise<DueItem> => {
    const before = await due();
    const active = anActiveRun({ slot: before.nextDue ?? T0, startedAt: clock.now() });
    const held = { ...before, active, fence: before.fence + 1, cursor: Math.max(before.cursor, active.slot) };
    await store.putDue({ due: held, expectedV: before.v });
    return due();
  };
  /** As after slots up to an instant had their runs. */
  const ranTo = async (cursor: number, nextDue: number | null = cursor + 5 * MINUTE): Promise<void> => {
    const before = await due();
    await store.putDue({ due: { ...before, cursor, nextDue, active: null }, expectedV: before.v });
  };
  return { declared, service, clock, store, data, task, due, lines, plan, apply, hold, ranTo };
}

type Room = ReturnType<typeof room>;

const kinds = (plan: DeclarationPlan): string[] => plan.actions.map((a) => a.kind);

describe('a plan', () => {
  it('tells what each entry comes to, and writes nothing', async () => {
    const r = room();
    await r.service.create({ taskId: 'signal', content: COLLECT });
    await r.apply(
      declare({ taskId: 'kept' }),
      declare({ taskId: 'changed' }),
      declare({ taskId: 'disabled' }),
      declare({ taskId: 'enabled', enabled: false }),
      declare({ taskId: 'gone' }),
      declare({ taskId: 'back' }),
    );
    await r.apply(
      ...['kept', 'changed', 'disabled', 'gone'].map((taskId) => declare({ taskId })),
      declare({ taskId: 'enabled', enabled: false }),
    );
    const before = (await r.store.list({ filter: {}, limit: 100 })).items;

    const plan = await r.plan(
      declare({ taskId: 'new' }),
      declare({ taskId: 'kept' }),
      declare({ taskId: 'changed' }, { schedule: 'rate(7 minutes)' }),
      declare({ taskId: 'disabled', enabled: false }),
      declare({ taskId: 'enabled' }),
      declare({ taskId: 'back' }),
      declare({ taskId: 'signal' }),
    );

    expect(plan.actions.map((a) => `${a.taskId}: ${a.kind}${a.reason ? ` (${a.reason})` : ''}`)).toEqual([
      'new: add',
      'kept: keep',
      'changed: change (schedule)',
      'disabled: disable',
      'enabled: enable',
      'back: return',
      'signal: conflict (a task made by signal has the name signal: delete it, or name the entry otherwise)',
      'gone: withdraw (it is no longer in the file: stopped, its runs and data stay)',
    ]);
    expect((await r.store.list({ filter: {}, limit: 100 })).items).toEqual(before);
  });

  it('keeps what is only written otherwise: the order of params, of fields', async () => {
    const r = room();
    await r.apply(declare());
    const job = JOB.job && { ...JOB.job, params: { pair: 'BTC', depth: 1 } };

    expect(kinds(await r.plan(declare({}, { job })))).toEqual(['keep']);
  });

  it('refuses the second of two entries with one name, and goes on with the others', async () => {
    const r = room();

    expect(await r.apply(declare(), declare({ enabled: false }), declare({ taskId: 'u' }))).toEqual([
      'add t',
      'conflict t',
      'add u',
    ]);
    expect(await r.task()).toMatchObject({ status: 'running' });
  });

  it('finds declared tasks however many there are', async () => {
    const r = room();
    const all = Array.from({ length: 2_100 }, (_, i) => declare({ taskId: `t${i}` }));
    await r.apply(...all);

    expect(new Set(kinds(await r.plan(...all)))).toEqual(new Set(['keep']));
    expect(kinds(await r.plan()).filter((k) => k === 'withdraw')).toHaveLength(2_100);
  });
});

describe('applying a plan', () => {
  it('makes new tasks: enabled ones are due, disabled ones are stopped', async () => {
    const r = room();

    await r.apply(
      declare(),
      declare({ taskId: 'u', enabled: false }),
      declare({ taskId: 'w', content: COLLECT }),
    );

    expect(await r.task()).toMatchObject({
      origin: 'config',
      status: 'running',
      declared: { description: 'a task', withdrawn: false },
    });
    expect(await r.due()).toMatchObject({ nextDue: T0 });
    expect(await r.task('u')).toMatchObject({ status: 'stopped' });
    expect(await r.due('u')).toMatchObject({ nextDue: null });
    expect(await r.task('w')).toMatchObject({ status: 'running', series: [{ symbol: 'BTCUSDT' }] });
  });

  it('makes a task of a cron due at its first instant, and one that starts later waits', async () => {
    const r = room();

    await r.apply(
      declare({}, { schedule: 'cron(0 18 * * ? *)', timezone: 'Asia/Shanghai' }),
      declare({ taskId: 'u', content: { ...COLLECT, startTime: T0 + HOUR } }),
    );

    expect(await r.due()).toMatchObject({ nextDue: T0 + 10 * HOUR });
    expect(await r.task('u')).toMatchObject({ status: 'pending' });
    expect(await r.due('u')).toMatchObject({ nextDue: T0 + HOUR });
  });

  it('never runs what was to run before it was declared', async () => {
    const r = room();

    await r.apply(declare({}, { schedule: 'at(2023-12-31T23:59:59)' }));

    const { status, health } = await r.task();
    expect(status).toBe('completed');
    expect(health.reasons).toEqual([
      'schedule at(2023-12-31T23:59:59) (UTC) has no slot after 2024-01-01T00:00:00.000Z: there is nothing to run',
    ]);
    expect(await r.due()).toMatchObject({ nextDue: null });
    expect(kinds(await r.plan(declare({}, { schedule: 'at(2023-12-31T23:59:59)' })))).toEqual(['keep']);
  });

  it('twice writes nothing the second time', async () => {
    const r = room();
    await r.apply(declare(), declare({ taskId: 'u', enabled: false }));
    const before = [await r.task(), await r.due(), await r.task('u'), await r.due('u')];
    r.clock.set(T0 + HOUR);

    await r.apply(declare(), declare({ taskId: 'u', enabled: false }));

    expect([await r.task(), await r.due(), await r.task('u'), await r.due('u')]).toEqual(before);
  });

  it('does not add tasks beyond their number', async () => {
    const r = room(undefined, 1);

    const { actions } = await r.declared.apply(await r.plan(declare(), declare({ taskId: 'u' })));

    expect(actions.map((a) => a.kind).sort()).toEqual(['add', 'conflict']);
    expect(actions.find((a) => a.kind === 'conflict')?.reason).toContain('limits.max_tasks');
  });

  it('leaves a task made by signal as it is', async () => {
    const r = room();
    const { task } = await r.service.create({ taskId: 't', content: COLLECT });

    expect(await r.apply(declare())).toEqual(['conflict t']);
    expect(await r.task()).toEqual(task);
    await r.service.remove({ taskId: 't' });
    expect(await r.apply(declare())).toEqual(['add t']);
  });
});

describe('changed content', () => {
  it('of another schedule takes effect at once: its epoch is the moment of the change', async () => {
    const r = room();
    await r.apply(declare());
    await r.ranTo(T0);
    r.clock.set(T0 + 3 * MINUTE);

    await r.apply(declare({}, { schedule: 'rate(7 minutes)' }));

    expect(await r.task()).toMatchObject({ rev: 2, epochAt: T0 + 3 * MINUTE, schedule: 'rate(7 minutes)' });
    expect(await r.due()).toMatchObject({ nextDue: T0 + 3 * MINUTE });
  });

  it('puts on record the slots of the old schedule that had passed', async () => {
    const r = room();
    await r.apply(declare());
    await r.ranTo(T0);
    r.clock.set(T0 + 12 * MINUTE);

    await r.apply(declare({}, { schedule: 'cron(0 18 * * ? *)' }));

    expect(await r.lines()).toMatchObject([
      {
        kind: 's',
        outcome: 'skipped',
        skipped: { from: T0 + 5 * MINUTE, to: T0 + 10 * MINUTE, n: 2, reason: 'coalesced' },
      },
    ]);
    expect(await r.due()).toMatchObject({ nextDue: T0 + 18 * HOUR });
  });

  it.each<[string, Partial<TaskContent>]>([
    ['params', { job: JOB.job && { ...JOB.job, params: { depth: 2 } } }],
    ['the policy of missed slots', { config: { ...DEFAULT_TASK_CONFIG, missed: 'skip' } }],
    ['a time-out', { job: JOB.job && { ...JOB.job, timeoutMs: 1_000 } }],
  ])('of %s shifts no slot', async (_what, content) => {
    const r = room();
    await r.apply(declare());
    await r.ranTo(T0);
    r.clock.set(T0 + 3 * MINUTE);

    await r.apply(declare({}, content));

    expect(await r.task()).toMatchObject({ rev: 2, epochAt: T0, ...content });
    expect(await r.due()).toMatchObject({ cursor: T0, nextDue: T0 + 5 * MINUTE, active: null });
  });

  it('takes a run under way from its worker, to be begun anew under its slot', async () => {
    const r = room();
    await r.apply(declare());
    const held = await r.hold();
    r.clock.set(T0 + MINUTE);

    await r.apply(declare({}, { job: JOB.job && { ...JOB.job, params: {} } }));

    expect(await r.due()).toMatchObject({
      fence: held.fence + 1,
      nextDue: T0 + MINUTE,
      active: { kind: 's', slot: T0, owner: null, notBefore: T0 + MINUTE },
    });
    expect(await r.lines()).toMatchObject([{ slot: T0, fence: held.fence, outcome: 'cancelled' }]);
  });

  it('of what is collected runs at once', async () => {
    const r = room();
    await r.apply(declare({ content: COLLECT }));
    await r.ranTo(T0, T0 + HOUR + 2_000);
    r.clock.set(T0 + MINUTE);

    await r.apply(declare({ content: { ...COLLECT, symbols: ['BTCUSDT', 'ETHUSDT'] } }));

    expect(await r.task()).toMatchObject({
      rev: 2,
      epochAt: T0,
      series: [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }],
    });
    expect(await r.due()).toMatchObject({ active: { kind: 'm', owner: null }, nextDue: T0 + MINUTE });
  });

  it('of the description alone is no revision', async () => {
    const r = room();
    await r.apply(declare());
    const due = await r.due();

    expect(await r.apply(declare({ description: 'in other words' }))).toEqual(['change t']);

    expect(await r.task()).toMatchObject({ rev: 1, declared: { description: 'in other words' } });
    expect(await r.due()).toEqual(due);
  });

  it('keeps the state of a job, unless it is another job now', async () => {
    const r = room();
    await r.apply(declare());
    const task = await r.task();
    await r.store.replace({ task: { ...task, jobState: 7 }, expectedV: task.v });

    await r.apply(declare({}, { schedule: 'rate(7 minutes)' }));
    expect(await r.task()).toMatchObject({ jobState: 7 });
    await r.apply(declare({}, { job: JOB.job && { ...JOB.job, taskType: 'simple_task_2' } }));
    expect(await r.task()).toMatchObject({ jobState: null });
  });

  it('makes a completed task go on, if there is something to go on with', async () => {
    const r = room();
    await r.apply(declare({}, { schedule: 'at(2024-01-01T01:00:00)' }));
    const task = await r.task();
    await r.store.replace({ task: { ...task, status: 'completed' }, expectedV: task.v });
    await r.ranTo(T0 + HOUR, null);
    r.clock.set(T0 + 2 * HOUR);

    await r.apply(
      declare({}, { schedule: 'at(2024-01-01T01:00:00)', job: JOB.job && { ...JOB.job, params: {} } }),
    );
    expect(await r.task()).toMatchObject({ status: 'completed', rev: 2 });
    expect(await r.due()).toMatchObject({ nextDue: null });
    await r.apply(declare({}, { schedule: 'at(2024-01-01T03:00:00)' }));
    expect(await r.task()).toMatchObject({ status: 'running', rev: 3 });
    expect(await r.due()).toMatchObject({ nextDue: T0 + 3 * HOUR });
  });
});

describe('disabling and enabling', () => {
  it('stops the task, and takes the fence from its run', async () => {
    const r = room();
    await r.apply(declare());
    const held = await r.hold();

    expect(await r.apply(declare({ enabled: false }))).toEqual(['disable t']);

    expect(await r.task()).toMatchObject({ status: 'stopped', rev: 1 });
    expect(await r.due()).toMatchObject({ fence: held.fence + 1, active: null, nextDue: null });
  });

  it('puts on record the slots that passed meanwhile, and goes on with the next one', async () => {
    const r = room();
    await r.apply(declare());
    await r.ranTo(T0);
    await r.apply(declare({ enabled: false }));
    r.clock.set(T0 + 22 * MINUTE);

    expect(await r.apply(declare())).toEqual(['enable t']);

    expect(await r.task()).toMatchObject({ status: 'running', rev: 1, epochAt: T0 });
    expect(await r.due()).toMatchObject({
      cursor: T0 + 20 * MINUTE,
      nextDue: T0 + 25 * MINUTE,
      active: null,
    });
    expect(await r.lines()).toMatchObject([
      {
        outcome: 'skipped',
        skipped: { from: T0 + 5 * MINUTE, to: T0 + 20 * MINUTE, n: 4, reason: 'stopped' },
      },
    ]);
  });

  it('leaves complete what is complete', async () => {
    const r = room();
    const once = { schedule: 'at(2023-01-01T00:00:00)' };
    await r.apply(declare({}, once));

    await r.apply(declare({ enabled: false }, once));
    await r.apply(declare({}, once));

    expect(await r.task()).toMatchObject({ status: 'completed' });
  });
});

describe('an entry that goes and comes back', () => {
  it('stops its task and keeps it, and then goes on with it', async () => {
    const r = room();
    await r.apply(declare());
    const { uid } = await r.task();
    await r.ranTo(T0);

    expect(await r.apply()).toEqual(['withdraw t']);
    expect(await r.task()).toMatchObject({ status: 'stopped', declared: { withdrawn: true } });
    expect(await r.due()).toMatchObject({ nextDue: null });
    expect(await r.apply()).toEqual([]);
    r.clock.set(T0 + 7 * MINUTE);
    expect(await r.apply(declare())).toEqual(['return t']);

    expect(await r.task()).toMatchObject({ uid, status: 'running', declared: { withdrawn: false }, rev: 1 });
    expect(await r.due()).toMatchObject({ cursor: T0 + 5 * MINUTE, nextDue: T0 + 10 * MINUTE });
  });

  it('comes back with its changes, or disabled', async () => {
    const r = room();
    await r.apply(declare());
    await r.apply();
    await r.apply(declare({ enabled: false }, { schedule: 'rate(7 minutes)' }));

    expect(await r.task()).toMatchObject({ status: 'stopped', rev: 2, schedule: 'rate(7 minutes)' });
    await r.apply(declare({}, { schedule: 'rate(7 minutes)' }));
    expect(await r.task()).toMatchObject({ status: 'running', rev: 2 });
  });
});

describe('a declared task that has failed', () => {
  const fail = async (r: Room): Promise<void> => {
    const task = await r.task();
    const error = { code: 'JOB_FUNCTION_MISSING', message: 'no', at: T0 };
    await r.store.replace({ task: { ...task, status: 'failed', error }, expectedV: task.v });
    await r.ranTo(T0, null);
  };

  it('is tried again when that is asked for, and otherwise left', async () => {
    const r = room();
    await r.apply(declare());
    await fail(r);
    r.clock.set(T0 + MINUTE);

    expect(kinds(await r.plan(declare()))).toEqual(['keep']);
    const plan = await r.declared.plan({ declarations: [declare()], retryFailed: true });
    expect(plan.actions).toMatchObject([{ kind: 'enable', reason: 'it had failed: JOB_FUNCTION_MISSING' }]);
    await r.declared.apply(plan);

    expect(await r.task()).toMatchObject({ status: 'running', error: null, health: { state: 'ok' } });
    expect(await r.due()).toMatchObject({ nextDue: T0 + 5 * MINUTE });
  });

  it('is left where its time is over', async () => {
    const r = room();
    const once = declare({}, { schedule: 'at(2024-01-01T01:00:00)' });
    await r.apply(once);
    const task = await r.task();
    const updatedAt = T0 + HOUR;
    await r.store.replace({ task: { ...task, status: 'failed', updatedAt }, expectedV: task.v });
    await r.ranTo(T0 + HOUR, null);

    expect(kinds(await r.declared.plan({ declarations: [once], retryFailed: true }))).toEqual(['keep']);
  });

  it('begins anew with a change', async () => {
    const r = room();
    await r.apply(declare());
    await fail(r);

    await r.apply(declare({}, { job: JOB.job && { ...JOB.job, function: 'nodejs_crawler' } }));

    expect(await r.task()).toMatchObject({ status: 'running', rev: 2, error: null });
    expect((await r.due()).nextDue).toBe(T0 + 5 * MINUTE);
  });
});

describe('signals to a declared task', () => {
  const refused: [string, (r: Room) => Promise<unknown>][] = [
    ['update', (r) => r.service.update({ taskId: 't', patch: { schedule: 'rate(1 day)' } })],
    ['start', (r) => r.service.start({ taskId: 't' })],
    ['stop', (r) => r.service.stop({ taskId: 't' })],
    ['remove', (r) => r.service.remove({ taskId: 't' })],
    ['create', (r) => r.service.create({ taskId: 't', content: COLLECT })],
  ];

  it.each(refused)('that would %s it are refused, and name the entry to change', async (_what, signal) => {
    const r = room();
    await r.apply(declare());
    const before = [await r.task(), await r.due()];

    expect(await codeOf(signal(r))).toBe('TASK_DECLARED');
    await expect(signal(r)).rejects.toThrow('config/scheduled-tasks.json');
    expect([await r.task(), await r.due()]).toEqual(before);
  });

  it('that run it or look at it are answered', async () => {
    const r = room();
    await r.apply(declare());
    await r.ranTo(T0);

    const { runId } = await r.service.run({ taskId: 't' });

    expect(runId).toContain('.m');
    expect(await r.service.view({ taskId: 't' })).toMatchObject({ activeRunId: runId, progress: [] });
    expect((await r.service.runs({ taskId: 't', limit: 1 })).items).toEqual([]);
  });

  it('that delete it are done once it is out of the file, and its name is free', async () => {
    const r = room();
    await r.apply(declare());
    await r.apply();

    expect(await codeOf(r.service.start({ taskId: 't' }))).toBe('TASK_DECLARED');
    await expect(r.service.start({ taskId: 't' })).rejects.toThrow('no longer in the file');
    await r.service.remove({ taskId: 't' });

    expect(await codeOf(r.service.view({ taskId: 't' }))).toBe('TASK_NOT_FOUND');
    expect(await r.apply(declare())).toEqual(['add t']);
  });

  it('that delete it while it comes back leave it', async () => {
    const back: (() => Promise<unknown>)[] = [];
    const r = room((store) =>
      overlaid(store, {
        remove: async (p) => {
          await back.pop()?.();
          return store.remove(p);
        },
      }),
    );
    await r.apply(declare());
    await r.apply();
    back.push(() => r.apply(declare()));

    expect(await codeOf(r.service.remove({ taskId: 't' }))).toBe('TASK_DECLARED');
    expect(await r.task()).toMatchObject({ status: 'running' });
  });
});

/** A store of which single methods are replaced. */
const overlaid = (store: TaskStore, over: Partial<TaskStore>): TaskStore =>
  new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(over, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** Files one after another, each a change of another kind against the one before it. */
const FILES: readonly (readonly TaskDeclaration[])[] = [
  [declare(), declare({ taskId: 'u', content: COLLECT }), declare({ taskId: 'w', enabled: false })],
  [
    declare({}, { schedule: 'rate(7 minutes)' }),
    declare({ taskId: 'u', content: { ...COLLECT, symbols: ['ETHUSDT'] } }),
    declare({ taskId: 'w' }),
  ],
  [declare({ enabled: false }, { schedule: 'rate(7 minutes)' }), declare({ taskId: 'w', description: 'x' })],
  [
    declare({}, { schedule: 'cron(0 18 ? * MON-FRI *)', timezone: 'Asia/Shanghai' }),
    declare({ taskId: 'u', content: { ...COLLECT, symbols: ['ETHUSDT'] } }),
  ],
];

/** How the tasks stand, without what counts writes. */
async function standing(r: Room): Promise<unknown> {
  const tasks = (await r.store.list({ filter: {}, limit: 10 })).items;
  const all = tasks.map(async (task) => {
    const due = await r.due(task.taskId);
    const { taskId, status, rev, epochAt, schedule, symbols, declared } = task;
    const run = due.active && { kind: due.active.kind, slot: due.active.slot, owner: due.active.owner };
    return { taskId, status, rev, epochAt, schedule, symbols, declared, nextDue: due.nextDue, run };
  });
  return (await Promise.all(all)).sort((a, b) => (a.taskId < b.taskId ? -1 : 1));
}

/** Every file in its turn, five minutes apart. `each` brings one in. */
async function bringIn(r: Room, each: (file: readonly TaskDeclaration[]) => Promise<unknown>): Promise<void> {
  for (const [i, file] of FILES.entries()) {
    r.clock.set(T0 + i * 5 * MINUTE);
    await each(file);
  }
}

describe('applying that is cut off', () => {
  const WRITES = ['create', 'replace', 'putDue'] as const;

  /** A store that dies with its n-th write, before it or after it, and lives on when it is asked to. */
  function mortal() {
    const life = { left: Infinity, after: false };
    const wrap = (store: TaskStore): TaskStore => {
      const dying =
        <P, A>(write: (p: P) => Promise<A>) =>
        async (p: P): Promise<A> => {
          if (life.left < 0) throw new Error('killed');
          life.left -= 1;
          if (life.left >= 0) return write(p);
          if (life.after) await write(p);
          throw new Error('killed');
        };
      const over: Partial<TaskStore> = {
        create: dying((p: Parameters<TaskStore['create']>[0]) => store.create(p)),
        replace: dying((p: Parameters<TaskStore['replace']>[0]) => store.replace(p)),
        putDue: dying((p: Parameters<TaskStore['putDue']>[0]) => store.putDue(p)),
      };
      expect(Object.keys(over)).toEqual([...WRITES]);
      return overlaid(store, over);
    };
    return { life, wrap };
  }

  it.each([
    ['before', false],
    ['after', true],
  ])('%s any write is made whole by applying again', async (_where, after) => {
    const whole = room();
    await bringIn(whole, (file) => whole.apply(...file));
    const wanted = await standing(whole);
    let deaths = 0;
    for (let file = 0; file < FILES.length; file += 1) {
      for (let n = 0; ; n += 1) {
        const { life, wrap } = mortal();
        const r = room(wrap);
        let turn = 0;
        let died = false;
        await bringIn(r, async (declarations) => {
          const isTurn = turn === file;
          turn += 1;
          if (isTurn) Object.assign(life, { left: n, after });
          const applied = await r.apply(...declarations).catch((error: unknown) => {
            expect(String(error)).toContain('killed');
            return undefined;
          });
          life.left = Infinity;
          if (applied) return;
          died = true;
          await r.apply(...declarations);
        });
        if (!died) break;
        deaths += 1;
        expect({ file, n, standing: awaited(await standing(r)) }).toEqual({
          file,
          n,
          standing: awaited(wanted),
        });
      }
    }
    expect(deaths).toBeGreaterThan(8);
  });
});

/**
 * What was cut off before its due item was written waits for its next slot, where it would have run at once: the only
 * difference that is allowed.
 */
const awaited = (all: unknown): unknown =>
  (all as readonly { readonly nextDue: number | null }[]).map((t) => ({
    ...t,
    nextDue: t.nextDue === null ? null : 'planned',
    run: undefined,
  }));

describe('two that apply the same file at once', () => {
  it('come to what one alone comes to, however their steps fall', async () => {
    const alone = room();
    await bringIn(alone, (file) => alone.apply(...file));
    const wanted = await standing(alone);
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (s) => {
        const r = room((store) =>
          overlaid(store, {
            get: s.scheduleFunction((p: { taskId: string }) => store.get(p)),
            replace: s.scheduleFunction((p: Parameters<TaskStore['replace']>[0]) => store.replace(p)),
            putDue: s.scheduleFunction((p: Parameters<TaskStore['putDue']>[0]) => store.putDue(p)),
            create: s.scheduleFunction((p: Parameters<TaskStore['create']>[0]) => store.create(p)),
          }),
        );
        await bringIn(r, (file) => s.waitFor(Promise.all([r.apply(...file), r.apply(...file)])));

        expect(await standing(r)).toEqual(wanted);
      }),
      { seed: 5, numRuns: 60 },
    );
  });
});
