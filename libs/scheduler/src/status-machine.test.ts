import { NO_STATS, TASK_STATUSES, type ActiveRun, type Task, type TaskSeries } from '@kairos/domain';
import type { RunResult } from '@kairos/ports';
import { aTask, T0 } from '@kairos/testkit';
import { scheduleOf } from '@kairos/schedule';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideClaim } from './claim.ts';
import { applyResult, decideSettle } from './settle.ts';

const anySeries = fc
  .constantFrom('pending', 'active', 'settled', 'failed', 'blocked')
  .map((state): TaskSeries => ({
    symbol: 'X',
    state: state as TaskSeries['state'],
    instrument: null,
    seriesKey: null,
    note: null,
    error: null,
    watermark: null,
  }));
const anyTask = fc
  .record({
    status: fc.constantFrom(...TASK_STATUSES),
    endTime: fc.constantFrom(null, T0 + 3_600_000),
    series: fc.array(anySeries, { minLength: 1, maxLength: 4 }),
  })
  .map((over): Task => aTask(over));
const anyResult = fc
  .record({
    outcome: fc.constantFrom('succeeded', 'partial', 'failed', 'handed_over'),
    complete: fc.boolean(),
    permanent: fc.boolean(),
    freeRetry: fc.boolean(),
    series: fc.option(fc.array(anySeries, { minLength: 1, maxLength: 4 }), { nil: undefined }),
    notBefore: fc.option(fc.integer({ min: T0, max: T0 + 600_000 }), { nil: undefined }),
  })
  .map((r): RunResult => ({
    outcome: r.outcome as RunResult['outcome'],
    stats: NO_STATS,
    complete: r.complete,
    withUnavailable: false,
    healthReasons: [],
    freeRetry: r.freeRetry,
    series: r.series,
    notBefore: r.notBefore,
    error: r.outcome === 'failed' ? { code: 'X', message: 'x', permanent: r.permanent } : undefined,
  }));
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

const NOT_LAST = { isLast: false, isRefetch: false } as const;

describe('the status machine', () => {
  it('moves only where it may, whatever a run brings', () => {
    fc.assert(
      fc.property(anyTask, anyResult, (task, result) => {
        const after = applyResult({
          task,
          result,
          runId: 'r',
          slot: T0,
          rev: task.rev,
          now: T0 + 5,
          ...NOT_LAST,
        });
        const series = result.series ?? task.series;
        const allEnded = series.every((s) => s.state === 'failed' || s.state === 'blocked');
        if (task.status === 'stopped') expect(after.status).toBe('stopped');
        else if (after.status === 'failed') expect(allEnded || result.error?.permanent === true).toBe(true);
        else if (after.status === 'completed')
          expect([task.endTime !== null, result.complete]).toEqual([true, true]);
        else expect(after.status).toBe('running');
        expect(after.status === 'failed').toBe(after.health.state === 'blocked');
      }),
    );
  });

  it('never leaves an active task without a next look, nor a finished one with it', () => {
    fc.assert(
      fc.property(
        anyTask,
        anyResult,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (before, result, random) => {
          const task = applyResult({
            task: before,
            result,
            runId: 'r',
            slot: T0,
            rev: before.rev,
            now: T0 + 5,
            ...NOT_LAST,
          });
          const due = { uid: task.uid, cursor: T0, nextDue: run.until, fence: 2, v: 3, active: run };
          const settled = decideSettle({
            due,
            run,
            task,
            schedule: scheduleOf(task),
            result,
            now: T0 + 5,
            random,
          });
          const active = task.status === 'running' || task.status === 'pending';
          expect(settled.due.nextDue !== null).toBe(active);
          expect(settled.due.cursor).toBe(T0);
          if (settled.due.active) expect(settled.due.active.owner).toBeNull();
          expect(settled.outcome).not.toBe('running');
        },
      ),
    );
  });

  it('always finds work again that waits: at its next look the run is claimed', () => {
    fc.assert(
      fc.property(anyResult, fc.double({ min: 0, max: 0.999, noNaN: true }), (result, random) => {
        const task = aTask();
        const due = { uid: task.uid, cursor: T0, nextDue: run.until, fence: 2, v: 3, active: run };
        const { due: waiting } = decideSettle({
          due,
          run,
          task,
          schedule: scheduleOf(task),
          result,
          now: T0 + 5,
          random,
        });
        const claim = decideClaim({
          due: waiting,
          task,
          schedule: scheduleOf(task),
          now: waiting.nextDue ?? NaN,
          owner: 'w#2',
          leaseMs: 30_000,
          isDead: () => false,
        });
        expect(claim).toMatchObject({ kind: 'claimed', due: { fence: 3 } });
      }),
    );
  });
});
