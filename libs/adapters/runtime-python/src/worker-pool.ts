import type { Clock } from '@kairos/ports';
import { after } from '@kairos/runtime-common';
import type { Worker } from './worker.ts';

export interface WorkerPoolOptions {
  readonly maxWorkers: number;
  /** Runs after which a worker is replaced, so that what tasks leak does not add up. */
  readonly runsPerWorker: number;
  /** How long a worker is kept without work. */
  readonly idleMs: number;
  readonly clock: Clock;
}

interface Idle {
  readonly key: string;
  readonly worker: Worker;
  readonly rest: () => void;
}

/** Workers by what they are for: one that is idle serves again, otherwise one is started; callers are served in order. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #all = new Map<Worker, string>();
  #idle: readonly Idle[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => undefined;
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  get busy(): number {
    return this.#all.size - this.#idle.length;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Memory that the workers told of, in KiB. */
  get rssKb(): number {
    return [...this.#all.keys()].reduce((sum, worker) => sum + worker.rssKb, 0);
  }

  /** A worker that nobody else has; undefined when `signal` aborted first or the pool is closed. Give it back by `release`. */
  acquire(key: string, start: () => Worker, signal: AbortSignal): Promise<Worker | undefined> {
    const taken = this.#turn.then(() => this.#take(key, start, signal));
    this.#turn = taken.catch(() => undefined);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => resolve(undefined);
      signal.addEventListener('abort', onAbort, { once: true });
      taken.then((worker) => {
        signal.removeEventListener('abort', onAbort);
        if (worker !== undefined && signal.aborted) this.release(worker);
        resolve(signal.aborted ? undefined : worker);
      }, reject);
      if (signal.aborted) onAbort();
    });
  }

  /** The run is over: the worker rests, or ends when it is used up. */
  release(worker: Worker): void {
    const key = this.#all.get(worker);
    if (key === undefined) return;
    if (this.#closed || !worker.usable || worker.runs >= this.#options.runsPerWorker) {
      void this.#end(worker);
      return;
    }
    const rest = after(this.#options.clock, this.#options.idleMs, () => void this.#end(worker));
    this.#idle = [...this.#idle, { key, worker, rest }];
    this.#wake();
  }

  /** Kills all workers and waits until they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    for (const { rest } of this.#idle) rest();
    this.#idle = [];
    await Promise.all([...this.#all.keys()].map((worker) => worker.kill()));
  }

  async #take(key: string, start: () => Worker, signal: AbortSignal): Promise<Worker | undefined> {
    while (!this.#closed && !signal.aborted) {
      const idle = this.#idle.findLast((one) => one.key === key);
      if (idle !== undefined) {
        this.#leaveRest(idle);
        if (idle.worker.usable && (await idle.worker.isFresh())) return idle.worker;
        await this.#end(idle.worker);
      } else if (this.#all.size < this.#options.maxWorkers) {
        return this.#add(key, start());
      } else {
        await this.#makeRoom(signal);
      }
    }
    return undefined;
  }

  #add(key: string, worker: Worker): Worker {
    this.#all.set(worker, key);
    void worker.gone.then(() => {
      this.#all.delete(worker);
      const idle = this.#idle.find((one) => one.worker === worker);
      if (idle !== undefined) this.#leaveRest(idle);
      this.#wake();
    });
    return worker;
  }

  async #makeRoom(signal: AbortSignal): Promise<void> {
    const [oldest] = this.#idle;
    if (oldest !== undefined) return this.#end(oldest.worker);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  }

  #leaveRest(idle: Idle): void {
    idle.rest();
    this.#idle = this.#idle.filter((one) => one !== idle);
  }

  async #end(worker: Worker): Promise<void> {
    const idle = this.#idle.find((one) => one.worker === worker);
    if (idle !== undefined) this.#leaveRest(idle);
    await worker.retire();
  }
}
