import type {
  JsonValue,
  RefetchOrder,
  RunKind,
  RunStats,
  SkippedSlots,
  Task,
  TaskSeries,
} from '@kairos/domain';
import type { Logger } from './logger.ts';

/** What a handler gets to work with. */
export interface RunContext {
  readonly task: Task;
  readonly runId: string;
  readonly kind: RunKind;
  readonly slot: number;
  readonly attempt: number;
  readonly skipped: SkippedSlots | null;
  readonly refetch: RefetchOrder | null;
  readonly fence: { readonly uid: string; readonly fence: number };
  /** Stop and hand over before this instant. */
  readonly deadline: number;
  /** Aborted on shutdown and when the lease is lost. */
  readonly signal: AbortSignal;
  /** Whether other tasks wait for this worker now: long work that got somewhere may hand over. Absent: never. */
  readonly othersWait?: (() => boolean) | undefined;
  readonly log: Logger;
  /** Renews the lease when it runs short. To be awaited before every venue call and commit. @throws LeaseLostError */
  ensure(): Promise<void>;
  /**
   * Changes the list of the task's series now rather than at the end of the run, so that what the run has to follow
   * outlives a crash. `change` gets the list as it is stored, may be called again, must only add, mark and merge, and gives
   * the same list back where there is nothing to write. Answers the list as it then stands. Absent: the result alone
   * keeps the list. @throws LeaseLostError, also when the task's content has changed
   */
  changeSeries?(
    change: (series: readonly TaskSeries[]) => readonly TaskSeries[],
  ): Promise<readonly TaskSeries[]>;
  /**
   * Keeps a job's state for its next run (`Task.jobState`), now, whatever becomes of this one. Absent: it cannot be kept.
   * @throws LeaseLostError, also when the task's content has changed
   */
  saveState?(state: JsonValue): Promise<void>;
}

/**
 * How a run ended. `succeeded`: nothing of this slot is left to do. `partial`: some windows are open and wait for a later
 * slot or retry. `failed`: see `error`; `permanent` ends the task. `handed_over`: stopped early, to be taken on.
 */
export interface RunResult {
  readonly outcome: 'succeeded' | 'partial' | 'failed' | 'handed_over';
  readonly stats: RunStats;
  /** New standing of the task's series; absent: unchanged. */
  readonly series?: readonly TaskSeries[] | undefined;
  /** Every series is settled over the whole asked span. Decides completion of tasks with an end. */
  readonly complete: boolean;
  readonly withUnavailable: boolean;
  readonly error?:
    { readonly code: string; readonly message: string; readonly permanent: boolean } | undefined;
  /** Do not look again before this instant (a ban, a spaced confirmation). */
  readonly notBefore?: number | undefined;
  /** Retry without consuming an attempt (a venue's outage). */
  readonly freeRetry?: boolean | undefined;
  /** Trying this slot again cannot help; the next slot may. */
  readonly noRetry?: boolean | undefined;
  readonly healthReasons: readonly string[];
  /** A job's answer, kept in the run's record. */
  readonly result?: JsonValue | undefined;
}

/** One kind of work, looked up by the task's `handler` name. */
export interface RunHandler {
  readonly name: string;
  run(ctx: RunContext): Promise<RunResult>;
}
