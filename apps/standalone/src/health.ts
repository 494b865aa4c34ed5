import { realpathSync, statSync } from 'node:fs';
import type { Clock, TaskStore } from '@kairos/ports';
import { KairosError } from '@kairos/domain';

export interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly version: string;
  readonly pid: number;
  readonly started_at: string;
  readonly store: {
    readonly status: 'ok' | 'failing';
    readonly checked_at: string;
    /** Of a store in a file: where it lies, and device and inode, which tell a file whatever it is called by. */
    readonly path?: string;
    readonly file?: string;
    readonly error?: string;
  };
  /** Whether Python tasks can run. Not part of `status`: all else works without. */
  readonly python?: PythonHealth;
}

/** `unknown`: it was not looked for yet. */
export interface PythonHealth {
  readonly status: 'unknown' | 'ready' | 'missing';
  readonly version?: string;
  readonly reason?: string;
  /** Functions whose packages are not there, and why. */
  readonly functions?: Readonly<Record<string, string>>;
}

export interface HealthAbout {
  readonly version: string;
  readonly pid: number;
  /** Of a store in a file. */
  readonly storePath?: string | undefined;
  readonly python?: (() => PythonHealth) | undefined;
}

function placeOf(path: string | undefined): { readonly path?: string; readonly file?: string } {
  if (path === undefined) return {};
  try {
    const { dev, ino } = statSync(path);
    return { path: realpathSync(path), file: `${dev}:${ino}` };
  } catch {
    return { path };
  }
}

/** A real write to the store is tried at most so often. */
const CACHE_MS = 10_000;

/** Tells whether the server can do its work: a real write and read-back of the store, cached for ten seconds. */
export class Health {
  readonly #store: TaskStore;
  readonly #clock: Clock;
  readonly #about: HealthAbout;
  readonly #startedAt: number;
  #last: { readonly at: number; readonly report: Promise<HealthReport> } | undefined;

  constructor(store: TaskStore, clock: Clock, about: HealthAbout) {
    this.#store = store;
    this.#clock = clock;
    this.#about = about;
    this.#startedAt = clock.now();
  }

  check(): Promise<HealthReport> {
    const now = this.#clock.now();
    if (!this.#last || Math.abs(now - this.#last.at) >= CACHE_MS)
      this.#last = { at: now, report: this.#probe(now) };
    return this.#last.report;
  }

  async #probe(now: number): Promise<HealthReport> {
    const error = await this.#store.ping({ now }).then(
      () => undefined,
      (e: unknown) => (KairosError.is(e) ? `${e.code}: ${e.message}` : 'the store does not answer'),
    );
    const status = error === undefined ? 'ok' : 'failing';
    const { version, pid, storePath, python } = this.#about;
    const store = {
      status,
      checked_at: new Date(now).toISOString(),
      ...placeOf(storePath),
      ...(error === undefined ? {} : { error }),
    } as const;
    const started_at = new Date(this.#startedAt).toISOString();
    return { status, version, pid, started_at, store, ...(python ? { python: python() } : {}) };
  }
}
