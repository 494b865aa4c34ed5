import type { BudgetScope } from '@kairos/ports';
import { admit, FRESH, observeUsed, type WindowRules, type WindowState } from './window.ts';

export type Priority = 'live' | 'backfill';

/** One request that waits for weight. `granted` is set by whichever waiter wakes first. */
export interface Waiter {
  readonly weight: number;
  readonly priority: Priority;
  granted: boolean;
}

/** One limit pool: its window, its ban, and who waits. All methods are synchronous, so no two requests interleave. */
export class Pool {
  readonly #share: number;
  readonly #live: Waiter[] = [];
  readonly #backfill: Waiter[] = [];
  #state: WindowState = FRESH;
  #bannedUntil = -Infinity;

  constructor(share: number) {
    this.#share = share;
  }

  /** Milliseconds for which the venue still refuses; 0 when it does not. */
  banLeft(now: number): number {
    return Math.max(0, this.#bannedUntil - now);
  }

  /** Bans only grow: a shorter one told later never lifts a longer one. */
  ban(until: number): void {
    this.#bannedUntil = Math.max(this.#bannedUntil, until);
  }

  observe(scope: BudgetScope, used: number, now: number): void {
    this.#state = observeUsed(this.#state, this.#rules(scope), used, now);
  }

  /** Takes weight at once if it fits and nobody of the same or a higher rank waits. Otherwise when to look again. */
  takeNow(scope: BudgetScope, weight: number, priority: Priority, now: number): number | undefined {
    const admission = admit(this.#state, this.#rules(scope), weight, now);
    const queued = this.#live.length > 0 || (priority === 'backfill' && this.#backfill.length > 0);
    if (!admission.admitted) return admission.notBefore;
    if (queued) return this.#nextLook(scope, now);
    this.#state = admission.state;
    return undefined;
  }

  join(waiter: Waiter): void {
    this.#queueOf(waiter).push(waiter);
  }

  leave(waiter: Waiter): void {
    const queue = this.#queueOf(waiter);
    const at = queue.indexOf(waiter);
    if (at >= 0) queue.splice(at, 1);
  }

  /** Grants what fits, live before backfill, first come first; stops at the first that does not. When to look again. */
  serve(scope: BudgetScope, now: number): number {
    for (const queue of [this.#live, this.#backfill]) {
      for (let head = queue[0]; head; head = queue[0]) {
        const admission = admit(this.#state, this.#rules(scope), head.weight, now);
        this.#state = admission.state;
        if (!admission.admitted) return admission.notBefore;
        head.granted = true;
        queue.shift();
      }
    }
    return now;
  }

  #nextLook(scope: BudgetScope, now: number): number {
    return (Math.floor(now / scope.windowMs) + 1) * scope.windowMs;
  }

  #queueOf(waiter: Waiter): Waiter[] {
    return waiter.priority === 'live' ? this.#live : this.#backfill;
  }

  #rules(scope: BudgetScope): WindowRules {
    return { limit: scope.limit, windowMs: scope.windowMs, share: this.#share };
  }
}
