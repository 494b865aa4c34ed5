import { remoteDoor } from '../../door/remote-door.ts';
import { addressOf, findServer, isServed } from '../../door/find-server.ts';
import type { Door } from '../../door/door.ts';
import { listAt, textAt } from '../data.ts';
import type { ToldTask } from './screens.ts';
import type { Desk } from './tasks-file.ts';

/** The server that works on the configured store, where one answers; any other is nobody. */
async function servingDoor({ loaded, language }: Desk): Promise<Door | undefined> {
  const { config } = loaded;
  const url = addressOf(config.http);
  const token = config.http.token?.reveal();
  const found = url === undefined ? undefined : await findServer(url, token);
  if (found?.kind !== 'server') return undefined;
  const { type, path } = config.taskStore;
  const ours = type === 'memory' ? found.store.path === undefined : isServed(found.store, path);
  return ours ? remoteDoor({ url: found.url, token, language }) : undefined;
}

const PAGE = 1_000;

/** What the server knows of its tasks, by name. Of none: nothing; this is never a reason to fail. */
export async function toldTasks(desk: Desk): Promise<ReadonlyMap<string, ToldTask>> {
  const told = new Map<string, ToldTask>();
  const door = await servingDoor(desk).catch(() => undefined);
  for (let cursor: string | undefined; door;) {
    const page = cursor === undefined ? {} : { cursor };
    const reply = await door.send({ action: 'list_tasks', limit: PAGE, ...page }).catch(() => undefined);
    if (reply?.body.success !== true) break;
    const { data } = reply.body;
    for (const task of listAt(data, 'tasks')) {
      const next = Date.parse(textAt(task, 'next_run_at'));
      told.set(textAt(task, 'task_id'), {
        nextRunAt: Number.isNaN(next) ? undefined : next,
        status: textAt(task, 'status'),
      });
    }
    cursor = textAt(data, 'next_cursor') || undefined;
    if (cursor === undefined) break;
  }
  return told;
}
