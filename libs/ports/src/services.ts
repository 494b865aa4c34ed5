import type {
  CoverageState,
  Evidence,
  Finding,
  PriceKind,
  RunRecord,
  Series,
  SeriesSelection,
  SeriesState,
  Task,
  TaskContent,
  TaskError,
  Timeframe,
  TimeRange,
  Value,
} from '@kairos/domain';
import type { Page } from './outcome.ts';
import type { TaskFilter } from './task-store.ts';

/**
 * What the rooms offer to the doors (signals, HTTP, command line). Implemented by `tasks` and `series`; the doors know
 * only these. Errors: ValidationError, NotFoundError (`TASK_NOT_FOUND`, `SERIES_NOT_FOUND`), ConflictError, StoreError.
 */

/** One symbol's progress over [start, min(end, now − settle)). Counts are of expected records. */
export interface SymbolProgress {
  readonly symbol: string;
  readonly instrument: string | null;
  readonly state: SeriesState;
  readonly note: string | null;
  readonly expected: number;
  readonly present: number;
  readonly empty: number;
  readonly unavailable: number;
  readonly provisional: number;
  readonly failed: number;
  /** Never asked for yet. */
  readonly missing: number;
  readonly watermark: number | null;
  /** Stretches of expected records that are neither settled nor provisional. */
  readonly gaps: number;
  /** Findings kept of its series. */
  readonly findings: number;
  readonly error: TaskError | null;
  /** Where a selector brought it. */
  readonly selected?: SeriesSelection | undefined;
}

/** A task with everything `get_task_status` tells. */
export interface TaskView {
  readonly task: Task;
  /** Resolved start of the asked span. */
  readonly start: number;
  readonly nextRunAt: number | null;
  /** The run that holds the task now. */
  readonly activeRunId: string | null;
  readonly progress: readonly SymbolProgress[];
}

export interface TaskSummaryPage extends Page<{
  readonly task: Task;
  readonly start: number;
  readonly nextRunAt: number | null;
}> {
  readonly total: number;
}

/** Only the named fields change; `config` fields likewise one by one. */
export type TaskPatch = Partial<Omit<TaskContent, 'config' | 'handler'>> & {
  readonly config?: Partial<TaskContent['config']>;
};

export interface TaskCommands {
  /**
   * Adds a task. Same id and same content again: success, `created` false. @throws ConflictError `TASK_EXISTS` when the
   * id holds other content. Without `taskId` the id is a hash of the content.
   */
  create(p: {
    readonly taskId?: string | undefined;
    readonly content: TaskContent;
  }): Promise<{ readonly task: Task; readonly created: boolean }>;
  /** @throws ConflictError `REV_CONFLICT` when `expectedRev` is given and is not the task's; `TASK_DECLARED` for config tasks. */
  update(p: {
    readonly taskId: string;
    readonly patch: TaskPatch;
    readonly expectedRev?: number | undefined;
  }): Promise<Task>;
  remove(p: { readonly taskId: string }): Promise<void>;
  start(p: { readonly taskId: string }): Promise<Task>;
  stop(p: { readonly taskId: string }): Promise<Task>;
  /** A run now, beside the schedule. @throws ConflictError `CONFLICT_RUN_ACTIVE` (details.runId). Same `requestId` again: same run. */
  run(p: {
    readonly taskId: string;
    readonly requestId?: string | undefined;
  }): Promise<{ readonly runId: string; readonly task: Task }>;
  /** Re-reads a settled span of a series through a task that collects it. @throws NotFoundError when no task does. */
  refetch(p: {
    readonly series: SeriesRef;
    readonly range: TimeRange;
    readonly reason: string;
  }): Promise<{ readonly runId: string; readonly task: Task }>;
}

