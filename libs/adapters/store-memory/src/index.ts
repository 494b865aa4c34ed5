export { MemoryRunHistory } from './memory-run-history.ts';
export { MemorySeriesStore } from './memory-series-store.ts';
export { MemoryStore } from './memory-store.ts';
export { MemoryTaskStore } from './memory-task-store.ts';
