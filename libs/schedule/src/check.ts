import { ValidationError, type Issue } from '@kairos/domain';
import { parseSchedule, type ParsedSchedule } from './parse.ts';
import { shown, type Remark } from './refuse.ts';
import { instantsOf } from './schedule.ts';
import { timezoneIssue } from './timezone.ts';
import { zoneOf } from './zone.ts';

/** A schedule as a person writes it. */
export interface WrittenSchedule {
  readonly schedule: string;
  /** IANA zone of `cron()` and `at()`. */
  readonly timezone: string;
}

export interface ScheduleCheck {
  /** What must be mended; empty when the schedule can be used. Paths are `schedule` and `timezone`. */
  readonly issues: readonly Issue[];
  /** What works here and is not proven on AWS. */
  readonly warnings: readonly Remark[];
}

type Read = { readonly parsed: ParsedSchedule } | { readonly issues: readonly Issue[] };

function read(text: string): Read {
  try {
    return { parsed: parseSchedule(text) };
  } catch (error) {
    if (error instanceof ValidationError) return { issues: error.issues };
    throw error;
  }
}

const issue = (code: string, params: Issue['params']): Issue => ({ path: 'schedule', code, params });

/** The date can be written and is nowhere on the zone's clock. */
function unreachable(parsed: ParsedSchedule, timezone: string): Issue | undefined {
  if (parsed.kind === 'rate' || instantsOf(parsed, timezone).next(-Infinity) !== null) return undefined;
  const got = shown(parsed.text);
  if (parsed.kind === 'cron') return issue('schedule_never', { got, zone: timezone });
  const mend = new Date(zoneOf(timezone).stretchOfWall(parsed.wall).wallFrom).toISOString().slice(0, 19);
  return issue('schedule_at_gap', { got, zone: timezone, mend: `at(${mend})` });
}

/**
 * Checks a schedule without running it: its grammar, its zone, and that it ever comes. Instants before now are not its
 * business: a date of last year is in order here.
 */
export function checkSchedule({ schedule, timezone }: WrittenSchedule): ScheduleCheck {
  const zone = timezoneIssue(timezone);
  const text = read(schedule);
  if ('issues' in text) return { issues: zone ? [...text.issues, zone] : text.issues, warnings: [] };
  const { parsed } = text;
  const never = zone ? undefined : unreachable(parsed, timezone);
  const unproven = parsed.kind === 'cron' ? parsed.unproven : [];
  return {
    issues: [never, zone].filter((each) => each !== undefined),
    warnings: unproven.map((each) => ({ code: 'schedule_unproven', params: { ...each } })),
  };
}