export interface TaskQueries {
  view(p: { readonly taskId: string }): Promise<TaskView>;
  list(p: {
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskSummaryPage>;
  search(p: {
    readonly query: string;
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskSummaryPage>;
  runs(p: {
    readonly taskId: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<RunRecord>>;
}

/** How a person names a series. Without `realm`: the source's configured one. Without `price`: the last price's, if any. */
export interface SeriesRef {
  readonly source: string;
  readonly symbol: string;
  readonly dataType: string;
  readonly frequency: string;
  readonly realm?: string | undefined;
  readonly price?: PriceKind | undefined;
}

/**
 * Candles of a timeframe that is not stored, out of stored finer ones of the same series: `true` out of the longest that
 * divides it, a timeframe out of that one even where the asked one is stored. Without: only what is stored.
 */
export type Derive = boolean | Timeframe;

/** State of every expected record of the span; `missing`: not asked for yet; `pending`: not closed yet. */
export interface CoverageReport {
  readonly series: Series;
  /** Half-open, ordered, tiling the asked span. */
  readonly ranges: readonly (TimeRange & {
    readonly state: CoverageState | 'missing' | 'pending';
    readonly reason?: string | undefined;
    readonly evidence?: string | undefined;
    readonly error?: string | undefined;
    readonly attempts?: number | undefined;
    readonly nextTryAt?: number | undefined;
  })[];
  readonly expected: number;
  readonly counts: Readonly<Record<CoverageState | 'missing', number>>;
  readonly evidence: readonly Evidence[];
  /** Findings about records of the span, by code. */
  readonly findings: Readonly<Record<string, number>>;
  /** The finer timeframe that the records are made of. Evidence and findings are that one's. */
  readonly derivedFrom?: Timeframe | undefined;
  /** Of derived records: how many are left out because finer ones are not settled, or cannot be had. */
  readonly incomplete?: number | undefined;
}

/** A page of findings, newest first. */
export interface FindingsPage extends Page<Finding> {
  readonly series: Series;
  /** How many there are in the span, by code, whichever code was asked for. */
  readonly counts: Readonly<Record<string, number>>;
  /** How many match in all. */
  readonly total: number;
}

export interface QueryPage {
  readonly series: Series;
  /** `timestamp_ms` first, then the data type's columns. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  /** How many of the rows are provisional. */
  readonly provisional: number;
  /** Pass as `cursor` to go on; absent at the end. */
  readonly next?: string | undefined;
  /** The finer timeframe that the rows are made of. */
  readonly derivedFrom?: Timeframe | undefined;
  /**
   * Of derived rows: how many closed ones of the page's stretch lack finer records. They are left out, or provisional
   * where those are wanted.
   */
  readonly incomplete?: number | undefined;
}

export type ExportFormat = 'csv' | 'ndjson' | 'parquet';

/** How far an export is. Told after every piece, and once at the end with `share` 1. */
export interface ExportProgress {
  /** Parquet reads the rows twice: first to learn how wide its columns must be. */
  readonly phase: 'measuring' | 'writing';
  /** Rows of this phase so far. */
  readonly rows: number;
  /** How much of the known span lies behind, 0 to 1. */
  readonly share: number;
  /** Derived candles left out so far, as in `QueryPage`. */
  readonly incomplete: number;
}

export interface SeriesExport {
  readonly series: Series;
  readonly derivedFrom?: Timeframe | undefined;
  /** Plain letters, digits, `.`, `_` and `-`: `binance-BTCUSDT-kline-1d-from-1m.csv`. */
  readonly fileName: string;
  readonly mediaType: string;
  /** The file, piece by piece; text is UTF-8. An error ends it: what came before is no whole file. */
  readonly chunks: AsyncIterable<string | Uint8Array>;
}

export interface SeriesQueries {
  /** @throws NotFoundError `SERIES_NOT_FOUND`; ConflictError `SERIES_AMBIGUOUS` with the candidates. */
  find(ref: SeriesRef): Promise<Series>;
  list(p: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<Series>>;
  /** Without bounds: from the first known record to now. */
  coverage(p: {
    readonly series: SeriesRef;
    readonly from?: number | undefined;
    readonly to?: number | undefined;
    readonly derive?: Derive | undefined;
  }): Promise<CoverageReport>;
  /** What was found odd about a series' data. Bounds are of the records concerned. `limit` 1–1,000. */
  findings(p: {
    readonly series: SeriesRef;
    readonly code?: string | undefined;
    readonly from?: number | undefined;
    readonly to?: number | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<FindingsPage>;
  query(p: {
    readonly series: SeriesRef;
    readonly from?: number | undefined;
    readonly to?: number | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly includeProvisional: boolean;
    readonly derive?: Derive | undefined;
  }): Promise<QueryPage>;
  /**
   * Streams rows, ascending: CSV with a header, one JSON object a line, or Parquet with decimals as decimals. A Parquet
   * export fails with ConflictError `EXPORT_CHANGED` when a value was revised meanwhile and no longer fits its column.
   */
  export(p: {
    readonly series: SeriesRef;
    readonly from?: number | undefined;
    readonly to?: number | undefined;
    readonly limit?: number | undefined;
    readonly includeProvisional: boolean;
    readonly format: ExportFormat;
    readonly derive?: Derive | undefined;
    readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
  }): Promise<SeriesExport>;
}
