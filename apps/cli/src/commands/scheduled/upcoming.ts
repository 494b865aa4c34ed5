import type { TaskContent } from '@kairos/domain';
import { nextSlots, ratePeriod, scheduleOf } from '@kairos/schedule';
import { clockChanges, wallOf, type ClockChange } from './zone-time.ts';

/** When a task runs, by its declaration. */
export type Timing = Pick<TaskContent, 'schedule' | 'timezone' | 'frequency' | 'dataType'>;

export interface Upcoming {
  readonly instants: readonly number[];
  /** A rate of which nobody told when it began: shown as if that were now. */
  readonly floating: boolean;
}

export const isRate = ({ schedule }: Timing): boolean => schedule?.startsWith('rate(') === true;

/** The next `n` slots after `now`; `told`: the next one, as who runs the task has it. */
export function upcoming(
  timing: Timing,
  p: { readonly now: number; readonly n: number; readonly told?: number | undefined },
): Upcoming {
  const { now, n, told } = p;
  if (isRate(timing)) {
    const period = ratePeriod(timing.schedule ?? '');
    const first = told ?? now;
    return {
      instants: Array.from({ length: n }, (_, i) => first + i * period),
      floating: told === undefined,
    };
  }
  // Without an epoch of its own a schedule has no slot but its own instants.
  return { instants: nextSlots(scheduleOf({ ...timing, epochAt: 0 }), now, n), floating: false };
}

/** What a change of the clocks does to a cron: local times, written as if they were UTC, that are skipped or come twice. */
export interface ClockEffect extends ClockChange {
  readonly kind: 'gap' | 'fold';
  readonly walls: readonly number[];
}

/** A minute's cron has so many in the longest change there is; more would help nobody. */
const MOST_WALLS = 240;

/** The longest that clocks were ever put back by: so long after a slot its local time may come again. */
const LONGEST_FOLD_MS = 86_400_000;

/** What changes of the clocks do between now and the last of the task's next slots. */
export function effectsOn(timing: Timing, now: number, instants: readonly number[]): readonly ClockEffect[] {
  const last = instants.at(-1) ?? now;
  const walls = new Set(instants.map((at) => wallOf(at, timing.timezone)));
  return clockEffects(timing, now, last + LONGEST_FOLD_MS).filter((e) =>
    e.kind === 'gap' ? e.at <= last : e.walls.some((wall) => walls.has(wall)),
  );
}

/** Changes of the clocks in `(from, to]` that leave a mark on the task's slots. */
export function clockEffects(timing: Timing, from: number, to: number): readonly ClockEffect[] {
  if (timing.schedule?.startsWith('cron(') !== true) return [];
  // Read in UTC, a cron gives the local times it means, those included that some day does not have.
  const walls = scheduleOf({ ...timing, timezone: 'UTC', epochAt: 0 });
  return clockChanges(timing.timezone, from, to).flatMap((change) => {
    const { at, before, after } = change;
    const begin = at + Math.min(before, after);
    const end = at + Math.max(before, after);
    const hit: number[] = [];
    for (let wall = walls.next(begin - 1); wall !== null && wall < end; wall = walls.next(wall)) {
      hit.push(wall);
      if (hit.length >= MOST_WALLS) break;
    }
    if (hit.length === 0) return [];
    return [{ ...change, kind: before < after ? ('gap' as const) : ('fold' as const), walls: hit }];
  });
}
