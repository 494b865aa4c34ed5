import type { JobLanguage, JsonValue, RunKind } from '@kairos/domain';

/** One try of a job, as its code is told of it. Times in epoch milliseconds. */
export interface JobCall {
  readonly runId: string;
  readonly taskId: string;
  readonly taskName: string;
  readonly taskType: string;
  /** Module in the folder of functions. */
  readonly function: string;
  readonly params: { readonly [key: string]: JsonValue };
  /** What an earlier run asked to keep; null at first. */
  readonly state: JsonValue;
  readonly kind: RunKind;
  readonly slot: number;
  readonly attempt: number;
  /** The job must be done before: the earlier of its time-out and the worker's own end. */
  readonly deadline: number;
  readonly memoryMb: number;
}

/**
 * Records that a job hands in. `columns` begins with the data type's time (`timestamp_ms`); decimals come as text, so that
 * no digit is lost. `range` is the half-open span that the job looked at: without it nothing is claimed about absences;
 * with `complete` every record of the span is among the rows, and what is not there is a candidate for `empty`.
 */
export interface JobRecords {
  readonly series: {
    readonly source: string;
    readonly symbol: string;
    readonly dataType: string;
    readonly frequency: string;
  };
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly complete: boolean;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** What became of handed-in records: how many changed the store, and what was odd about them. */
export interface JobRecordsAnswer {
  readonly accepted: number;
  readonly findings: readonly { readonly code: string; readonly ts: number; readonly detail: string }[];
}

export type JobLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a job may do to the world outside its own process. Calls are answered one by one; a job waits for them. */
export interface JobSink {
  log(p: {
    readonly level: JobLogLevel;
    readonly message: string;
    /** Where the line came from: the job's logger, or its standard output and error. */
    readonly stream: 'log' | 'stdout' | 'stderr';
  }): void;
  /** Durable under the run's fence once it resolves. @throws ValidationError (the frame is wrong), LeaseLostError, StoreError */
  records(records: JobRecords): Promise<JobRecordsAnswer>;
  /** @throws ValidationError (too long), LeaseLostError, StoreError */
  saveState(state: JsonValue): Promise<void>;
}

/** How a try ended. `permanent`: trying again cannot help (unknown task type, wrong params, a syntax error). */
export type JobEnd =
  | { readonly ok: true; readonly result: JsonValue }
  | {
      readonly ok: false;
      readonly error: {
        /** `JOB_*`, e.g. `JOB_FAILED`, `JOB_TIMEOUT`, `JOB_CRASHED`, `JOB_MEMORY`, `JOB_TYPE_UNKNOWN`. */
        readonly code: string;
        readonly message: string;
        readonly permanent: boolean;
        /** As the language writes it. */
        readonly traceback?: string | undefined;
      };
    };

/** What a look at a function came to. */
export type FunctionLook =
  | { readonly ok: true; readonly taskTypes: readonly string[] }
  | { readonly ok: false; readonly code: string; readonly reason: string };

/**
 * Runs jobs of one language apart from the server, so that whatever a job does is contained: it may throw, hang, exit,
 * print, or use up its memory. Nothing of a job outlives its run, save a worker that is kept for the next one.
 */
export interface TaskRuntime {
  readonly language: JobLanguage;
  /** The task types a function knows, without running any. */
  inspect(p: { readonly function: string }): Promise<FunctionLook>;
  /**
   * One try. Ends soon after `signal` aborts (`JOB_CANCELLED`) and after the call's deadline (`JOB_TIMEOUT`). Never rejects
   * for what a job did; rejects with what the sink rejected with when the job did not catch it (LeaseLostError, StoreError).
   */
  run(call: JobCall, sink: JobSink, signal: AbortSignal): Promise<JobEnd>;
  /** Ends all workers. What runs is cancelled. */
  close(): Promise<void>;
}

/** Takes the records that jobs hand in: judged as a venue's are, kept with their coverage under the run's fence. */
export interface RecordIntake {
  /** @throws ValidationError, LeaseLostError, StoreError */
  accept(p: {
    readonly records: JobRecords;
    readonly runId: string;
    readonly fence: { readonly uid: string; readonly fence: number };
  }): Promise<JobRecordsAnswer>;
}
