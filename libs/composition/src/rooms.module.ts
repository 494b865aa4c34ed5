import { CollectHandler, JobRecordIntake } from '@kairos/collectors';
import { JobHandler } from '@kairos/jobs';
import { Scheduler } from '@kairos/scheduler';
import { SeriesService } from '@kairos/series';
import { createSignalHandler } from '@kairos/signals';
import { DeclaredTasks, TaskService } from '@kairos/tasks';
import { ContainerModule } from 'inversify';
import { T } from './tokens.ts';

/** The rooms, wired to whatever machines the app has bound. The same in every runtime. */
export const roomsModule = new ContainerModule(({ bind }) => {
  bind(T.Intake)
    .toResolvedValue(
      (store, calendars, clock, ids, log, sources) =>
        new JobRecordIntake({
          store,
          calendars,
          clock,
          ids,
          log,
          realmOf: (id) => sources.describe(id)?.realm,
        }),
      [T.SeriesStore, T.Calendars, T.Clock, T.Ids, T.Logger, T.Sources],
    )
    .inSingletonScope();
  bind(T.Handlers)
    .toResolvedValue(
      (store, calendars, clock, ids, log, sources, runtimes, intake, runLogs) => [
        new CollectHandler({ store, calendars, clock, ids, log }, sources),
        new JobHandler({ runtimes, intake, clock, runLogs: runLogs ?? undefined }),
      ],
      [T.SeriesStore, T.Calendars, T.Clock, T.Ids, T.Logger, T.Sources, T.Runtimes, T.Intake, T.RunLogs],
    )
    .inSingletonScope();
  bind(T.Scheduler)
    .toResolvedValue(
      (tasks, history, queue, clock, ids, workers, handlers, log, calendars) =>
        new Scheduler({
          tasks,
          history,
          queue,
          clock,
          ids,
          workers,
          handlers: new Map(handlers.map((h) => [h.name, h])),
          log,
          calendars,
        }),
      [T.TaskStore, T.RunHistory, T.Queue, T.Clock, T.Ids, T.Workers, T.Handlers, T.Logger, T.Calendars],
    )
    .inSingletonScope();
  bind(T.TaskService)
    .toResolvedValue(
      (tasks, history, series, calendars, clock, ids, { maxTasks, declaredIn }) =>
        new TaskService({ tasks, history, series, calendars, clock, ids, maxTasks, declaredIn }),
      [T.TaskStore, T.RunHistory, T.SeriesStore, T.Calendars, T.Clock, T.Ids, T.Settings],
    )
    .inSingletonScope();
  bind(T.Declared)
    .toResolvedValue(
      (tasks, history, calendars, clock, ids, { maxTasks }) =>
        new DeclaredTasks({ tasks, history, calendars, clock, ids, maxTasks }),
      [T.TaskStore, T.RunHistory, T.Calendars, T.Clock, T.Ids, T.Settings],
    )
    .inSingletonScope();
  bind(T.SeriesService)
    .toResolvedValue(
      (store, calendars, clock, sources, { version }) =>
        new SeriesService({ store, calendars, clock, realmOf: (id) => sources.describe(id)?.realm, version }),
      [T.SeriesStore, T.Calendars, T.Clock, T.Sources, T.Settings],
    )
    .inSingletonScope();
  bind(T.Signals)
    .toResolvedValue(
      (tasks, series, sources, clock, log, settings) =>
        createSignalHandler({
          tasks,
          queries: tasks,
          series,
          sources,
          clock,
          log,
          locale: settings.locale,
          warnings: () => [...settings.warnings()],
        }),
      [T.TaskService, T.SeriesService, T.Sources, T.Clock, T.Logger, T.Settings],
    )
    .inSingletonScope();
});
