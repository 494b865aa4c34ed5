import { DEFAULT_TASK_CONFIG, NO_STATS, type DueItem, type RunRecord, type Task } from '@kairos/domain';
import type { RunResult, WorkHint } from '@kairos/ports';
import { MemoryRunHistory, MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import { aDue, anActiveRun, aTask, FakeClock, FakeIds, FakeWorkers, silentLogger, T0 } from '@kairos/testkit';
import { scheduleOf } from '@kairos/schedule';
import { describe, expect, it } from 'vitest';
import { Scheduler } from './scheduler.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** A scheduler over one task; `run` is what its handler does. */
async function engine(task: Task, due: DueItem, run: () => Promise<Partial<RunResult>> = async () => ({})) {
  const clock = new FakeClock({ now: T0 });
  const data = new MemoryStore();
  const tasks = new MemoryTaskStore(data);
  const workers = new FakeWorkers('worker-2', new Set(['worker-1']));
  const history = new MemoryRunHistory(data);
  const sent: WorkHint[] = [];
  const scheduler = new Scheduler({
    tasks,
    history,
    queue: {
      capabilities: { delayMs: 0, maxBytes: 0, deadLetter: false },
      send: async (hints) => void sent.push(...hints),
      onHint: () => undefined,
      drain: async () => undefined,
    },
    clock,
    ids: new FakeIds(1),
    workers,
    handlers: new Map([
      [
        'collect',
        {
          name: 'collect',
          run: async () => ({
            outcome: 'succeeded' as const,
            stats: NO_STATS,
            complete: false,
            withUnavailable: false,
            healthReasons: [],
            ...(await run()),
          }),
        },
      ],
    ]),
    log: silentLogger,
  });
  await tasks.create({ task, due });
  const work = async (): Promise<void> => {
    for (const hint of sent.splice(0))
      await scheduler.onHint(hint, { deadline: Infinity, signal: new AbortController().signal });
  };
  const dueNow = (): Promise<DueItem | undefined> => tasks.getDue({ uid: task.uid });
  const lines = async (): Promise<readonly RunRecord[]> =>
    (await history.list({ uid: task.uid, limit: 100 })).items;
  return { scheduler, tasks, history, clock, work, dueNow, lines, sent };
}

describe('Scheduler', () => {
  const task = aTask({ endTime: null, epochAt: T0 - HOUR });
  const next = scheduleOf(task).next(T0) ?? 0;

  it('recovers nothing while all is in order', async () => {
    const { scheduler, sent } = await engine(task, aDue({ cursor: T0, nextDue: next }));
    expect(await scheduler.recover(T0)).toEqual({ hinted: 0 });
    expect(sent).toEqual([]);
  });

  it.each<[string, DueItem]>([
    [
      'a run whose process is gone',
      aDue({ active: anActiveRun({ owner: 'worker-1#1', until: T0 + 30_000 }), nextDue: T0 + 30_000 }),
    ],
    ['a task that was made active but not due', aDue({ nextDue: null })],
    ['a plan of a clock that was far ahead', aDue({ cursor: T0 + YEAR, nextDue: T0 + YEAR + HOUR })],
    [
      'a retry put off by such a clock',
      aDue({
        cursor: T0 + YEAR,
        nextDue: T0 + YEAR + HOUR,
        active: anActiveRun({ owner: null, startedAt: T0 + YEAR, notBefore: T0 + YEAR + HOUR }),
      }),
    ],
    [
      'a lease of such a clock',
      aDue({
        cursor: T0 + YEAR,
        nextDue: T0 + YEAR + 30_000,
        active: anActiveRun({ owner: 'worker-2#9', startedAt: T0 + YEAR, until: T0 + YEAR + 30_000 }),
      }),
    ],
  ])('wakes up %s', async (_what, due) => {
    const { scheduler, clock, work, dueNow } = await engine(task, due);
    await scheduler.tick(T0 - 1);
    await work();
    expect(await dueNow()).toEqual(due);
    expect(await scheduler.recover(T0)).toEqual({ hinted: 1 });
    await work();
    clock.set(next);
    await scheduler.tick(next);
    await work();
    const { cursor, nextDue, active } = (await dueNow()) ?? aDue();
    expect([cursor <= next, nextDue === null || nextDue <= next + HOUR, active]).toEqual([true, true, null]);
    expect(nextDue).toBeGreaterThan(next);
  });

  it('goes on with a claim whose answer was lost', async () => {
    let runs = 0;
    const count = async (): Promise<object> => ({ rows: (runs += 1) });
    const { scheduler, tasks, work, lines } = await engine(task, aDue(), count);
    const putDue = tasks.putDue.bind(tasks);
    let lost = 0;
    tasks.putDue = async (p) => {
      const answer = await putDue(p);
      return (lost += 1) === 1 ? { outcome: 'unknown' } : answer;
    };
    await scheduler.tick(T0);
    await work();
    expect(runs).toBe(1);
    expect(await lines()).toMatchObject([{ outcome: 'succeeded' }]);
  });

  it('leaves a run to the worker that took it over, also when that one is done with it', async () => {
    let finish = (): void => undefined;
    let begun = (): void => undefined;
    const running = new Promise<void>((resolve) => (begun = resolve));
    const { scheduler, tasks, history, work, lines, dueNow } = await engine(task, aDue(), () => {
      begun();
      return new Promise((done) => (finish = () => done({})));
    });
    await scheduler.tick(T0);
    const frozen = work();
    await running;
    const held = await dueNow();
    const [ours] = await lines();
    if (!held || !ours) throw new Error('the task is not being worked');
    await tasks.putDue({ due: { ...held, fence: held.fence + 1, active: null }, expectedV: held.v });
    await history.put({ record: { ...ours, fence: held.fence + 1, outcome: 'succeeded' } });

    finish();
    await frozen;

    const told = (await lines()).map(({ fence, outcome }) => [fence - held.fence, outcome]);
    expect(told).toEqual([
      [1, 'succeeded'],
      [0, 'expired'],
    ]);
  });

  it('puts on record which slots passed without a run, where the policy is to skip them', async () => {
    const hurried = {
      ...task,
      schedule: 'rate(1 hour)',
      config: { ...DEFAULT_TASK_CONFIG, missed: 'skip' as const },
    };
    const late = T0 + 3 * HOUR + 30 * 60_000;
    const { scheduler, clock, work, lines, dueNow } = await engine(
      hurried,
      aDue({ cursor: T0, nextDue: T0 + HOUR }),
    );
    clock.set(late);
    await scheduler.tick(late);
    await work();
    expect(await lines()).toMatchObject([{ outcome: 'skipped', skipped: { n: 3, reason: 'missed' } }]);
    expect((await dueNow())?.cursor).toBeGreaterThan(T0 + 2 * HOUR);
  });

  it('does not put a task to sleep that a person starts while its last run is being settled', async () => {
    const ending = aTask({ endTime: T0, epochAt: T0 - HOUR });
    const { scheduler, tasks, work, dueNow } = await engine(ending, aDue(), async () => ({ complete: true }));
    const replace = tasks.replace.bind(tasks);
    tasks.replace = async (p) => {
      const answer = await replace(p);
      if (answer.outcome === 'committed' && answer.value.status === 'completed')
        await replace({ task: { ...answer.value, status: 'running' }, expectedV: answer.value.v });
      return answer;
    };
    await scheduler.tick(T0);
    await work();
    expect((await tasks.getByUid({ uid: ending.uid }))?.status).toBe('running');
    expect(await dueNow()).toMatchObject({ active: null, nextDue: scheduleOf(ending).next(T0) });
  });
});
