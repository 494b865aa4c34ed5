import { FIRST_YEAR, LAST_YEAR } from './cron-fields.ts';
import { refusal } from './refuse.ts';
import { timezoneIssue } from './timezone.ts';

/**
 * A stretch of time in which a zone keeps one offset. `wall` is local time, written as the milliseconds of a clock on UTC.
 * Walls in `[gapFrom, wallFrom)` do not exist: the clock jumped over them where the stretch begins. Walls that the clock
 * shows twice belong to the earlier stretch, so `[wallFrom, wallTo)` of all stretches together are disjoint and ascending.
 */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly gapFrom: number;
  readonly wallFrom: number;
  readonly wallTo: number;
}

const SECOND = 1_000;
const DAY = 86_400_000;
/** Two changes of one zone have lain seven days apart at the least since 1970 (Recife, October 2000). */
const SAMPLE = 5 * DAY;
/** From here on there are only standing rules; the nearest two changes among them are a Ramadan apart. */
const RULES_FROM = Date.UTC(2026, 0, 1);
const RULE_SAMPLE = 14 * DAY;
/** Nearly all changes come at a full hour, so that is looked for first. */
const HOUR = 3_600_000;
/** Zones lie within 14 hours of UTC, and a wall is looked for from before the earliest. */
const MOST_OFFSET = 15 * 3_600_000;
/** Instants in which any slot can lie, of any zone. */
const MIN_INSTANT = Date.UTC(FIRST_YEAR, 0, 1) - DAY;
const MAX_INSTANT = Date.UTC(LAST_YEAR + 1, 0, 1) + DAY;

/** `GMT`, `GMT+08:00`, `GMT-00:44:30` at the end of the text. */
function readOffset(text: string): number {
  const at = text.lastIndexOf('GMT') + 3;
  if (at >= text.length) return 0;
  const [hours = 0, minutes = 0, seconds = 0] = text
    .slice(at + 1)
    .split(':')
    .map(Number);
  const size = ((hours * 60 + minutes) * 60 + seconds) * SECOND;
  return text[at] === '-' || text[at] === '\u2212' ? -size : size;
}

const yearStart = (year: number): number => Date.UTC(year, 0, 1);

interface Change {
  readonly at: number;
  readonly offset: number;
}

/**
 * What a zone's clock shows. Asking the platform is slow (microseconds a question), so offsets are found once per year by
 * samples and halving, and kept.
 */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #years: (readonly Stretch[] | undefined)[] = [];

  /** @throws RangeError for a zone the platform does not know */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  /** The last wall whose instant is at or before this one; between the two showings of an hour, the end of the first. */
  wallAt(instant: number): number {
    const at = Math.min(Math.max(instant, MIN_INSTANT), MAX_INSTANT);
    const stretch = this.stretchAt(at);
    return Math.max(at + stretch.offset, stretch.wallFrom - 1);
  }

  /** The stretch a wall belongs to, or, for one that does not exist, the stretch after the gap. */
  stretchOfWall(wall: number): Stretch {
    let stretch = this.stretchAt(wall - MOST_OFFSET);
    while (stretch.wallTo <= wall) stretch = this.stretchAt(stretch.to);
    return stretch;
  }

  /** When the clock first shows this wall, or null if it never does. */
  instantOf(wall: number): number | null {
    const stretch = this.stretchOfWall(wall);
    return wall < stretch.wallFrom ? null : wall - stretch.offset;
  }

  stretchAt(instant: number): Stretch {
    const stretches = this.#year(new Date(instant).getUTCFullYear());
    let i = stretches.length - 1;
    while (i > 0 && (stretches[i]?.from ?? 0) > instant) i -= 1;
    const stretch = stretches[i];
    if (stretch === undefined) throw new RangeError(`no stretch of ${this.name} holds ${instant}`);
    return stretch;
  }

  #year(year: number): readonly Stretch[] {
    return (this.#years[year - FIRST_YEAR + 2] ??= this.#find(year));
  }

  #offsetAt(instant: number): number {
    return readOffset(this.#format.format(instant));
  }

  /** Stretches of one year of UTC; a change in the days before it still decides which of its walls are repeated. */
  #find(year: number): readonly Stretch[] {
    const [from, to] = [yearStart(year), yearStart(year + 1)];
    const changes = this.#changes(from - SAMPLE, to);
    const out: Stretch[] = [];
    let wallTo = -Infinity;
    for (const [i, { at, offset }] of changes.entries()) {
      const end = changes[i + 1]?.at ?? to;
      const wallFrom = Math.max(at + offset, wallTo);
      const gapFrom = i === 0 ? wallFrom : wallTo;
      wallTo = end + offset;
      if (end <= from) continue;
      const begun = at < from;
      const first = begun ? Math.max(wallFrom, from + offset) : wallFrom;
      out.push({
        from: Math.max(at, from),
        to: end,
        offset,
        gapFrom: begun ? first : gapFrom,
        wallFrom: first,
        wallTo,
      });
    }
    return out;
  }

  #changes(from: number, to: number): readonly Change[] {
    const changes: Change[] = [{ at: from, offset: this.#offsetAt(from) }];
    const step = from < RULES_FROM ? SAMPLE : RULE_SAMPLE;
    let [low, before] = [from, changes[0]?.offset ?? 0];
    while (low < to) {
      const high = Math.min(low + step, to);
      const after = this.#offsetAt(high);
      if (after !== before) {
        const at = this.#firstAfter(low, high, before);
        if (at < to) changes.push({ at, offset: after });
      }
      [low, before] = [high, after];
    }
    return changes;
  }

  /** The first second at which the offset is no longer `before`. */
  #firstAfter(low: number, high: number, before: number): number {
    const hour = this.#halve(low, high, { before, unit: HOUR });
    if (this.#offsetAt(hour - SECOND) === before) return hour;
    return this.#halve(hour - HOUR, hour, { before, unit: SECOND });
  }

  #halve(from: number, to: number, { before, unit }: { before: number; unit: number }): number {
    let [low, high] = [from, to];
    while (high - low > unit) {
      const middle = low + Math.floor((high - low) / 2 / unit) * unit;
      if (this.#offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }
}

const zones = new Map<string, Zone>();

/** Zones are few, so they are kept for good. @throws ValidationError `timezone_unknown` */
export function zoneOf(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) {
    const issue = timezoneIssue(name);
    if (issue) throw refusal(issue.code, issue.params, issue.path);
    zone = new Zone(name);
    zones.set(name, zone);
  }
  return zone;
}
