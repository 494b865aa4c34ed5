import type { ScheduledEntry } from '@kairos/config';
import { timingOf, type Scene } from './screens.ts';
import { upcoming } from './upcoming.ts';

export const isoOf = (at: number): string => new Date(at).toISOString();

/** A task for programs: names as in the file, instants in UTC. */
export function taskJson(entry: ScheduledEntry, scene: Scene): Readonly<Record<string, unknown>> {
  const { declaration, written, line, name } = entry;
  const { content, enabled, description } = declaration;
  const told = scene.told.get(name);
  const { instants, floating } = upcoming(timingOf(entry), { now: scene.now, n: 1, told: told?.nextRunAt });
  const [next] = instants;
  const { job } = content;
  return {
    ...{ name, description, enabled, line },
    schedule: written.schedule,
    timezone: content.timezone,
    words: scene.words(timingOf(entry)),
    // Of a rate nobody has begun to count there is none yet.
    next_run_at: !enabled || floating || next === undefined ? null : isoOf(told?.nextRunAt ?? next),
    status: told?.status ?? null,
    ...(job === null
      ? { source: content.source, symbols: content.symbols, frequency: content.frequency }
      : {
          function: written.function,
          runtime: written.runtime,
          runs_as: job.runtime,
          task_type: job.taskType,
          task_name: job.taskName,
          timeout: job.timeoutMs / 1_000,
          memory: job.memoryMb,
          params: job.params,
        }),
  };
}
