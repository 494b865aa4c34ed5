import type { ActiveRun, DueItem, RunOutcome, RunRecord, Task, TaskSeries } from '@kairos/domain';
import { KairosError, LeaseLostError, NO_STATS, runIdOf } from '@kairos/domain';
import type {
  Clock,
  HintOutcome,
  Ids,
  Logger,
  RunContext,
  RunHandler,
  RunHistory,
  RunResult,
  TaskStore,
  WorkHint,
  WorkQueue,
  Workers,
} from '@kairos/ports';
import { scheduleOf } from '@kairos/schedule';
import { decideClaim, type ClaimDecision } from './claim.ts';
import { Lease } from './lease.ts';
import { applyResult, decideSettle } from './settle.ts';

export interface SchedulerDeps {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly workers: Workers;
  readonly handlers: ReadonlyMap<string, RunHandler>;
  readonly log: Logger;
}

export interface SchedulerOptions {
  /** How long a claim holds without renewal. */
  readonly leaseMs: number;
  /** At most so many due tasks are handed out per tick. */
  readonly maxPerTick: number;
}

export const DEFAULT_SCHEDULER_OPTIONS: SchedulerOptions = { leaseMs: 30_000, maxPerTick: 256 };

/** Who took over a run is looked for among so many newest records. */
const LATELY = 100;

interface WorkLimits {
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly othersWait?: (() => boolean) | undefined;
}

interface Look {
  readonly task: Task;
  readonly due: DueItem;
  readonly owner: string;
  readonly decision: ClaimDecision;
}

interface Claimed {
  readonly task: Task;
  readonly due: DueItem;
  readonly run: ActiveRun;
}

