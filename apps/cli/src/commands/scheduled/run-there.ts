import { SystemClock } from '@kairos/clock-system';
import { KairosError } from '@kairos/domain';
import { ServerError } from '../../command.ts';
import type { Clock } from '@kairos/ports';
import type { Door, Reply } from '../../door/door.ts';
import { remoteDoor } from '../../door/remote-door.ts';
import type { Data } from '../ask.ts';
import { listAt, textAt, timeAt } from '../data.ts';
import { logsBeside } from '../../run-logs.ts';
import type { RunEnded, RunOrder } from './run.ts';
import { tell } from './texts.ts';

/** How often the server is asked how far it is. */
const LOOK_MS = 300;
/** How often a server that does not know the task is asked again: it takes an edited file up within seconds. */
const TAKE_UP_LOOKS = 35;
/** Lines of a joined run that were said before. */
const EARLIER = 1_000;
/** What of a clock is needed to look again by and by. */
type Pacer = Pick<Clock, 'sleep'>;
const UNDER_WAY = ['running', 'handed_over', 'expired'];

/** The refusal of a signal, as an error. */
export const refused = ({ body }: Reply): KairosError =>
  body.success
    ? new KairosError('INTERNAL', 'nothing was refused')
    : new KairosError(body.code, `${body.message}: ${body.error}`);

async function askFor(door: Pick<Door, 'send'>, signal: Data): Promise<Data> {
  const reply = await door.send(signal);
  if (!reply.body.success) throw refused(reply);
  return reply.body.data;
}

/** The newest record of a run; undefined: it has none yet. */
export async function recordOf(
  door: Pick<Door, 'send'>,
  p: { readonly name: string; readonly runId: string },
): Promise<Data | undefined> {
  const { runs, ...rest } = await askFor(door, { action: 'list_runs', task_id: p.name, limit: 50 });
  return listAt({ ...rest, runs }, 'runs').find((run) => textAt(run, 'run_id') === p.runId);
}

/** Orders the run; the one that is active where there is one. */
export async function ordered(door: Pick<Door, 'send'>, { name, desk, say }: RunOrder): Promise<string> {
  const reply = await door.send({ action: 'run_task', task_id: name });
  if (reply.body.success) return textAt(reply.body.data, 'run_id');
  if (reply.body.code !== 'CONFLICT_RUN_ACTIVE') throw refused(reply);
  const active = textAt(await askFor(door, { action: 'get_task_status', task_id: name }), 'active_run_id');
  if (active === '') throw refused(reply);
  say(tell('runJoined', desk.language, { name }));
  return active;
}

const isUnknown = (error: unknown): boolean => KairosError.is(error) && error.code === 'TASK_NOT_FOUND';

/** Orders the run, also of a task that was written into the file a moment ago. @throws ServerError, KairosError */
async function orderedOnceKnown(
  door: Pick<Door, 'send'>,
  order: RunOrder,
  { url, clock }: { readonly url: string; readonly clock: Pacer },
): Promise<string> {
  const { name, desk, signal, say } = order;
  for (let look = 0; look < TAKE_UP_LOOKS && !signal.aborted; look += 1) {
    try {
      return await ordered(door, order);
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
    if (look === 0) say(tell('awaitServer', desk.language, { name, url }));
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
  throw new ServerError(tell('notOnServer', desk.language, { name, url }));
}

async function settled(
  door: Door,
  p: { readonly name: string; readonly runId: string; readonly signal: AbortSignal; readonly clock: Pacer },
): Promise<Data | undefined> {
  const { clock } = p;
  while (!p.signal.aborted) {
    const run = await recordOf(door, p);
    if (run && !UNDER_WAY.includes(textAt(run, 'outcome'))) return run;
    await clock.sleep(LOOK_MS, p.signal).catch(() => undefined);
  }
  return undefined;
}

/** When the server tries a failed run again; '' for not at all. */
export async function retryOf(
  door: Pick<Door, 'send'>,
  p: { readonly name: string; readonly runId: string },
): Promise<string> {
  const status = await askFor(door, { action: 'get_task_status', task_id: p.name });
  return textAt(status, 'active_run_id') === p.runId ? `${timeAt(status, 'next_run_at')} UTC` : '';
}

/** Has the server run the task, and follows that run to the end of its first try. @throws ServerError, KairosError */
export async function runThere(
  order: RunOrder,
  p: { readonly url: string; readonly token: string | undefined; readonly clock?: Pacer },
): Promise<RunEnded> {
  const { name, desk, signal, say } = order;
  const { clock = new SystemClock() } = p;
  const { language } = desk;
  const door = remoteDoor({ ...p, language });
  const runId = await orderedOnceKnown(door, order, { url: p.url, clock });
  say(tell('runThere', language, { url: p.url, name }));
  const watch = new AbortController();
  const following = follow(order, runId, watch.signal);
  const run = await settled(door, { name, runId, signal, clock }).finally(async () => {
    watch.abort();
    await following;
  });
  if (!run) return { run, retryAt: '', interrupted: tell('leftRunning', language, { name }) };
  const retryAt = textAt(run, 'outcome') === 'failed' ? await retryOf(door, { name, runId }) : '';
  return { run, retryAt };
}

/** What the run says, from the files beside the store. A server on another machine keeps its own: then there is nothing. */
async function follow({ store, name, onLine }: RunOrder, runId: string, signal: AbortSignal): Promise<void> {
  if (store === undefined) return;
  const lines = logsBeside(store).follow({ taskId: name, runId, last: EARLIER, signal });
  for await (const line of lines) onLine(line);
}
