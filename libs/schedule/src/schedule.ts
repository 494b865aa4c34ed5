import { dataTypeOf, gridOf, UnsupportedError, ValidationError, type Timeframe } from '@kairos/domain';

/**
 * When a task's slots fall. The first slot of an epoch is the epoch itself (a new or changed task runs at once); after it
 * come the schedule's own instants, strictly increasing.
 */
export interface Schedule {
  /** In words of the grammar, e.g. `rate(5 minutes)`; derived schedules say `every 1h`. */
  readonly text: string;
  /** First slot strictly after the instant, or null when there is none. */
  next(after: number): number | null;
  /** Last slot at or before the instant, or null when there is none. */
  prev(at: number): number | null;
  /** How many slots lie in `(after, upTo]`. */
  count(after: number, upTo: number): number;
}

const RATE = /^rate\((\d{1,7}) (minute|minutes|hour|hours|day|days)\)$/;
const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** After a bar closes, a collect task waits so long before its slot, for the venue to settle it. */
export const SETTLE_DELAY_MS = 2_000;

const scheduleIssue = (code: string, text: string): ValidationError =>
  new ValidationError([{ path: 'schedule', code, params: { got: text.slice(0, 80) } }]);

/**
 * The period of `rate(value unit)` in milliseconds; the unit's number must agree with the value, as AWS demands.
 * @throws ValidationError `schedule_rate_zero`, `schedule_rate_number`, `schedule_unknown`; UnsupportedError for `cron()` and `at()`
 */
export function ratePeriod(text: string): number {
  if (/^(cron|at)\(/.test(text)) {
    throw new UnsupportedError(
      `schedule ${text.slice(0, 80)}: cron() and at() are not evaluated yet; use rate()`,
      {},
      'SCHEDULE_UNSUPPORTED',
    );
  }
  const match = RATE.exec(text);
  if (!match) throw scheduleIssue('schedule_unknown', text);
  const value = Number(match[1]);
  const unit = match[2] ?? '';
  if (value === 0) throw scheduleIssue('schedule_rate_zero', text);
  if ((value === 1) === unit.endsWith('s')) throw scheduleIssue('schedule_rate_number', text);
  return value * (UNIT_MS[unit.replace(/s$/, '')] ?? 0);
}

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
      if (upTo < epochAt) return 0;
      const regular = Math.max(0, steps.indexOf(upTo) - Math.max(first - 1, steps.indexOf(after)));
      return regular + (after < epochAt ? 1 : 0);
    },
  };
}

/**
 * The schedule of a task: its own `rate()`, anchored at the epoch and not aligned to the clock, or, without one, each
 * close of its timeframe plus the settle delay (snapshots: each slot of their poll interval).
 */
export function scheduleOf(task: {
  readonly schedule: string | null;
  /** IANA zone of `cron()` and `at()`. */
  readonly timezone: string;
  readonly frequency: Timeframe;
  readonly dataType: string;
  readonly epochAt: number;
}): Schedule {
  const { epochAt } = task;
  if (task.schedule !== null) {
    const period = ratePeriod(task.schedule);
    return steppedSchedule(task.schedule, epochAt, {
      indexOf: (ts) => Math.floor((ts - epochAt) / period),
      openOf: (i) => epochAt + i * period,
    });
  }
  const delay = dataTypeOf(task.dataType)?.shape === 'snapshot' ? 0 : SETTLE_DELAY_MS;
  const grid = gridOf(task.frequency);
  return steppedSchedule(`every ${task.frequency}`, epochAt, {
    indexOf: (ts) => grid.indexOf(ts - delay),
    openOf: (i) => grid.openOf(i) + delay,
  });
}
