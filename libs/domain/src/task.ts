import type { Timeframe } from './timeframe.ts';

export const TASK_STATUSES = ['pending', 'running', 'completed', 'failed', 'stopped'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const MISSED_POLICIES = ['once', 'all', 'skip'] as const;
/** What becomes of slots that passed while nothing ran: one run for all of them, a run each, or none. */
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

export type TaskOrigin = 'signal' | 'config';

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What a person asks for: the part of a task that `create_task` and `update_task` set. Times in epoch milliseconds. */
export interface TaskContent {
  readonly handler: string;
  readonly projectId: string;
  readonly dataset: string;
  readonly dataType: string;
  readonly source: string;
  /** As written by the person: names, resolved to instruments at the first run, and selectors (`SymbolEntry`). */
  readonly symbols: readonly string[];
  readonly frequency: Timeframe;
  /** Given, or null: then the start is `historyDays` before the creation. */
  readonly startTime: number | null;
  /** Exclusive end of the asked span, or null for a standing order. */
  readonly endTime: number | null;
  /** `rate(…)`, `cron(…)` or `at(…)`; null takes the frequency plus the settle delay. */
  readonly schedule: string | null;
  /** IANA zone in which `cron(…)` and `at(…)` are read. */
  readonly timezone: string;
  readonly config: TaskConfig;
  /**
   * What a task of handler `job` runs; null for all others. A job's own fields are these: its dataset, data type and source
   * are empty, its symbols none, and its frequency is never read.
   */
  readonly job: JobSpec | null;
}

export const JOB_LANGUAGES = ['nodejs', 'python'] as const;
export type JobLanguage = (typeof JOB_LANGUAGES)[number];

/** Name of the handler that runs jobs. */
export const JOB_HANDLER = 'job';
/** Name of the handler that collects market data. */
export const COLLECT_HANDLER = 'collect';

/** A piece of work that is not Kairos's own: a task type of a function, run in a language's runtime. */
export interface JobSpec {
  /** The module in the folder of functions that knows the task type, e.g. `python_crawler`. */
  readonly function: string;
  readonly language: JobLanguage;
  /** As a cloud names it, e.g. `python3.11`; here any interpreter of the language serves. */
  readonly runtime: string;
  readonly taskType: string;
  /** The job's own name for itself, told to it with each run. */
  readonly taskName: string;
  /** Longest run. */
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Handed to the job as they stand. */
  readonly params: { readonly [key: string]: JsonValue };
}

/** A task as the configuration declares it. */
export interface TaskDeclaration {
  readonly taskId: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly content: TaskContent;
}

/** How a declared task stands to its file. */
export interface TaskDeclared {
  readonly description: string;
  /** The declaration as last applied, as a hash: equal means that there is nothing to do. */
  readonly revision: string;
  /** No longer in the file: stopped, kept, and free to be deleted. */
  readonly withdrawn: boolean;
}

export interface TaskConfig {
  readonly batchSize: number | null;
  readonly historyDays: number;
  readonly missed: MissedPolicy;
  /** Attempts of one run beyond the first. */
  readonly retries: number;
  readonly price: 'last' | 'mark' | 'index';
  readonly confirmLarge: boolean;
}

export const DEFAULT_TASK_CONFIG: TaskConfig = {
  batchSize: null,
  historyDays: 30,
  missed: 'once',
  retries: 5,
  price: 'last',
  confirmLarge: false,
};

export type SeriesState = 'pending' | 'active' | 'settled' | 'blocked' | 'failed';

/** One symbol's standing within its task. `blocked`: wants a person; `failed`: ended for good (delisted, unknown). */
export interface TaskSeries {
  readonly symbol: string;
  readonly state: SeriesState;
  readonly instrument: string | null;
  /** Key of the series in the store, once resolved. */
  readonly seriesKey: string | null;
  /** What a reader should know, e.g. that a bare id was taken as spot. */
  readonly note: string | null;
  readonly error: TaskError | null;
  /** Whole history up to here is settled. */
  readonly watermark: number | null;
  /** Set where a selector brought the series; absent where the list names it. */
  readonly selected?: SeriesSelection | undefined;
}

/** How a series came into its task by a selector. Once in, it is followed for good. */
export interface SeriesSelection {
  /** The selector, as written. */
  readonly by: string;
  /** Since when no selector finds it any more; null: one does. It goes on being collected. */
  readonly left: number | null;
}

export interface TaskError {
  readonly code: string;
  readonly message: string;
  readonly at: number;
}

export type Health = 'ok' | 'degraded' | 'blocked';

export interface TaskHealth {
  readonly state: Health;
  readonly reasons: readonly string[];
}

export interface LastRun {
  readonly runId: string;
  readonly outcome: string;
  readonly slot: number;
  readonly endedAt: number;
  readonly rows: number;
}

/**
 * A standing order. `uid` is minted per creation and keys everything; `taskId` is the person's name for it. `rev` counts
 * changes of content (people's `expected_rev`), `v` every write (compare-and-swap).
 */
export interface Task extends TaskContent {
  readonly uid: string;
  readonly taskId: string;
  readonly rev: number;
  readonly v: number;
  readonly origin: TaskOrigin;
  readonly status: TaskStatus;
  readonly health: TaskHealth;
  readonly series: readonly TaskSeries[];
  readonly error: TaskError | null;
  readonly lastRun: LastRun | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When slots begin to count: creation, or the last change of schedule. The rate's anchor. */
  readonly epochAt: number;
  /** Completed with some records that cannot be had. */
  readonly withUnavailable: boolean;
  /** Of origin `config` alone. */
  readonly declared: TaskDeclared | null;
  /** What the job asked to keep for its next run; at most `MAX_JOB_STATE_BYTES` as JSON. */
  readonly jobState: JsonValue;
}

/** Longest state and result of a job that are kept, in bytes of JSON. */
export const MAX_JOB_STATE_BYTES = 65_536;

const DAY = 86_400_000;

/** Start of the span the task asks for. */
export const taskStart = (t: Pick<Task, 'startTime' | 'createdAt' | 'config'>): number =>
  t.startTime ?? t.createdAt - t.config.historyDays * DAY;
