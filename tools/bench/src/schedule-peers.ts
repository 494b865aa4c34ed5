import awsCronParser from 'aws-cron-parser';
import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
import { scheduleOf } from '@kairos/schedule';

/** An evaluator of AWS's six fields, ours or another's with its fields converted first where that is all it wants. */
export interface Evaluator {
  readonly name: string;
  readonly zones: boolean;
  /** Throws where the expression is refused. */
  plan(fields: string, zone: string): (after: number) => number | null;
}

const ours: Evaluator = {
  name: 'kairos',
  zones: true,
  plan(fields, timezone) {
    const schedule = `cron(${fields})`;
    return scheduleOf({ schedule, timezone, epochAt: 0, frequency: '1h', dataType: 'kline' }).next;
  },
};

/** Seconds first; its own mode for weekdays from 1, and its lenient one, without which it refuses `0/5`. */
const croner: Evaluator = {
  name: 'croner',
  zones: true,
  plan(fields, timezone) {
    const [minutes, hours, days, months, weekdays, ...years] = fields.split(' ');
    const saturday = weekdays === 'L' ? '7' : weekdays;
    const job = new Cron(['0', minutes, hours, days, months, saturday, ...years].join(' '), {
      timezone,
      paused: true,
      mode: '7-part',
      alternativeWeekdays: true,
      sloppyRanges: true,
    });
    return (after) => job.nextRun(new Date(after))?.getTime() ?? null;
  },
};

/** Five fields, weekdays from 0; a year it cannot be told, so an expression with one is refused. */
const cronParser: Evaluator = {
  name: 'cron-parser',
  zones: true,
  plan(fields, tz) {
    const [minutes, hours, days, months, weekdays = '', year, ...more] = fields.split(' ');
    if (year !== '*' || more.length > 0) throw new Error('no such field');
    const digits =
      weekdays === 'L' ? '6' : weekdays.replace(/(?<!#)\d/g, (digit) => String(Number(digit) - 1));
    const text = [minutes, hours, days, months, digits].join(' ');
    CronExpressionParser.parse(text, { tz });
    return (after) =>
      CronExpressionParser.parse(text, { tz, currentDate: new Date(after) })
        .next()
        .getTime();
  },
};

/** AWS's fields as they are, in UTC. */
const awsCron: Evaluator = {
  name: 'aws-cron-parser',
  zones: false,
  plan(fields) {
    const parsed = awsCronParser.parse(fields);
    return (after) => awsCronParser.next(parsed, new Date(after))?.getTime() ?? null;
  },
};

export const EVALUATORS: readonly Evaluator[] = [ours, croner, cronParser, awsCron];

/** The first instants of a plan, written out; a plan that fails on the way has those found so far and a mark. */
export function slotsOf(
  evaluator: Evaluator,
  [zone, fields]: readonly [string, string],
  [after, n]: readonly [number, number],
): string {
  const slots: string[] = [];
  try {
    const next = evaluator.plan(fields, zone);
    for (let at: number | null = after; slots.length < n;) {
      at = next(at);
      if (at === null) break;
      slots.push(new Date(at).toISOString().slice(0, 16));
    }
  } catch {
    slots.push('refused');
  }
  return slots.join(' ');
}

/** Whether an evaluator says no to an expression, when it is read or at the first question. */
export function refuses(evaluator: Evaluator, fields: string): boolean {
  try {
    evaluator.plan(fields, 'UTC')(Date.UTC(2026, 10, 22));
    return false;
  } catch {
    return true;
  }
}
