import type {
  Calendar,
  Clock,
  Ids,
  Logger,
  RunHandler,
  RunHistory,
  SeriesStore,
  SourceRegistry,
  TaskStore,
  WorkQueue,
  Workers,
} from '@kairos/ports';
import type { Scheduler } from '@kairos/scheduler';
import type { SeriesService } from '@kairos/series';
import type { SignalHandler } from '@kairos/signals';
import type { TaskService } from '@kairos/tasks';
import type { ServiceIdentifier } from 'inversify';

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`kairos.${name}`) as ServiceIdentifier<T>;

/** What a deployment decides and the rooms need to know. */
export interface Settings {
  /** Kairos' own, written into exports. */
  readonly version?: string | undefined;
  readonly locale: 'zh' | 'en';
  /** Added to replies, e.g. that the store forgets at a restart. */
  readonly warnings: () => readonly string[];
  /** New tasks beyond so many are refused; default: no limit. */
  readonly maxTasks?: number | undefined;
}

/** One token per port and per room's service. Machines are bound by the app, rooms by `roomsModule`. */
export const T = {
  Settings: token<Settings>('Settings'),
  Clock: token<Clock>('Clock'),
  Ids: token<Ids>('Ids'),
  Workers: token<Workers>('Workers'),
  Logger: token<Logger>('Logger'),
  Calendar: token<Calendar>('Calendar'),
  Queue: token<WorkQueue>('WorkQueue'),
  Sources: token<SourceRegistry>('SourceRegistry'),
  TaskStore: token<TaskStore>('TaskStore'),
  RunHistory: token<RunHistory>('RunHistory'),
  SeriesStore: token<SeriesStore>('SeriesStore'),
  Handlers: token<readonly RunHandler[]>('RunHandlers'),
  TaskService: token<TaskService>('TaskService'),
  SeriesService: token<SeriesService>('SeriesService'),
  Scheduler: token<Scheduler>('Scheduler'),
  Signals: token<SignalHandler>('Signals'),
} as const;
