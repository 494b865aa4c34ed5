import { RateLimitedError, UnsupportedError } from '@kairos/domain';
import type { BudgetScope, Clock, VenueBudget } from '@kairos/ports';
import { Pool, type Waiter } from './pool.ts';

export interface LocalVenueBudgetOptions {
  readonly clock: Clock;
  /** The part of a venue's limit that is ours, in (0, 1]; per pool where a function is given. Default 0.8. */
  readonly share?: number | ((pool: string) => number | undefined) | undefined;
  /** How long a request may wait here before it is told to come back later. Default 5,000. */
  readonly maxWaitMs?: number | undefined;
}

type Take = Parameters<VenueBudget['take']>[0];

const DEFAULT_SHARE = 0.8;
const DEFAULT_MAX_WAIT_MS = 5_000;

/**
 * A venue budget for one process: two processes behind one address do not know of each other, but for the weight that
 * the venue reports. Waiting requests sleep on the clock until the next window; whoever wakes first serves all, live
 * before backfill. No timers of its own.
 */
export class LocalVenueBudget implements VenueBudget {
  readonly #clock: Clock;
  readonly #share: (pool: string) => number;
  readonly #maxWaitMs: number;
  readonly #pools = new Map<string, Pool>();

  constructor({ clock, share = DEFAULT_SHARE, maxWaitMs = DEFAULT_MAX_WAIT_MS }: LocalVenueBudgetOptions) {
    this.#clock = clock;
    this.#share = typeof share === 'number' ? () => share : (pool) => share(pool) ?? DEFAULT_SHARE;
    this.#maxWaitMs = maxWaitMs;
  }

  async take(request: Take): Promise<void> {
    const { scope, weight, priority, signal } = request;
    signal.throwIfAborted();
    const pool = this.#poolOf(scope);
    const now = this.#clock.now();
    this.#refuseWhileBanned(pool, scope, now);
    this.#refuseTooHeavy(scope, weight);
    const notBefore = pool.takeNow(scope, weight, priority, now);
    if (notBefore !== undefined) await this.#wait(pool, request, notBefore);
  }

  observe({ scope, used }: { readonly scope: BudgetScope; readonly used: number }): void {
    this.#poolOf(scope).observe(scope, used, this.#clock.now());
  }

  ban({ scope, until }: { readonly scope: BudgetScope; readonly until: number }): void {
    this.#poolOf(scope).ban(until);
  }

  async #wait(pool: Pool, { scope, weight, priority, signal }: Take, notBefore: number): Promise<void> {
    const giveUpAt = this.#clock.now() + this.#maxWaitMs;
    const waiter: Waiter = { weight, priority, granted: false };
    pool.join(waiter);
    try {
      let until = notBefore;
      while (!waiter.granted) {
        const now = this.#clock.now();
        if (until > giveUpAt) throw tooLong(scope, until - now);
        await this.#clock.sleep(Math.max(0, until - now), signal);
        this.#refuseWhileBanned(pool, scope, this.#clock.now());
        if (!waiter.granted) until = pool.serve(scope, this.#clock.now());
      }
    } finally {
      pool.leave(waiter);
    }
  }

  #refuseWhileBanned(pool: Pool, scope: BudgetScope, now: number): void {
    const left = pool.banLeft(now);
    if (left > 0) throw new RateLimitedError(`${scope.pool} is paused: the venue refuses requests`, left);
  }

  #refuseTooHeavy(scope: BudgetScope, weight: number): void {
    if (weight > scope.limit) {
      throw new UnsupportedError(
        `a request of weight ${weight} can never fit ${scope.pool}, which allows ${scope.limit}`,
      );
    }
  }

  #poolOf(scope: BudgetScope): Pool {
    const known = this.#pools.get(scope.pool);
    if (known) return known;
    const pool = new Pool(this.#share(scope.pool));
    this.#pools.set(scope.pool, pool);
    return pool;
  }
}

const tooLong = (scope: BudgetScope, waitMs: number): RateLimitedError =>
  new RateLimitedError(`the budget of ${scope.pool} is used up for this window`, waitMs);
