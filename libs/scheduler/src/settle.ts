import type { ActiveRun, DueItem, RunOutcome, Task, TaskHealth, TaskStatus } from '@kairos/domain';
import { followsListings } from '@kairos/domain';
import type { RunResult } from '@kairos/ports';
import type { Schedule } from '@kairos/schedule';

const BACKOFF_BASE_MS = 5_000;
const BACKOFF_CAP_MS = 300_000;
/** Hand-overs in a row without a commit before the run is given up. */
export const MAX_IDLE_HOPS = 3;

/** Wait before the next try: exponential with full jitter. `random` is uniform in [0, 1). */
export const retryDelayMs = (failures: number, random: number): number =>
  Math.round(Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** failures) * (0.5 + random / 2));

export interface SettleInput {
  readonly due: DueItem;
  readonly run: ActiveRun;
  /** The task as it stands now, after this run's result was folded in. */
  readonly task: Task;
  readonly schedule: Schedule;
  readonly result: RunResult;
  readonly now: number;
  readonly random: number;
}

export interface Settlement {
  readonly due: DueItem;
  readonly outcome: RunOutcome;
}

const released = (run: ActiveRun, patch: Partial<ActiveRun>): ActiveRun => ({
  ...run,
  owner: null,
  until: 0,
  ...patch,
});

function nextSlotOf(p: SettleInput): number | null {
  const schedulable = p.task.status === 'running' || p.task.status === 'pending';
  return schedulable ? p.schedule.next(p.due.cursor) : null;
}

function ended(p: SettleInput, outcome: RunOutcome): Settlement {
  return { due: { ...p.due, active: null, nextDue: nextSlotOf(p) }, outcome };
}

function waiting(
  p: SettleInput,
  outcome: RunOutcome,
  patch: Partial<ActiveRun> & { readonly notBefore: number },
): Settlement {
  const nextSlot = p.run.kind === 'r' ? null : nextSlotOf(p);
  const nextDue = Math.min(patch.notBefore, nextSlot ?? Infinity);
  return { due: { ...p.due, active: released(p.run, patch), nextDue }, outcome };
}

/** Hand-overs in a row that committed nothing, this one among them. */
const idleHops = ({ run, result }: RunEnd): number => (result.stats.commits > 0 ? 0 : run.idle + 1);

const failuresAfter = ({ run, result }: RunEnd): number =>
  run.failures + (result.freeRetry === true && run.kind !== 'r' ? 0 : 1);

/** A run that came to some end, under the task as it stands then. */
export interface RunEnd {
  readonly run: ActiveRun;
  readonly task: Task;
  readonly result: RunResult;
}

/**
 * Whether the run itself is to be taken up again. A refetch holds up the schedule while it waits, so it does so for
 * failures only: what it left open is known, and asked for by later runs.
 */
function comesBack(p: RunEnd): boolean {
  const { result, run, task } = p;
  if (result.outcome === 'handed_over') return idleHops(p) < MAX_IDLE_HOPS;
  if (result.outcome === 'partial') return result.notBefore !== undefined && run.kind !== 'r';
  if (result.outcome !== 'failed' || result.error?.permanent === true || result.noRetry === true)
    return false;
  return failuresAfter(p) <= task.config.retries;
}

/** Whether nothing is left to do for the task after this run: neither by the run itself, nor by its schedule. */
export const isLastRun = (p: RunEnd & { readonly due: DueItem; readonly schedule: Schedule }): boolean =>
  p.schedule.next(p.due.cursor) === null && !comesBack(p);

/** A free retry has its instant from the handler, who was told it by the venue or the budget: nothing is added to it. */
const backoffMs = ({ result, run, random }: SettleInput): number =>
  result.freeRetry === true && result.notBefore !== undefined
    ? 0
    : retryDelayMs(Math.min(run.attempt, 10), random);

