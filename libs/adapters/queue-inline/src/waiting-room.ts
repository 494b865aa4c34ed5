import type { WorkHint } from '@kairos/ports';

/** From when a hint may be worked; without `notBefore`, at once. */
export const readyAt = (hint: WorkHint): number => hint.notBefore ?? Number.NEGATIVE_INFINITY;

/** Two hints about one task say it once: the newer tells what is wanted, the earlier of the two instants when. */
function merged(older: WorkHint, newer: WorkHint): WorkHint {
  const from = Math.min(readyAt(older), readyAt(newer));
  return { ...newer, notBefore: Number.isFinite(from) ? from : undefined };
}

/**
 * Hints that wait for their turn: at most one per task, in order of arrival. A repeated hint keeps the place of the first,
 * so the room never holds more than there are tasks, and a task that is hinted at often cannot starve the others.
 */
export class WaitingRoom {
  readonly #hints = new Map<string, WorkHint>();

  add(hint: WorkHint): void {
    const older = this.#hints.get(hint.uid);
    this.#hints.set(hint.uid, older === undefined ? hint : merged(older, hint));
  }

  /** A hint that is to come again: what was said about its task meanwhile is newer. */
  putBack(hint: WorkHint): void {
    const newer = this.#hints.get(hint.uid);
    this.#hints.set(hint.uid, newer === undefined ? hint : merged(hint, newer));
  }

  /** Takes out the longest-waiting hint that may be worked at `now` and whose task is not `busy`. */
  take(now: number, busy: ReadonlySet<string>): WorkHint | undefined {
    const hint = this.#next(now, busy);
    if (hint) this.#hints.delete(hint.uid);
    return hint;
  }

  /** Whether `take` would find one. */
  hasReady(now: number, busy: ReadonlySet<string>): boolean {
    return this.#next(now, busy) !== undefined;
  }

  #next(now: number, busy: ReadonlySet<string>): WorkHint | undefined {
    for (const hint of this.#hints.values()) if (readyAt(hint) <= now && !busy.has(hint.uid)) return hint;
    return undefined;
  }

  /** The earliest instant at which a hint will become ready; undefined when none of the room waits for time. */
  nextReadyAt(now: number): number | undefined {
    let next: number | undefined;
    for (const hint of this.#hints.values()) {
      const at = readyAt(hint);
      if (at > now && (next === undefined || at < next)) next = at;
    }
    return next;
  }

  clear(): void {
    this.#hints.clear();
  }
}
