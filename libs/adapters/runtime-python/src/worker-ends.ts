import type { JobCall, JobEnd } from '@kairos/ports';
import type { WorkerExit } from './worker-process.ts';

/** What came of starting a worker: the task types of its function, or why it is of no use. */
export type Started =
  | { readonly ok: true; readonly types: readonly string[] }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly traceback: string | undefined;
    };

/** A worker that was gone before it said anything. */
export const diedEarly = (exit: WorkerExit): Started => ({
  ok: false,
  code: exit.fault?.code ?? 'JOB_CRASHED',
  message: exit.fault?.message ?? `while the function was imported ${howItEnded(exit)}`,
  traceback: undefined,
});

const PERMANENT = ['JOB_FUNCTION_BROKEN', 'JOB_FUNCTION_UNSAFE'];

/** The end of a run whose function cannot be used. */
export const notStarted = (started: Started & { readonly ok: false }): JobEnd =>
  failed(started.code, started.message, PERMANENT.includes(started.code), started.traceback || undefined);

/** The end of a run of a task type that its function does not have. */
export const unknownType = (call: JobCall, types: readonly string[]): JobEnd =>
  failed(
    'JOB_TYPE_UNKNOWN',
    `${call.function} has no task type ${call.taskType.slice(0, 80)}; it has ${types.join(', ')}`,
    true,
  );

/** In words, for somebody who has to find out why. */
export function howItEnded(exit: WorkerExit | undefined): string {
  if (exit?.signal === 'SIGKILL') return 'the process was killed (SIGKILL); the machine may be out of memory';
  if (exit?.signal !== null && exit?.signal !== undefined)
    return `the process was ended by the signal ${exit.signal}`;
  return `the process ended with exit code ${exit?.code ?? 'unknown'} before the task did`;
}

/** The end of a run that failed. */
export const failed = (code: string, message: string, permanent: boolean, traceback?: string): JobEnd => ({
  ok: false,
  error: { code, message, permanent, traceback },
});
