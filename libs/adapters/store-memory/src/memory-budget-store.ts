import type { BudgetItem, BudgetStore, CasOutcome } from '@kairos/ports';
import { Door, frozenCopy, type MemoryStore } from './memory-store.ts';

/** Budget items in memory: shared by the workers of one process. */
export class MemoryBudgetStore implements BudgetStore {
  readonly #data: MemoryStore;
  readonly #door = new Door();

  constructor(data: MemoryStore) {
    this.#data = data;
  }

  async get(p: { readonly scope: string }): Promise<BudgetItem | undefined> {
    this.#door.check();
    return this.#data.budgets.get(p.scope);
  }

  async put(p: { readonly item: BudgetItem; readonly expectedV: number }): Promise<CasOutcome<BudgetItem>> {
    this.#door.check();
    const current = this.#data.budgets.get(p.item.scope);
    if ((current?.v ?? 0) !== p.expectedV) return { outcome: 'conflict', current };
    const value = frozenCopy({ ...p.item, v: p.expectedV + 1 });
    this.#data.budgets.set(value.scope, value);
    return { outcome: 'committed', value };
  }

  /** The port has no way to close a budget store; its owner has. */
  async close(): Promise<void> {
    this.#door.close();
  }
}
