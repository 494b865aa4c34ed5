import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parseRuntimeConfig, secretValues, type RuntimeConfig } from '@kairos/config';
import { ConfigError, KairosError } from '@kairos/domain';
import type { Logger } from '@kairos/ports';
import { createLogger, redactor, visible } from '@kairos/telemetry-pino';
import { startServer, versionOf } from './server.ts';

const DEFAULT_FILE = 'config/standalone.yaml';
const USAGE = `Usage: node dist/apps/standalone/main.js [--config FILE]

Runs Kairos on this machine: collects on schedule, answers on HTTP.

  --config FILE   configuration (default ${DEFAULT_FILE}, or $KAIROS_CONFIG)
  --help          this text

Every setting can be given by environment, e.g. KAIROS_HTTP__PORT=9000.`;

async function loadConfig(given: string | undefined): Promise<RuntimeConfig> {
  const file = given ?? process.env['KAIROS_CONFIG'] ?? DEFAULT_FILE;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(
      `${file} cannot be read (${error.code ?? error.message}); give another with --config FILE`,
      { file },
    );
  });
  return parseRuntimeConfig({ text, file, env: process.env });
}

function loggerOf(config: RuntimeConfig): Logger {
  const pretty =
    config.log.format === 'pretty' || (config.log.format === 'auto' && process.stdout.isTTY === true);
  return createLogger({ level: config.log.level, pretty, secrets: [...secretValues(config)] });
}

/** Hides secrets in what is said beside the log, once they are known. */
let hidden = (text: string): string => text;

function explain(error: unknown): string {
  if (KairosError.is(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The last words: no secret in them, and nothing that steers a terminal. */
function sayWhy(error: unknown): void {
  const lines = hidden(explain(error)).split('\n').map(visible);
  process.stderr.write(`kairos: ${lines.join('\n')}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const config = await loadConfig(values.config);
  hidden = redactor(secretValues(config));
  const log = loggerOf(config);
  // Node would print the error with all that hangs on it: requests, headers.
  process.on('uncaughtException', (error) => {
    log.error('process.failed', { error });
    sayWhy(error);
    process.exit(1);
  });
  for (const notice of config.notices) log.warn('config.notice', { notice });
  const starting = startServer(config, log, { version: versionOf(import.meta.url), pid: process.pid });
  const stop = (signal: string): void => {
    log.info('server.stopping', { signal });
    const tooLate = setTimeout(() => process.exit(1), 10_000);
    tooLate.unref();
    // Also while it starts: it takes up what was left running after it listens already.
    const stopped = starting.then((server) => server.stop());
    void stopped.then(
      () => {
        log.info('server.stopped');
        process.exit(0);
      },
      (error: unknown) => {
        log.error('server.stop.failed', { error });
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  await starting;
}

main().catch((error: unknown) => {
  sayWhy(error);
  process.exit(1);
});
