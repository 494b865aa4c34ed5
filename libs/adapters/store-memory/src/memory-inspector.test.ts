import { storeInspectorContract } from '@kairos/testkit';
import {
  MemoryBudgetStore,
  MemoryInspector,
  MemorySeriesStore,
  MemoryStore,
  MemoryTaskStore,
} from './index.ts';

storeInspectorContract('memory', {
  open: async () => {
    const data = new MemoryStore();
    return {
      inspector: new MemoryInspector(data),
      tasks: new MemoryTaskStore(data),
      series: new MemorySeriesStore(data),
      budget: new MemoryBudgetStore(data),
      dump: async () => structuredClone({ tasks: data.tasks, dues: data.dues, budgets: data.budgets }),
      close: async () => undefined,
    };
  },
});
