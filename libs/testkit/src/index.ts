export { calendarContract, forEverySource, slotsOf, WeekdayCalendar } from './contracts/calendar.contract.ts';
export {
  UnreliableWorkQueue,
  workQueueContract,
  type WorkQueueRig,
} from './contracts/work-queue.contract.ts';
export { budgetStoreContract, type BudgetStoreBench } from './contracts/budget-store.contract.ts';
export { runLogsContract, type RunLogsBench } from './contracts/run-logs.contract.ts';
export { taskRuntimeContract } from './contracts/task-runtime.contract.ts';
export {
  aCall,
  asJson,
  RecordingSink,
  someRecords,
  type SaidLine,
  type TaskRuntimeBench,
  type TaskRuntimeContractOptions,
} from './contracts/task-runtime-bench.ts';
export { MemoryRunLogs } from './memory-run-logs.ts';
export { venueBudgetContract, type VenueBudgetRig } from './contracts/venue-budget.contract.ts';
export { FakeClock, type FakeClockOptions } from './fake-clock.ts';
export { FakeIds, FakeWorkers, RecordingLogger, silentLogger, type LogEntry } from './fakes.ts';
export {
  aDue,
  aFinding,
  anActiveRun,
  anEvidence,
  aPart,
  aRunPart,
  aRunRecord,
  aSeries,
  aTask,
  emptyPartOf,
  klineRow,
  klineRows,
  T0,
} from './builders.ts';
export { codeOf, type StoreBench, type StoreContractOptions } from './contracts/bench.ts';
export { runHistoryContract, type RunHistoryBench } from './contracts/run-history.contract.ts';
export { seriesStoreContract } from './contracts/series-store.contract.ts';
export { type SeriesStoreBench } from './contracts/series-samples.ts';
export { upkeepContract, type UpkeepBench } from './contracts/upkeep.contract.ts';
export { storeInspectorContract, type StoreInspectorBench } from './contracts/store-inspector.contract.ts';
export { taskStoreContract } from './contracts/task-store.contract.ts';
export {
  marketDataSourceContract,
  RETRY_AFTER_MS,
  type MarketDataSourceRig,
  type SourceBench,
  type SourceFault,
} from './contracts/market-data-source.contract.ts';
export {
  ScriptedSource,
  type ScriptedCall,
  type ScriptedOutcome,
  type ScriptedSourceOptions,
  type ScriptedTruth,
} from './scripted-source.ts';
