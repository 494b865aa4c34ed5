import { setImmediate } from 'node:timers';
import type { Clock } from '@kairos/ports';

interface Sleeper {
  readonly wakeAt: number;
  wake(): void;
}

export interface FakeClockOptions {
  /** First answer of `now()`; default 2024-01-01 UTC. */
  readonly now?: number;
  /** Every sleep moves the clock by its length and resolves at once. */
  readonly autoAdvance?: boolean;
}

/** One turn of the event loop: everything that could run without the clock has run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * A clock that stands still until a test moves it. `advance` wakes sleepers one by one in the order they are due and
 * lets each run until it sleeps again; `set` jumps the wall time, back too, and wakes nobody (sleeps measure elapsed
 * time, as timers do).
 */
export class FakeClock implements Clock {
  readonly #autoAdvance: boolean;
  #now: number;
  #elapsed = 0;
  #sleepers: readonly Sleeper[] = [];

  constructor(options: FakeClockOptions = {}) {
    this.#now = options.now ?? Date.UTC(2024, 0, 1);
    this.#autoAdvance = options.autoAdvance ?? false;
  }

  /** How many sleeps are pending. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#now;
  }

  set(now: number): void {
    this.#now = now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#autoAdvance) {
      this.#move(Math.max(0, ms));
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#drop(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        wakeAt: this.#elapsed + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#sleepers = [...this.#sleepers, sleeper];
    });
  }

  async advance(ms: number): Promise<void> {
    const target = this.#elapsed + ms;
    await settle();
    for (let next = this.#dueBy(target); next; next = this.#dueBy(target)) {
      this.#move(next.wakeAt - this.#elapsed);
      this.#drop(next);
      next.wake();
      await settle();
    }
    this.#move(target - this.#elapsed);
  }

  #move(ms: number): void {
    this.#elapsed += ms;
    this.#now += ms;
  }

  #drop(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
  }

  #dueBy(target: number): Sleeper | undefined {
    const due = this.#sleepers.filter((s) => s.wakeAt <= target);
    return due.reduce<Sleeper | undefined>((a, b) => (a && a.wakeAt <= b.wakeAt ? a : b), undefined);
  }
}
