import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { SystemClock } from '@kairos/clock-system';
import { openCalendars } from '@kairos/composition';
import { StoreError } from '@kairos/domain';
import { checkStore, type Violation } from '@kairos/fsck';
import type { Calendars } from '@kairos/ports';
import { openSqliteStore } from '@kairos/store-sqlite';
import { EXIT, type Call, type ExitCode, type Language } from '../command.ts';
import { loadConfigOrDefaults, storePathOf } from '../configuration.ts';
import { flagOf, languageOption, textOf } from '../options.ts';
import { reportJson, reportText, type FsckReport } from './fsck-report.ts';

/** Which file to look into, by which calendars, and in what language to tell of it. */
interface Target {
  readonly path: string;
  readonly language: Language;
  /** Of a store alone they are not known. */
  readonly calendars?: Calendars;
}

async function target(call: Call): Promise<Target> {
  const [store, config] = [textOf(call, 'store'), textOf(call, 'config')];
  const language = languageOption(call);
  if (store !== undefined && config === undefined) return { path: store, language: language ?? 'en' };
  const remedy = 'give another with --config FILE, or the store itself with --store PATH';
  const loaded = await loadConfigOrDefaults(config, call.terminal.env, remedy);
  const calendars = await openCalendars(loaded.config, (file) => readFile(file, 'utf8'));
  return { path: store ?? storePathOf(loaded), language: language ?? loaded.config.locale, calendars };
}

/** Everything in the store at the path. @throws StoreError when it cannot be opened */
async function examine({ path, calendars }: Target): Promise<FsckReport> {
  if (!existsSync(path))
    throw new StoreError(
      'STORE_MISSING',
      `store ${path}: there is no such file; name another with --store PATH`,
    );
  const clock = new SystemClock();
  const startedAt = clock.now();
  const store = await openSqliteStore({ path, readOnly: true });
  try {
    const check = checkStore({ ...store, clock, calendars });
    const violations: Violation[] = [];
    for await (const violation of check) violations.push(violation);
    return { path, checked: check.counts, tookMs: Math.max(0, clock.now() - startedAt), violations };
  } finally {
    await store.close();
  }
}

/** `kairos doctor --fsck`: checks a store, mends nothing. */
export async function fsck(call: Call): Promise<ExitCode> {
  const found = await target(call);
  const { language } = found;
  const report = await examine(found);
  call.terminal.out(flagOf(call, 'json') ? reportJson(report, language) : reportText(report, language));
  return report.violations.some((v) => v.severity === 'error') ? EXIT.found : EXIT.ok;
}
