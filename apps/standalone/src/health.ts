import type { Clock, TaskStore } from '@kairos/ports';
import { KairosError } from '@kairos/domain';

export interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly version: string;
  readonly pid: number;
  readonly started_at: string;
  readonly store: { readonly status: 'ok' | 'failing'; readonly checked_at: string; readonly error?: string };
}

/** A real write to the store is tried at most so often. */
const CACHE_MS = 10_000;

/** Tells whether the server can do its work: a real write and read-back of the store, cached for ten seconds. */
export class Health {
  readonly #store: TaskStore;
  readonly #clock: Clock;
  readonly #about: { readonly version: string; readonly pid: number };
  readonly #startedAt: number;
  #last: { readonly at: number; readonly report: Promise<HealthReport> } | undefined;

  constructor(store: TaskStore, clock: Clock, about: { readonly version: string; readonly pid: number }) {
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
    const store = {
      status,
      checked_at: new Date(now).toISOString(),
      ...(error === undefined ? {} : { error }),
    } as const;
    return { status, ...this.#about, started_at: new Date(this.#startedAt).toISOString(), store };
  }
}
