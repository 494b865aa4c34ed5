import type { LeaseRules } from './lease.ts';
import type { Priority } from './wait-queue.ts';

/** Towards the end of a window what live did not take is anybody's. */
const RELEASED_PART = 4;

/**
 * What backfill leaves to live: as much as live took in the window before, less what it took in this one. Live comes when
 * a bar closes, a little after a minute began; backfill would have used up the minute by then, and every bar would be
 * a window late. Counted by each worker for itself.
 */
export class LiveReserve {
  #win = -1;
  #spent = 0;
  #before = 0;

  spent(weight: number, priority: Priority, win: number): void {
    this.#roll(win);
    if (priority === 'live') this.#spent += weight;
  }

  /** Weight that a request of this priority has to leave alone. */
  keptFrom(priority: Priority, rules: LeaseRules, now: number): number {
    if (priority === 'live' || now >= releasedAt(rules, now)) return 0;
    this.#roll(Math.floor(now / rules.windowMs));
    return Math.max(0, this.#before - this.#spent);
  }

  #roll(win: number): void {
    if (win <= this.#win) return;
    this.#before = win === this.#win + 1 ? this.#spent : 0;
    this.#spent = 0;
    this.#win = win;
  }
}

/** From when on nothing is kept in the window of `now`. */
export const releasedAt = (rules: LeaseRules, now: number): number =>
  (Math.floor(now / rules.windowMs) + 1) * rules.windowMs - rules.windowMs / RELEASED_PART;
