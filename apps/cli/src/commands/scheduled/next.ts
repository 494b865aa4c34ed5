import { EXIT, UsageError, type Call, type Work } from '../../command.ts';
import { flagOf, wholeOf } from '../../options.ts';
import { taskNamed } from './find-task.ts';
import { sceneOf, tellBroken } from './list.ts';
import { nextLines, timingOf, type Scene } from './screens.ts';
import { isoOf, taskJson } from './task-json.ts';
import { deskOf, readTasks } from './tasks-file.ts';
import type { ScheduledEntry } from '@kairos/config';
import { effectsOn, upcoming } from './upcoming.ts';
import { wallOf, wallText } from './zone-time.ts';

const MOST = 1_000;

function nextJson(entry: ScheduledEntry, n: number, scene: Scene): Readonly<Record<string, unknown>> {
  const timing = timingOf(entry);
  const { now } = scene;
  const { instants, floating } = upcoming(timing, { now, n, told: scene.told.get(entry.name)?.nextRunAt });
  const effects = effectsOn(timing, now, instants);
  return {
    ...taskJson(entry, scene),
    as_if_started_now: floating,
    next: instants.map((at) => ({ at: isoOf(at), local: wallText(wallOf(at, timing.timezone)) })),
    clock_changes: effects.map((e) => ({
      at: isoOf(e.at),
      effect: e.kind === 'gap' ? 'skipped' : 'once',
      local: e.walls.map(wallText),
    })),
  };
}

function wanted(call: Call): string | undefined {
  const [name] = call.words;
  if (flagOf(call, 'all') === (name !== undefined))
    throw new UsageError({ en: 'next: give a NAME, or --all', zh: 'next：请写任务名 NAME，或 --all' });
  return name;
}

/** `task-manager next NAME|--all`. */
export const next: Work = async (call) => {
  const name = wanted(call);
  const n = wholeOf(call, 'count', { min: 1, max: MOST }) ?? 5;
  const desk = await deskOf(call);
  const read = await readTasks(desk);
  const entries = name === undefined ? read.entries : [taskNamed(desk, read, name)];
  const scene = await sceneOf(call, desk);
  if (flagOf(call, 'json')) {
    const told = entries.map((entry) => nextJson(entry, n, scene));
    call.terminal.out(JSON.stringify(name === undefined ? { file: desk.file, tasks: told } : told[0]));
    return EXIT.ok;
  }
  for (const [i, entry] of entries.entries()) {
    if (i > 0) call.terminal.out('');
    for (const line of nextLines(entry, n, scene)) call.terminal.out(line);
  }
  return name === undefined && tellBroken(call, desk, read) ? EXIT.found : EXIT.ok;
};
