import { runIdOf, type Task, type TaskDeclaration } from '@kairos/domain';
import type { RunLogs } from '@kairos/ports';
import { KairosError } from '@kairos/domain';
import { printable } from '../../command.ts';
import type { Door } from '../../door/door.ts';
import { openHouse, type OpenHouse } from '../../open-house.ts';
import { textAt, dataAt } from '../data.ts';
import { logsBeside } from '../../run-logs.ts';
import type { RunEnded, RunOrder } from './run.ts';
import { ordered, recordOf, retryOf } from './run-there.ts';
import { runtimesHere } from '../../task-runtimes.ts';
import { tell } from './texts.ts';

const LOOK_MS = 100;
/** The language's runtime is being made ready: no try at all. */
const NOT_READY = 'JOB_RUNTIME_PREPARING';

/** Logs that are also told, line by line, while they are kept. */
function told(logs: RunLogs, { name, onLine }: RunOrder): RunLogs {
  return {
    append: (p) => {
      logs.append(p);
      if (p.taskId === name) onLine({ ...p.line, runId: p.runId });
    },
    flush: () => logs.flush(),
    read: (p) => logs.read(p),
    follow: (p) => logs.follow(p),
  };
}

/** Brings the declarations into the store, as a server does at its start. @throws KairosError where the name is not ours */
async function declare(
  house: OpenHouse,
  order: RunOrder,
  declarations: readonly TaskDeclaration[],
): Promise<Task> {
  const { tasks, declared } = house;
  const { desk, name } = order;
  const { actions } = await declared.apply(await declared.plan({ declarations }));
  const task = await tasks.get({ taskId: name });
  const conflict = actions.find((a) => a.taskId === name && a.kind === 'conflict');
  if (task && !conflict) return task;
  const text =
    task?.origin === 'signal'
      ? tell('heldBySignal', desk.language, { name: printable(name), file: printable(desk.file) })
      : `${name}: ${conflict?.reason ?? ''}`;
  throw new KairosError('TASK_EXISTS', text);
}

/** Works the run until it is over, or a try of it failed. */
async function workOn(
  house: OpenHouse,
  door: Pick<Door, 'send'>,
  p: {
    readonly uid: string;
    readonly name: string;
    readonly runId: string;
    readonly signal: AbortSignal;
    /** Told once where a try has to wait until packages are installed. */
    readonly onPreparing: () => void;
  },
): Promise<void> {
  const { scheduler, tasks, clock } = house;
  let tried = false;
  let isPreparing = false;
  while (!p.signal.aborted) {
    const active = (await tasks.getDue({ uid: p.uid }))?.active;
    if (!active || runIdOf(p.uid, active.kind, active.slot) !== p.runId) return;
    const failure = tried && active.owner === null ? await failureOf(door, p) : undefined;
    if (failure !== undefined && failure !== NOT_READY) return;
    if (failure === NOT_READY && !isPreparing) p.onPreparing();
    isPreparing ||= failure === NOT_READY;
    const wait = active.notBefore - clock.now();
    if (wait <= 0) {
      const { kind, slot, hop } = active;
      await scheduler.onHint({ v: 1, uid: p.uid, kind, slot, hop }, { deadline: Infinity, signal: p.signal });
      tried = true;
    }
    // Held by another, or waiting for its time.
    await clock.sleep(Math.max(1, Math.min(LOOK_MS, wait)), p.signal).catch(() => undefined);
  }
}

/** Why the last try failed; undefined: it did not. */
async function failureOf(
  door: Pick<Door, 'send'>,
  p: { readonly name: string; readonly runId: string },
): Promise<string | undefined> {
  const run = await recordOf(door, p);
  const code = textAt(run && dataAt(run, 'error'), 'code');
  return textAt(run, 'outcome') === 'failed' ? code : undefined;
}

/** Runs the task in this process, under the same lease a server would take. @throws StoreError, ConfigError, KairosError */
export async function runHere(
  order: RunOrder,
  p: { readonly path: string; readonly declarations: readonly TaskDeclaration[] },
): Promise<RunEnded> {
  const { desk, name, signal, say } = order;
  const { language, loaded } = desk;
  const logs = logsBeside(p.path);
  const runtimes = runtimesHere(order.env, loaded.config);
  const jobs = { runtimes: runtimes.all, runLogs: told(logs, order) };
  const house = await openHouse({ config: loaded.config, path: p.path, create: true, jobs });
  try {
    const { uid } = await declare(house, order, p.declarations);
    const door = { send: (said: object) => house.signals.handle(said, { locale: language }) };
    const runId = await ordered(door, order);
    say(tell('runHere', language, { name }));
    const onPreparing = (): void => say(tell('preparing', language, { name }));
    await workOn(house, door, { uid, name, runId, signal, onPreparing });
    const run = await recordOf(door, { name, runId });
    const isOpen = signal.aborted && textAt(run, 'outcome') !== 'succeeded';
    const retryAt =
      !isOpen && textAt(run, 'outcome') === 'failed' ? await retryOf(door, { name, runId }) : '';
    return { run, retryAt, interrupted: isOpen ? tell('handedOver', language, { name }) : undefined };
  } finally {
    await house.close();
    await runtimes.close();
    await logs.flush();
  }
}
