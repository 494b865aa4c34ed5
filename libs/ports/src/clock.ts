/** The only way core reads time or waits. */
export interface Clock {
  /** UTC epoch milliseconds. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The only source of chance. */
export interface Ids {
  /** 12 base32 characters, unique. */
  uid(): string;
  /** Unique text of unstated form. */
  nonce(): string;
  /** Uniform in [0, 1). */
  random(): number;
}

/**
 * Who runs: lets another process on the same host tell a dead owner from a live one. `owner()` names this process;
 * `isDead` is true only when the named owner certainly runs no more.
 */
export interface Workers {
  owner(): string;
  isDead(owner: string): boolean;
}
