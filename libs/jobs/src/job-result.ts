import { type JsonValue, type RunStats, type Task } from '@kairos/domain';
import type { JobEnd, RunResult } from '@kairos/ports';

type JobError = Extract<JobEnd, { readonly ok: false }>['error'];

/** No slot of the task can do better until a person has changed something. */
const ENDS_TASK: ReadonlySet<string> = new Set(['JOB_TYPE_UNKNOWN', 'JOB_PARAMS', 'JOB_FUNCTION_UNSAFE']);

/** How long a run waits for what a runtime is still preparing, such as a virtual environment. */
const PREPARING_MS = 10_000;

/** A failure's text in records and lists: the first line says what happened, the rest stands in the log. */
const MAX_MESSAGE = 500;
const firstLine = (message: string): string => (message.split('\n', 1)[0] ?? '').slice(0, MAX_MESSAGE);

/** A run whose job came to its end. */
export function successOf(p: {
  readonly task: Task;
  readonly result: JsonValue;
  readonly stats: RunStats;
  readonly now: number;
}): RunResult {
  return {
    outcome: 'succeeded',
    stats: p.stats,
    complete: p.task.endTime !== null && p.task.endTime <= p.now,
    withUnavailable: false,
    healthReasons: [],
    result: p.result,
  };
}

/**
 * A run whose job failed. `stopping`: the worker was told to stop, so that another must begin the job anew. A runtime that
 * is not ready yet costs no attempt.
 */
export function failureOf(p: {
  readonly error: JobError;
  readonly stats: RunStats;
  readonly now: number;
  readonly stopping: boolean;
}): RunResult {
  const { code, permanent } = p.error;
  const unfinished = { stats: p.stats, complete: false, withUnavailable: false };
  if (code === 'JOB_CANCELLED' && p.stopping)
    return { ...unfinished, outcome: 'handed_over', healthReasons: [] };
  const message = firstLine(p.error.message);
  const preparing = code === 'JOB_RUNTIME_PREPARING';
  return {
    ...unfinished,
    outcome: 'failed',
    error: { code, message, permanent: permanent && ENDS_TASK.has(code) },
    healthReasons: [`${code}: ${message}`],
    ...(permanent && !preparing ? { noRetry: true } : {}),
    ...(preparing ? { freeRetry: true, notBefore: p.now + PREPARING_MS } : {}),
  };
}
