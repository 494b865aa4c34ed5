import { removeTask, setTaskEnabled } from '@kairos/config';
import { EXIT, printable, type Call, type ExitCode, type Work } from '../../command.ts';
import { flagOf } from '../../options.ts';
import { namesIn, unknownTask } from './find-task.ts';
import { deskOf, editTasks, readTasksText, type Desk } from './tasks-file.ts';
import { tell, type Saying } from './texts.ts';

/** What became of one name. */
interface Change {
  readonly name: string;
  readonly changed: boolean;
}

/** Changes the file task by task, all of them or none. @throws KairosError `TASK_NOT_FOUND` for a name that is not in it */
async function change(
  desk: Desk,
  names: readonly string[],
  one: (text: string, name: string) => string,
): Promise<readonly Change[]> {
  let changes: Change[] = [];
  await editTasks(desk, (before) => {
    const known = namesIn(readTasksText(desk, before));
    changes = [];
    return names.reduce((text, name) => {
      if (!known.includes(name)) throw unknownTask(desk, name, known);
      const after = one(text, name);
      changes.push({ name, changed: after !== text });
      return after;
    }, before);
  });
  return changes;
}

function report(
  call: Call,
  desk: Desk,
  p: { readonly changes: readonly Change[]; readonly fields: object; readonly saying: (c: Change) => Saying },
): ExitCode {
  const { language, file } = desk;
  if (flagOf(call, 'json')) {
    const tasks = p.changes.map((c) => ({ ...c, ...p.fields }));
    call.terminal.out(JSON.stringify({ file, tasks }));
    return EXIT.ok;
  }
  for (const c of p.changes)
    call.terminal.out(tell(p.saying(c), language, { name: printable(c.name), file: printable(file) }));
  if (p.changes.some((c) => c.changed)) call.terminal.err(tell('takenUp', language));
  return EXIT.ok;
}

const switched =
  (enabled: boolean): Work =>
  async (call) => {
    const desk = await deskOf(call);
    const changes = await change(desk, [...new Set(call.words)], (text, name) =>
      setTaskEnabled(text, name, enabled),
    );
    const saying = (c: Change): Saying =>
      enabled ? (c.changed ? 'nowEnabled' : 'wasEnabled') : c.changed ? 'nowDisabled' : 'wasDisabled';
    return report(call, desk, { changes, fields: { enabled }, saying });
  };

/** `task-manager enable NAME…` */
export const enable = switched(true);
/** `task-manager disable NAME…` */
export const disable = switched(false);

/** `task-manager remove NAME` */
export const remove: Work = async (call) => {
  const desk = await deskOf(call);
  const changes = await change(desk, call.words.slice(0, 1), removeTask);
  return report(call, desk, { changes, fields: { removed: true }, saying: () => 'removed' });
};
