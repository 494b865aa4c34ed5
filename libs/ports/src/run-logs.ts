import type { JobLogLevel } from './task-runtime.ts';

/** A line that a run said. */
export interface RunLogLine {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly level: JobLogLevel;
  /** Where it came from: the job's logger, or its standard output and error. */
  readonly stream: 'log' | 'stdout' | 'stderr';
  /** As it was said; may hold line breaks and control characters, which are the reader's to print safely. */
  readonly message: string;
}

export interface LoggedLine extends RunLogLine {
  readonly runId: string;
}

/** Which lines: all of a task, or those of one of its runs. */
export interface RunLogFilter {
  /** The person's name of the task: it outlives a task that is deleted and made again. */
  readonly taskId: string;
  readonly runId?: string | undefined;
}

/**
 * What runs said, kept beside the store for people who ask why. Bounded: the oldest lines go first. It is no record of
 * anything: decisions read the run history, and losing lines must never cost a run.
 */
export interface RunLogs {
  /**
   * Takes a line over, and returns at once: nothing is awaited, nothing thrown. Lines of one run keep their order. What is
   * too long is cut, with a word on how much; what cannot be kept (a full disk, more lines than it can write) is dropped,
   * counted, and told in the log.
   */
  append(p: { readonly taskId: string; readonly runId: string; readonly line: RunLogLine }): void;
  /** Resolves once all lines taken over so far are kept or dropped. Never rejects. */
  flush(): Promise<void>;
  /** The newest `limit` lines, in the order they were said. Of an unknown task or run: none. @throws StoreError */
  read(p: RunLogFilter & { readonly limit: number }): Promise<readonly LoggedLine[]>;
  /**
   * The newest `last` lines, then every further one as it comes, from any process that writes here, each once. Ends when
   * the signal aborts. @throws StoreError
   */
  follow(
    p: RunLogFilter & { readonly last: number; readonly signal: AbortSignal },
  ): AsyncIterable<LoggedLine>;
}
