import type { BudgetItem, BudgetStore, CasOutcome } from '@kairos/ports';

/** A store in memory that a test may stall, break, or let lose its answers. Wakes late, as real ones do. */
export class FakeBudgetStore implements BudgetStore {
  readonly items = new Map<string, BudgetItem>();
  calls = 0;
  writes = 0;
  /** Thrown instead of every answer, with nothing done. */
  error: Error | undefined;
  /** The next so many writes take effect or not (the first does), and nobody can say which. */
  unknown = 0;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  /** No call answers until the returned function is called. */
  stall(): () => void {
    this.#gate = new Promise((open) => {
      this.#open = open;
    });
    return () => this.#open();
  }

  async get({ scope }: { readonly scope: string }): Promise<BudgetItem | undefined> {
    await this.#enter();
    return this.items.get(scope);
  }

  async put(p: { readonly item: BudgetItem; readonly expectedV: number }): Promise<CasOutcome<BudgetItem>> {
    await this.#enter();
    const lost = this.unknown > 0;
    if (lost && this.unknown-- % 2 === 0) return { outcome: 'unknown' };
    const current = this.items.get(p.item.scope);
    if ((current?.v ?? 0) !== p.expectedV) return { outcome: 'conflict', current };
    const value = { ...p.item, v: p.expectedV + 1 };
    this.items.set(value.scope, value);
    this.writes += 1;
    return lost ? { outcome: 'unknown' } : { outcome: 'committed', value };
  }

  async #enter(): Promise<void> {
    this.calls += 1;
    await this.#gate;
    if (this.error) throw this.error;
  }
}
