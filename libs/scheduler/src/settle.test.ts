import { NO_STATS, type ActiveRun, type DueItem } from '@kairos/domain';
import type { RunResult } from '@kairos/ports';
import { aTask, T0 } from '@kairos/testkit';
import { scheduleOf, type Schedule } from '@kairos/schedule';
import { describe, expect, it } from 'vitest';
import { applyResult, decideSettle, isLastRun, retryDelayMs } from './settle.ts';

const task = aTask({ endTime: null });
const run: ActiveRun = {
  kind: 's',
  slot: T0,
  attempt: 0,
  failures: 0,
  hop: 0,
  idle: 0,
  owner: 'w#1',
  until: T0 + 30_000,
  notBefore: 0,
  startedAt: T0,
  skipped: null,
  refetch: null,
};
const due: DueItem = { uid: task.uid, cursor: T0, nextDue: run.until, fence: 3, v: 7, active: run };
const result = (over: Partial<RunResult>): RunResult => ({
  outcome: 'succeeded',
  stats: NO_STATS,
  complete: false,
  withUnavailable: false,
  healthReasons: [],
  ...over,
});
const settle = (
  over: Partial<RunResult>,
  active = run,
  status = task.status,
): ReturnType<typeof decideSettle> =>
  decideSettle({
    due: { ...due, active },
    run: active,
    task: { ...task, status },
    schedule: scheduleOf(task),
    result: result(over),
    now: T0 + 1_000,
    random: 0.5,
  });

describe('decideSettle', () => {
  it('goes on to the next slot after success', () => {
    expect(settle({})).toMatchObject({ outcome: 'succeeded', due: { active: null, nextDue: T0 + 2_000 } });
  });

  it('plans nothing for a task that is over', () => {
    expect(settle({}, run, 'completed').due).toMatchObject({ active: null, nextDue: null });
    expect(settle({ outcome: 'handed_over' }, run, 'stopped')).toMatchObject({
      outcome: 'cancelled',
      due: { active: null },
    });
  });

  it('keeps a failed run waiting, later with each failure', () => {
    const first = settle({ outcome: 'failed', error: { code: 'X', message: 'x', permanent: false } });
    expect(first.due.active).toMatchObject({ owner: null, failures: 1 });
    expect(first.due.active?.notBefore).toBeGreaterThan(T0 + 1_000);
    expect(retryDelayMs(4, 0.5)).toBeGreaterThan(retryDelayMs(1, 0.5));
    expect(retryDelayMs(50, 0.999)).toBeLessThanOrEqual(300_000);
  });

  it('gives up when the retries are used up, and at once when the error is permanent', () => {
    const failed = { outcome: 'failed', error: { code: 'X', message: 'x', permanent: false } } as const;
    expect(settle(failed, { ...run, failures: task.config.retries }).due.active).toBeNull();
    expect(settle({ ...failed, error: { ...failed.error, permanent: true } }).due.active).toBeNull();
    expect(settle({ ...failed, noRetry: true })).toMatchObject({ outcome: 'failed', due: { active: null } });
  });

  it("does not count a venue's outage as a failure", () => {
    const outage = settle(
      { outcome: 'failed', error: { code: 'X', message: 'x', permanent: false }, freeRetry: true },
      { ...run, failures: task.config.retries },
    );
    expect(outage.due.active).toMatchObject({ owner: null, failures: task.config.retries });
  });

  it('comes back from a free retry when it was told to, however often it did before', () => {
    const limited = {
      outcome: 'failed',
      error: { code: 'SOURCE_RATE_LIMITED', message: 'x', permanent: false },
      freeRetry: true,
    } as const;
    const often = { ...run, attempt: 9 };
    expect(settle({ ...limited, notBefore: T0 + 7_000 }, often).due.active?.notBefore).toBe(T0 + 7_000);
    expect(settle(limited, often).due.active?.notBefore).toBeGreaterThan(T0 + 60_000);
  });

  it('comes back for a partial run when it asks to', () => {
    expect(settle({ outcome: 'partial', notBefore: T0 + 1_500 }).due).toMatchObject({
      nextDue: T0 + 1_500,
      active: { owner: null, notBefore: T0 + 1_500 },
    });
  });

  it('does not let a refetch hold up the schedule for longer than its retries', () => {
    const refetch = { ...run, kind: 'r' as const };
    const outage = {
      outcome: 'failed',
      error: { code: 'X', message: 'x', permanent: false },
      freeRetry: true,
    } as const;
    expect(settle({ outcome: 'partial', notBefore: T0 + 3_600_000 }, refetch)).toMatchObject({
      outcome: 'partial',
      due: { active: null, nextDue: T0 + 2_000 },
    });
    expect(settle(outage, refetch).due.active).toMatchObject({ owner: null, failures: 1 });
    expect(settle(outage, { ...refetch, failures: task.config.retries }).due.active).toBeNull();
  });

  it('sees through what a person ordered of a completed task, but not of a stopped one', () => {
    const refetch = { ...run, kind: 'r' as const };
    expect(settle({ outcome: 'handed_over' }, refetch, 'completed')).toMatchObject({
      outcome: 'handed_over',
      due: { active: { kind: 'r', owner: null, hop: 1 }, nextDue: T0 + 1_000 },
    });
    expect(settle({ outcome: 'handed_over' }, refetch, 'stopped').outcome).toBe('cancelled');
  });

  it('hands over until three hops in a row committed nothing', () => {
    expect(settle({ outcome: 'handed_over' })).toMatchObject({
      outcome: 'handed_over',
      due: { active: { owner: null, hop: 1, idle: 1 } },
    });
    expect(
      settle({ outcome: 'handed_over', stats: { ...NO_STATS, commits: 1 } }, { ...run, idle: 2 }).due.active,
    ).toMatchObject({ idle: 0 });
    expect(settle({ outcome: 'handed_over' }, { ...run, idle: 2 })).toMatchObject({
      outcome: 'failed',
      due: { active: null },
    });
  });
});

