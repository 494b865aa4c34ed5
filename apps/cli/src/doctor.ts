import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SystemClock } from '@kairos/clock-system';
import { ConfigError, StoreError } from '@kairos/domain';
import { checkStore, type Violation } from '@kairos/fsck';
import { openSqliteStore } from '@kairos/store-sqlite';
import {
  EXIT,
  LANGUAGES,
  UsageError,
  type Command,
  type ExitCode,
  type Language,
  type Terminal,
} from './command.ts';
import { loadConfig } from './configuration.ts';
import { DOCTOR_HELP, reportJson, reportText, type DoctorReport } from './doctor-report.ts';

interface Options {
  readonly fsck: boolean;
  readonly config: string | undefined;
  readonly store: string | undefined;
  readonly json: boolean;
  readonly language: Language | undefined;
  readonly help: boolean;
}

function optionsOf(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        fsck: { type: 'boolean' },
        config: { type: 'string' },
        store: { type: 'string' },
        json: { type: 'boolean' },
        lang: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { fsck = false, json = false, help = false, config, store, lang } = values;
    const language = LANGUAGES.find((known) => known === lang);
    if (lang !== undefined && !language) throw new UsageError(`--lang ${lang}: must be en or zh`);
    if (!fsck && !help) throw new UsageError('doctor: say what to check; there is --fsck');
    return { fsck, json, help, config, store, language };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Which file to look into, and in what language to tell of it. */
async function target(
  options: Options,
  env: Terminal['env'],
): Promise<{ readonly path: string; readonly language: Language }> {
  const { store, config, language } = options;
  if (store !== undefined && config === undefined) return { path: store, language: language ?? 'en' };
  const remedy = 'give another with --config FILE, or the store itself with --store PATH';
  const loaded = await loadConfig(config, env, remedy);
  const { taskStore, locale } = loaded.config;
  const { file } = loaded;
  if (store === undefined && taskStore.type === 'memory')
    throw new ConfigError(`${file}: task_store.type is memory: there is no file to look into`, { file });
  return { path: store ?? taskStore.path, language: language ?? locale };
}

/** Everything in the store at the path. @throws StoreError when it cannot be opened */
async function examine(path: string): Promise<DoctorReport> {
  if (!existsSync(path))
    throw new StoreError(
      'STORE_MISSING',
      `store ${path}: there is no such file; name another with --store PATH`,
    );
  const clock = new SystemClock();
  const startedAt = clock.now();
  const store = await openSqliteStore({ path, readOnly: true });
  try {
    const check = checkStore({ ...store, clock });
    const violations: Violation[] = [];
    for await (const violation of check) violations.push(violation);
    return { path, checked: check.counts, tookMs: Math.max(0, clock.now() - startedAt), violations };
  } finally {
    await store.close();
  }
}

/** `kairos doctor --fsck`: checks a store, mends nothing. */
export const doctor: Command = {
  name: 'doctor',
  summary: { en: 'check that a store keeps what it promises', zh: '检查存储是否完好' },
  async run(args, terminal): Promise<ExitCode> {
    const options = optionsOf(args);
    if (options.help) {
      terminal.out(DOCTOR_HELP[options.language ?? 'en']);
      return EXIT.ok;
    }
    const { path, language } = await target(options, terminal.env);
    const report = await examine(path);
    terminal.out(options.json ? reportJson(report, language) : reportText(report, language));
    return report.violations.some((v) => v.severity === 'error') ? EXIT.found : EXIT.ok;
  },
};
