import { readFile } from 'node:fs/promises';
import { ConfigError } from '@kairos/domain';
import type { Logger } from '@kairos/ports';
import type { SignalHandler } from '@kairos/signals';
import type { Stores } from './stores.ts';

async function isNew(stores: Stores): Promise<boolean> {
  const tasks = await stores.tasks.list({ filter: {}, limit: 1 });
  const series = await stores.series.listSeries({ filter: {}, limit: 1 });
  return tasks.total === 0 && series.items.length === 0;
}

function signalsIn(text: string, file: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file}: not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      file,
    });
  }
  const tasks = typeof parsed === 'object' && parsed !== null && 'tasks' in parsed ? parsed.tasks : undefined;
  if (!Array.isArray(tasks))
    throw new ConfigError(`${file}: must hold {"tasks": [ … create_task signals … ]}`, {
      file,
      key: 'tasks',
    });
  return tasks;
}

/** Leaves the store as new as it was, so that the corrected file is sent whole. */
async function forgetTasks({ tasks }: Stores): Promise<void> {
  const { items } = await tasks.list({ filter: {}, limit: 1_000 });
  for (const { uid } of items) await tasks.remove({ uid });
}

/** Sends the starter file's signals into a store that is new, all or none. @throws ConfigError naming file and entry */
export async function sendStarterTasks(
  file: string,
  p: { readonly signals: SignalHandler; readonly stores: Stores; readonly log: Logger },
): Promise<void> {
  if (!(await isNew(p.stores))) return;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(
      `tasks_file: ${file} cannot be read (${error.code ?? error.message}); correct the path or remove the setting`,
      { file, key: 'tasks_file' },
    );
  });
  const signals = signalsIn(text, file);
  for (const [i, signal] of signals.entries()) {
    const { body } = await p.signals.handle(signal);
    if (body.success) continue;
    await forgetTasks(p.stores);
    throw new ConfigError(`${file}: tasks[${i}]: ${body.error}`, { file, key: `tasks[${i}]` });
  }
  p.log.info('starter.sent', { file, tasks: signals.length });
}
