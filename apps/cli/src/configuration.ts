import { readFile } from 'node:fs/promises';
import { parseRuntimeConfig, type RuntimeConfig } from '@kairos/config';
import { ConfigError } from '@kairos/domain';
import type { Terminal } from './command.ts';

const DEFAULT_FILE = 'config/standalone.yaml';

/** The configuration that a command is given, or the usual one. @throws ConfigError; `remedy`: what to do without it */
export async function loadConfig(
  given: string | undefined,
  env: Terminal['env'],
  remedy = 'give another with --config FILE',
): Promise<{ readonly file: string; readonly config: RuntimeConfig }> {
  const file = given ?? (env['KAIROS_CONFIG'] || DEFAULT_FILE);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${file} cannot be read (${error.code ?? error.message}); ${remedy}`, { file });
  });
  return { file, config: parseRuntimeConfig({ text, file, env }) };
}
