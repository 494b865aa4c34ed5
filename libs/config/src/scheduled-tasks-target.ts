import {
  parseSchedule,
  resolveSchedule,
  scheduleText,
  shortestInterval,
  type ScheduleTarget,
} from '@kairos/schedule';
import { byPlace, problemOf, type FileProblem, type ProblemParams } from './scheduled-tasks-problem.ts';
import type { ProblemCode, ProblemLocale } from './scheduled-tasks-texts.ts';
import type { ScheduledEntry } from './scheduled-tasks.ts';

/** Tencent's quotas (583/11637): triggers of one kind per function, and megabytes of one function. */
const SCF_TIMERS = 10;
const SCF_MEMORY_MB = 3_072;

interface Finding {
  readonly entry: ScheduledEntry;
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly params: ProblemParams;
}

/** A run that outlasts the way to the next slot: overlap is forbidden, so that slot waits, or is missed. */
function outlasting(entry: ScheduledEntry): Finding[] {
  const { job, schedule } = entry.declaration.content;
  if (job === null || schedule === null) return [];
  const interval = shortestInterval(parseSchedule(schedule));
  if (job.timeoutMs <= interval) return [];
  const params = { timeout: job.timeoutMs / 1_000, interval: interval / 1_000 };
  return [{ entry, severity: 'warning', code: 'timeout_exceeds_interval', params }];
}

/** Clouds run one function per (function, runtime, memory, time-out): the tasks that share one share its triggers. */
function functionOf({ declaration }: ScheduledEntry): string {
  const { job } = declaration.content;
  return job === null ? '' : JSON.stringify([job.function, job.runtime, job.memoryMb, job.timeoutMs]);
}

function onScf(entries: readonly ScheduledEntry[]): Finding[] {
  const findings: Finding[] = [];
  const timers = new Map<string, number>();
  for (const entry of entries) {
    const { job, schedule, timezone } = entry.declaration.content;
    if (job !== null && job.memoryMb > SCF_MEMORY_MB) {
      const params = { memory: job.memoryMb, max: SCF_MEMORY_MB };
      findings.push({ entry, severity: 'error', code: 'scf_memory', params });
    }
    // What is switched off, or started by the dispatcher, has no timer of its own.
    const own = schedule !== null && resolveSchedule({ schedule, timezone }, 'tencent-scf').mode === 'native';
    if (!own || !entry.declaration.enabled) continue;
    const count = (timers.get(functionOf(entry)) ?? 0) + 1;
    timers.set(functionOf(entry), count);
    if (count > SCF_TIMERS)
      findings.push({ entry, severity: 'warning', code: 'scf_timers', params: { count, max: SCF_TIMERS } });
  }
  return findings;
}

function rejected(entry: ScheduledEntry, target: ScheduleTarget, locale: ProblemLocale): Finding[] {
  const { schedule, timezone } = entry.declaration.content;
  if (schedule === null) return [];
  const resolved = resolveSchedule({ schedule, timezone }, target);
  if (resolved.mode !== 'reject') return [];
  const params = { target, reason: scheduleText(resolved.reason, locale) };
  return [{ entry, severity: 'error', code: 'target_rejects', params }];
}

/**
 * What is wrong, or odd, with tasks on one target. How each schedule is kept there (`native` or `tick`) is
 * `resolveSchedule`'s to tell: either is in order.
 */
export function judgeForTarget(
  entries: readonly ScheduledEntry[],
  target: ScheduleTarget,
  locale: ProblemLocale = 'en',
): readonly FileProblem[] {
  const findings = [
    ...entries.flatMap((entry) => rejected(entry, target, locale)),
    ...entries.flatMap(outlasting),
    ...(target === 'tencent-scf' ? onScf(entries) : []),
  ];
  return findings
    .map(({ entry, ...rest }) => problemOf({ ...rest, place: entry.schedulePlace, task: entry.name, locale }))
    .sort(byPlace);
}