/** Nothing of the run is wanted any more. What a person ordered outlives the task's end, but not its stop. */
function isOver({ task, run }: SettleInput): boolean {
  return (
    task.status === 'stopped' || (run.kind === 's' && task.status !== 'running' && task.status !== 'pending')
  );
}

/** How the run waits to be taken up again. */
function settleWaiting(p: SettleInput): Settlement {
  const { result, run, now } = p;
  if (result.outcome === 'handed_over') {
    const patch = { hop: run.hop + 1, idle: idleHops(p), notBefore: result.notBefore ?? now };
    return waiting(p, 'handed_over', patch);
  }
  const told = result.notBefore ?? 0;
  if (result.outcome === 'partial') return waiting(p, 'partial', { notBefore: Math.max(now, told) });
  const notBefore = Math.max(now + backoffMs(p), told);
  return waiting(p, 'failed', { failures: failuresAfter(p), notBefore });
}

/**
 * Where the due item goes after a run: on to the next slot, into a later retry, or to another worker. A run that the
 * task's end has made pointless is never retried. A hand-over that got nowhere too often is a failure.
 */
export function decideSettle(p: SettleInput): Settlement {
  const { outcome } = p.result;
  if (isOver(p)) return ended(p, outcome === 'handed_over' ? 'cancelled' : outcome);
  if (comesBack(p)) return settleWaiting(p);
  return ended(p, outcome === 'handed_over' ? 'failed' : outcome);
}

const TERMINAL = new Set(['failed', 'blocked']);

/** A task without slots to come has ended with its last run, as that one did. What was complete stays so. */
const statusAtEnd = ({ task, result, isRefetch }: TaskAfterRun): TaskStatus => {
  const failed = result.outcome === 'failed' || result.outcome === 'handed_over';
  return failed && !isRefetch && task.status !== 'completed' ? 'failed' : 'completed';
};

function statusAfter(p: TaskAfterRun): TaskStatus {
  const { task, result } = p;
  if (task.status === 'stopped') return 'stopped';
  const series = result.series ?? task.series;
  // What follows listings never runs out of series: the next run may find new ones.
  const allEnded =
    series.length > 0 && series.every((s) => TERMINAL.has(s.state)) && !followsListings(task.symbols);
  if (result.error?.permanent === true || allEnded) return 'failed';
  if (task.endTime !== null && result.complete) return 'completed';
  return p.isLast ? statusAtEnd(p) : 'running';
}

function healthAfter(result: RunResult, status: TaskStatus): TaskHealth {
  const reasons = [...new Set(result.healthReasons)].slice(0, 20);
  if (status === 'failed') return { state: 'blocked', reasons };
  return { state: reasons.length > 0 ? 'degraded' : 'ok', reasons };
}

export interface TaskAfterRun {
  readonly task: Task;
  readonly result: RunResult;
  readonly runId: string;
  readonly slot: number;
  /** Content revision the run worked on; a later change keeps its own standing. */
  readonly rev: number;
  readonly now: number;
  /** Nothing is left to do after this run (`isLastRun`). */
  readonly isLast: boolean;
  /** The run re-read something for a person: how it went says nothing about the task. */
  readonly isRefetch: boolean;
}

/** The task with a run's result folded in: last run, standing of its series, health, status. */
export function applyResult(p: TaskAfterRun): Task {
  const lastRun = {
    runId: p.runId,
    outcome: p.result.outcome,
    slot: p.slot,
    endedAt: p.now,
    rows: p.result.stats.rows,
  };
  if (p.task.rev !== p.rev) return { ...p.task, lastRun };
  const status = statusAfter(p);
  const first = p.result.series?.find((s) => s.error !== null)?.error ?? null;
  const own = p.result.error
    ? { code: p.result.error.code, message: p.result.error.message, at: p.now }
    : null;
  return {
    ...p.task,
    lastRun,
    status,
    health: healthAfter(p.result, status),
    series: p.result.series ?? p.task.series,
    error: own ?? first,
    withUnavailable: p.result.withUnavailable,
    updatedAt: p.now,
  };
}
