/**
 * One family of errors. A subclass exists only where a caller acts differently; everything else is told apart by
 * `code`, which is stable and listed in docs/reference/errors.md. `retryable` is decided where the error is born.
 * Messages say what was attempted, on what, and what to do; they never carry a secret.
 */
const MARK = Symbol.for('kairos.error');

export interface ErrorOptions {
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class KairosError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    Object.defineProperty(this, MARK, { value: true });
  }

  /** True for any Kairos error, also one born in another bundled copy of this library. */
  static is(value: unknown): value is KairosError {
    return value instanceof Error && MARK in value;
  }
}

/** One thing wrong with an input: where (`path`, dotted), which rule (`code`), and the values a message needs. */
export interface Issue {
  readonly path: string;
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
}

/** The input is wrong in every way named by `issues`. */
export class ValidationError extends KairosError {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[], message = issues.map((i) => `${i.path} ${i.code}`).join('; ')) {
    super('VALIDATION', message, { details: { issues } });
    this.issues = issues;
  }
}

/** The named thing is not there. */
export class NotFoundError extends KairosError {
  constructor(
    what: string,
    id: string,
    code = 'NOT_FOUND',
    more: { readonly remedy?: string; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    const remedy = more.remedy === undefined ? '' : `; ${more.remedy}`;
    super(code, `${what} ${id} does not exist${remedy}`, { details: { ...more.details, what, id } });
  }
}

/** The thing is there, in a state or a version that forbids what was asked. */
export class ConflictError extends KairosError {
  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(code, message, { details });
  }
}

/** The run's fence is no longer the newest: another worker owns the task, or it was stopped or deleted. */
export class LeaseLostError extends ConflictError {
  constructor(uid: string, fence: number) {
    super('LEASE_LOST', `the lease on task ${uid} with fence ${fence} was lost`, { uid, fence });
  }
}

/** The operator's configuration is wrong; `file` and `key` in details say where. */
export class ConfigError extends KairosError {
  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super('CONFIG', message, { details });
  }
}

/** Asked for something this deployment or source cannot do, now or ever. */
export class UnsupportedError extends KairosError {
  constructor(message: string, details: Readonly<Record<string, unknown>> = {}, code = 'UNSUPPORTED') {
    super(code, message, { details });
  }
}

/** What a failed call to a source means for the caller: try again, leave the series, or leave the venue. */
export type SourceErrorScope = 'call' | 'series' | 'venue';

/**
 * A source refused or failed. `scope` says how far the refusal reaches: this call only (retry), this series for good
 * (delisted, unknown symbol), or the whole venue (credentials, region). `status` is the HTTP status, if there was one.
 */
export class SourceError extends KairosError {
  readonly scope: SourceErrorScope;
  readonly status: number | undefined;

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { readonly scope: SourceErrorScope; readonly status?: number | undefined },
  ) {
    super(code, message, options);
    this.scope = options.scope;
    this.status = options.status;
  }
}

/** The venue asks for a pause (429, 418, ban). `retryAfterMs` counts from now. */
export class RateLimitedError extends SourceError {
  readonly retryAfterMs: number;

  constructor(
    message: string,
    retryAfterMs: number,
    options: ErrorOptions & { readonly status?: number | undefined } = {},
  ) {
    super('SOURCE_RATE_LIMITED', message, { ...options, scope: 'call', retryable: true });
    this.retryAfterMs = retryAfterMs;
  }
}

/** No usable answer: time-out, reset, 5xx, maintenance. Worth another try; consumes no attempt of the run. */
export class SourceUnavailableError extends SourceError {
  constructor(message: string, options: ErrorOptions & { readonly status?: number | undefined } = {}) {
    super('SOURCE_UNAVAILABLE', message, { ...options, scope: 'call', retryable: true });
  }
}

/** An answer came, but not one that can be read as records: wrong shape, or cut short. */
export class BadSourceDataError extends SourceError {
  constructor(message: string, options: ErrorOptions & { readonly status?: number | undefined } = {}) {
    super('SOURCE_BAD_DATA', message, { ...options, scope: 'call', retryable: options.retryable ?? true });
  }
}

/** The store failed. `STORE_*` codes: FULL, IO, CORRUPT, NEWER, LOCKED, READ_ONLY, REPLACED, CLOSED, UNKNOWN_OUTCOME. */
export class StoreError extends KairosError {
  constructor(code: `STORE_${string}`, message: string, options: ErrorOptions = {}) {
    super(code, message, options);
  }
}
