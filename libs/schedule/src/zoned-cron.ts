import type { CronWalls } from './cron-walls.ts';
import type { Zone } from './zone.ts';

/** Instants in order, as a schedule gives them; `Schedule` is the same with a name. */
export interface Instants {
  next(after: number): number | null;
  prev(at: number): number | null;
  count(after: number, upTo: number): number;
}

/**
 * The instants of a cron in a zone: each of its local times at the first instant that the clock shows it, and none for a
 * local time that the clock jumps over.
 */
export class ZonedCron implements Instants {
  readonly #walls: CronWalls;
  readonly #zone: Zone;

  constructor(walls: CronWalls, zone: Zone) {
    this.#walls = walls;
    this.#zone = zone;
  }

  next(after: number): number | null {
    let wall = this.#walls.next(this.#zone.wallAt(after));
    while (wall !== null) {
      const stretch = this.#zone.stretchOfWall(wall);
      if (wall >= stretch.wallFrom) return wall - stretch.offset;
      wall = this.#walls.next(stretch.wallFrom - 1);
    }
    return null;
  }

  prev(at: number): number | null {
    let wall = this.#walls.prev(this.#zone.wallAt(at));
    while (wall !== null) {
      const stretch = this.#zone.stretchOfWall(wall);
      if (wall >= stretch.wallFrom) return wall - stretch.offset;
      wall = this.#walls.prev(stretch.gapFrom - 1);
    }
    return null;
  }

  /** Whole days times slots of a day, less what lies in the gaps of the clock. */
  count(after: number, upTo: number): number {
    if (upTo <= after) return 0;
    const [from, to] = [this.#zone.wallAt(after), this.#zone.wallAt(upTo)];
    const all = this.#walls.count(from, to);
    if (all === 0) return 0;
    let skipped = 0;
    const end = this.#zone.stretchOfWall(to);
    let stretch = this.#zone.stretchOfWall(from);
    while (true) {
      if (stretch.gapFrom < stretch.wallFrom)
        skipped += this.#walls.count(Math.max(stretch.gapFrom - 1, from), Math.min(stretch.wallFrom - 1, to));
      if (stretch.from >= end.from) return all - skipped;
      stretch = this.#zone.stretchAt(stretch.to);
    }
  }
}
