import { KairosError, type DueItem, type RunRecord, type Task } from '@kairos/domain';
import type { Calendars, TaskHolding } from '@kairos/ports';
import { type Schedule, scheduleOf } from '@kairos/schedule';
import { judgeSlots } from './judge-slots.ts';
import { MAX_LEASE_MS, SKEW_MS } from './limits.ts';
import { violation, type Violation, type ViolationPlace } from './violation.ts';

export interface TaskLook {
  /** Read before the history: slots up to its cursor must be in there. */
  readonly before: TaskHolding;
  /** Newest first. */
  readonly records: readonly RunRecord[];
  /** Read after the history: its fence is at least that of every line. */
  readonly after: TaskHolding;
  readonly now: number;
  /** Default: always open. */
  readonly calendars?: Calendars | undefined;
}

const isActive = (task: Task): boolean => task.status === 'running' || task.status === 'pending';

function judgeDue(task: Task, due: DueItem, schedule: Schedule, now: number): Violation[] {
  const where = placeOf(task);
  const found: Violation[] = [];
  const next = schedule.next(now + SKEW_MS);
  if (next !== null && due.cursor > next) found.push(violation('cursor_ahead', { ...where, ts: due.cursor }));
  const { active } = due;
  if (active?.owner && active.until > now + MAX_LEASE_MS + SKEW_MS)
    found.push(violation('lease_too_long', { ...where, ts: active.until }, active.owner));
  if (due.nextDue === null && (isActive(task) || active))
    found.push(violation('task_asleep', where, task.status));
  if (due.nextDue !== null && !isActive(task) && !active)
    found.push(violation('due_without_work', { ...where, ts: due.nextDue }, task.status));
  return found;
}

const placeOf = (task: Task): ViolationPlace => ({ task: task.taskId, uid: task.uid });

const isHeld = (due: DueItem, r: RunRecord): boolean =>
  due.fence === r.fence &&
  due.active !== null &&
  due.active.owner !== null &&
  due.active.kind === r.kind &&
  due.active.slot === r.slot;

function judgeFences(task: Task, due: DueItem, records: readonly RunRecord[]): Violation[] {
  const where = placeOf(task);
  const highest = records.find((r) => r.fence > due.fence);
  const orphans = records.filter((r) => r.outcome === 'running' && !isHeld(due, r));
  return [
    ...(highest
      ? [violation('fence_behind', { ...where, run: highest.runId }, `${due.fence} < ${highest.fence}`)]
      : []),
    ...orphans.map((r) =>
      violation('run_orphaned', { ...where, run: r.runId, ts: r.slot }, `fence ${r.fence} of ${due.fence}`),
    ),
  ];
}

/** What is wrong with one task, its due item and its history. Pure. */
export function judgeTask({ before, records, after, now, calendars }: TaskLook): Violation[] {
  const { uid } = before;
  const unreadable = before.faults.map((fault) => violation('task_unreadable', { uid }, fault));
  if (unreadable.length > 0) return unreadable;
  const { task, due } = before;
  if (!task) return due ? [violation('due_without_task', { uid })] : [];
  if (!due) return [violation('task_without_due', placeOf(task))];
  let schedule: Schedule;
  try {
    schedule = scheduleOf(task, task.job === null ? calendars?.of(task.source) : undefined);
  } catch (error) {
    return [
      violation('task_unreadable', placeOf(task), KairosError.is(error) ? error.message : String(error)),
    ];
  }
  return [
    ...judgeDue(task, due, schedule, now),
    ...(after.due ? judgeFences(task, after.due, records) : []),
    ...judgeSlots({ task, due, schedule, records }),
  ];
}
