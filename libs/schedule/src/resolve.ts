import { checkSchedule, type WrittenSchedule } from './check.ts';
import { parseSchedule } from './parse.ts';
import type { ParsedCron } from './parse-cron.ts';
import type { Unproven } from './cron-term.ts';
import type { Remark } from './refuse.ts';
import { isScfZone, toScf } from './scf.ts';
import { plainCron } from './write-cron.ts';
import { zoneOf } from './zone.ts';

export const SCHEDULE_TARGETS = ['standalone', 'aws-lambda', 'tencent-scf'] as const;
export type ScheduleTarget = (typeof SCHEDULE_TARGETS)[number];

/**
 * How a schedule is kept on a target. `native`: the target's own trigger has exactly our slots, written as `expression` (in
 * the task's zone). `tick`: a trigger every minute asks for due slots, which are the same. `reject`: no slots anywhere.
 */
export type ScheduleResolution =
  | { readonly mode: 'native'; readonly expression: string; readonly note?: Remark }
  | { readonly mode: 'tick'; readonly reason: Remark }
  | { readonly mode: 'reject'; readonly reason: Remark };

/** As EventBridge Scheduler's API bounds `ScheduleExpression`. */
const MAX_EXPRESSION = 256;
/** Kept by the plain form as well: not a matter of spelling. */
const OF_MEANING: readonly Unproven['construct'][] = [
  'last_offset',
  'last_workday',
  'workday_edge',
  'last_weekday',
  'special_in_list',
];
const NAMES: Readonly<Record<ScheduleTarget, string>> = {
  standalone: 'Kairos',
  'aws-lambda': 'EventBridge Scheduler',
  'tencent-scf': 'SCF',
};

const tick = (code: string, params: Remark['params']): ScheduleResolution => ({
  mode: 'tick',
  reason: { code, params },
});

/** Two years say whether a zone changes its clock; the first of them may be any. */
function changesClock(timezone: string): boolean {
  const zone = zoneOf(timezone);
  const from = Date.UTC(2030, 0, 1);
  const { offset } = zone.stretchAt(from);
  for (let at = from; at < Date.UTC(2031, 0, 1); at = zone.stretchAt(at).to)
    if (zone.stretchAt(at).offset !== offset) return true;
  return false;
}

const repeatsWithinHours = ({ fields }: ParsedCron): boolean =>
  [fields[0], fields[1]].some(
    (terms) => terms?.some((term) => term.kind !== 'value') || (terms?.length ?? 0) > 1,
  );

function onAws(parsed: ParsedCron, timezone: string): ScheduleResolution {
  const open = parsed.unproven.find((each) => OF_MEANING.includes(each.construct));
  if (open) return tick('tick_unproven', { ...open, target: NAMES['aws-lambda'] });
  const plain = parsed.unproven.length === 0 ? parsed.text : plainCron(parsed);
  if (plain.length > MAX_EXPRESSION)
    return tick('tick_long', { target: NAMES['aws-lambda'], max: MAX_EXPRESSION });
  if (repeatsWithinHours(parsed) && changesClock(timezone))
    return {
      mode: 'native',
      expression: plain,
      note: { code: 'note_repeated_hour', params: { zone: timezone, target: NAMES['aws-lambda'] } },
    };
  return { mode: 'native', expression: plain };
}

/** Terms written with `L`, `W` or `#`. */
const SPECIAL_KINDS = ['last', 'last-workday', 'workday', 'last-weekday', 'nth-weekday'];

function onScf(parsed: ParsedCron, written: WrittenSchedule): ScheduleResolution {
  const target = NAMES['tencent-scf'];
  const special = parsed.fields.flat().some((term) => SPECIAL_KINDS.includes(term.kind));
  if (!isScfZone(written.timezone)) return tick('tick_zone', { target, zone: written.timezone });
  if (special) return tick('tick_wildcard', { target, value: parsed.text });
  const timer = toScf(written);
  if ('refused' in timer) return tick('tick_year', { target });
  return {
    mode: 'native',
    expression: timer.expression,
    note: { code: 'note_scf_zone', params: { target } },
  };
}

/**
 * Decides how a schedule is kept on a target, so that its slots are the same wherever it runs. A `rate()` starts at the
 * task's epoch, and clouds start theirs elsewhere (SCF at the full hour, EventBridge when the schedule is made), so it is
 * `tick` on both. What AWS's documents leave open is `tick` too, unless a plainer spelling of the same instants is proven.
 */
export function resolveSchedule(written: WrittenSchedule, target: ScheduleTarget): ScheduleResolution {
  const [issue] = checkSchedule(written).issues;
  if (issue) return { mode: 'reject', reason: { code: issue.code, params: issue.params } };
  const parsed = parseSchedule(written.schedule);
  if (target === 'standalone') return { mode: 'native', expression: written.schedule };
  if (parsed.kind === 'rate') return tick('tick_rate', { target: NAMES[target] });
  if (parsed.kind === 'at')
    return target === 'aws-lambda'
      ? { mode: 'native', expression: written.schedule }
      : tick('tick_at', { target: NAMES[target] });
  return target === 'aws-lambda' ? onAws(parsed, written.timezone) : onScf(parsed, written);
}
