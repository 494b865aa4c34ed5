import type { DueItem, Task, TaskDeclaration } from '@kairos/domain';
import { contentId } from '@kairos/domain';
import { beginning, isActive, nextEpoch } from './standing.ts';
import {
  canonical,
  changedFields,
  contentOf,
  newTask,
  restarted,
  seriesAfterUpdate,
} from './task-content.ts';
import type { Timing } from './timing.ts';

export const DECLARATION_KINDS = [
  'add',
  'change',
  'enable',
  'disable',
  'withdraw',
  'return',
  'keep',
  'conflict',
] as const;

/**
 * What a declaration comes to. `withdraw`: no longer in the file; the task is stopped and stays. `return`: in the file
 * again. `conflict`: the name is another's; nothing is done.
 */
export type DeclarationKind = (typeof DECLARATION_KINDS)[number];

export interface DeclarationAction {
  readonly kind: DeclarationKind;
  readonly taskId: string;
  /** What is different, or why nothing can be done; in English. */
  readonly reason?: string | undefined;
  /** Somebody who did this before was cut off in the middle: the rest is still to be done. */
  readonly unfinished?: boolean | undefined;
  /** Null where the file names the task no more. */
  readonly declaration: TaskDeclaration | null;
}

export interface DeclarationOptions {
  /** Enabled tasks that have failed are tried again, also where nothing has changed: for the start of a process. */
  readonly retryFailed?: boolean | undefined;
}

type Decision = Pick<DeclarationAction, 'kind' | 'reason'>;

/** A declaration as text that is equal for equal meaning. */
export const revisionOf = (d: TaskDeclaration): string =>
  contentId(canonical([contentOf(d.content), d.enabled, d.description]));

const named = (fields: readonly string[]): string => fields.join(', ');

/** Whether trying again could come to anything: a one-off that failed has had its time. */
const hasSlots = (task: Task, timing: Timing): boolean => timing(task).next(task.updatedAt) !== null;

function decideKnown(d: TaskDeclaration, task: Task, options: DeclarationOptions, timing: Timing): Decision {
  const same = task.declared?.revision === revisionOf(d);
  const fields = same ? [] : changedFields(task, d.content);
  const flip = d.enabled === (task.status !== 'stopped') || task.status === 'completed' ? [] : ['enabled'];
  if (task.declared?.withdrawn === true)
    return { kind: 'return', ...(fields.length > 0 ? { reason: named(fields) } : {}) };
  if (fields.length > 0) return { kind: 'change', reason: named([...fields, ...flip]) };
  if (flip.length > 0) return { kind: d.enabled ? 'enable' : 'disable' };
  if (task.status === 'failed' && d.enabled && options.retryFailed === true && hasSlots(task, timing))
    return { kind: 'enable', reason: `it had failed: ${task.error?.code ?? 'for no known reason'}` };
  if (same) return { kind: 'keep' };
  return { kind: 'change', reason: d.description === task.declared?.description ? 'enabled' : 'description' };
}

/** What is to be done about a declaration, with the task that has its name now. Pure. */
export function decideDeclaration(
  d: TaskDeclaration,
  task: Task | undefined,
  options: DeclarationOptions,
  timing: Timing,
): DeclarationAction {
  const about = { taskId: d.taskId, declaration: d };
  if (!task) return { kind: 'add', ...about };
  if (task.origin !== 'config') {
    const reason = `a task made by signal has the name ${d.taskId}: delete it, or name the entry otherwise`;
    return { kind: 'conflict', reason, ...about };
  }
  return { ...decideKnown(d, task, options, timing), ...about };
}

/** The task that a new declaration makes. */
export function newDeclared(
  d: TaskDeclaration,
  p: { readonly uid: string; readonly now: number; readonly timing: Timing },
): Task {
  const task = newTask({ content: d.content, taskId: d.taskId, ...p });
  const declared = { description: d.description, revision: revisionOf(d), withdrawn: false };
  return { ...task, origin: 'config', status: d.enabled ? task.status : 'stopped', declared };
}

/** Whether the slots themselves are others now, and not only what is done at them. */
function isRescheduled(task: Task, d: TaskDeclaration, now: number): boolean {
  const fields = changedFields(task, d.content);
  const startsLater = fields.includes('startTime') && (d.content.startTime ?? 0) > now;
  return startsLater || ['schedule', 'timezone', 'frequency'].some((field) => fields.includes(field));
}

/** What a job kept is its own: another task type must not find it. */
function keptState(task: Task, d: TaskDeclaration): Task['jobState'] {
  const { job } = d.content;
  const same =
    task.job?.function === job?.function &&
    task.job?.taskType === job?.taskType &&
    task.job?.language === job?.language;
  return same ? task.jobState : null;
}

function changedContent(task: Task, d: TaskDeclaration, due: DueItem, now: number): Task {
  const content = contentOf(d.content);
  const epochAt = isRescheduled(task, d, now)
    ? Math.max(nextEpoch(due, now), content.startTime ?? 0)
    : task.epochAt;
  return {
    ...task,
    ...content,
    epochAt,
    rev: task.rev + 1,
    jobState: keptState(task, d),
    series: seriesAfterUpdate(task, content),
  };
}

interface Applied {
  readonly kind: DeclarationKind;
  readonly due: DueItem;
  readonly now: number;
  readonly timing: Timing;
}

/** How an enabled task stands that is to begin: after a change, or after it did not work. */
function begun(task: Task, p: Applied): Task {
  const cursor = Math.max(p.due.cursor, task.epochAt - 1);
  const started = beginning(task, p.timing(task), { cursor, now: p.now });
  // A one-off that has run is complete, not late: its standing tells what came of it.
  const isDone = started.status === 'completed' && task.status === 'completed';
  const isSpent = started.status === 'completed' && task.lastRun !== null;
  if (isDone) return task;
  const series = task.series.map((s) => (s.state === 'failed' || s.state === 'blocked' ? restarted(s) : s));
  return { ...task, ...started, ...(isSpent ? { health: { state: 'ok', reasons: [] } } : {}), series };
}

/** The task after its declaration was applied; `kind` is what was decided for just this task. Pure. */
export function declaredTask(d: TaskDeclaration, task: Task, p: Applied): Task {
  const isChanged = changedFields(task, d.content).length > 0;
  const changed = isChanged ? changedContent(task, d, p.due, p.now) : task;
  const restarts = isChanged || p.kind === 'enable' || (p.kind === 'return' && task.status !== 'completed');
  const stopped = !d.enabled && (task.status !== 'completed' || isChanged);
  const standing: Task = stopped
    ? { ...changed, status: 'stopped' }
    : d.enabled && restarts && !(isActive(task) && !isChanged)
      ? begun(changed, p)
      : changed;
  const declared = { description: d.description, revision: revisionOf(d), withdrawn: false };
  return { ...standing, declared, updatedAt: p.now };
}

/** The task after it went out of the file. What is complete stays so. */
export const withdrawnTask = (task: Task, now: number): Task => ({
  ...task,
  status: task.status === 'completed' ? 'completed' : 'stopped',
  declared: {
    description: task.declared?.description ?? '',
    revision: task.declared?.revision ?? '',
    withdrawn: true,
  },
  updatedAt: now,
});
