import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseRuntimeConfig, type RuntimeConfig } from '@kairos/config';
import { ConfigError } from '@kairos/domain';
import type { Terminal } from './command.ts';

const DEFAULT_FILE = 'config/standalone.yaml';

export interface Loaded {
  /** What the configuration was read from; of none, a word for it. */
  readonly file: string;
  readonly config: RuntimeConfig;
  /** Nothing but defaults and the environment. */
  readonly bare: boolean;
}

/** The configuration that a command is given, or the usual one. @throws ConfigError; `remedy`: what to do without it */
export async function loadConfig(
  given: string | undefined,
  env: Terminal['env'],
  remedy = 'give another with --config FILE',
): Promise<Loaded> {
  const file = given ?? (env['KAIROS_CONFIG'] || DEFAULT_FILE);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${file} cannot be read (${error.code ?? error.message}); ${remedy}`, { file });
  });
  return { file, config: parseRuntimeConfig({ text, file, env }), bare: false };
}

/** The same, but where no configuration is named and the usual one is not there, defaults and a sandbox will do. */
export async function loadConfigOrDefaults(
  given: string | undefined,
  env: Terminal['env'],
  remedy?: string,
): Promise<Loaded> {
  const named = given ?? (env['KAIROS_CONFIG'] || undefined);
  if (named !== undefined || existsSync(DEFAULT_FILE)) return loadConfig(named, env, remedy);
  const defaults = { sources: { sandbox: { driver: 'sandbox' as const } } };
  const file = 'defaults';
  return { file, config: parseRuntimeConfig({ text: '', file, env, defaults }), bare: true };
}

/** The file of a configured store. @throws ConfigError for a store that has none */
export function storePathOf({ file, config }: Loaded): string {
  const { type, path } = config.taskStore;
  if (type === 'memory')
    throw new ConfigError(`${file}: task_store.type is memory: there is no file to look into`, { file });
  return path;
}