const NOT_LAST = { isLast: false, isRefetch: false } as const;

describe('applyResult', () => {
  const apply = (over: Partial<RunResult>, of = task, rev = of.rev): ReturnType<typeof applyResult> =>
    applyResult({ task: of, result: result(over), runId: 'r', slot: T0, rev, now: T0 + 9, ...NOT_LAST });
  const series = (state: 'active' | 'failed' | 'settled') => ({
    symbol: 'BTCUSDT',
    state,
    instrument: null,
    seriesKey: null,
    note: null,
    error: null,
    watermark: null,
  });

  it('completes a task with an end once all is settled, and never one without', () => {
    expect(apply({ complete: true }, aTask({ endTime: T0 + 1 })).status).toBe('completed');
    expect(apply({ complete: true }).status).toBe('running');
  });

  it('fails a task only when all of its series have ended', () => {
    expect(apply({ series: [series('failed'), series('active')] }).status).toBe('running');
    expect(apply({ series: [series('failed'), series('failed')] })).toMatchObject({
      status: 'failed',
      health: { state: 'blocked' },
    });
  });

  it('never fails a task for its series while selectors may find others', () => {
    const follows = aTask({ symbols: ['BTCUSDT', '*/USDT'] });
    expect(apply({ series: [series('failed'), series('failed')] }, follows).status).toBe('running');
  });

  it('leaves a stopped task stopped', () => {
    expect(apply({ complete: true }, aTask({ status: 'stopped', endTime: T0 + 1 })).status).toBe('stopped');
  });

  it('does not let an old content decide over a new one', () => {
    const changed = aTask({ rev: 2, endTime: T0 + 1 });
    expect(apply({ complete: true, series: [series('settled')] }, changed, 1)).toMatchObject({
      status: 'running',
      series: changed.series,
      lastRun: { runId: 'r' },
    });
  });

  describe('after a run that leaves nothing to do', () => {
    const last = (over: Partial<RunResult>, of = task, isRefetch = false) =>
      applyResult({
        task: of,
        result: result(over),
        runId: 'r',
        slot: T0,
        rev: of.rev,
        now: T0 + 9,
        isLast: true,
        isRefetch,
      });

    it('completes the task, also where some of it stays open', () => {
      expect(last({ outcome: 'succeeded' })).toMatchObject({ status: 'completed', health: { state: 'ok' } });
      expect(last({ outcome: 'partial', healthReasons: ['a window is open'] })).toMatchObject({
        status: 'completed',
        health: { state: 'degraded' },
      });
    });

    it('fails it with the run, and tells why', () => {
      const error = { code: 'JOB_FAILED', message: 'no', permanent: false };
      expect(last({ outcome: 'failed', error })).toMatchObject({
        status: 'failed',
        error: { code: 'JOB_FAILED' },
      });
    });

    it('leaves complete what was complete, and what a refetch came to out of it', () => {
      const done = aTask({ status: 'completed' });
      expect(last({ outcome: 'failed' }, done).status).toBe('completed');
      expect(last({ outcome: 'failed' }, task, true).status).toBe('completed');
    });
  });
});

describe('the last run', () => {
  const none: Schedule = { text: 'at(…)', next: () => null, prev: () => T0, count: () => 0 };
  const some: Schedule = { ...none, next: (after) => after + 60_000 };
  const isLast = (over: Partial<RunResult>, p: { schedule?: Schedule; run?: Partial<ActiveRun> } = {}) =>
    isLastRun({
      due,
      run: { ...run, ...p.run },
      task,
      result: result(over),
      schedule: p.schedule ?? none,
    });
  const failed = { outcome: 'failed', error: { code: 'X', message: 'x', permanent: false } } as const;

  it('is the one after which neither the schedule nor the run itself comes again', () => {
    expect(isLast({ outcome: 'succeeded' })).toBe(true);
    expect(isLast({ outcome: 'succeeded' }, { schedule: some })).toBe(false);
    expect(isLast({ outcome: 'partial' })).toBe(true);
    expect(isLast({ outcome: 'partial', notBefore: T0 + 1 })).toBe(false);
    expect(isLast({ outcome: 'handed_over' })).toBe(false);
    expect(isLast({ outcome: 'handed_over' }, { run: { idle: 2 } })).toBe(true);
  });

  it('is not one with attempts left', () => {
    expect(isLast(failed)).toBe(false);
    expect(isLast(failed, { run: { failures: task.config.retries } })).toBe(true);
    expect(isLast({ ...failed, error: { ...failed.error, permanent: true } })).toBe(true);
  });
});

describe('a job whose attempts are used up', () => {
  it('fails its slot, and its task goes on to the next', () => {
    const error = { code: 'JOB_FAILED', message: 'no', permanent: false };
    const used = { ...run, failures: task.config.retries };

    expect(settle({ outcome: 'failed', error }, used)).toMatchObject({
      outcome: 'failed',
      due: { active: null, nextDue: expect.any(Number) },
    });
    const after = applyResult({
      task,
      result: result({ outcome: 'failed', error }),
      runId: 'r',
      slot: T0,
      rev: task.rev,
      now: T0 + 9,
      ...NOT_LAST,
    });
    expect(after).toMatchObject({ status: 'running', error: { code: 'JOB_FAILED' } });
  });
});
