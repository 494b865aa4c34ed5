import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { SystemClock } from '@kairos/clock-system';
import { openRuntimes, prepareSources, T } from '@kairos/composition';
import { secretValues, type RuntimeConfig } from '@kairos/config';
import { ConfigError } from '@kairos/domain';
import { createSampler } from '@kairos/fsck';
import type { Clock, Logger, RunLogs } from '@kairos/ports';
import { FsRunLogs } from '@kairos/run-logs-fs';
import type { DeclaredTasks } from '@kairos/tasks';
import { redactor } from '@kairos/telemetry-pino';
import { compose } from './composition-root.ts';
import { Health } from './health.ts';
import { Housekeeper } from './housekeeper.ts';
import { createHttpServer } from './http-server.ts';
import { pythonHealth } from './python-health.ts';
import { ScheduledTasksFile } from './scheduled-tasks.ts';
import { sendStarterTasks } from './starter.ts';
import { openStores } from './stores.ts';
import { Timer } from './timer.ts';

export interface RunningServer {
  readonly url: string;
  /** Takes no more requests, hands over what runs, closes everything. Safe to call again. */
  stop(): Promise<void>;
}

/** Who holds a port, as told by a Kairos server there. */
async function holderOf(host: string, port: number): Promise<string> {
  try {
    const answer: unknown = await (
      await fetch(`http://${host}:${port}/health`, { signal: AbortSignal.timeout(1_000) })
    ).json();
    const pid = typeof answer === 'object' && answer !== null && 'pid' in answer ? Number(answer.pid) : NaN;
    return Number.isInteger(pid) ? `another Kairos, pid ${pid}: stop it with kill ${pid}` : 'another program';
  } catch {
    return 'another program';
  }
}

async function listen(http: FastifyInstance, config: RuntimeConfig): Promise<string> {
  const { host, port } = config.http;
  try {
    return await http.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new ConfigError(
        `http.port: ${host}:${port} is held by ${await holderOf(host, port)}; or choose another, e.g. KAIROS_HTTP__PORT=${port + 1}`,
        { key: 'http.port' },
      );
    }
    throw new ConfigError(
      `http.host: cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`,
      { key: 'http.host' },
    );
  }
}

/** Lets requests under way end; who has not sent or taken everything within the grace must not hold up the end. */
async function closeHttp(http: FastifyInstance, clock: Clock, graceMs: number): Promise<void> {
  const ended = new AbortController();
  const patience = clock.sleep(graceMs, ended.signal).then(
    () => http.server.closeAllConnections(),
    () => undefined, // everybody went in time
  );
  await http.close();
  ended.abort();
  await patience;
}

/** Beside the store's file; a store that forgets has none. */
function openRunLogs({ taskStore }: RuntimeConfig, log: Logger): RunLogs | null {
  if (taskStore.type !== 'sqlite') return null;
  return new FsRunLogs({ dir: join(dirname(taskStore.path), 'logs'), clock: new SystemClock(), log });
}

/** The file of declared tasks, where one is configured or lies in its usual place. */
function scheduledTasksOf(
  { scheduledTasks: { path, given }, locale }: RuntimeConfig,
  p: { readonly declared: DeclaredTasks; readonly log: Logger },
): ScheduledTasksFile | undefined {
  return given || existsSync(path) ? new ScheduledTasksFile({ path, locale, ...p }) : undefined;
}

/** Starts everything: store, venues, rooms, HTTP door, timer. @throws ConfigError, StoreError before anything runs */
export async function startServer(
  config: RuntimeConfig,
  log: Logger,
  about: { readonly version: string; readonly pid: number },
): Promise<RunningServer> {
  const clock = new SystemClock();
  const runtimes = openRuntimes({ functions: config.functions, env: process.env, clock, log });
  const stores = await openStores(config, clock);
  const sources = await prepareSources(config);
  const runLogs = openRunLogs(config, log);
  const container = compose({
    version: about.version,
    config,
    log,
    stores,
    sources,
    runtimes: runtimes.all,
    runLogs,
  });
  const [queue, scheduler, signals] = [
    container.get(T.Queue),
    container.get(T.Scheduler),
    container.get(T.Signals),
  ];
  const { series, tasks, upkeep } = stores;
  const sampler = createSampler({ ...stores, calendars: sources.calendars });
  const { retention, tickMs } = config;
  const uptime = (): number => performance.now();
  const housekeeper = new Housekeeper({ upkeep, tasks, retention, clock, log, uptime });
  const scheduled = scheduledTasksOf(config, { declared: container.get(T.Declared), log });
  const chores = [housekeeper, ...(scheduled ? [scheduled] : [])];
  const timer = new Timer({ scheduler, tasks, series, sampler, chores, clock, log, tickMs });
  queue.onHint((hint, limits) =>
    scheduler.onHint(hint, limits).catch((error: unknown) => {
      timer.doubt();
      throw error;
    }),
  );
  const http = createHttpServer({
    signals,
    series: container.get(T.SeriesService),
    health: new Health(stores.tasks, clock, {
      ...about,
      storePath: config.taskStore.type === 'sqlite' ? config.taskStore.path : undefined,
      python: () => pythonHealth(runtimes.python.status()),
    }),
    log,
    locale: config.locale,
    host: config.http.host,
    token: config.http.token?.reveal(),
    hide: redactor(secretValues(config)),
    nudge: () => timer.nudge(),
  });
  const close = async (): Promise<void> => {
    await timer.stop();
    const graceMs = config.shutdownGraceMs;
    await Promise.all([closeHttp(http, clock, graceMs), queue.drain({ graceMs })]);
    await runtimes.close();
    await runLogs?.flush();
    await container.get(T.Sources).close();
    for (const venue of sources.venues) await venue.close();
    await stores.close();
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= close());
  try {
    // Before anybody can ask: who finds the server finds its tasks. The starter first, which wants a store without any.
    if (config.tasksFile !== undefined) await sendStarterTasks(config.tasksFile, { signals, stores, log });
    await scheduled?.load();
    const url = await listen(http, config);
    for (const [id, s] of Object.entries(sources.settings))
      log.info('source.ready', {
        source: id,
        realm: s.realm ?? 'live',
        ...(s.baseUrl === undefined ? {} : { base_url: s.baseUrl }),
      });
    log.info('server.listening', {
      url,
      pid: about.pid,
      version: about.version,
      store: config.taskStore.type === 'sqlite' ? config.taskStore.path : 'memory',
    });
    void runtimes.python.prepare();
    await scheduler.recover(clock.now());
    timer.start();
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The version in the workspace's package.json, wherever the bundle lies. */
export function versionOf(base: string): string {
  const require = createRequire(base);
  for (const path of ['../../../package.json', '../package.json']) {
    try {
      const found: unknown = require(path);
      if (typeof found === 'object' && found !== null && 'version' in found) return String(found.version);
    } catch {
      continue;
    }
  }
  return '0.0.0';
}
