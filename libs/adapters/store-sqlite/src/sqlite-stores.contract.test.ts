import {
  budgetStoreContract,
  runHistoryContract,
  seriesStoreContract,
  taskStoreContract,
  upkeepContract,
} from '@kairos/testkit';
import { Bench } from './bench.test-support.ts';

taskStoreContract('sqlite', {
  open: async () => {
    const bench = new Bench();
    return {
      store: (await bench.open()).tasks,
      second: async () => (await bench.open()).tasks,
      reopen: async () => (await bench.reopen()).tasks,
      close: () => bench.close(),
    };
  },
});

runHistoryContract('sqlite', {
  open: async () => {
    const bench = new Bench();
    return {
      durable: true,
      store: (await bench.open()).history,
      second: async () => (await bench.open()).history,
      reopen: async () => (await bench.reopen()).history,
      close: () => bench.close(),
    };
  },
});

seriesStoreContract('sqlite', {
  open: async () => {
    const bench = new Bench();
    const { series, tasks } = await bench.open();
    return {
      store: series,
      tasks,
      second: async () => (await bench.open()).series,
      reopen: async () => (await bench.reopen()).series,
      dump: async () => bench.dump(),
      close: () => bench.close(),
    };
  },
});

budgetStoreContract('sqlite', {
  open: async () => {
    const bench = new Bench();
    return {
      durable: true,
      store: (await bench.open()).budget,
      second: async () => (await bench.open()).budget,
      reopen: async () => (await bench.reopen()).budget,
      close: () => bench.close(),
    };
  },
});

upkeepContract('sqlite', {
  open: async () => {
    const bench = new Bench();
    const { upkeep, tasks, history, series } = await bench.open();
    return {
      durable: true,
      store: upkeep,
      tasks,
      history,
      series,
      reopen: async () => (await bench.reopen()).upkeep,
      close: () => bench.close(),
    };
  },
});
