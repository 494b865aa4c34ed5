import { MAX_JOB_STATE_BYTES, ValidationError, type JsonValue } from '@kairos/domain';
import type { Logger, RunResult } from '@kairos/ports';

const ENCODER = new TextEncoder();

/** Length as it is kept, or undefined for what is no JSON. */
function jsonBytes(value: unknown): number | undefined {
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined ? undefined : ENCODER.encode(text).length;
  } catch {
    return undefined;
  }
}

/** A job's state that can be kept. @throws ValidationError `not_json`, `job_state_too_long` */
export function jobState(state: JsonValue): JsonValue {
  const bytes = jsonBytes(state);
  if (bytes === undefined) throw new ValidationError([{ path: 'state', code: 'not_json', params: {} }]);
  if (bytes <= MAX_JOB_STATE_BYTES) return state;
  const params = { bytes, max: MAX_JOB_STATE_BYTES };
  throw new ValidationError(
    [{ path: 'state', code: 'job_state_too_long', params }],
    `the state to keep is ${bytes} bytes of JSON, and no more than ${MAX_JOB_STATE_BYTES} are kept: keep less of it, or emit records`,
  );
}

/** The result without an answer that is too long to keep: the run itself did what it did. */
export function fitsRecord(result: RunResult, log: Logger): RunResult {
  if (result.result === undefined) return result;
  const bytes = jsonBytes(result.result);
  if (bytes !== undefined && bytes <= MAX_JOB_STATE_BYTES) return result;
  log.warn('run.result_dropped', { bytes, max: MAX_JOB_STATE_BYTES });
  const { result: _, ...rest } = result;
  return rest;
}
