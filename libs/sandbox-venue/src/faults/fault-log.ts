import type { FaultLogEntry } from './plan.ts';

const KEPT = 100_000;

/** The last hundred thousand faults, oldest first. */
export class FaultLog {
  #entries: FaultLogEntry[] = [];

  add(entry: FaultLogEntry): void {
    if (this.#entries.length >= 2 * KEPT) this.#entries = this.#entries.slice(-KEPT);
    this.#entries.push(entry);
  }

  entries(): readonly FaultLogEntry[] {
    return this.#entries.slice(-KEPT);
  }
}
