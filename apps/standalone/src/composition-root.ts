import { InlineWorkQueue } from '@kairos/queue-inline';
import { HostWorkers, SystemClock, SystemIds } from '@kairos/clock-system';
import { openSources, roomsModule, T, type PreparedSources } from '@kairos/composition';
import type { RuntimeConfig } from '@kairos/config';
import type { Logger, RunLogs, TaskRuntime } from '@kairos/ports';
import { Container } from 'inversify';
import type { Stores } from './stores.ts';

/** A run may take so long before it hands over, so that other tasks get their turn. */
const RUN_DEADLINE_MS = 15 * 60_000;

export interface Machines {
  readonly version?: string | undefined;
  readonly config: RuntimeConfig;
  readonly log: Logger;
  readonly stores: Stores;
  readonly sources: PreparedSources;
  readonly runtimes: readonly TaskRuntime[];
  readonly runLogs: RunLogs | null;
}

/** Where the standalone runtime decides which machine stands behind each port. */
export function compose(machines: Machines): Container {
  const { version, config, log, stores, sources, runtimes, runLogs } = machines;
  const container = new Container();
  const clock = new SystemClock();
  const warnings = (): string[] => (stores.tasks.capabilities.durable ? [] : ['store_not_durable']);
  container.bind(T.Settings).toConstantValue({
    version,
    locale: config.locale,
    warnings,
    maxTasks: config.limits.maxTasks,
    declaredIn: config.scheduledTasks.path,
  });
  container.bind(T.Clock).toConstantValue(clock);
  container.bind(T.Ids).toConstantValue(new SystemIds());
  container.bind(T.Workers).toConstantValue(new HostWorkers());
  container.bind(T.Logger).toConstantValue(log);
  container.bind(T.Calendars).toConstantValue(sources.calendars);
  container
    .bind(T.Queue)
    .toConstantValue(
      new InlineWorkQueue({ concurrency: config.concurrency, clock, log, deadlineMs: RUN_DEADLINE_MS }),
    );
  container.bind(T.TaskStore).toConstantValue(stores.tasks);
  container.bind(T.RunHistory).toConstantValue(stores.history);
  container.bind(T.SeriesStore).toConstantValue(stores.series);
  container.bind(T.Sources).toConstantValue(openSources({ sources, budget: stores.budget, clock, log }));
  container.bind(T.Runtimes).toConstantValue(runtimes);
  container.bind(T.RunLogs).toConstantValue(runLogs);
  container.load(roomsModule);
  return container;
}
