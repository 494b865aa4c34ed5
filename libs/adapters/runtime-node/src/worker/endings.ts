import type { WorkerEnd } from '../messages.ts';

export type Failure = WorkerEnd & { readonly ok: false };

/** Of errors that are ours: what they stand for. */
export interface KnownError {
  readonly code: string;
  readonly permanent: boolean;
  readonly refused?: number | undefined;
}

export function failed(code: string, message: string, permanent: boolean, traceback?: string): Failure {
  return { ok: false, code, message: message.slice(0, 4_000), permanent, traceback, refused: undefined };
}

/** How a run ends whose job threw this. Only what stands in `known` speaks for itself; all else is `JOB_FAILED`. */
export function endOf(error: unknown, known: KnownError | undefined): Failure {
  const isError = error instanceof Error || Object.prototype.toString.call(error) === '[object Error]';
  const fields: { stack?: unknown; message?: unknown; name?: unknown; cause?: unknown; permanent?: unknown } =
    Object(error);
  const stacks: string[] = [];
  let at = fields;
  while (isError && stacks.length < 5 && (at.stack !== undefined || at.message !== undefined)) {
    stacks.push(String(at.stack ?? at.message));
    at = Object(at.cause);
  }
  const traceback = stacks.join('\ncaused by: ').slice(0, 32_000);
  return {
    ok: false,
    code: known?.code ?? 'JOB_FAILED',
    message: String((isError && (fields.message || fields.name)) || error).slice(0, 4_000),
    permanent: known ? known.permanent : fields.permanent === true,
    traceback: traceback === '' ? undefined : traceback,
    refused: known?.refused,
  };
}
