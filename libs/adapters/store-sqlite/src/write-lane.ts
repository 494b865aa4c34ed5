import { setImmediate } from 'node:timers';
import type { KairosError } from '@kairos/domain';
import type { Connection } from './connection.ts';
import { isFault, isFull, storeError, unknownOutcomeError } from './errors.ts';

export interface WriteOptions<T> {
  /**
   * What to answer when a commit failed and nobody can say whether it took effect. Without it the write is repeated,
   * which idempotent ones may be.
   */
  readonly onUnknown?: (() => T) | undefined;
  /** How many rows it brings; default 0. */
  readonly rows?: number | undefined;
}

export interface WriteLaneParts {
  readonly path: string;
  readonly writer: Connection;
  /** Begins a write transaction, waiting for other processes. */
  begin(): Promise<void>;
  /** Throws when the file is no longer the one that was opened. Runs inside each transaction. */
  guard(): void;
  /** Whether the disk has room again, after it was full. */
  hasRoom(): boolean;
  /** Called once, with the fault that ends all writing. Must not throw. */
  onFault?(error: KairosError): void;
}

interface Job {
  readonly weight: number;
  run(db: Connection): void;
  readonly onUnknown: (() => void) | undefined;
  resolve(): void;
  reject(error: KairosError): void;
}

/**
 * Writes share a transaction until they weigh so much together: about 10 ms, as it blocks this process while it runs. A
 * write alone costs about as much as twenty rows.
 */
const GROUP_WEIGHT = 8_192;
const WRITE_WEIGHT = 20;

/** The whole transaction is lost to it. */
const endsAll = (error: KairosError): boolean => isFault(error) || isFull(error);

/**
 * Runs writes one transaction after another. Writes that arrive together share one, and so its flush to disk; each
 * stands or falls alone (savepoints). After a disk fault every write rejects with it; after one that found the disk full,
 * until there is room.
 */
export class WriteLane {
  readonly #parts: WriteLaneParts;
  readonly #queue: Job[] = [];
  #working: Promise<void> | undefined;
  #fault: KairosError | undefined;
  #full: KairosError | undefined;

  constructor(parts: WriteLaneParts) {
    this.#parts = parts;
  }

  /** Why nothing is written, for ever or for now. */
  get fault(): KairosError | undefined {
    return this.#fault ?? this.#full;
  }

  write<T>(op: (db: Connection) => T, options: WriteOptions<T> = {}): Promise<T> {
    const { onUnknown, rows = 0 } = options;
    return new Promise<T>((resolve, reject) => {
      let answer: () => T;
      this.#queue.push({
        weight: WRITE_WEIGHT + rows,
        run: (db) => {
          const value = op(db);
          answer = () => value;
        },
        onUnknown: onUnknown && (() => void (answer = onUnknown)),
        resolve: () => resolve(answer()),
        reject,
      });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when nothing is queued or running. */
  async drain(): Promise<void> {
    while (this.#working) await this.#working;
  }

  close(): void {
    this.#parts.writer.close();
  }

  async #work(): Promise<void> {
    // A turn of the event loop later, what else arrived in this one is queued too.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      await this.#runGroup(this.#nextGroup(), false);
    }
    this.#working = undefined;
  }

  #nextGroup(): Job[] {
    let weight = 0;
    let n = 0;
    for (; n < this.#queue.length && weight < GROUP_WEIGHT; n += 1) weight += this.#queue[n]?.weight ?? 0;
    return this.#queue.splice(0, n);
  }

  async #runGroup(jobs: readonly Job[], again: boolean): Promise<void> {
    let kept: readonly Job[];
    try {
      this.#checkDisk();
      await this.#parts.begin();
      this.#parts.guard();
      kept = this.#runJobs(jobs);
    } catch (raw) {
      this.#refuse(jobs, raw);
      return;
    }
    try {
      this.#parts.writer.run('COMMIT');
      this.#full = undefined;
      for (const job of kept) job.resolve();
    } catch (raw) {
      await this.#afterFailedCommit(kept, raw, again);
    }
  }

  /** Small writes may find room on a full disk where larger ones do not: none is tried before there is some for all. */
  #checkDisk(): void {
    if (this.#fault) throw this.#fault;
    if (this.#full && !this.#parts.hasRoom()) throw this.#full;
  }

  /** Runs each job; answers those that did not throw. @throws the first disk fault. */
  #runJobs(jobs: readonly Job[]): readonly Job[] {
    const { writer } = this.#parts;
    const kept: Job[] = [];
    for (const job of jobs) {
      writer.run('SAVEPOINT job');
      try {
        job.run(writer);
        kept.push(job);
      } catch (raw) {
        const error = storeError(raw, this.#parts.path);
        if (endsAll(error)) throw error;
        writer.run('ROLLBACK TO job');
        job.reject(error);
      }
      writer.run('RELEASE job');
    }
    return kept;
  }

  async #afterFailedCommit(jobs: readonly Job[], raw: unknown, again: boolean): Promise<void> {
    const error = storeError(raw, this.#parts.path);
    this.#rollback();
    if (endsAll(error) || again) {
      this.#refuse(jobs, endsAll(error) ? error : unknownOutcomeError(this.#parts.path, raw));
      return;
    }
    for (const job of jobs) {
      if (!job.onUnknown) continue;
      job.onUnknown();
      job.resolve();
    }
    const repeatable = jobs.filter((job) => !job.onUnknown);
    if (repeatable.length > 0) await this.#runGroup(repeatable, true);
  }

  #refuse(jobs: readonly Job[], raw: unknown): void {
    this.#rollback();
    const error = storeError(raw, this.#parts.path);
    this.#note(error);
    for (const job of jobs) job.reject(error);
  }

  /** Never throws: whoever waits must be answered. A transaction that cannot be ended is a fault. */
  #rollback(): void {
    const { writer, path } = this.#parts;
    try {
      if (writer.inTransaction) writer.run('ROLLBACK');
    } catch (raw) {
      this.#fail(storeError(raw, path));
    }
  }

  #note(error: KairosError): void {
    if (isFull(error)) this.#full = error;
    if (isFault(error)) this.#fail(error);
  }

  #fail(error: KairosError): void {
    if (this.#fault) return;
    this.#fault = error;
    this.#parts.onFault?.(error);
  }
}
