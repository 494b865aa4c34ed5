/** One cell of a record. Decimals are best given as text: no digit is lost. A `Date` is a time. */
export type TaskCell = string | number | bigint | Date | null;

/** Records of one series, as a task hands them in. */
export interface TaskRecords {
  readonly series: {
    /** Whose data it is: a source of the configuration, or a name of your own. */
    readonly source: string;
    readonly symbol: string;
    /** `kline`, `fund_nav`, … */
    readonly dataType: string;
    /** `1m`, `1d`, … */
    readonly frequency: string;
  };
  /**
   * The half-open span that was looked at, in epoch milliseconds or dates. Without it nothing is said of what is not among
   * the rows.
   */
  readonly range?: { readonly from: number | Date; readonly to: number | Date } | null | undefined;
  /** All that exists in the range is among the rows. */
  readonly complete?: boolean | undefined;
  /** Begins with `timestamp_ms`; then the data type's columns, in any order. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TaskCell[])[];
}

/** What became of records: how many changed the store, and what was odd about them. */
export interface TaskAnswer {
  readonly accepted: number;
  readonly findings: readonly { readonly code: string; readonly ts: number; readonly detail: string }[];
}

/** What a task is told of its run, and what it may do to the world outside its process. */
export interface TaskContext {
  readonly task: { readonly id: string; readonly name: string; readonly type: string };
  readonly runId: string;
  /** The instant the run stands for: the same for every attempt, however late it runs. Ask this, not the clock. */
  readonly slot: Date;
  /** 1 for the first try of the slot. */
  readonly attempt: number;
  /** The run is cancelled at this instant. */
  readonly deadline: Date;
  /** Aborts at the deadline and when the run is cancelled; a second later the process is ended. */
  readonly signal: AbortSignal;
  /** Goes to the run's log. Arguments as of `console.log`. */
  readonly log: Readonly<Record<'debug' | 'info' | 'warn' | 'error', (...what: unknown[]) => void>>;
  /** What was saved last, by this run or an earlier one; null at first. */
  readonly state: unknown;
  /** Keeps a JSON value (at most 64 KiB) for the next run; durable once it resolves, whatever becomes of this run. */
  saveState(state: unknown): Promise<void>;
  /**
   * Hands in records; they are durable once it resolves. Any number of rows may be given. Rejects when they are not taken:
   * with `code` `JOB_FRAME` where they have no form, else with the reason's own code. Handing in the same rows again is
   * harmless.
   */
  records(records: TaskRecords): Promise<TaskAnswer>;
}

/** What the libraries of schemas (Zod, Valibot, ArkType, …) have in common: Standard Schema, version 1. */
export interface ParamsSchema<P = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => ParamsVerdict<P> | Promise<ParamsVerdict<P>>;
    readonly types?: { readonly input: unknown; readonly output: P } | undefined;
  };
}

export type ParamsVerdict<P> =
  | { readonly value: P; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** Answers a JSON value, which is kept with the run. An error with `permanent: true` ends the task for good. */
export type TaskFunction<P = Readonly<Record<string, unknown>>> = (
  context: TaskContext,
  params: P,
) => unknown;

/** A task type whose params are checked before it runs. */
export interface CheckedTask<P> {
  readonly params: ParamsSchema<P>;
  readonly run: TaskFunction<P>;
}

/** Gives a task type its types: `tasks` of a module is a record of these, or of plain functions. */
export const defineTask = <P>(task: CheckedTask<P>): CheckedTask<P> => task;
