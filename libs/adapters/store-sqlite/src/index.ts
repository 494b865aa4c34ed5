export { type SqliteOptions } from './client.ts';
export {
  openSqliteStore,
  type SqliteDeps,
  type SqliteHealth,
  type SqliteStore,
} from './open-sqlite-store.ts';
export { type SqliteBudgetStore } from './sqlite-budget-store.ts';
export { type SqliteRunHistory } from './sqlite-run-history.ts';
export { type SqliteSeriesStore } from './sqlite-series-store.ts';
export { type SqliteTaskStore } from './sqlite-task-store.ts';
export { type SqliteUpkeep } from './sqlite-upkeep.ts';
