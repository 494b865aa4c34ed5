import { CronWalls } from './cron-walls.ts';
import type { ParsedSchedule } from './parse.ts';
import type { Schedule } from './schedule.ts';

/** The first `n` slots after an instant; fewer where the schedule ends. */
export function nextSlots(schedule: Schedule, after: number, n: number): number[] {
  const slots: number[] = [];
  let at = after;
  while (slots.length < n) {
    const slot = schedule.next(at);
    // A schedule that stands still would be a mistake of ours; it must not become an endless loop.
    if (slot === null || slot <= at) break;
    slots.push(slot);
    at = slot;
  }
  return slots;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The fewest days between two on which the cron fires; Infinity when there are no two. */
function fewestDays(walls: CronWalls): number {
  let fewest = Infinity;
  let day = walls.days.next(0);
  while (day !== null && fewest > 1) {
    const next = walls.days.next(day + 1);
    if (next === null) break;
    fewest = Math.min(fewest, next - day);
    day = next;
  }
  return fewest;
}

const gaps = (values: readonly number[]): number[] =>
  values.slice(1).map((value, i) => value - (values[i] ?? 0));

/**
 * The shortest time between two slots in milliseconds, read on the local clock: Infinity when there are no two. Where the
 * clock is put forward, one interval of the year may be shorter by that shift; everywhere else none is shorter than this.
 */
export function shortestInterval(parsed: ParsedSchedule): number {
  if (parsed.kind === 'rate') return parsed.periodMs;
  if (parsed.kind === 'at') return Infinity;
  const walls = new CronWalls(parsed);
  if (walls.days.next(0) === null) return Infinity;
  const times = walls.hours.flatMap((hour) => walls.minutes.map((minute) => hour * 60 + minute));
  const overnight = fewestDays(walls) * DAY - ((times.at(-1) ?? 0) - (times[0] ?? 0)) * MINUTE;
  return Math.min(overnight, ...gaps(times).map((minutes) => minutes * MINUTE));
}
