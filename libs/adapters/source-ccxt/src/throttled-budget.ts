import { RateLimitedError } from '@kairos/domain';
import type { BudgetScope, Clock, VenueBudget } from '@kairos/ports';

/** For an exchange that paces its own requests: keeps nobody waiting, but nobody asks while the venue refuses. */
export class ThrottledBudget implements VenueBudget {
  readonly #clock: Clock;
  readonly #bans = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async take({ scope, signal }: Parameters<VenueBudget['take']>[0]): Promise<void> {
    signal.throwIfAborted();
    const left = (this.#bans.get(scope.pool) ?? 0) - this.#clock.now();
    if (left > 0) throw new RateLimitedError(`${scope.pool} asks for a pause of ${left} ms`, left);
  }

  observe(): void {
    // The exchange's own throttle knows nothing of what others use.
  }

  ban({ scope, until }: { readonly scope: BudgetScope; readonly until: number }): void {
    this.#bans.set(scope.pool, Math.max(until, this.#bans.get(scope.pool) ?? 0));
  }
}
