import { HostWorkers, SystemClock, SystemIds } from '@kairos/clock-system';
import { openSources, roomsModule, T, type PreparedSources } from '@kairos/composition';
import type { RuntimeConfig } from '@kairos/config';
import type { Clock, Ids, Logger, RunLogs, SourceRegistry, TaskRuntime, TaskStore } from '@kairos/ports';
import { InlineWorkQueue } from '@kairos/queue-inline';
import type { Scheduler } from '@kairos/scheduler';
import type { SeriesService } from '@kairos/series';
import type { SignalHandler } from '@kairos/signals';
import type { SqliteStore } from '@kairos/store-sqlite';
import type { DeclaredTasks } from '@kairos/tasks';
import { Container } from 'inversify';
import { version } from './version.ts';

/** The rooms over a store, with nothing that acts by itself: no timer, no door. */
export interface House {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: SqliteStore;
  readonly tasks: TaskStore;
  readonly sources: SourceRegistry;
  readonly series: SeriesService;
  readonly signals: SignalHandler;
  readonly scheduler: Scheduler;
  readonly declared: DeclaredTasks;
}

/** What jobs are run with. */
export interface JobParts {
  readonly runtimes: readonly TaskRuntime[];
  readonly runLogs: RunLogs;
}

/** Where the command line decides which machine stands behind each port. */
export function compose(p: {
  readonly config: RuntimeConfig;
  readonly store: SqliteStore;
  readonly prepared: PreparedSources;
  readonly log: Logger;
  readonly jobs?: JobParts | undefined;
}): House {
  const { config, store, prepared, log } = p;
  const container = new Container();
  const clock = new SystemClock();
  const ids = new SystemIds();
  const sources = openSources({ sources: prepared, budget: store.budget, clock, log });
  const settings = {
    version: version(),
    locale: config.locale,
    warnings: () => [],
    maxTasks: config.limits.maxTasks,
    declaredIn: config.scheduledTasks.path,
  };
  container.bind(T.Settings).toConstantValue(settings);
  container.bind(T.Clock).toConstantValue(clock);
  container.bind(T.Ids).toConstantValue(ids);
  container.bind(T.Workers).toConstantValue(new HostWorkers());
  container.bind(T.Logger).toConstantValue(log);
  container.bind(T.Calendars).toConstantValue(prepared.calendars);
  // Nobody takes its hints: a run that is to be worked here is worked by hand.
  container.bind(T.Queue).toConstantValue(new InlineWorkQueue({ concurrency: 1, clock, log }));
  container.bind(T.TaskStore).toConstantValue(store.tasks);
  container.bind(T.RunHistory).toConstantValue(store.history);
  container.bind(T.SeriesStore).toConstantValue(store.series);
  container.bind(T.Sources).toConstantValue(sources);
  // Without them a task that runs a function fails, and says that its runtime is missing.
  container.bind(T.Runtimes).toConstantValue(p.jobs?.runtimes ?? []);
  container.bind(T.RunLogs).toConstantValue(p.jobs?.runLogs ?? null);
  container.load(roomsModule);
  return {
    clock,
    ids,
    store,
    tasks: store.tasks,
    sources,
    series: container.get(T.SeriesService),
    signals: container.get(T.Signals),
    scheduler: container.get(T.Scheduler),
    declared: container.get(T.Declared),
  };
}
