import type { ActiveRun, DueItem, Task } from '@kairos/domain';
import type { Schedule } from '@kairos/schedule';
import { chooseSlot } from './slots.ts';

/** How far two clocks may differ before a lease is doubted. */
export const SKEW_MS = 5_000;
/** No lease reaches further than this; one that does is a broken clock's. */
export const MAX_LEASE_MS = 15 * 60_000;

export interface ClaimInput {
  readonly due: DueItem;
  readonly task: Task;
  readonly schedule: Schedule;
  readonly now: number;
  readonly owner: string;
  readonly leaseMs: number;
  /** True only where the owner certainly runs no more (same host, process gone). */
  readonly isDead: (owner: string) => boolean;
}

/**
 * What a look at a due item came to. `claimed`: write `due`, then run `run`. `advance`: nothing runs, but the cursor or
 * the next look moves; with `isLast` no slot is left, and the task is complete. `wait`: leave it alone. `expired` and
 * `skipped` want a line of history.
 */
export type ClaimDecision =
  | { readonly kind: 'wait' }
  | {
      readonly kind: 'advance';
      readonly due: DueItem;
      readonly expired: ActiveRun | null;
      readonly skipped: ActiveRun | null;
      readonly isLast: boolean;
    }
  | {
      readonly kind: 'claimed';
      readonly due: DueItem;
      readonly run: ActiveRun;
      readonly expired: ActiveRun | null;
    };

/** Whether somebody validly holds the run. */
export const isLive = (run: ActiveRun, now: number): boolean =>
  run.owner !== null && now < run.until + SKEW_MS && run.until <= now + MAX_LEASE_MS + SKEW_MS;

/** Whether scheduled runs may start in this status. */
export const isSchedulable = (task: Task): boolean => task.status === 'running' || task.status === 'pending';

function freshRun(slot: number, p: ClaimInput, skipped: ActiveRun['skipped']): ActiveRun {
  return {
    kind: 's',
    slot,
    attempt: 0,
    failures: 0,
    hop: 0,
    idle: 0,
    owner: p.owner,
    until: p.now + p.leaseMs,
    notBefore: 0,
    startedAt: p.now,
    skipped,
    refetch: null,
  };
}

const held = (run: ActiveRun, p: ClaimInput): ActiveRun => ({
  ...run,
  attempt: run.attempt + 1,
  owner: p.owner,
  until: p.now + p.leaseMs,
  startedAt: p.now,
});

/**
 * A cursor beyond the next slot was written by a clock that has since gone back far. One at the next slot was not: a small
 * step back must not start that slot twice.
 */
function soundCursor(p: ClaimInput): number {
  const next = p.schedule.next(p.now);
  return next !== null && p.due.cursor > next ? p.now : p.due.cursor;
}

function claimed(p: ClaimInput, run: ActiveRun, expired: ActiveRun | null): ClaimDecision {
  const cursor = run.kind === 's' ? Math.max(soundCursor(p), run.slot, run.skipped?.to ?? 0) : soundCursor(p);
  const due: DueItem = { ...p.due, cursor, active: run, fence: p.due.fence + 1, nextDue: run.until };
  return { kind: 'claimed', due, run, expired };
}

const startOf = (task: Task): number => (task.status === 'pending' ? (task.startTime ?? 0) : 0);

const resting = (p: ClaimInput, nextDue: number | null, expired: ActiveRun | null): ClaimDecision => ({
  kind: 'advance',
  due: { ...p.due, active: null, nextDue },
  expired,
  skipped: null,
  isLast: false,
});

/** A task that is looked at later than its start has that planned: its first slot need not be its start. */
function awaitStart(p: ClaimInput, expired: ActiveRun | null): ClaimDecision {
  const start = startOf(p.task);
  const isPlanned = p.due.nextDue !== null && p.due.nextDue >= start;
  return p.due.active === null && isPlanned ? { kind: 'wait' } : resting(p, start, expired);
}

function startNext(p: ClaimInput, expired: ActiveRun | null): ClaimDecision {
  if (!isSchedulable(p.task)) return resting(p, null, expired);
  if (startOf(p.task) > p.now) return awaitStart(p, expired);
  const cursor = soundCursor(p);
  const choice = chooseSlot(p.schedule, cursor, p.now, p.task.config.missed);
  if (choice.slot !== null) return claimed(p, freshRun(choice.slot, p, choice.skipped), expired);
  const passed = Math.max(cursor, choice.skipped?.to ?? 0);
  const nextDue = p.schedule.next(passed);
  const isLast = nextDue === null;
  const unmoved = p.due.active === null && passed === p.due.cursor && nextDue === p.due.nextDue;
  if (unmoved && !isLast) return { kind: 'wait' };
  const skipped = choice.skipped ? { ...freshRun(choice.skipped.to, p, choice.skipped), owner: null } : null;
  const due = { ...p.due, cursor: passed, active: null, nextDue };
  return { kind: 'advance', due, expired, skipped, isLast };
}

/** Waits for its time, which was not told by a clock that has since gone back. */
const isWaiting = (run: ActiveRun, now: number): boolean =>
  run.owner === null && run.notBefore > now && run.startedAt <= now + SKEW_MS;

/**
 * Pure heart of the claim (protocol P5). A live run is left alone; one whose lease ran out, or whose owner is dead, is
 * taken over; a waiting one (retry, hand-over, manual) is taken when its time has come; otherwise the schedule decides.
 * A waiting retry gives way to the next slot, which does the same work; only a refetch has work of its own.
 */
export function decideClaim(p: ClaimInput): ClaimDecision {
  const active = p.due.active;
  if (!active) return startNext(p, null);
  if (isLive(active, p.now) && !p.isDead(active.owner ?? '')) return { kind: 'wait' };
  if (isWaiting(active, p.now)) {
    const nextSlot = active.kind !== 'r' && isSchedulable(p.task) ? p.schedule.next(soundCursor(p)) : null;
    return nextSlot !== null && nextSlot <= p.now ? startNext(p, null) : { kind: 'wait' };
  }
  const expired = active.owner === null ? null : active;
  if (active.kind === 's' && !isSchedulable(p.task)) return startNext(p, expired);
  return claimed(p, held(active, p), expired);
}
