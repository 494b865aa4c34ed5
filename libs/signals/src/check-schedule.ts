import type { Issue } from '@kairos/domain';
import { checkSchedule } from '@kairos/schedule';

/** Zone of a task that names none. */
export const DEFAULT_TIMEZONE = 'UTC';

/** A schedule as a signal holds it; null and undefined: none, and the default zone. */
export interface ScheduleQuestion {
  readonly schedule?: string | null | undefined;
  readonly timezone?: string | null | undefined;
}

/** Any schedule of the grammar: asked where a zone is to be judged that has none beside it. */
const ANY = 'rate(1 minute)';

/** Everything wrong with a schedule and its zone; nothing is run, and whether it lies ahead is not asked. */
export function scheduleIssues({ schedule, timezone }: ScheduleQuestion): readonly Issue[] {
  if (!schedule && !timezone) return [];
  return checkSchedule({ schedule: schedule ?? ANY, timezone: timezone ?? DEFAULT_TIMEZONE }).issues;
}

/** What a person should know of a schedule that is accepted. */
export function scheduleRemarks({
  schedule,
  timezone,
}: ScheduleQuestion): readonly Pick<Issue, 'code' | 'params'>[] {
  if (!schedule) return [];
  return checkSchedule({ schedule, timezone: timezone ?? DEFAULT_TIMEZONE }).warnings;
}
