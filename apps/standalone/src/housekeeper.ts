import type { RetentionConfig } from '@kairos/config';
import type { Task } from '@kairos/domain';
import type { Clock, Logger, Retention, RetentionRule, StoreUpkeep, TaskStore } from '@kairos/ports';

export interface HousekeeperDeps {
  readonly upkeep: StoreUpkeep;
  readonly tasks: TaskStore;
  readonly retention: RetentionConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds since some fixed moment, by a clock that nobody sets. */
  readonly uptime: () => number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MB = 1_000_000;
/** A server that keeps falling over does not get to it. */
const FIRST_AFTER_MS = 10 * 60_000;
/** Age follows the machine's clock by no more than this at each sweep: a wrong clock cannot age everything at once. */
const MOST_AGEING_MS = DAY;
const SLICE = 1_000;
const TASK_PAGE = 100;
/** Slices follow each other for so long; then the work goes on first. */
const TURN_MS = 20;

/** The last instant that is older than so many days; 0 days: nothing is. */
const daysBefore = (now: number, days: number): number => (days === 0 ? -Infinity : now - days * DAY);

/** Ended long ago, with its end reached; not declared by a configuration, which would bring it back. */
const isSpent = (task: Task, before: number): boolean =>
  (task.status === 'completed' || task.status === 'failed') &&
  task.origin === 'signal' &&
  task.endTime !== null &&
  Math.max(task.endTime, task.updatedAt, task.lastRun?.endedAt ?? 0) < before;

/**
 * Lets old history go: run records, findings and, where wanted, finished tasks. Nothing else is within its reach. One
 * sweep an hour, in slices between ticks; a sweep that is broken off is begun anew by the next, and finds less to do.
 */
export class Housekeeper {
  readonly #deps: HousekeeperDeps;
  #nextSweep: number;
  #sweep: AsyncGenerator<void, void> | undefined;

  constructor(deps: HousekeeperDeps) {
    this.#deps = deps;
    this.#nextSweep = deps.uptime() + FIRST_AFTER_MS;
  }

  /** A few slices, if any are due. Never rejects: tidying must not stop the work. */
  async step(): Promise<void> {
    const { uptime, log } = this.#deps;
    const began = uptime();
    if (!this.#sweep && began < this.#nextSweep) return;
    this.#sweep ??= this.#sweepAll();
    try {
      let done: boolean | undefined;
      do ({ done } = await this.#sweep.next());
      while (done !== true && uptime() - began < TURN_MS);
      if (done !== true) return;
    } catch (error) {
      log.error('housekeeping.failed', { error });
    }
    this.#sweep = undefined;
    this.#nextSweep = uptime() + HOUR;
  }

  async *#sweepAll(): AsyncGenerator<void, void> {
    const { upkeep, retention: r } = this.#deps;
    const now = await this.#agreedNow();
    const runs = { before: daysBefore(now, r.runsDays), least: r.runsMin, most: r.runsMax };
    const findings = { before: daysBefore(now, r.findingsDays), least: 0, most: r.findingsMax };
    yield* this.#prune('runs', upkeep.runs, runs);
    yield* this.#prune('findings', upkeep.findings, findings);
    if (r.historyMaxMb > 0) yield* this.#shrink(r.historyMaxMb * MB);
    if (r.finishedTasksDays > 0) yield* this.#removeFinished(daysBefore(now, r.finishedTasksDays));
  }

  /** The time to reckon age from: the machine's, as far as it does not run away from that of the last sweep. */
  async #agreedNow(): Promise<number> {
    const { upkeep, clock } = this.#deps;
    const now = clock.now();
    const last = (await upkeep.sweptAt()) ?? (await this.#beginning(now));
    const at = Math.max(last - MOST_AGEING_MS, Math.min(last + MOST_AGEING_MS, now));
    await upkeep.markSwept({ at });
    return Math.min(at, now);
  }

  /** Where a store that was never swept begins to age. */
  async #beginning(now: number): Promise<number> {
    const { runs, findings } = this.#deps.upkeep;
    const oldest = [(await runs.usage()).oldest, (await findings.usage()).oldest];
    return Math.min(now, ...oldest.filter((at) => at !== null));
  }

  async *#prune(name: string, what: Retention, rule: RetentionRule): AsyncGenerator<void, void> {
    let cursor: string | undefined;
    let removed = 0;
    do {
      const slice = await what.prune({ rule, limit: SLICE, cursor });
      removed += slice.removed;
      cursor = slice.next;
      yield;
    } while (cursor !== undefined);
    this.#tell(name, removed);
  }

  /** Brings both histories together below a size, the oldest first, to the hour. */
  async *#shrink(maxBytes: number): AsyncGenerator<void, void> {
    const { runs, findings } = this.#deps.upkeep;
    let removed = 0;
    for (;;) {
      const sizes = await Promise.all(
        [runs, findings].map(async (what) => ({ what, ...(await what.usage()) })),
      );
      const bytes = sizes.reduce((sum, s) => sum + s.bytes, 0) - maxBytes;
      const byAge = sizes.flatMap(({ what, oldest }) => (oldest === null ? [] : [{ what, oldest }]));
      const [first, second] = byAge.sort((a, b) => a.oldest - b.oldest);
      if (bytes <= 0 || !first) break;
      const before = second ? second.oldest + HOUR : Infinity;
      const slice = await first.what.pruneOldest({ bytes, before, limit: SLICE });
      if (slice.removed === 0) break;
      removed += slice.removed;
      yield;
    }
    this.#tell('oldest', removed);
  }

  async *#removeFinished(before: number): AsyncGenerator<void, void> {
    const { tasks } = this.#deps;
    for (const status of ['completed', 'failed'] as const) {
      let cursor: string | undefined;
      do {
        const page = await tasks.list({ filter: { status }, limit: TASK_PAGE, cursor });
        for (const task of page.items) if (isSpent(task, before)) await this.#remove(task);
        cursor = page.next;
        yield;
      } while (cursor !== undefined);
    }
  }

  /** Only as it was looked at: a command that came since has the last word. */
  async #remove(task: Task): Promise<void> {
    const { tasks, log } = this.#deps;
    const { uid, v, taskId, status } = task;
    const due = await tasks.getDue({ uid });
    if (!due || due.active !== null || due.nextDue !== null) return;
    if (await tasks.remove({ uid, expected: { v, dueV: due.v } }))
      log.info('task.expired', { task_id: taskId, uid, status });
  }

  #tell(what: string, removed: number): void {
    if (removed > 0) this.#deps.log.info('housekeeping.removed', { what, records: removed });
  }
}
