import type { BudgetScope } from '@kairos/ports';

const MINUTE = 60_000;
/** How far from the table's figure a stated one may be, either way. Further off it is no limit, but a mistake. */
const FACTOR_DOWN = 100;
const FACTOR_UP = 10;

/**
 * What venues say of their own limits, by pool. Binance does so in exchangeInfo: `rateLimits` with the request weight it
 * allows in a minute. What is said outranks the table of prices; what cannot be meant is passed over.
 */
export class StatedLimits {
  readonly #byPool = new Map<string, number>();

  /** The scope with the limit that its venue stated, if it did. `scope` is the table's. */
  applied(scope: BudgetScope): BudgetScope {
    const limit = this.#byPool.get(scope.pool);
    return limit !== undefined && isCredible(limit, scope) ? { ...scope, limit } : scope;
  }

  /** Reads an answer to a request of this scope (the table's). Answers that state no credible limit change nothing. */
  learn(scope: BudgetScope, answer: unknown): void {
    const limit = scope.windowMs === MINUTE ? weightPerMinute(answer) : undefined;
    if (limit !== undefined && isCredible(limit, scope)) this.#byPool.set(scope.pool, limit);
  }

  /** For a cache of the answers it was learnt from. */
  kept(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byPool);
  }

  /** Takes back what `kept` gave; what was stated since stands. */
  restore(kept: unknown): void {
    if (typeof kept !== 'object' || kept === null) return;
    for (const [pool, limit] of Object.entries(kept))
      if (typeof limit === 'number' && !this.#byPool.has(pool)) this.#byPool.set(pool, limit);
  }
}

const isCredible = (limit: number, table: BudgetScope): boolean =>
  Number.isSafeInteger(limit) && limit >= table.limit / FACTOR_DOWN && limit <= table.limit * FACTOR_UP;

function weightPerMinute(answer: unknown): number | undefined {
  const { rateLimits } = (answer ?? {}) as { readonly rateLimits?: unknown };
  if (!Array.isArray(rateLimits)) return undefined;
  for (const entry of rateLimits as readonly unknown[]) {
    const { rateLimitType, interval, intervalNum, limit } = (entry ?? {}) as Readonly<
      Record<string, unknown>
    >;
    const perMinute = interval === 'MINUTE' && intervalNum === 1;
    if (rateLimitType === 'REQUEST_WEIGHT' && perMinute && typeof limit === 'number') return limit;
  }
  return undefined;
}
