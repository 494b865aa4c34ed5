import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { SystemClock } from '@kairos/clock-system';
import type { RuntimeConfig } from '@kairos/config';
import { ConfigError } from '@kairos/domain';
import { EXIT, type Call, type ExitCode, type Work } from './command.ts';
import { loadConfigOrDefaults, type Loaded } from './configuration.ts';
import { calendarChecks } from './doctor/calendar-checks.ts';
import { same, type Check } from './doctor/check.ts';
import { diskCheck, nodeCheck, storeCheck } from './doctor/machine-checks.ts';
import { proxyChecks, serverCheck } from './doctor/network-checks.ts';
import { pythonChecks } from './doctor/python-check.ts';
import { reportJson, reportLines } from './doctor/report.ts';
import { sourceChecks } from './doctor/source-checks.ts';
import { openHouse } from './open-house.ts';
import { flagOf, languageOption, textOf } from './options.ts';
import { outOf } from './terminal/display.ts';

const CONFIG = { en: 'configuration', zh: '配置' };

const configured = ({ file, config, bare }: Loaded): Check[] => [
  {
    id: 'config',
    label: CONFIG,
    verdict: config.notices.length > 0 ? 'warn' : 'ok',
    seen: bare
      ? { en: 'none; defaults and a sandbox', zh: '没有配置文件；使用默认值与沙箱' }
      : same([file, ...config.notices].join('\n')),
  },
];

const misconfigured = (error: ConfigError): Check => ({
  id: 'config',
  label: CONFIG,
  verdict: 'fail',
  seen: same(error.message),
  remedy: {
    en: 'correct what is named; docs/reference/config.md tells every setting',
    zh: '请修正所列之处；全部设置见 docs/reference/config.md',
  },
});

/** Asks every configured source at once, each through its budget. */
async function askSources(call: Call, config: RuntimeConfig, path: string): Promise<Check[]> {
  const only = textOf(call, 'source');
  const ids = only === undefined ? Object.keys(config.sources) : [only];
  if (ids.length === 0 || flagOf(call, 'offline')) return [];
  // Looking must not make a store: without one, requests are counted in passing.
  const scratch = await mkdtemp(join(tmpdir(), 'kairos-doctor-'));
  const usable = (await storeCheck(path)).verdict === 'ok';
  const { existsSync } = await import('node:fs');
  try {
    const house = await openHouse({
      config,
      path: usable && existsSync(path) ? path : join(scratch, 'budget.sqlite'),
      create: true,
    });
    try {
      const told = await Promise.all(ids.map((id) => sourceChecks(id, { config, sources: house.sources })));
      return told.flat();
    } finally {
      await house.close();
    }
  } catch (error) {
    if (error instanceof ConfigError) return [misconfigured(error)];
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function storeChecks(config: RuntimeConfig, path: string, named: boolean): Promise<Check[]> {
  if (config.taskStore.type === 'memory' && !named)
    return [
      {
        id: 'store',
        label: { en: 'store', zh: '存储' },
        verdict: 'warn',
        seen: { en: 'memory: everything is gone when the server ends', zh: 'memory：服务结束后数据全部丢失' },
        remedy: { en: 'set task_store.type: sqlite', zh: '请设置 task_store.type: sqlite' },
      },
    ];
  return Promise.all([storeCheck(path), diskCheck(path)]);
}

async function checkAll(call: Call, loaded: Loaded): Promise<readonly Check[]> {
  const { config } = loaded;
  const named = textOf(call, 'store');
  const path = named ?? config.taskStore.path;
  const [store, server, proxies, python, calendars] = await Promise.all([
    storeChecks(config, path, named !== undefined),
    serverCheck(config, path),
    proxyChecks(config),
    pythonChecks(config, call.terminal.env),
    calendarChecks(config, new SystemClock().now()),
  ]);
  const sources = await askSources(call, config, path);
  return [
    nodeCheck(process.version),
    ...python,
    ...configured(loaded),
    ...store,
    server,
    ...proxies,
    ...calendars,
    ...sources,
  ];
}

/** What fails first decides the exit code, in the order in which it should be mended. */
function exitOf(checks: readonly Check[]): ExitCode {
  const failed = checks.filter((c) => c.verdict === 'fail').map((c) => c.id);
  if (failed.some((id) => id === 'config')) return EXIT.usage;
  if (failed.some((id) => id === 'store' || id === 'disk')) return EXIT.store;
  if (failed.some((id) => id.startsWith('source.'))) return EXIT.venue;
  if (failed.includes('server')) return EXIT.server;
  return failed.length > 0 ? EXIT.found : EXIT.ok;
}

/** `kairos doctor`: what keeps Kairos from working, each with its remedy. */
export const doctor: Work = async (call) => {
  if (flagOf(call, 'fsck')) return (await import('./doctor/fsck.ts')).fsck(call);
  const asked = languageOption(call);
  let checks: readonly Check[];
  let language = asked ?? 'en';
  try {
    const loaded = await loadConfigOrDefaults(textOf(call, 'config'), call.terminal.env);
    language = asked ?? loaded.config.locale;
    checks = await checkAll(call, loaded);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    checks = [nodeCheck(process.version), misconfigured(error)];
  }
  const { out } = call.terminal;
  if (flagOf(call, 'json')) out(reportJson(checks, language));
  else for (const line of reportLines(checks, language, outOf(call.terminal))) out(line);
  return exitOf(checks);
};
