export { MemoryInspector } from './memory-inspector.ts';
export { MemoryBudgetStore } from './memory-budget-store.ts';
export { MemoryRunHistory } from './memory-run-history.ts';
export { MemorySeriesStore } from './memory-series-store.ts';
export { MemoryStore } from './memory-store.ts';
export { MemoryTaskStore } from './memory-task-store.ts';
export { MemoryUpkeep } from './memory-upkeep.ts';
