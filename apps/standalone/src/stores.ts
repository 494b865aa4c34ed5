import type { RuntimeConfig } from '@kairos/config';
import type {
  BudgetStore,
  Clock,
  RunHistory,
  SeriesStore,
  StoreInspector,
  StoreUpkeep,
  TaskStore,
} from '@kairos/ports';
import {
  MemoryBudgetStore,
  MemoryInspector,
  MemoryRunHistory,
  MemorySeriesStore,
  MemoryStore,
  MemoryTaskStore,
  MemoryUpkeep,
} from '@kairos/store-memory';
import { openSqliteStore } from '@kairos/store-sqlite';

export interface Stores {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly series: SeriesStore;
  readonly budget: BudgetStore;
  readonly inspector: StoreInspector;
  readonly upkeep: StoreUpkeep;
  close(): Promise<void>;
}

function openMemory(clock: Clock): Stores {
  const data = new MemoryStore();
  const [tasks, history, series] = [
    new MemoryTaskStore(data),
    new MemoryRunHistory(data),
    new MemorySeriesStore(data, clock),
  ];
  return {
    tasks,
    history,
    series,
    budget: new MemoryBudgetStore(data),
    inspector: new MemoryInspector(data),
    upkeep: new MemoryUpkeep(data),
    close: () => Promise.all([tasks.close(), series.close()]).then(() => undefined),
  };
}

/** Opens the configured store. @throws StoreError, saying what to do */
export async function openStores(config: RuntimeConfig, clock: Clock): Promise<Stores> {
  return config.taskStore.type === 'sqlite'
    ? openSqliteStore({ path: config.taskStore.path })
    : openMemory(clock);
}
