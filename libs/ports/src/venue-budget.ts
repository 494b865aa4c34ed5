/** A limit pool behind one egress: `binance/api`. */
export interface BudgetScope {
  readonly pool: string;
  /** Weight the venue allows per window. */
  readonly limit: number;
  readonly windowMs: number;
}

/** Keeps requests inside a venue's rate limit. No request leaves without its weight taken here first. */
export interface VenueBudget {
  /**
   * Takes weight, waiting up to `maxWaitMs` for it. @throws RateLimitedError (with the wait still needed) when it takes
   * longer, or while the pool is banned; the signal's reason when aborted.
   */
  take(p: {
    readonly scope: BudgetScope;
    readonly weight: number;
    readonly priority: 'live' | 'backfill';
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** The venue's own count of weight used in its current window; may include other programs on this address. */
  observe(p: { readonly scope: BudgetScope; readonly used: number }): void;
  /** The venue refuses until this instant. */
  ban(p: { readonly scope: BudgetScope; readonly until: number }): void;
}
