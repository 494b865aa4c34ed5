import type { ActiveRun, DueItem, JsonValue, RunOutcome, RunRecord, Task, TaskSeries } from '@kairos/domain';
import { KairosError, LeaseLostError, NO_STATS, runIdOf } from '@kairos/domain';
import type {
  Calendars,
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
import { scheduleOf, type Schedule } from '@kairos/schedule';
import { decideClaim, isSchedulable, type ClaimDecision, type ClaimInput } from './claim.ts';
import { fitsRecord, jobState } from './job-values.ts';
import { Lease } from './lease.ts';
import { applyResult, decideSettle, isLastRun } from './settle.ts';

export interface SchedulerDeps {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly workers: Workers;
  readonly handlers: ReadonlyMap<string, RunHandler>;
  readonly log: Logger;
  /** Whose closes tasks without a schedule of their own wait for; absent: every close. */
  readonly calendars?: Calendars | undefined;
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
    const wanted = new Set(await this.#wanting(await this.#tasksNamed(soon), now));
    for (const status of ['running', 'pending'] as const)
      for await (const page of this.#pagesOf(status))
        for (const uid of await this.#wanting(page, now)) wanted.add(uid);
    const hints = [...wanted].map((uid): WorkHint => ({ v: 1, uid, kind: 's', slot: now, hop: 0 }));
    if (hints.length > 0) await queue.send(hints);
    return { hinted: hints.length };
  }

  /** Those of at most 1,000 tasks that want something done now. Only hints hang on it, so one look at their due items will do. */
  async #wanting(tasks: readonly Task[], now: number): Promise<readonly string[]> {
    const owner = this.#nextOwner();
    const dues = await this.#deps.tasks.getDues({ uids: tasks.map((task) => task.uid) });
    return tasks.flatMap((task) => {
      const due = dues.get(task.uid);
      return due && this.#decide({ task, due, owner, now }).kind !== 'wait' ? [task.uid] : [];
    });
  }

  async #tasksNamed(uids: readonly string[]): Promise<readonly Task[]> {
    const found = await Promise.all(uids.map((uid) => this.#deps.tasks.getByUid({ uid })));
    return found.filter((task) => task !== undefined);
  }

  async *#pagesOf(status: Task['status']): AsyncGenerator<readonly Task[]> {
    let cursor: string | undefined;
    do {
      const page = await this.#deps.tasks.list({ filter: { status }, limit: 1_000, cursor });
      yield page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  /** Works one hint: claims what the task wants done now, if anything, and sees it through. Rejects only on store errors. */
  async onHint(hint: WorkHint, limits: WorkLimits): Promise<HintOutcome> {
    const claimed = await this.#claim(hint.uid);
    if (claimed) await this.#work(claimed, limits);
    return 'done';
  }

  #scheduleOf(task: Task): Schedule {
    return scheduleOf(task, task.job === null ? this.#deps.calendars?.of(task.source) : undefined);
  }

  /** What a claim would come to now. */
  async #look(uid: string, now: number): Promise<Look | undefined> {
    const { tasks } = this.#deps;
    const due = await tasks.getDue({ uid });
    const task = await tasks.getByUid({ uid });
    if (!due || !task) return undefined;
    const owner = this.#nextOwner();
    return { task, due, owner, decision: this.#decide({ task, due, owner, now }) };
  }

  #decide(p: Pick<ClaimInput, 'task' | 'due' | 'owner' | 'now'>): ClaimDecision {
    return decideClaim({
      ...p,
      schedule: this.#scheduleOf(p.task),
      leaseMs: this.#options.leaseMs,
      isDead: (owner) => this.#deps.workers.isDead(processOf(owner)),
    });
  }

  /** What no claim was ever made with before. */
  #nextOwner(): string {
    return `${this.#deps.workers.owner()}#${this.#deps.ids.nonce()}`;
  }

  async #claim(uid: string): Promise<Claimed | undefined> {
    const look = await this.#look(uid, this.#deps.clock.now());
    if (!look || look.decision.kind === 'wait') return undefined;
    const { task, due, owner, decision } = look;
    await this.#recordBeforeClaim(due, decision);
    if (decision.kind === 'advance' && decision.isLast && !(await this.#complete(task))) return undefined;
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

  /** A task without slots to come. Written before its due item: cut off in between, the next look sees that it rests. */
  async #complete(task: Task): Promise<boolean> {
    if (!isSchedulable(task)) return true;
    const next: Task = { ...task, status: 'completed', updatedAt: this.#deps.clock.now() };
    const answer = await this.#deps.tasks.replace({ task: next, expectedV: task.v });
    return answer.outcome === 'committed';
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
      ...(result?.result === undefined ? {} : { result: result.result }),
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
      saveState: (state) => this.#saveState(claimed, lease, state),
    };
    log.info('run.started', { slot: new Date(run.slot).toISOString(), attempt: run.attempt });
    const result = await this.#run(context);
    if (lease.lost || isLeaseLost(result)) await this.#abandon(claimed, log);
    else await this.#settle(claimed, lease, result, log);
  }

  async #changeSeries(
    claimed: Claimed,
    lease: Lease,
    change: (series: readonly TaskSeries[]) => readonly TaskSeries[],
  ): Promise<readonly TaskSeries[]> {
    const task = await this.#changeTask(claimed, lease, (now) => {
      const series = change(now.series);
      return series === now.series ? now : { ...now, series };
    });
    return task.series;
  }

  /** @throws ValidationError for a state that cannot be kept */
  async #saveState(claimed: Claimed, lease: Lease, state: JsonValue): Promise<void> {
    const kept = jobState(state);
    await this.#changeTask(claimed, lease, (task) => ({ ...task, jobState: kept }));
  }

  /**
   * By compare-and-set, under the lease, and only upon the content that the run works on. The same task back means:
   * nothing to write. @throws LeaseLostError
   */
  async #changeTask(
    { task: started, due }: Claimed,
    lease: Lease,
    change: (task: Task) => Task,
  ): Promise<Task> {
    for (;;) {
      await lease.reread();
      const task = await this.#deps.tasks.getByUid({ uid: started.uid });
      if (task?.rev !== started.rev) throw new LeaseLostError(started.uid, due.fence);
      const next = change(task);
      if (next === task) return task;
      const answer = await this.#deps.tasks.replace({ task: next, expectedV: task.v });
      if (answer.outcome === 'committed') return answer.value;
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

  async #settle(claimed: Claimed, lease: Lease, answered: RunResult, log: Logger): Promise<void> {
    const { run, task } = claimed;
    const result = fitsRecord(answered, log);
    try {
      await this.#applyToTask(claimed, await lease.reread(), result);
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
  async #applyToTask({ task: started, run }: Claimed, due: DueItem, result: RunResult): Promise<void> {
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
        isLast: isLastRun({ due, run, task, result, schedule: this.#scheduleOf(task) }),
        isRefetch: run.kind === 'r',
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
        schedule: this.#scheduleOf(task),
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
