import type {
  Calendars,
  Clock,
  Ids,
  Logger,
  RecordIntake,
  RunHandler,
  RunHistory,
  RunLogs,
  SeriesStore,
  SourceRegistry,
  TaskRuntime,
  TaskStore,
  WorkQueue,
  Workers,
} from '@kairos/ports';
import type { Scheduler } from '@kairos/scheduler';
import type { SeriesService } from '@kairos/series';
import type { SignalHandler } from '@kairos/signals';
import type { DeclaredTasks, TaskService } from '@kairos/tasks';
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
  /** The file that declares tasks, as refusals name it. */
  readonly declaredIn?: string | undefined;
}

/** One token per port and per room's service. Machines are bound by the app, rooms by `roomsModule`. */
export const T = {
  Settings: token<Settings>('Settings'),
  Clock: token<Clock>('Clock'),
  Ids: token<Ids>('Ids'),
  Workers: token<Workers>('Workers'),
  Logger: token<Logger>('Logger'),
  Calendars: token<Calendars>('Calendars'),
  Queue: token<WorkQueue>('WorkQueue'),
  Sources: token<SourceRegistry>('SourceRegistry'),
  TaskStore: token<TaskStore>('TaskStore'),
  RunHistory: token<RunHistory>('RunHistory'),
  SeriesStore: token<SeriesStore>('SeriesStore'),
  Runtimes: token<readonly TaskRuntime[]>('TaskRuntimes'),
  /** Null: what jobs say goes into the log alone. */
  RunLogs: token<RunLogs | null>('RunLogs'),
  Intake: token<RecordIntake>('RecordIntake'),
  Handlers: token<readonly RunHandler[]>('RunHandlers'),
  TaskService: token<TaskService>('TaskService'),
  Declared: token<DeclaredTasks>('DeclaredTasks'),
  SeriesService: token<SeriesService>('SeriesService'),
  Scheduler: token<Scheduler>('Scheduler'),
  Signals: token<SignalHandler>('Signals'),
} as const;
