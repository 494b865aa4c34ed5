import { dataTypeOf, gridOf, type Grid, type Timeframe, type TimeRange } from '@kairos/domain';
import { CronWalls } from './cron-walls.ts';
import { parseSchedule, type ParsedSchedule } from './parse.ts';
import { sessionSchedule } from './session-schedule.ts';
import { zoneOf } from './zone.ts';
import { ZonedCron, type Instants } from './zoned-cron.ts';

/**
 * When a task's slots fall: strictly increasing instants, none before the task's epoch. Under `rate()`, and for a task
 * without a schedule of its own, the epoch itself is the first (a new or changed task runs at once); `cron()` and `at()`
 * have no instants but those they name.
 */
export interface Schedule extends Instants {
  /** In words of the grammar, e.g. `rate(5 minutes)`; derived schedules say `every 1h`. */
  readonly text: string;
  /** First slot strictly after the instant, or null when there is none. */
  next(after: number): number | null;
  /** Last slot at or before the instant, or null when there is none. */
  prev(at: number): number | null;
  /** How many slots lie in `(after, upTo]`. */
  count(after: number, upTo: number): number;
}

/** What a derived schedule asks of a calendar; the port's `Calendar` answers it, and says there what the answers mean. */
export interface SlotCalendar {
  /** `always`: open around the clock, as without a calendar. */
  readonly id: string;
  readonly anchorMs?: number | undefined;
  closedBefore(p: { readonly grid: Grid; readonly now: number }): number;
  expected(p: { readonly grid: Grid; readonly range: TimeRange }): readonly TimeRange[];
}

/** What of a task its slots depend on. */
export interface ScheduledTask {
  /** Null: derived from frequency and data type. */
  readonly schedule: string | null;
  /** IANA zone of `cron()` and `at()`; `rate()` and derived schedules have no use for it. */
  readonly timezone: string;
  readonly frequency: Timeframe;
  readonly dataType: string;
  readonly epochAt: number;
}

/** The id of the calendar of markets that never close: their slots are the clock's. */
const ALWAYS_OPEN = 'always';

/** After a bar closes, a collect task waits so long before its slot, for the venue to settle it. */
export const SETTLE_DELAY_MS = 2_000;

/** Slots at `openOf(i)`, plus the epoch itself as the first. */
function steppedSchedule(
  text: string,
  epochAt: number,
  steps: { indexOf(ts: number): number; openOf(i: number): number },
): Schedule {
  const first = steps.indexOf(epochAt) + 1;
  return {
    text,
    next(after) {
      if (after < epochAt) return epochAt;
      return steps.openOf(Math.max(first, steps.indexOf(after) + 1));
    },
    prev(at) {
      if (at < epochAt) return null;
      const index = steps.indexOf(at);
      return index < first ? epochAt : steps.openOf(index);
    },
    count(after, upTo) {
      if (upTo < epochAt || upTo <= after) return 0;
      const regular = Math.max(0, steps.indexOf(upTo) - Math.max(first - 1, steps.indexOf(after)));
      return regular + (after < epochAt ? 1 : 0);
    },
  };
}

const rateSchedule = (text: string, period: number, epochAt: number): Schedule =>
  steppedSchedule(text, epochAt, {
    indexOf: (ts) => Math.floor((ts - epochAt) / period),
    openOf: (i) => epochAt + i * period,
  });

/** The same instants, without those before the epoch. */
const sinceEpoch = (text: string, instants: Instants, epochAt: number): Schedule => ({
  text,
  next: (after) => instants.next(Math.max(after, epochAt - 1)),
  prev(at) {
    if (at < epochAt) return null;
    const found = instants.prev(at);
    return found === null || found < epochAt ? null : found;
  },
  count: (after, upTo) => instants.count(Math.max(after, epochAt - 1), upTo),
});

const NEVER: Instants = { next: () => null, prev: () => null, count: () => 0 };

const onceAt = (instant: number | null): Instants =>
  instant === null
    ? NEVER
    : {
        next: (after) => (instant > after ? instant : null),
        prev: (at) => (instant <= at ? instant : null),
        count: (after, upTo) => (instant > after && instant <= upTo ? 1 : 0),
      };

/** The instants of a cron or an `at()` in a zone, for all time. */
export function instantsOf(parsed: Exclude<ParsedSchedule, { kind: 'rate' }>, timezone: string): Instants {
  const zone = zoneOf(timezone);
  return parsed.kind === 'at'
    ? onceAt(zone.instantOf(parsed.wall))
    : new ZonedCron(new CronWalls(parsed), zone);
}

type Compiled = (epochAt: number) => Schedule;

/** Two generations, each of so many schedules of about a kilobyte: what is asked for stays, what is not is forgotten. */
const GENERATION = 16_384;
let young = new Map<string, Compiled>();
let old = new Map<string, Compiled>();

function compile(text: string, timezone: string): Compiled {
  const parsed = parseSchedule(text);
  if (parsed.kind === 'rate') return (epochAt) => rateSchedule(text, parsed.periodMs, epochAt);
  const instants = instantsOf(parsed, timezone);
  return (epochAt) => sinceEpoch(text, instants, epochAt);
}

function compiledOf(text: string, timezone: string): Compiled {
  const key = `${timezone} ${text}`;
  let found = young.get(key);
  if (found === undefined) {
    found = old.get(key) ?? compile(text, timezone);
    if (young.size >= GENERATION) {
      old = young;
      young = new Map();
    }
    young.set(key, found);
  }
  return found;
}

function derivedSchedule(
  { frequency, dataType, epochAt }: ScheduledTask,
  calendar: SlotCalendar | undefined,
): Schedule {
  const isSnapshot = dataTypeOf(dataType)?.shape === 'snapshot';
  const delay = isSnapshot ? 0 : SETTLE_DELAY_MS;
  if (calendar !== undefined && calendar.id !== ALWAYS_OPEN)
    return sessionSchedule({
      timeframe: frequency,
      calendar,
      epochAt,
      delayMs: delay,
      tickAt: isSnapshot ? 'open' : 'close',
    });
  const grid = gridOf(frequency);
  return steppedSchedule(`every ${frequency}`, epochAt, {
    indexOf: (ts) => grid.indexOf(ts - delay),
    openOf: (i) => grid.openOf(i) + delay,
  });
}

/**
 * The schedule of a task: its own, or, without one, each close of its timeframe plus the settle delay (snapshots: each
 * slot of their poll interval); with a calendar, only of slots that it expects (see `sessionSchedule`). `rate()` is anchored
 * at the epoch and not aligned to the clock. Compiled schedules are kept, so asking again and again is cheap.
 * @throws ValidationError as `parseSchedule`, and `timezone_unknown`
 */
export function scheduleOf(task: ScheduledTask, calendar?: SlotCalendar): Schedule {
  if (task.schedule === null) return derivedSchedule(task, calendar);
  return compiledOf(task.schedule, task.timezone)(task.epochAt);
}
