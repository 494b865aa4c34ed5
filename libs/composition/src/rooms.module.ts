import { CollectHandler } from '@kairos/collectors';
import { Scheduler } from '@kairos/scheduler';
import { SeriesService } from '@kairos/series';
import { createSignalHandler } from '@kairos/signals';
import { TaskService } from '@kairos/tasks';
import { ContainerModule } from 'inversify';
import { T } from './tokens.ts';

/** The rooms, wired to whatever machines the app has bound. The same in every runtime. */
export const roomsModule = new ContainerModule(({ bind }) => {
  bind(T.Handlers)
    .toResolvedValue(
      (store, calendar, clock, ids, log, sources) => [
        new CollectHandler({ store, calendar, clock, ids, log }, sources),
      ],
      [T.SeriesStore, T.Calendar, T.Clock, T.Ids, T.Logger, T.Sources],
    )
    .inSingletonScope();
  bind(T.Scheduler)
    .toResolvedValue(
      (tasks, history, queue, clock, ids, workers, handlers, log) =>
        new Scheduler({
          tasks,
          history,
          queue,
          clock,
          ids,
          workers,
          handlers: new Map(handlers.map((h) => [h.name, h])),
          log,
        }),
      [T.TaskStore, T.RunHistory, T.Queue, T.Clock, T.Ids, T.Workers, T.Handlers, T.Logger],
    )
    .inSingletonScope();
  bind(T.TaskService)
    .toResolvedValue(
      (tasks, history, series, calendar, clock, ids, { maxTasks }) =>
        new TaskService({ tasks, history, series, calendar, clock, ids, maxTasks }),
      [T.TaskStore, T.RunHistory, T.SeriesStore, T.Calendar, T.Clock, T.Ids, T.Settings],
    )
    .inSingletonScope();
  bind(T.SeriesService)
    .toResolvedValue(
      (store, calendar, clock, sources, { version }) =>
        new SeriesService({ store, calendar, clock, realmOf: (id) => sources.describe(id)?.realm, version }),
      [T.SeriesStore, T.Calendar, T.Clock, T.Sources, T.Settings],
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