/**
 * The engine: finds due tasks, claims their runs, hands them to handlers and settles the outcome. Keeps no timer and no
 * state between calls: whoever owns the clock calls `tick`, the queue calls `onHint`. Everything it decides is read from
 * and written to the store by compare-and-swap, so any number of schedulers may share one store.
 */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #options: SchedulerOptions;

  constructor(deps: SchedulerDeps, options: Partial<SchedulerOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...DEFAULT_SCHEDULER_OPTIONS, ...options };
  }

  /** Sends a hint for every task that wants a look at `now`; answers how many. Runs happen where the queue delivers. */
  async tick(now: number): Promise<{ readonly hinted: number }> {
    const { tasks, queue } = this.#deps;
    const uids = await tasks.dueBefore({ now, limit: this.#options.maxPerTick });
    const hints = uids.map((uid): WorkHint => ({ v: 1, uid, kind: 's', slot: now, hop: 0 }));
    if (hints.length > 0) await queue.send(hints);
    return { hinted: hints.length };
  }

  /**
   * To be called when a process starts, and when its clock has gone back: sends hints for what a tick would not find, or
   * not soon. These are runs whose owner certainly runs no more, tasks that were cut off between being made active and
   * being made due, and plans of a clock that was ahead. Answers how many.
   */
  async recover(now: number): Promise<{ readonly hinted: number }> {
    const { tasks, queue } = this.#deps;
    const soon = await tasks.dueBefore({ now: now + this.#options.leaseMs, limit: this.#options.maxPerTick });
    const found = new Map<string, Task | undefined>(soon.map((uid) => [uid, undefined]));
    for (const status of ['running', 'pending'] as const)
      for await (const task of this.#tasksOf(status)) found.set(task.uid, task);
    const hints: WorkHint[] = [];
    for (const [uid, task] of found) {
      const look = await this.#look(uid, now, task);
      if (look && look.decision.kind !== 'wait') hints.push({ v: 1, uid, kind: 's', slot: now, hop: 0 });
    }
    if (hints.length > 0) await queue.send(hints);
    return { hinted: hints.length };
  }

  async *#tasksOf(status: Task['status']): AsyncGenerator<Task> {
    let cursor: string | undefined;
    do {
      const page = await this.#deps.tasks.list({ filter: { status }, limit: 1_000, cursor });
      yield* page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  /** Works one hint: claims what the task wants done now, if anything, and sees it through. Rejects only on store errors. */
  async onHint(hint: WorkHint, limits: WorkLimits): Promise<HintOutcome> {
    const claimed = await this.#claim(hint.uid);
    if (claimed) await this.#work(claimed, limits);
    return 'done';
  }

  /** What a claim would come to now. `read`: the task, where it was read just before and only a hint hangs on it. */
  async #look(uid: string, now: number, read?: Task): Promise<Look | undefined> {
    const { tasks, workers, ids } = this.#deps;
    const due = await tasks.getDue({ uid });
    const task = read ?? (await tasks.getByUid({ uid }));
    if (!due || !task) return undefined;
    const owner = `${workers.owner()}#${ids.nonce()}`;
    const decision = decideClaim({
      due,
      task,
      schedule: scheduleOf(task),
      now,
      owner,
      leaseMs: this.#options.leaseMs,
      isDead: (o) => workers.isDead(processOf(o)),
    });
    return { task, due, owner, decision };
  }

  async #claim(uid: string): Promise<Claimed | undefined> {
    const look = await this.#look(uid, this.#deps.clock.now());
    if (!look || look.decision.kind === 'wait') return undefined;
    const { task, due, owner, decision } = look;
    await this.#recordBeforeClaim(due, decision);
    const written = await this.#putDue(decision.due, due.v, owner);
    if (!written || decision.kind !== 'claimed') return undefined;
    await this.#record(uid, decision.run, written.fence, 'running');
    return { task: await this.#activate(task), due: written, run: decision.run };
  }

  /** Writes a due item; on an unknown outcome our own nonce in the store means it was written. */
  async #putDue(next: DueItem, expectedV: number, owner: string): Promise<DueItem | undefined> {
    const answer = await this.#deps.tasks.putDue({ due: next, expectedV });
    if (answer.outcome === 'committed') return answer.value;
    const current = await this.#deps.tasks.getDue({ uid: next.uid });
    return current?.active?.owner === owner ? current : undefined;
  }

  /**
   * What a claim leaves behind it is on record before the due item moves: after it, nobody would know of it any more. If
   * the claim then loses, the line is put right by whoever settles that run.
   */
  async #recordBeforeClaim(
    before: DueItem,
    decision: Exclude<ClaimDecision, { kind: 'wait' }>,
  ): Promise<void> {
    const { expired } = decision;
    if (expired) {
      this.#deps.log.warn('run.expired', {
        uid: before.uid,
        run_id: runIdOf(before.uid, expired.kind, expired.slot),
      });
      await this.#record(before.uid, expired, before.fence, 'expired');
    }
    if (decision.kind === 'advance' && decision.skipped)
      await this.#record(before.uid, decision.skipped, before.fence, 'skipped');
  }

  /** A task whose start has come is running from its first claim on. */
  async #activate(task: Task): Promise<Task> {
    if (task.status !== 'pending') return task;
    const now = this.#deps.clock.now();
    const answer = await this.#deps.tasks.replace({
      task: { ...task, status: 'running', updatedAt: now },
      expectedV: task.v,
    });
    return answer.outcome === 'committed' ? answer.value : task;
  }

  async #record(
    uid: string,
    run: ActiveRun,
    fence: number,
    outcome: RunOutcome,
    result?: RunResult,
  ): Promise<void> {
    const record: RunRecord = {
      runId: runIdOf(uid, run.kind, run.slot),
      uid,
      kind: run.kind,
      slot: run.slot,
      fence,
      attempt: run.attempt,
      hop: run.hop,
      outcome,
      startedAt: run.startedAt,
      endedAt: outcome === 'running' ? null : this.#deps.clock.now(),
      worker: run.owner ?? '',
      skipped: run.skipped,
      error: result?.error ? { code: result.error.code, message: result.error.message } : null,
      stats: result?.stats ?? NO_STATS,
    };
    await this.#deps.history.put({ record });
  }

  async #work(claimed: Claimed, limits: WorkLimits): Promise<void> {
    const { task, due, run } = claimed;
    const log = this.#deps.log.child({ task_id: task.taskId, run_id: runIdOf(task.uid, run.kind, run.slot) });
    const stop = new AbortController();
    const lease = new Lease({ ...this.#deps, leaseMs: this.#options.leaseMs }, due, (reason) =>
      stop.abort(reason),
    );
    const context: RunContext = {
      task,
      runId: runIdOf(task.uid, run.kind, run.slot),
      kind: run.kind,
      slot: run.slot,
      attempt: run.attempt,
      skipped: run.skipped,
      refetch: run.refetch,
      fence: { uid: task.uid, fence: due.fence },
      deadline: limits.deadline,
      signal: AbortSignal.any([limits.signal, stop.signal]),
      othersWait: limits.othersWait,
      log,
      ensure: () => lease.ensure(),
      changeSeries: (change) => this.#changeSeries(claimed, lease, change),
    };
    log.info('run.started', { slot: new Date(run.slot).toISOString(), attempt: run.attempt });
    const result = await this.#run(context);
    if (lease.lost || isLeaseLost(result)) await this.#abandon(claimed, log);
    else await this.#settle(claimed, lease, result, log);
  }

  /** By compare-and-set, under the lease, and only upon the content that the run works on. */
  async #changeSeries(
    { task: started, due }: Claimed,
    lease: Lease,
    change: (series: readonly TaskSeries[]) => readonly TaskSeries[],
  ): Promise<readonly TaskSeries[]> {
    for (;;) {
      await lease.reread();
      const task = await this.#deps.tasks.getByUid({ uid: started.uid });
      if (task?.rev !== started.rev) throw new LeaseLostError(started.uid, due.fence);
      const series = change(task.series);
      if (series === task.series) return series;
      const answer = await this.#deps.tasks.replace({ task: { ...task, series }, expectedV: task.v });
      if (answer.outcome === 'committed') return answer.value.series;
    }
  }

  async #run(context: RunContext): Promise<RunResult> {
    const handler = this.#deps.handlers.get(context.task.handler);
    if (!handler) return failure('HANDLER_UNKNOWN', `no handler is named ${context.task.handler}`, true);
    try {
      return await handler.run(context);
    } catch (error) {
      if (error instanceof LeaseLostError) return failure(error.code, error.message, false);
      const known = KairosError.is(error) ? error : undefined;
      if (!known) context.log.error('run.crashed', { error });
      return failure(
        known?.code ?? 'INTERNAL',
        error instanceof Error ? error.message : String(error),
        false,
      );
    }
  }

  /** Another worker owns the task now, or a person stopped or changed it: our result is not wanted. */
  async #abandon(claimed: Claimed, log: Logger): Promise<void> {
    log.warn('run.abandoned', { fence: claimed.due.fence });
    const taken = await this.#wasTaken(claimed);
    await this.#record(claimed.task.uid, claimed.run, claimed.due.fence, taken ? 'expired' : 'cancelled');
  }

  /** Whether another worker has the same run now, or has had it since. */
  async #wasTaken({ task, run, due }: Claimed): Promise<boolean> {
    const now = await this.#deps.tasks.getDue({ uid: task.uid });
    if (now?.active && now.active.slot === run.slot && now.active.kind === run.kind) return true;
    const { items } = await this.#deps.history.list({ uid: task.uid, limit: LATELY });
    return items.some((r) => r.kind === run.kind && r.slot === run.slot && r.fence > due.fence);
  }

  async #settle(claimed: Claimed, lease: Lease, result: RunResult, log: Logger): Promise<void> {
    const { run, task } = claimed;
    try {
      await lease.reread();
      await this.#applyToTask(task, run, result);
      const outcome = await this.#release(claimed, lease, result);
      const level = outcome === 'failed' ? 'warn' : 'info';
      log[level]('run.ended', {
        outcome,
        ...result.stats,
        ...(result.error ? { error: result.error.message } : {}),
      });
      if (outcome === 'handed_over')
        await this.#deps.queue.send([
          { v: 1, uid: task.uid, kind: run.kind, slot: run.slot, hop: run.hop + 1 },
        ]);
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      await this.#abandon(claimed, log);
    }
  }

  /** Folds the result into the task before the due item is let go: a crash between the two only repeats the run. */
  async #applyToTask(started: Task, run: ActiveRun, result: RunResult): Promise<void> {
    const runId = runIdOf(started.uid, run.kind, run.slot);
    for (;;) {
      const task = await this.#deps.tasks.getByUid({ uid: started.uid });
      if (!task) throw new LeaseLostError(started.uid, 0);
      const next = applyResult({
        task,
        result,
        runId,
        slot: run.slot,
        rev: started.rev,
        now: this.#deps.clock.now(),
      });
      const answer = await this.#deps.tasks.replace({ task: next, expectedV: task.v });
      if (answer.outcome === 'committed') return;
    }
  }

  /**
   * Puts the outcome on record, then lets the due item go. A crash between the two leaves a lease that runs out: the
   * slot is then run again, finds nothing left to do, and its first line becomes `expired`.
   * The task is read after the due item: a command between the two writes is seen here, or writes the due item anew.
   */
  async #release(claimed: Claimed, lease: Lease, result: RunResult): Promise<RunOutcome> {
    const { tasks, clock, ids } = this.#deps;
    const { run } = claimed;
    for (;;) {
      const due = await lease.reread();
      const task = await tasks.getByUid({ uid: due.uid });
      if (!task) throw new LeaseLostError(due.uid, due.fence);
      const input = {
        due,
        run,
        task,
        schedule: scheduleOf(task),
        result,
        now: clock.now(),
        random: ids.random(),
      };
      const settlement = decideSettle(input);
      await this.#record(task.uid, run, due.fence, settlement.outcome, result);
      const answer = await tasks.putDue({ due: settlement.due, expectedV: due.v });
      if (answer.outcome === 'committed') return settlement.outcome;
      if (answer.outcome === 'unknown') {
        const current = await tasks.getDue({ uid: due.uid });
        const gone = current?.active?.owner !== due.active?.owner;
        if (gone && current?.fence === due.fence) return settlement.outcome;
      }
    }
  }
}

/** The process part of a lease owner: `<process>#<nonce>`. */
const processOf = (owner: string): string => owner.slice(0, Math.max(0, owner.indexOf('#')));

const isLeaseLost = (result: RunResult): boolean => result.error?.code === 'LEASE_LOST';

function failure(code: string, message: string, permanent: boolean): RunResult {
  return {
    outcome: 'failed',
    stats: NO_STATS,
    complete: false,
    withUnavailable: false,
    error: { code, message, permanent },
    healthReasons: [message],
  };
}
