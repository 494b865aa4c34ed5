import {
  MAX_JOB_STATE_BYTES,
  NO_STATS,
  type DueItem,
  type JobSpec,
  type JsonValue,
  type RunRecord,
  type Task,
} from '@kairos/domain';
import type { RunContext, RunResult, WorkHint } from '@kairos/ports';
import { MemoryRunHistory, MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import { aDue, aTask, codeOf, FakeClock, FakeIds, FakeWorkers, RecordingLogger, T0 } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { jobState } from './job-values.ts';
import { Scheduler } from './scheduler.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const JOB: JobSpec = {
  function: 'nodejs_crawler',
  language: 'nodejs',
  runtime: 'nodejs22.x',
  taskType: 'simple_task_1',
  taskName: 'one',
  timeoutMs: 60_000,
  memoryMb: 256,
  params: {},
};

const aJob = (over: Partial<Task> = {}): Task =>
  aTask({
    handler: 'job',
    job: JOB,
    dataType: '',
    source: '',
    dataset: '',
    symbols: [],
    startTime: null,
    schedule: 'rate(1 hour)',
    ...over,
  });

/** A scheduler over one job; `run` is the job. */
async function engine(task: Task, run: (ctx: RunContext) => Promise<Partial<RunResult>>, due?: DueItem) {
  const clock = new FakeClock({ now: T0 });
  const data = new MemoryStore();
  const tasks = new MemoryTaskStore(data);
  const history = new MemoryRunHistory(data);
  const log = new RecordingLogger();
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
    workers: new FakeWorkers(),
    handlers: new Map([
      [
        'job',
        {
          name: 'job',
          run: async (ctx: RunContext) => ({
            outcome: 'succeeded' as const,
            stats: NO_STATS,
            complete: false,
            withUnavailable: false,
            healthReasons: [],
            ...(await run(ctx)),
          }),
        },
      ],
    ]),
    log,
  });
  await tasks.create({ task, due: due ?? aDue({ cursor: task.epochAt - 1, nextDue: T0 }) });
  /** Ticks at an instant, and works what that brings. */
  const at = async (now: number): Promise<void> => {
    clock.set(now);
    await scheduler.tick(now);
    for (const hint of sent.splice(0))
      await scheduler.onHint(hint, { deadline: Infinity, signal: new AbortController().signal });
  };
  const now = async (): Promise<Task> => (await tasks.getByUid({ uid: task.uid })) ?? expect.fail('gone');
  const dueNow = async (): Promise<DueItem> =>
    (await tasks.getDue({ uid: task.uid })) ?? expect.fail('no due item');
  const lines = async (): Promise<readonly RunRecord[]> =>
    (await history.list({ uid: task.uid, limit: 100 })).items;
  return { scheduler, tasks, clock, log, sent, at, now, dueNow, lines };
}

const failed = (code: string, permanent = false): Partial<RunResult> => ({
  outcome: 'failed',
  error: { code, message: 'no', permanent },
});

describe('the state of a job', () => {
  it('is kept at once, and found by the next run', async () => {
    const seen: JsonValue[] = [];
    const e = await engine(aJob(), async (ctx) => {
      seen.push(ctx.task.jobState);
      await ctx.saveState?.({ n: seen.length });
      return failed('JOB_FAILED', false);
    });

    await e.at(T0);
    await e.at(T0 + HOUR);

    expect(seen).toEqual([null, { n: 1 }]);
    expect((await e.now()).jobState).toEqual({ n: 2 });
  });

  it('is refused where it is longer than what is kept, and the old one stays', async () => {
    const codes: string[] = [];
    const e = await engine(aJob({ jobState: 'old' }), async (ctx) => {
      codes.push(await codeOf(ctx.saveState?.('x'.repeat(MAX_JOB_STATE_BYTES)) ?? Promise.resolve()));
      return {};
    });

    await e.at(T0);

    expect(codes).toEqual(['VALIDATION']);
    expect((await e.now()).jobState).toBe('old');
  });

  it('may be as long as the limit, counted in bytes', () => {
    const longest = 'é'.repeat((MAX_JOB_STATE_BYTES - 2) / 2);
    expect(jobState(longest)).toBe(longest);
    expect(() => jobState(`${longest}x`)).toThrow(/keep less of it/);
    expect(() => jobState(undefined as unknown as JsonValue)).toThrow(/not_json/);
  });

  it('is not taken from a run whose task has changed', async () => {
    const codes: string[] = [];
    const e = await engine(aJob(), async (ctx) => {
      const task = await e.now();
      await e.tasks.replace({ task: { ...task, rev: task.rev + 1 }, expectedV: task.v });
      codes.push(await codeOf(ctx.saveState?.(1) ?? Promise.resolve()));
      return {};
    });

    await e.at(T0);

    expect(codes).toEqual(['LEASE_LOST']);
    expect((await e.now()).jobState).toBeNull();
  });

  it('is not taken from a run that lost its lease', async () => {
    const codes: string[] = [];
    const e = await engine(aJob(), async (ctx) => {
      const due = await e.dueNow();
      await e.tasks.putDue({ due: { ...due, fence: due.fence + 1, active: null }, expectedV: due.v });
      codes.push(await codeOf(ctx.saveState?.(1) ?? Promise.resolve()));
      return {};
    });

    await e.at(T0);

    expect(codes).toEqual(['LEASE_LOST']);
  });
});

describe('the answer of a job', () => {
  it('stands in the record of its run', async () => {
    const e = await engine(aJob(), async () => ({ result: { at: 1, ok: [true, null] } }));

    await e.at(T0);

    expect(await e.lines()).toMatchObject([{ outcome: 'succeeded', result: { at: 1, ok: [true, null] } }]);
  });

  it('is left out where it is too long, and the log says so', async () => {
    const e = await engine(aJob(), async () => ({ result: 'x'.repeat(MAX_JOB_STATE_BYTES) }));

    await e.at(T0);

    const [line] = await e.lines();
    expect(line).toMatchObject({ outcome: 'succeeded' });
    expect(line).not.toHaveProperty('result');
    expect(e.log.events()).toContain('run.result_dropped');
  });
});

