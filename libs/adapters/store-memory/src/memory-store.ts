import { StoreError, type DueItem, type RunRecord, type Task } from '@kairos/domain';
import type { BudgetItem } from '@kairos/ports';
import type { SeriesShelf } from './series-shelf.ts';

/**
 * What the memory stores keep, in one place: give the same one to several stores, as several handles on the same data.
 * Forgotten with the process.
 */
export class MemoryStore {
  /** By uid. */
  readonly tasks = new Map<string, Task>();
  /** By uid. */
  readonly dues = new Map<string, DueItem>();
  /** By uid, then by kind, slot and fence. */
  readonly history = new Map<string, Map<string, RunRecord>>();
  /** Slots of manual runs whose records were let go, by uid. */
  readonly pastOrders = new Map<string, Set<number>>();
  sweptAt: number | null = null;
  /** By series key. */
  readonly shelves = new Map<string, SeriesShelf>();
  /** By scope. */
  readonly budgets = new Map<string, BudgetItem>();
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

/** A copy nobody can change: what is kept is never the caller's object, and may be handed out as it is. */
export const frozenCopy = <T>(value: T): T => freeze(structuredClone(value));

/** Whether a handle still serves. */
export class Door {
  #closed = false;

  /** @throws StoreError `STORE_CLOSED` */
  check(): void {
    if (this.#closed) throw new StoreError('STORE_CLOSED', 'the store was closed; open it again to use it');
  }

  close(): void {
    this.#closed = true;
  }
}

/** The place a page left off, as the text of its last item's sort key. */
export const cursorOf = (key: readonly (string | number)[]): string => JSON.stringify(key);

/** @throws StoreError `STORE_BAD_INPUT` on text that is no cursor of `length` fields. */
export function parseCursor(cursor: string, length: number): readonly (string | number)[] {
  let key: unknown;
  try {
    key = JSON.parse(cursor);
  } catch {
    key = undefined;
  }
  const isField = (f: unknown): f is string | number => typeof f === 'string' || typeof f === 'number';
  if (Array.isArray(key) && key.length === length && key.every(isField)) return key;
  throw new StoreError(
    'STORE_BAD_INPUT',
    'the cursor is not one this store gave; start the list again without it',
  );
}
