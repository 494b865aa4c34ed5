import { describe, expect, it } from 'vitest';
import {
  aSeries,
  budgetStoreContract,
  FakeClock,
  klineRow,
  klineRows,
  runHistoryContract,
  seriesStoreContract,
  taskStoreContract,
  T0,
  upkeepContract,
} from '@kairos/testkit';
import {
  MemoryBudgetStore,
  MemoryRunHistory,
  MemorySeriesStore,
  MemoryStore,
  MemoryTaskStore,
  MemoryUpkeep,
} from './index.ts';

taskStoreContract('memory', {
  open: async () => {
    const data = new MemoryStore();
    const store = new MemoryTaskStore(data);
    return { store, second: async () => new MemoryTaskStore(data), close: () => store.close() };
  },
});

runHistoryContract('memory', {
  open: async () => {
    const data = new MemoryStore();
    const store = new MemoryRunHistory(data);
    return {
      store,
      durable: false,
      second: async () => new MemoryRunHistory(data),
      close: () => store.close(),
    };
  },
});

seriesStoreContract('memory', {
  open: async () => {
    const data = new MemoryStore();
    const store = new MemorySeriesStore(data);
    return {
      store,
      tasks: new MemoryTaskStore(data),
      second: async () => new MemorySeriesStore(data),
      close: () => store.close(),
    };
  },
});

budgetStoreContract('memory', {
  open: async () => {
    const data = new MemoryStore();
    const store = new MemoryBudgetStore(data);
    return {
      store,
      durable: false,
      second: async () => new MemoryBudgetStore(data),
      close: () => store.close(),
    };
  },
});

upkeepContract('memory', {
  open: async () => {
    const data = new MemoryStore();
    const store = new MemoryUpkeep(data);
    return {
      store,
      durable: false,
      tasks: new MemoryTaskStore(data),
      history: new MemoryRunHistory(data),
      series: new MemorySeriesStore(data),
      close: () => store.close(),
    };
  },
});

describe('MemorySeriesStore', () => {
  it('logs revisions at the time of its clock', async () => {
    const clock = new FakeClock({ now: T0 + 77 });
    const store = new MemorySeriesStore(new MemoryStore(), clock);
    const series = aSeries();
    await store.ensureSeries({ series });
    await store.commit({ series, part: klineRows(1) });

    const revision = { from: klineRow(T0), to: klineRow(T0, 1), reason: 'restated', at: T0 };
    await store.commit({ series, part: klineRows(0), revisions: [revision] });

    expect(await store.revisions({ key: series.key, limit: 1 })).toEqual([
      { ...revision, loggedAt: T0 + 77 },
    ]);
  });
});
