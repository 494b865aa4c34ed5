import type { CasOutcome } from './outcome.ts';

/** What all workers behind one egress know of one limit pool, in one window of the venue's clock. */
export interface BudgetItem {
  /** `<egress>|<pool>`: `default|binance/api`. */
  readonly scope: string;
  /** Number of the window since the epoch: `floor(now / windowMs)`. */
  readonly win: number;
  /** Weight leased to workers in it. What was leased is never given back. */
  readonly used: number;
  /** Weight that others behind this address took in it, as far as the venue told. */
  readonly foreign: number;
  /** The venue refuses until this instant; 0: it does not. */
  readonly banUntil: number;
  /** Version; grows with each write. */
  readonly v: number;
}

/**
 * Keeps one item per scope, for all workers of a deployment. Both calls reject with StoreError (`STORE_*`) only. What
 * cannot be read or written here must not be spent: the caller sends no request then.
 */
export interface BudgetStore {
  /** Strong: everything committed by any worker before the call is seen. */
  get(p: { readonly scope: string }): Promise<BudgetItem | undefined>;

  /**
   * Replaces the item of `item.scope` if its `v` is `expectedV`; the stored one has `v = expectedV + 1`. With an
   * `expectedV` of 0 it makes the item, if there is none.
   */
  put(p: { readonly item: BudgetItem; readonly expectedV: number }): Promise<CasOutcome<BudgetItem>>;
}
