import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import type {
  Calendar,
  MarketDataSource,
  RunHistory,
  SeriesStore,
  SourceRegistry,
  StoreInspector,
  TaskStore,
} from '@kairos/ports';
import { InlineWorkQueue } from '@kairos/queue-inline';
import type { Scheduler } from '@kairos/scheduler';
import {
  MemoryInspector,
  MemoryRunHistory,
  MemorySeriesStore,
  MemoryStore,
  MemoryTaskStore,
} from '@kairos/store-memory';
import type { TaskService } from '@kairos/tasks';
import {
  FakeIds,
  FakeWorkers,
  forEverySource,
  RecordingLogger,
  silentLogger,
  type FakeClock,
} from '@kairos/testkit';
import { Container } from 'inversify';
import { roomsModule } from '../rooms.module.ts';
import { T } from '../tokens.ts';

/** The three stores of one deployment; two houses over the same ones are two workers on one store. */
export interface Stores {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly series: SeriesStore;
}

/** Stores whose content can be checked as it lies. */
export interface CheckedStores extends Stores {
  readonly inspector: StoreInspector;
}

export interface HouseOptions {
  readonly source: MarketDataSource;
  readonly clock: FakeClock;
  readonly stores?: Stores | undefined;
  readonly worker?: string | undefined;
  /** Of all sources; default: always open. */
  readonly calendar?: Calendar | undefined;
}

export interface House {
  readonly tasks: TaskService;
  readonly scheduler: Scheduler;
  readonly history: RunHistory;
  readonly series: SeriesStore;
  readonly workers: FakeWorkers;
  readonly log: RecordingLogger;
  /** Ticks, and waits until all that it started has ended; what the work rejected with is thrown. */
  tick(): Promise<void>;
}

/** Stores that live as long as the test. */
export function memoryStores(clock: FakeClock): CheckedStores {
  const data = new MemoryStore();
  return {
    tasks: new MemoryTaskStore(data),
    history: new MemoryRunHistory(data),
    series: new MemorySeriesStore(data, clock),
    inspector: new MemoryInspector(data),
  };
}

const registryOf = (source: MarketDataSource): SourceRegistry => ({
  ids: () => [source.id],
  describe: (id) => (id === source.id ? { id, realm: source.realm, dataTypes: { kline: [] } } : undefined),
  open: async () => source,
  close: async () => undefined,
});

/** All rooms, wired as the apps wire them, over machines of the test's choice. */
export function house(p: HouseOptions): House {
  const { clock, source, worker = 'worker-1', stores = memoryStores(clock) } = p;
  const { calendar = new AlwaysOpenCalendar() } = p;
  const workers = new FakeWorkers(worker);
  const log = new RecordingLogger();
  const container = new Container();
  container.bind(T.Settings).toConstantValue({ locale: 'en', warnings: () => [] });
  container.bind(T.Clock).toConstantValue(clock);
  container.bind(T.Ids).toConstantValue(new FakeIds(worker));
  container.bind(T.Workers).toConstantValue(workers);
  container.bind(T.Logger).toConstantValue(log);
  container.bind(T.Calendars).toConstantValue(forEverySource(calendar));
  container.bind(T.Runtimes).toConstantValue([]);
  container.bind(T.RunLogs).toConstantValue(null);
  container.bind(T.Queue).toConstantValue(new InlineWorkQueue({ concurrency: 4, clock, log: silentLogger }));
  container.bind(T.TaskStore).toConstantValue(stores.tasks);
  container.bind(T.RunHistory).toConstantValue(stores.history);
  container.bind(T.SeriesStore).toConstantValue(stores.series);
  container.bind(T.Sources).toConstantValue(registryOf(source));
  container.load(roomsModule);
  const running: Promise<unknown>[] = [];
  const scheduler = container.get(T.Scheduler);
  container.get(T.Queue).onHint((hint, limits) => {
    const work = scheduler.onHint(hint, limits);
    running.push(work);
    return work;
  });
  const settle = async (): Promise<void> => {
    const failures: unknown[] = [];
    while (running.length > 0) await running.shift()?.catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  const tick = async (): Promise<void> => {
    await scheduler.tick(clock.now());
    await settle();
  };
  return {
    tasks: container.get(T.TaskService),
    scheduler,
    history: stores.history,
    series: stores.series,
    workers,
    log,
    tick,
  };
}