describe('a job that fails', () => {
  it('is tried again, and goes on with its next slot when its attempts are used up', async () => {
    const e = await engine(aJob({ config: { ...aTask().config, retries: 1 } }), async () =>
      failed('JOB_FAILED'),
    );

    await e.at(T0);
    expect(await e.dueNow()).toMatchObject({ active: { owner: null, failures: 1 } });
    await e.at(T0 + 10_000);

    expect(await e.now()).toMatchObject({ status: 'running', error: { code: 'JOB_FAILED' } });
    expect(await e.dueNow()).toMatchObject({ active: null, nextDue: T0 + HOUR });
    expect((await e.lines()).map((l) => [l.slot, l.outcome])).toEqual([
      [T0, 'failed'],
      [T0, 'failed'],
    ]);
  });

  it('for good ends its task', async () => {
    const e = await engine(aJob(), async () => failed('JOB_TYPE_UNKNOWN', true));

    await e.at(T0);

    expect(await e.now()).toMatchObject({ status: 'failed', health: { state: 'blocked' } });
    expect(await e.dueNow()).toMatchObject({ active: null, nextDue: null });
  });
});

describe('a task whose schedule comes to an end', () => {
  const once = aJob({ schedule: 'at(2024-01-01T06:00:00)' });
  const slot = T0 + 6 * HOUR;

  it('is completed by its last run', async () => {
    const e = await engine(once, async () => ({}));

    await e.at(T0);
    expect(await e.dueNow()).toMatchObject({ nextDue: slot, active: null });
    await e.at(slot + 3_000);

    expect(await e.now()).toMatchObject({ status: 'completed', lastRun: { slot } });
    expect(await e.dueNow()).toMatchObject({ nextDue: null, active: null });
    expect(await e.scheduler.recover(slot + DAY)).toEqual({ hinted: 0 });
  });

  it('stays active while that run is to be tried again, and fails with its last attempt', async () => {
    const config = { ...aTask().config, retries: 1 };
    const e = await engine({ ...once, config }, async () => failed('JOB_FAILED'));

    await e.at(slot);
    expect(await e.now()).toMatchObject({ status: 'running' });
    await e.at(slot + 10_000);

    expect(await e.now()).toMatchObject({ status: 'failed', error: { code: 'JOB_FAILED' } });
    expect(await e.dueNow()).toMatchObject({ nextDue: null, active: null });
  });

  it('is completed where the policy skips what was missed, and the slot is on record', async () => {
    const config = { ...aTask().config, missed: 'skip' as const };
    const e = await engine({ ...once, config }, async () => expect.fail('it must not run'));

    await e.at(slot + HOUR);

    expect(await e.now()).toMatchObject({ status: 'completed', lastRun: null });
    expect(await e.dueNow()).toMatchObject({ nextDue: null, active: null });
    expect(await e.lines()).toMatchObject([
      { outcome: 'skipped', skipped: { from: slot, to: slot, n: 1, reason: 'missed' } },
    ]);
  });

  it('does not sleep on: what was cut off before it was completed is found', async () => {
    const asleep = aDue({ cursor: slot, nextDue: null });
    const e = await engine(once, async () => expect.fail('it must not run'), asleep);

    expect(await e.scheduler.recover(slot + DAY)).toEqual({ hinted: 1 });
    await e.at(slot + DAY);

    expect(await e.now()).toMatchObject({ status: 'completed' });
    expect(await e.scheduler.recover(slot + DAY)).toEqual({ hinted: 0 });
  });
});

describe('slots of a cron', () => {
  const daily = aJob({ schedule: 'cron(0 18 * * ? *)', timezone: 'Asia/Shanghai' });
  const first = T0 + 10 * HOUR;

  it('begin with its first instant, and not with the epoch', async () => {
    const slots: number[] = [];
    const e = await engine(daily, async (ctx) => {
      slots.push(ctx.slot);
      return {};
    });

    await e.at(T0);
    await e.at(first);
    await e.at(first + DAY);

    expect(slots).toEqual([first, first + DAY]);
  });

  it('that pass while a run goes on are coalesced into the latest', async () => {
    const e = await engine(aJob({ schedule: 'cron(0/10 * * * ? *)' }), async (ctx) => {
      if (ctx.slot === T0) e.clock.set(T0 + 35 * 60_000);
      return {};
    });

    await e.at(T0);
    await e.at(T0 + 35 * 60_000);

    const minutes = (ts: number): number => (ts - T0) / 60_000;
    const [latest] = await e.lines();
    expect(minutes(latest?.slot ?? 0)).toBe(30);
    expect(latest?.skipped).toEqual({
      from: T0 + 10 * 60_000,
      to: T0 + 20 * 60_000,
      n: 2,
      reason: 'coalesced',
    });
  });

  it('do not start twice when the clock goes back a little, nor wait when it goes back far', async () => {
    const slots: number[] = [];
    const e = await engine(daily, async (ctx) => {
      slots.push(ctx.slot);
      return {};
    });
    await e.at(first);
    await e.at(first + DAY);

    e.clock.set(first + DAY - HOUR);
    expect(await e.scheduler.recover(first + DAY - HOUR)).toEqual({ hinted: 0 });
    e.clock.set(first - 3 * DAY);
    expect(await e.scheduler.recover(first - 3 * DAY)).toEqual({ hinted: 1 });
    expect(slots).toEqual([first, first + DAY]);
  });
});
