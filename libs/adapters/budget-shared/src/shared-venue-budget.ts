import { UnsupportedError } from '@kairos/domain';
import type { BudgetScope, BudgetStore, Clock, VenueBudget } from '@kairos/ports';
import type { LeaseRules } from './lease.ts';
import { Ledger } from './ledger.ts';
import { SharedPool } from './shared-pool.ts';

export interface SharedVenueBudgetOptions {
  readonly store: BudgetStore;
  readonly clock: Clock;
  /** The address that requests leave by. Workers of one egress share its budgets. Default `default`. */
  readonly egress?: string | undefined;
  /** The part of a venue's limit that is ours, in (0, 1]; per pool where a function is given. Default 0.8. */
  readonly share?: number | ((pool: string) => number | undefined) | undefined;
  /** How long a request may wait here before it is told to come back later. Default 5,000. */
  readonly maxWaitMs?: number | undefined;
  /** No weight is spent in so many last milliseconds of a window (at most a twentieth of it). Default 1,000. */
  readonly guardMs?: number | undefined;
  /** For how long leased weight is spent without looking at the store for a ban. Default 1,000. */
  readonly trustMs?: number | undefined;
  /** Workers behind this egress at most: where a window is too short for leases, each has this part. Default 1. */
  readonly maxWorkers?: number | undefined;
}

const DEFAULT_SHARE = 0.8;
/** Shorter windows are gone before a lease would pay. */
const SHORTEST_LEASED_MS = 10_000;
const GUARD_PART = 20;

/**
 * A venue budget for all workers that share a store and an address: weight is leased from the store in blocks and spent
 * here, so together they stay inside the venue's limit, and a worker that dies takes at most its block along. A ban that
 * one worker meets pauses all. When the store fails or stalls no request leaves: `take` rejects with its StoreError, or
 * with RateLimitedError. Live goes before backfill among the requests of one worker.
 *
 * In windows under 10 seconds each worker has a fixed part, and only bans are shared.
 */
export class SharedVenueBudget implements VenueBudget {
  readonly #options: SharedVenueBudgetOptions;
  readonly #pools = new Map<string, SharedPool>();

  constructor(options: SharedVenueBudgetOptions) {
    this.#options = options;
  }

  async take(request: Parameters<VenueBudget['take']>[0]): Promise<void> {
    const { scope, weight, signal } = request;
    signal.throwIfAborted();
    if (weight > scope.limit) {
      throw new UnsupportedError(
        `a request of weight ${weight} can never fit ${scope.pool}, which allows ${scope.limit}`,
      );
    }
    await this.#poolOf(scope).take(request, this.#options.maxWaitMs ?? 5_000);
  }

  observe({ scope, used }: { readonly scope: BudgetScope; readonly used: number }): void {
    this.#poolOf(scope).observe(used);
  }

  ban({ scope, until }: { readonly scope: BudgetScope; readonly until: number }): void {
    this.#poolOf(scope).ban(until);
  }

  /** Resolves when every ban told so far has reached the store, or failed to: the next request tries again then. */
  async flush(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.flush()));
  }

  #poolOf(scope: BudgetScope): SharedPool {
    const rules = this.#rulesOf(scope);
    const known = this.#pools.get(scope.pool);
    if (known) {
      known.rules = rules;
      return known;
    }
    const { store, clock, egress = 'default', trustMs = 1_000 } = this.#options;
    const ledger = new Ledger({ store, clock, scope: `${egress}|${scope.pool}` });
    const pool = new SharedPool(rules, { pool: scope.pool, clock, ledger, trustMs, leased: isLeased(scope) });
    this.#pools.set(scope.pool, pool);
    return pool;
  }

  #rulesOf(scope: BudgetScope): LeaseRules {
    const { share, guardMs = 1_000, maxWorkers = 1 } = this.#options;
    const ours = (typeof share === 'function' ? share(scope.pool) : share) ?? DEFAULT_SHARE;
    return {
      limit: scope.limit,
      windowMs: scope.windowMs,
      share: isLeased(scope) ? ours : ours / maxWorkers,
      guardMs: Math.min(guardMs, scope.windowMs / GUARD_PART),
    };
  }
}

const isLeased = (scope: BudgetScope): boolean => scope.windowMs >= SHORTEST_LEASED_MS;
