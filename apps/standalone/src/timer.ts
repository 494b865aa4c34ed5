import type { Clock, Logger, SeriesStore } from '@kairos/ports';
import type { Scheduler } from '@kairos/scheduler';

export interface TimerDeps {
  readonly scheduler: Scheduler;
  readonly series: SeriesStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tickMs: number;
}

/** Small writes are folded into chunks once they are this old, in slices, this often. */
const COMPACT_EVERY_MS = 60_000;
const COMPACT_AGE_MS = 10 * 60_000;
const COMPACT_ROWS = 4_000;

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

  constructor(deps: TimerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#arm(0);
  }

  nudge(): void {
    if (!this.#stopped && !this.#busy) this.#arm(0);
  }

  /** Resolves when no tick is under way and none will come. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#busy;
  }

  #arm(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#busy = this.#turn().finally(() => {
        this.#busy = undefined;
        if (!this.#stopped) this.#arm(this.#deps.tickMs);
      });
    }, delayMs);
  }

  async #turn(): Promise<void> {
    const { scheduler, clock, log } = this.#deps;
    try {
      await scheduler.tick(clock.now());
      await this.#compact();
    } catch (error) {
      log.error('tick.failed', { error });
    }
  }

  async #compact(): Promise<void> {
    const { series, clock } = this.#deps;
    const now = clock.now();
    if (Math.abs(now - this.#lastCompact) < COMPACT_EVERY_MS) return;
    const { more } = await series.compact({ settledBefore: now - COMPACT_AGE_MS, maxRows: COMPACT_ROWS });
    if (!more) this.#lastCompact = now;
  }
}
