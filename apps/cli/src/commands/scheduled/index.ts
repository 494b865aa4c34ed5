import { UsageError, type Work } from '../../command.ts';

const COMMANDS: Readonly<Record<string, () => Promise<Work>>> = {
  list: async () => (await import('./list.ts')).list,
  validate: async () => (await import('./validate.ts')).validate,
  enable: async () => (await import('./change.ts')).enable,
  disable: async () => (await import('./change.ts')).disable,
  add: async () => (await import('./add.ts')).add,
  remove: async () => (await import('./change.ts')).remove,
  run: async () => (await import('./run.ts')).run,
  next: async () => (await import('./next.ts')).next,
  logs: async () => (await import('./logs.ts')).logs,
};

/** The work of `kairos scheduled NAME`. */
export async function scheduledCommand(name: string): Promise<Work> {
  const load = COMMANDS[name];
  if (!load) throw new UsageError({ en: `scheduled: there is no ${name}`, zh: `scheduled：没有 ${name}` });
  return load();
}
