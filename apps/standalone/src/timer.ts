import type { StoreSampler } from '@kairos/fsck';
import type { Clock, Logger, SeriesStore, TaskStore } from '@kairos/ports';
import type { Scheduler } from '@kairos/scheduler';
import { sampleStore } from './sample-store.ts';

export interface TimerDeps {
  readonly scheduler: Scheduler;
  readonly tasks: TaskStore;
  readonly series: SeriesStore;
  readonly sampler: StoreSampler;
  /** Done after each tick, one after the other. */
  readonly chores: readonly { step(): Promise<void> }[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly tickMs: number;
}

/** Small writes are folded into chunks once they are this old, in slices, this often. */
const COMPACT_EVERY_MS = 60_000;
const COMPACT_AGE_MS = 10 * 60_000;
const COMPACT_ROWS = 4_000;
/** A clock that went back by more has left plans that are too far off. */
const BACK_MS = 5_000;
/** A timer may fire a little early: a tick that comes just before a slot would miss it by a whole period. */
const AFTER_MS = 5;
/** How often a store that failed is asked whether it works again. */
const DOUBT_MS = 10_000;

/**
 * The server's own sense of time: ticks the scheduler, never two at once, and lets the store tidy up in between. `nudge`
 * brings the next tick forward. The only place where a timer is kept.
 */
export class Timer {
  readonly #deps: TimerDeps;
  #timer: NodeJS.Timeout | undefined;
  #busy: Promise<void> | undefined;
  #stopped = false;
  #lastCompact = 0;
  #lastTurn = 0;
  #inDoubt = false;
  /** The next tick is as near as it can be. */
  #atOnce = false;

  constructor(deps: TimerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#arm(0);
  }

  /** Nudges that follow each other closely bring one tick: putting it off for each would put it off for ever. */
  nudge(): void {
    if (!this.#stopped && !this.#busy && !this.#atOnce) this.#arm(0);
  }

  /** Work failed in the store: none is begun until a write succeeds, for all of it would fail the same way. */
  doubt(): void {
    this.#inDoubt = true;
  }

  /** Resolves when no tick is under way and none will come. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#busy;
  }

  #arm(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#atOnce = delayMs === 0;
    this.#timer = setTimeout(() => {
      this.#atOnce = false;
      this.#busy = this.#turn().finally(() => {
        this.#busy = undefined;
        if (!this.#stopped) this.#arm(this.#pause());
      });
    }, delayMs);
  }

  /** Until just after the next whole multiple of `tickMs`: slots fall on whole seconds, and none should wait for long. */
  #pause(): number {
    const { tickMs, clock } = this.#deps;
    const period = this.#inDoubt ? Math.max(DOUBT_MS, tickMs) : tickMs;
    const past = (clock.now() - AFTER_MS) % period;
    return period - (past < 0 ? past + period : past);
  }

  async #turn(): Promise<void> {
    const { scheduler, sampler, tasks, clock, log } = this.#deps;
    try {
      const now = clock.now();
      if (this.#inDoubt) await tasks.ping({ now });
      this.#inDoubt = false;
      const wentBack = now < this.#lastTurn - BACK_MS;
      if (wentBack) log.warn('clock.went_back', { by_ms: this.#lastTurn - now });
      if (wentBack) await scheduler.recover(now);
      this.#lastTurn = now;
      await scheduler.tick(now);
      await this.#compact();
      for (const chore of this.#deps.chores) await chore.step();
    } catch (error) {
      log.error('tick.failed', { error });
    }
    await sampleStore({ sampler, log, now: clock.now() });
  }

  async #compact(): Promise<void> {
    const { series, clock } = this.#deps;
    const now = clock.now();
    if (Math.abs(now - this.#lastCompact) < COMPACT_EVERY_MS) return;
    const { more } = await series.compact({ settledBefore: now - COMPACT_AGE_MS, maxRows: COMPACT_ROWS });
    if (!more) this.#lastCompact = now;
  }
}
