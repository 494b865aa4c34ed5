import type { ActiveRun, DueItem, RunOutcome, RunRecord, SkippedSlots, Task } from '@kairos/domain';
import { ConflictError, NO_STATS, runIdOf } from '@kairos/domain';
import type { Calendars, Clock, RunHistory, TaskStore } from '@kairos/ports';
import { awakened, isActive, mended, passedSlots, type Awakening } from './standing.ts';
import { timingOf, type Timing } from './timing.ts';
import { begunAnew, waitingRun } from './waiting-run.ts';

export interface DueChangesDeps {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly clock: Clock;
  readonly calendars?: Calendars | undefined;
}

interface Moved {
  readonly before: DueItem;
  readonly after: DueItem;
}

/** An order for a run beside the schedule. `named`: the same order again is the same run. */
export interface RunOrder {
  readonly kind: 'm' | 'r';
  readonly slot: number;
  readonly refetch: ActiveRun['refetch'];
  readonly named: boolean;
}

/** Slots that get no run, as a line of history wants them. */
const skippedRun = (skipped: SkippedSlots, now: number): ActiveRun => ({
  ...waitingRun('m', skipped.to, now, null),
  kind: 's',
  skipped,
});

/**
 * What commands do to due items. Each change is a compare-and-swap, repeated on conflict, and is decided by the due item
 * and the task as they stand then. The task is read after the due item, so that a command that came later is either seen
 * or writes the due item once more.
 */
export class DueChanges {
  readonly #deps: DueChangesDeps;
  readonly #timing: Timing;

  constructor(deps: DueChangesDeps) {
    this.#deps = deps;
    this.#timing = timingOf(deps.calendars);
  }

  /**
   * Takes the task out of work: what runs loses its fence, and its slot gets its outcome. `patch` sees the task as it
   * stands now; undefined means that a later command has made the halt pointless.
   */
  async halt(uid: string, patch: (due: DueItem, task: Task) => Partial<DueItem> | undefined): Promise<void> {
    await this.#takeFence(uid, (due, task) => {
      const changes = patch(due, task);
      return changes && { due: { ...due, active: null, ...changes }, skipped: null };
    });
  }

  /** Takes a task that is not active out of work. */
  async rest(uid: string): Promise<void> {
    await this.halt(uid, (due, task) =>
      isActive(task) || (due.nextDue === null && due.active === null) ? undefined : { nextDue: null },
    );
  }

  /**
   * A changed schedule takes effect at once: the slots of the new one begin at its epoch. Those of the old one that had
   * passed without a run are put on record.
   */
  async restart(before: Task, changed: Task): Promise<void> {
    await this.#takeFence(changed.uid, (due, task) => {
      if (task.rev !== changed.rev) return undefined;
      const nextDue = isActive(task) ? this.#timing(task).next(task.epochAt - 1) : null;
      const cursor = Math.min(due.cursor, task.epochAt - 1);
      const reason = isActive(before) ? 'coalesced' : 'stopped';
      const until = Math.min(this.#deps.clock.now(), task.epochAt);
      const skipped = passedSlots(this.#timing(before), due.cursor, until, reason);
      return { due: { ...due, cursor, active: null, nextDue }, skipped };
    });
  }

  /**
   * Changed content under the same schedule: a run under way or waiting begins anew with it, under its slot. Without one,
   * collecting runs at once, and a job at its next slot.
   */
  async renew(changed: Task): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#takeFence(changed.uid, (due, task) => {
      if (task.rev !== changed.rev || !isActive(task)) return undefined;
      const orders = task.job === null && task.status === 'running';
      const run = due.active ? begunAnew(due.active, now) : orders ? waitingRun('m', now, now, null) : null;
      if (run) return { due: { ...due, active: run, nextDue: now }, skipped: null };
      return mended(due, task, this.#timing(task), now);
    });
  }

  /**
   * Makes an active task due that nothing else would wake: started anew, or cut off between its task and its due item.
   * `overrule`: writes in any case, so that a stop under way that came before sees the start.
   */
  async wake(uid: string, overrule: boolean): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#change(uid, (due, task) => {
      const woken = awakened(due, task, this.#timing(task), now);
      return woken ?? (overrule ? { due: { ...due }, skipped: null } : undefined);
    });
  }

  /** Makes the due item fit a task that another, now gone, has written before it could write the due item. */
  async mend(uid: string): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#takeFence(uid, (due, task) => mended(due, task, this.#timing(task), now));
  }

  /** Puts a waiting run into the due item. @throws ConflictError `CONFLICT_RUN_ACTIVE` while another is held or waits */
  async order(task: Task, { kind, slot, refetch, named }: RunOrder): Promise<string> {
    const now = this.#deps.clock.now();
    await this.#change(task.uid, (due) => {
      const { active } = due;
      // A named order that is there already is the one that was asked for.
      if (named && active?.kind === kind && active.slot === slot) return undefined;
      if (active) {
        const runId = runIdOf(task.uid, active.kind, active.slot);
        throw new ConflictError('CONFLICT_RUN_ACTIVE', `run ${runId} of task ${task.taskId} is active`, {
          run_id: runId,
        });
      }
      return { due: { ...due, active: waitingRun(kind, slot, now, refetch), nextDue: now }, skipped: null };
    });
    return runIdOf(task.uid, kind, slot);
  }

  async #takeFence(uid: string, decide: (due: DueItem, task: Task) => Awakening | undefined): Promise<void> {
    const moved = await this.#change(uid, (due, task) => {
      const next = decide(due, task);
      const fence = due.active?.owner ? due.fence + 1 : due.fence;
      return next && { ...next, due: { ...next.due, fence } };
    });
    const active = moved?.before.active;
    if (moved && active?.owner) await this.#record(uid, active, moved.before.fence, 'cancelled');
  }

  /**
   * Changes the due item until it sticks; undefined means: nothing to write. Slots that get no run are on record before
   * the cursor passes them: after it, nobody would know of them any more.
   */
  async #change(
    uid: string,
    decide: (due: DueItem, task: Task) => Awakening | undefined,
  ): Promise<Moved | undefined> {
    for (;;) {
      const due = await this.#deps.tasks.getDue({ uid });
      const task = await this.#deps.tasks.getByUid({ uid });
      const next = due && task && decide(due, task);
      if (!due || !next) return undefined;
      if (next.skipped) {
        const run = skippedRun(next.skipped, this.#deps.clock.now());
        await this.#record(uid, run, due.fence, 'skipped');
      }
      const answer = await this.#deps.tasks.putDue({ due: next.due, expectedV: due.v });
      if (answer.outcome === 'committed') return { before: due, after: answer.value };
    }
  }

  async #record(uid: string, run: ActiveRun, fence: number, outcome: RunOutcome): Promise<void> {
    const { kind, slot, attempt, hop, startedAt, skipped } = run;
    const record: RunRecord = {
      runId: runIdOf(uid, kind, slot),
      uid,
      kind,
      slot,
      fence,
      attempt,
      hop,
      outcome,
      startedAt,
      endedAt: this.#deps.clock.now(),
      worker: run.owner ?? '',
      skipped,
      error: null,
      stats: NO_STATS,
    };
    await this.#deps.history.put({ record });
  }
}
