import { SystemClock } from '@kairos/clock-system';
import { EXIT, printable, type Call, type Work } from '../../command.ts';
import { flagOf } from '../../options.ts';
import { outOf } from '../../terminal/display.ts';
import { scheduleWords } from './schedule-words.ts';
import { listLines, type Scene } from './screens.ts';
import { deskOf, readTasks, type Desk, type ReadTasks } from './tasks-file.ts';
import { taskJson } from './task-json.ts';
import { counted, tell } from './texts.ts';
import { toldTasks } from './told.ts';

/** What screens are drawn from. */
export async function sceneOf(call: Call, desk: Desk): Promise<Scene> {
  const { language } = desk;
  return {
    now: new SystemClock().now(),
    language,
    display: outOf(call.terminal),
    told: await toldTasks(desk),
    words: (timing) => scheduleWords(timing, language),
  };
}

/** Says on standard error that entries were left out, and where to learn more. True: some were. */
export function tellBroken(call: Call, desk: Desk, { problems }: ReadTasks): boolean {
  const { language, file } = desk;
  const errors = problems.filter((p) => p.severity === 'error');
  if (errors.length > 0) {
    const n = counted('place', 'places', errors.length, language);
    call.terminal.err(tell('brokenFile', language, { file: printable(file), n }));
  }
  return errors.length > 0;
}

/** `task-manager list`. */
export const list: Work = async (call) => {
  const desk = await deskOf(call);
  const read = await readTasks(desk);
  const scene = await sceneOf(call, desk);
  const { entries, problems, revision } = read;
  const broken = problems.some((p) => p.severity === 'error');
  if (flagOf(call, 'json')) {
    const tasks = entries.map((entry) => taskJson(entry, scene));
    const enabled = entries.filter((e) => e.declaration.enabled).length;
    call.terminal.out(
      JSON.stringify({ file: desk.file, revision, tasks, total: tasks.length, enabled, problems }),
    );
    return broken ? EXIT.found : EXIT.ok;
  }
  if (entries.length === 0 && !broken)
    call.terminal.err(tell('noTasks', desk.language, { file: printable(desk.file) }));
  for (const line of listLines(entries, scene)) call.terminal.out(line);
  return tellBroken(call, desk, read) ? EXIT.found : EXIT.ok;
};
