import type { WeightCounts } from './limits.ts';

/** One answered request. `status` is 0 where the connection was cut without an answer. */
export interface RequestLogEntry {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly status: number;
  readonly weight: number;
  /** Venue time of arrival. */
  readonly at: number;
}

/** Totals since the venue started; unlike the log they forget nothing. */
export interface RequestCounts {
  readonly requests: number;
  readonly weight: number;
  readonly byPath: Readonly<Record<string, number>>;
}

/** Totals since the venue started, and the weight used in the latest minutes. */
export type VenueCounts = RequestCounts & WeightCounts;

export type RequestHook = (entry: RequestLogEntry) => void;

const KEPT = 10_000;

/** The last ten thousand requests in order of answering, their totals, and who wants to hear of them. */
export class RequestLog {
  readonly #hooks = new Set<RequestHook>();
  readonly #byPath = new Map<string, number>();
  #entries: RequestLogEntry[] = [];
  #requests = 0;
  #weight = 0;

  add(entry: RequestLogEntry): void {
    if (this.#entries.length >= 2 * KEPT) this.#entries = this.#entries.slice(-KEPT);
    this.#entries.push(entry);
    this.#requests += 1;
    this.#weight += entry.weight;
    this.#byPath.set(entry.path, (this.#byPath.get(entry.path) ?? 0) + 1);
    for (const hook of this.#hooks) hook(entry);
  }

  entries(): readonly RequestLogEntry[] {
    return this.#entries.slice(-KEPT);
  }

  counts(): RequestCounts {
    return { requests: this.#requests, weight: this.#weight, byPath: Object.fromEntries(this.#byPath) };
  }

  /** Returns a function that unsubscribes. */
  subscribe(hook: RequestHook): () => void {
    this.#hooks.add(hook);
    return () => {
      this.#hooks.delete(hook);
    };
  }
}
