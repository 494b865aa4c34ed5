import type { RunRecord } from '@kairos/domain';
import type { HistoryUsage, Retention, RetentionRule, StoreUpkeep } from '@kairos/ports';
import { Door, parseCursor, cursorOf, type MemoryStore } from './memory-store.ts';

/** A record that may be forgotten, with what decides about it. */
interface Entry {
  readonly at: number;
  readonly isHeld: boolean;
  readonly bytes: number;
  forget(): void;
}

/** The entries of one task or series, newest first. */
interface Shelf {
  readonly name: string;
  /** Nothing of it is wanted for its own sake. */
  readonly isOrphan: boolean;
  entries(): readonly Entry[];
}

/** Tasks or series looked at in one slice. */
const SHELVES = 20;

const bytesOf = (value: unknown): number => JSON.stringify(value).length;

const isSpent = (entry: Entry, rank: number, least: number, rule: RetentionRule): boolean =>
  !entry.isHeld && (rank >= rule.most || (rank >= least && entry.at < rule.before));

class MemoryRetention implements Retention {
  readonly #door: Door;
  readonly #shelves: () => readonly Shelf[];

  constructor(door: Door, shelves: () => readonly Shelf[]) {
    this.#door = door;
    this.#shelves = shelves;
  }

  async usage(): Promise<HistoryUsage> {
    this.#door.check();
    const all = this.#shelves().flatMap((s) => s.entries());
    const times = all.filter((e) => !e.isHeld).map((e) => e.at);
    return {
      records: all.length,
      bytes: all.reduce((sum, e) => sum + e.bytes, 0),
      oldest: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
    };
  }

  async prune(p: {
    readonly rule: RetentionRule;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly removed: number; readonly next?: string | undefined }> {
    this.#door.check();
    let [after = ''] = p.cursor === undefined ? [] : parseCursor(p.cursor, 1);
    const rest = this.#shelves()
      .filter((s) => s.name > String(after))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    let removed = 0;
    for (const shelf of rest.slice(0, SHELVES)) {
      const least = shelf.isOrphan ? 0 : p.rule.least;
      const spent = shelf.entries().filter((e, rank) => isSpent(e, rank, least, p.rule));
      const taken = spent.reverse().slice(0, p.limit - removed);
      for (const entry of taken) entry.forget();
      removed += taken.length;
      if (taken.length < spent.length || removed === p.limit) return { removed, next: cursorOf([after]) };
      after = shelf.name;
    }
    return rest.length > SHELVES ? { removed, next: cursorOf([after]) } : { removed };
  }

  async pruneOldest(p: {
    readonly bytes: number;
    readonly before: number;
    readonly limit: number;
  }): Promise<{ readonly removed: number }> {
    this.#door.check();
    const oldest = this.#shelves()
      .flatMap((s) => s.entries())
      .filter((e) => !e.isHeld && e.at < p.before)
      .sort((a, b) => a.at - b.at)
      .slice(0, p.limit);
    let [freed, removed] = [0, 0];
    for (const entry of oldest) {
      if (freed >= p.bytes) break;
      entry.forget();
      freed += entry.bytes;
      removed += 1;
    }
    return { removed };
  }
}

/** What may be forgotten of a `MemoryStore`. */
export class MemoryUpkeep implements StoreUpkeep {
  readonly runs: Retention;
  readonly findings: Retention;
  readonly #data: MemoryStore;
  readonly #door = new Door();

  constructor(data: MemoryStore) {
    this.#data = data;
    this.runs = new MemoryRetention(this.#door, () => this.#runShelves());
    this.findings = new MemoryRetention(this.#door, () => this.#findingShelves());
  }

  async sweptAt(): Promise<number | null> {
    this.#door.check();
    return this.#data.sweptAt;
  }

  async markSwept(p: { readonly at: number }): Promise<void> {
    this.#door.check();
    this.#data.sweptAt = p.at;
  }

  /** The port has no way to close it; its owner has. */
  async close(): Promise<void> {
    this.#door.close();
  }

  #runShelves(): Shelf[] {
    return [...this.#data.history].map(([uid, records]) => ({
      name: uid,
      isOrphan: !this.#data.tasks.has(uid),
      entries: () =>
        [...records]
          .sort(([, a], [, b]) => b.startedAt - a.startedAt || b.fence - a.fence || b.slot - a.slot)
          .map(([id, record]) => ({
            at: record.startedAt,
            isHeld: record.outcome === 'running',
            bytes: bytesOf(record),
            forget: () => this.#forgetRun(id, record),
          })),
    }));
  }

  #forgetRun(id: string, record: RunRecord): void {
    const { uid, kind, slot } = record;
    if (kind === 'm' && this.#data.tasks.has(uid)) {
      const orders = this.#data.pastOrders.get(uid) ?? new Set();
      this.#data.pastOrders.set(uid, orders.add(slot));
    }
    const records = this.#data.history.get(uid);
    records?.delete(id);
    if (records?.size === 0) this.#data.history.delete(uid);
  }

  #findingShelves(): Shelf[] {
    return [...this.#data.shelves].map(([name, shelf]) => ({
      name,
      isOrphan: false,
      entries: () =>
        shelf.findings().map((finding) => ({
          at: finding.at,
          isHeld: false,
          bytes: bytesOf(finding),
          forget: () => shelf.forgetFinding(finding),
        })),
    }));
  }
}
