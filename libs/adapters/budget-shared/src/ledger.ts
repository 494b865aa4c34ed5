import { RateLimitedError } from '@kairos/domain';
import type { BudgetItem, BudgetStore, Clock } from '@kairos/ports';
import { freshItem, planLease, type LeaseAsk, type LeasePlan, type LeaseRules } from './lease.ts';

/** A store that takes longer is taken for stalled. */
const PATIENCE_MS = 10_000;
/** Each lost swap is somebody else's won one; so many in a row are no progress for us. */
const MAX_SWAPS = 100;
const COME_BACK_MS = 1_000;

/** One scope's item in the store: every change is a compare-and-swap, so that no two workers lease the same weight. */
export class Ledger {
  readonly #store: BudgetStore;
  readonly #clock: Clock;
  readonly #scope: string;

  constructor(p: { readonly store: BudgetStore; readonly clock: Clock; readonly scope: string }) {
    this.#store = p.store;
    this.#clock = p.clock;
    this.#scope = p.scope;
  }

  /** @throws StoreError; RateLimitedError when the store stalls */
  async read(): Promise<BudgetItem> {
    return (await this.#answer(this.#store.get({ scope: this.#scope }))) ?? freshItem(this.#scope);
  }

  /**
   * Leases weight; an item that says otherwise is written as planned too. Where a write's outcome is unknown it is taken
   * for kept, so its weight is lost and never spent twice. @throws StoreError; RateLimitedError when the store stalls
   */
  async lease(ask: LeaseAsk, rules: LeaseRules): Promise<LeasePlan> {
    return this.#swap((item) => planLease(item, ask, rules, this.#clock.now()));
  }

  /** Pauses every worker until this instant; never lifts a longer pause. @throws as `lease` does */
  async ban(until: number): Promise<void> {
    await this.#swap((item) => ({
      item: item.banUntil >= until ? item : { ...item, banUntil: until },
    }));
  }

  async #swap<P extends { readonly item: BudgetItem }>(plan: (item: BudgetItem) => P): Promise<P> {
    let item = await this.read();
    for (let swaps = 0; swaps < MAX_SWAPS; swaps += 1) {
      const planned = plan(item);
      if (planned.item === item) return planned;
      const write = this.#store.put({ item: planned.item, expectedV: item.v });
      const answer = await this.#answer(write);
      if (answer.outcome === 'committed') return planned;
      item = answer.outcome === 'conflict' ? (answer.current ?? freshItem(this.#scope)) : await this.read();
    }
    throw new RateLimitedError(`the budget ${this.#scope} is contended`, COME_BACK_MS);
  }

  async #answer<T>(call: Promise<T>): Promise<T> {
    const timer = new AbortController();
    const stalled = this.#clock.sleep(PATIENCE_MS, timer.signal).then(() => {
      throw new RateLimitedError(`the store of the budget ${this.#scope} does not answer`, COME_BACK_MS);
    });
    try {
      return await Promise.race([call, stalled]);
    } finally {
      timer.abort();
    }
  }
}
