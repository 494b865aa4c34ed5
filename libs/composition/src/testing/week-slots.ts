/**
 * The slots of a schedule by brute force: minute for minute over the clock on the wall of its zone, as `Intl` tells it.
 * It shares nothing with the evaluator it is there to judge; of a cron it is given what the fields mean, never their text.
 */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What a clock on the wall shows. `weekday`: 0 is Sunday. */
export interface Wall {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly weekday: number;
  readonly daysInMonth: number;
}

/** A schedule as its meaning, beside the text that the system under test gets. */
export type Meaning =
  | { readonly kind: 'rate'; readonly text: string; readonly periodMs: number }
  | {
      readonly kind: 'cron';
      readonly text: string;
      readonly zone: string;
      readonly fits: (wall: Wall) => boolean;
    }
  | { readonly kind: 'at'; readonly text: string; readonly zone: string; readonly instant: number }
  | { readonly kind: 'closes'; readonly text: null; readonly periodMs: number; readonly delayMs: number };

export interface Span {
  readonly from: number;
  readonly to: number;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Every minute of a span at which a zone's clock shows a time for the first time, with what it shows. */
function wallsOf(zone: string, { from, to }: Span): readonly { readonly at: number; readonly wall: Wall }[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  const seen = new Set<string>();
  const walls: { at: number; wall: Wall }[] = [];
  // A clock that was put back shows again what it showed at most three hours before.
  for (let at = from - 3 * HOUR; at < to; at += MINUTE) {
    const parts = Object.fromEntries(format.formatToParts(at).map((p) => [p.type, p.value]));
    const { year = '', month = '', day = '', hour = '', minute = '', weekday = '' } = parts;
    const shown = `${year}-${month}-${day} ${hour}:${minute}`;
    if (seen.has(shown)) continue;
    seen.add(shown);
    if (at < from) continue;
    const wall = {
      minute: Number(minute),
      hour: Number(hour),
      day: Number(day),
      weekday: WEEKDAYS.indexOf(weekday),
      daysInMonth: new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate(),
    };
    walls.push({ at, wall });
  }
  return walls;
}

/** Slots of schedules within one span. Walls are looked at once per zone. */
export class BruteSlots {
  readonly #span: Span;
  readonly #walls = new Map<string, ReturnType<typeof wallsOf>>();

  constructor(span: Span) {
    this.#span = span;
  }

  /** Every slot from the epoch to the end of the span, in order. */
  slots(meaning: Meaning, epochAt: number): number[] {
    const { to } = this.#span;
    if (meaning.kind === 'at') return meaning.instant >= epochAt ? [meaning.instant] : [];
    if (meaning.kind === 'cron')
      return this.#wallsIn(meaning.zone)
        .filter(({ at, wall }) => at >= epochAt && meaning.fits(wall))
        .map(({ at }) => at);
    const found = [epochAt];
    if (meaning.kind === 'rate')
      for (let at = epochAt + meaning.periodMs; at < to; at += meaning.periodMs) found.push(at);
    else
      for (let close = 0; close < to; close += meaning.periodMs) {
        if (close === 0) close = Math.floor(epochAt / meaning.periodMs - 1) * meaning.periodMs;
        if (close + meaning.delayMs > epochAt) found.push(close + meaning.delayMs);
      }
    return found;
  }

  #wallsIn(zone: string): ReturnType<typeof wallsOf> {
    const known = this.#walls.get(zone) ?? wallsOf(zone, this.#span);
    this.#walls.set(zone, known);
    return known;
  }
}
