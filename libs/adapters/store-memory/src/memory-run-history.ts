import type { RunKind, RunRecord } from '@kairos/domain';
import type { Page, RunHistory } from '@kairos/ports';
import { cursorOf, Door, frozenCopy, parseCursor, type MemoryStore } from './memory-store.ts';

/** Sorts by newest start, then higher fence; slot and kind only make the order total. */
const keyOf = (r: RunRecord): readonly [number, number, number, string] => [
  -r.startedAt,
  -r.fence,
  -r.slot,
  r.kind,
];

function isAfter(record: RunRecord, key: readonly (string | number)[]): boolean {
  const own = keyOf(record);
  const i = own.findIndex((field, k) => field !== key[k]);
  return i >= 0 && (own[i] ?? 0) > (key[i] ?? 0);
}

/** Run records in memory. */
export class MemoryRunHistory implements RunHistory {
  readonly #data: MemoryStore;
  readonly #door = new Door();

  constructor(data: MemoryStore) {
    this.#data = data;
  }

  async put(p: { readonly record: RunRecord }): Promise<void> {
    this.#door.check();
    const { uid, kind, slot, fence, outcome } = p.record;
    const own = this.#data.history.get(uid) ?? new Map<string, RunRecord>();
    this.#data.history.set(uid, own);
    const id = `${kind}|${slot}|${fence}`;
    const stored = own.get(id);
    if (outcome === 'running' && stored && stored.outcome !== 'running') return;
    own.set(id, frozenCopy(p.record));
  }

  async ran(p: { readonly uid: string; readonly kind: RunKind; readonly slot: number }): Promise<boolean> {
    this.#door.check();
    const records = [...(this.#data.history.get(p.uid)?.values() ?? [])];
    const isKept = records.some((r) => r.kind === p.kind && r.slot === p.slot);
    return isKept || (p.kind === 'm' && this.#data.pastOrders.get(p.uid)?.has(p.slot) === true);
  }

  async list(p: {
    readonly uid: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<RunRecord>> {
    this.#door.check();
    const after = p.cursor === undefined ? undefined : parseCursor(p.cursor, 4);
    const all = [...(this.#data.history.get(p.uid)?.values() ?? [])].sort((a, b) =>
      isAfter(a, keyOf(b)) ? 1 : -1,
    );
    const rest = after ? all.filter((r) => isAfter(r, after)) : all;
    const items = rest.slice(0, p.limit);
    const last = items.at(-1);
    return { items, ...(last && rest.length > items.length && { next: cursorOf(keyOf(last)) }) };
  }

  /** The port has no way to close a history; its owner has. */
  async close(): Promise<void> {
    this.#door.close();
  }
}
