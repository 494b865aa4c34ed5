export { type BudgetItem, type BudgetStore } from './budget-store.ts';
export { type Calendar, type Calendars } from './calendar.ts';
export { type Clock, type Ids, type Workers } from './clock.ts';
export { type Logger, type LogFields } from './logger.ts';
export {
  type ListedMarket,
  type MarketDataSource,
  type RangeRequest,
  type SourceCall,
  type SourceDescription,
  type SourceFacts,
  type SourceMarket,
  type SourcePage,
  type SourceRegistry,
  type SourceSnapshot,
} from './market-data-source.ts';
export { type CasOutcome, type Page } from './outcome.ts';
export { type RunContext, type RunHandler, type RunResult } from './run-handler.ts';
export { type RunHistory } from './run-history.ts';
export { type LoggedLine, type RunLogFilter, type RunLogLine, type RunLogs } from './run-logs.ts';
export {
  type CommitRequest,
  type CommitResult,
  type FindingFilter,
  type LoggedRevision,
  type SeriesFilter,
  type SeriesStore,
  type SeriesStoreCapabilities,
} from './series-store.ts';
export {
  type ContainerFault,
  type InspectedBlock,
  type InspectedBudget,
  type InspectedChunk,
  type InspectedHotRow,
  type RowKey,
  type StoreInspector,
  type TaskHolding,
} from './store-inspector.ts';
export { type HistoryUsage, type Retention, type RetentionRule, type StoreUpkeep } from './upkeep.ts';
export { type TaskFilter, type TaskPage, type TaskStore, type TaskStoreCapabilities } from './task-store.ts';
export { type BudgetScope, type VenueBudget } from './venue-budget.ts';
export {
  type HintHandler,
  type HintOutcome,
  type WorkHint,
  type WorkQueue,
  type WorkQueueCapabilities,
} from './work-queue.ts';
export {
  type CoverageReport,
  type Derive,
  type ExportFormat,
  type ExportProgress,
  type FindingsPage,
  type QueryPage,
  type SeriesExport,
  type SeriesQueries,
  type SeriesRef,
  type SymbolProgress,
  type TaskCommands,
  type TaskPatch,
  type TaskQueries,
  type TaskSummaryPage,
  type TaskView,
} from './services.ts';
export {
  type FunctionLook,
  type JobCall,
  type JobEnd,
  type JobLogLevel,
  type JobRecords,
  type JobRecordsAnswer,
  type JobSink,
  type RecordIntake,
  type TaskRuntime,
} from './task-runtime.ts';
