import type { DueItem, SkippedSlots, Task } from '@kairos/domain';
import type { Schedule } from '@kairos/schedule';
import type { Scheduled } from './timing.ts';
import { waitingRun } from './waiting-run.ts';

/** Whether the schedule of a task in this status has slots to come. */
export const isActive = (task: Pick<Task, 'status'>): boolean =>
  task.status === 'running' || task.status === 'pending';

/**
 * How a task stands when it begins, or begins anew: `cursor` is the last slot that is not to come any more. A schedule
 * without a slot after it has nothing to wait for, and says so.
 */
export function beginning(
  task: Scheduled,
  schedule: Schedule,
  p: { readonly cursor: number; readonly now: number },
): Pick<Task, 'status' | 'health' | 'error'> {
  if (schedule.next(p.cursor) === null) {
    const reason = `schedule ${task.schedule ?? ''} (${task.timezone}) has no slot after ${new Date(p.cursor + 1).toISOString()}: there is nothing to run`;
    return { status: 'completed', health: { state: 'degraded', reasons: [reason] }, error: null };
  }
  const isAhead = task.startTime !== null && task.startTime > p.now;
  return { status: isAhead ? 'pending' : 'running', health: { state: 'ok', reasons: [] }, error: null };
}

/** The due item of a new task: its first slot is the epoch for a rate, and the first instant from then on otherwise. */
export const firstDue = (task: Task, schedule: Schedule): DueItem => ({
  uid: task.uid,
  cursor: task.epochAt - 1,
  nextDue: isActive(task) ? schedule.next(task.epochAt - 1) : null,
  fence: 0,
  v: 1,
  active: null,
});

/** Slots after the cursor and before the instant: those that got no run. Null where there are none. */
export function passedSlots(
  schedule: Schedule,
  cursor: number,
  before: number,
  reason: SkippedSlots['reason'],
): SkippedSlots | null {
  const from = schedule.next(cursor);
  if (from === null || from >= before) return null;
  const to = schedule.prev(before - 1) ?? from;
  return { from, to, n: schedule.count(cursor, to), reason };
}

/** A due item put back to work, and the slots that will have no run. */
export interface Awakening {
  readonly due: DueItem;
  readonly skipped: SkippedSlots | null;
}

/**
 * A task that is started anew: slots that passed while it was not active stay without a run, for that reason. Collecting
 * begins at once, in a run of its own unless a slot is due now anyway; a job waits for its next slot.
 */
export function awake(due: DueItem, task: Task, schedule: Schedule, now: number): Awakening {
  const skipped = passedSlots(schedule, due.cursor, now, 'stopped');
  const cursor = skipped?.to ?? due.cursor;
  const next = schedule.next(cursor);
  const waits = task.status === 'pending' || task.job !== null || (next !== null && next <= now);
  return {
    due: {
      ...due,
      cursor,
      active: waits ? null : waitingRun('m', now, now, null),
      // Without a slot to come the scheduler is to look, and to find the task at its end.
      nextDue: waits ? (next ?? now) : now,
    },
    skipped,
  };
}

/** A cursor further ahead than this was written by a clock that has since gone back. */
const CURSOR_DOUBT_MS = 600_000;

/** The epoch of a changed schedule: now, but never at or before a slot that has already started. */
export const nextEpoch = (due: DueItem, now: number): number =>
  due.cursor > now + CURSOR_DOUBT_MS ? now : Math.max(now, due.cursor + 1);

/** When the task runs next, as far as is known. */
export function nextRunAt(task: Task, due: DueItem, schedule: Schedule): number | null {
  if (due.active?.owner === null) return due.active.notBefore;
  return isActive(task) ? schedule.next(due.cursor) : null;
}

/** An active task that nothing would wake. */
const isAsleep = (due: DueItem, task: Task): boolean =>
  due.active === null && due.nextDue === null && isActive(task);

/** What wakes a task that is asleep; undefined where it is not. */
export const awakened = (due: DueItem, task: Task, schedule: Schedule, now: number): Awakening | undefined =>
  isAsleep(due, task) ? awake(due, task, schedule, now) : undefined;

/** The due item as the task's standing wants it, or undefined where it is so. */
export function mended(due: DueItem, task: Task, schedule: Schedule, now: number): Awakening | undefined {
  if (task.status === 'stopped')
    return due.nextDue === null && due.active === null
      ? undefined
      : { due: { ...due, active: null, nextDue: null }, skipped: null };
  if (isAsleep(due, task)) return awake(due, task, schedule, now);
  if (!isActive(task) || due.active !== null || due.nextDue === null) return undefined;
  const next = schedule.next(due.cursor);
  return next !== null && due.nextDue > next ? { due: { ...due, nextDue: next }, skipped: null } : undefined;
}
