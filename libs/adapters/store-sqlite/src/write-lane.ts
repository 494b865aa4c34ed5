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
  /**
   * A cheaper way for the usual case, tried first, in no savepoint: it writes nothing, but may gather in the lane's stage.
   * Undefined, with nothing gathered: it is not that case.
   */
  readonly light?: ((db: Connection) => T | undefined) | undefined;
}

/** Gathers what light writes of one transaction bring. */
export interface Stage {
  /** At the start of each transaction. */
  opened(db: Connection): void;
  /** Writes what was gathered: before any write that is not light, and before the commit. */
  settle(db: Connection): void;
  /** After a rollback: nothing of what was gathered, or written, took effect. */
  lost(): void;
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
  readonly stage?: Stage | undefined;
  /** Housekeeping of the file between two transactions, when those that waited have their answer. Must not throw. */
  tidy?(): void;
  /** Called once, with the fault that ends all writing. Must not throw. */
  onFault?(error: KairosError): void;
}

/** A write on its way, whatever it answers. */
interface Job {
  readonly weight: number;
  /** @throws what the write throws */
  run(db: Connection): void;
  /** The cheaper way. False: it is not its case. @throws what the write throws, having left nothing behind */
  runLight(db: Connection): boolean;
  /** After a commit of unknown outcome: whether there is an answer for that. */
  giveUp(): boolean;
  resolve(): void;
  readonly reject: (error: KairosError) => void;
}

/** One object with methods rather than closures: many come at once. */
class Write<T> implements Job {
  readonly weight: number;
  readonly #op: (db: Connection) => T;
  readonly #options: WriteOptions<T>;
  readonly #resolve: (answer: T) => void;
  readonly reject: (error: KairosError) => void;
  #answer: T | undefined;

  constructor(
    op: (db: Connection) => T,
    options: WriteOptions<T>,
    resolve: (answer: T) => void,
    reject: (error: KairosError) => void,
  ) {
    this.weight = WRITE_WEIGHT + (options.rows ?? 0);
    this.#op = op;
    this.#options = options;
    this.#resolve = resolve;
    this.reject = reject;
  }

  run(db: Connection): void {
    this.#answer = this.#op(db);
  }

  runLight(db: Connection): boolean {
    this.#answer = this.#options.light?.(db);
    return this.#answer !== undefined;
  }

  giveUp(): boolean {
    const { onUnknown } = this.#options;
    if (onUnknown) this.#answer = onUnknown();
    return onUnknown !== undefined;
  }

  resolve(): void {
    this.#resolve(this.#answer as T);
  }
}

/**
 * Writes share a transaction until they weigh so much together: about 10 ms, as it blocks this process while it runs. A
 * write alone costs about as much as twenty rows, a light one, with its part of the pages, as much as five. No clock
 * parts them: on a busy machine that would only add commits.
 */
const GROUP_WEIGHT = 8_192;
const WRITE_WEIGHT = 20;
const LIGHT_WEIGHT = 5;
const MOST_JOBS = Math.ceil(GROUP_WEIGHT / LIGHT_WEIGHT);

/** Of one transaction: those that stand once it is committed, and those whose turn did not come. */
interface Done {
  readonly kept: readonly Job[];
  readonly left: readonly Job[];
}

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
    return new Promise<T>((resolve, reject) => {
      this.#queue.push(new Write(op, options, resolve, reject));
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
      await this.#runGroup(this.#queue.splice(0, MOST_JOBS), false);
      if (this.#parts.tidy && !this.#fault) {
        await new Promise((resolve) => setImmediate(resolve));
        this.#parts.tidy();
      }
    }
    this.#working = undefined;
  }

  async #runGroup(jobs: readonly Job[], again: boolean): Promise<void> {
    const { writer, stage } = this.#parts;
    let done: Done;
    try {
      this.#checkDisk();
      await this.#parts.begin();
      this.#parts.guard();
      stage?.opened(writer);
      done = this.#runJobs(jobs);
      stage?.settle(writer);
    } catch (raw) {
      this.#refuse(jobs, raw);
      return;
    }
    this.#queue.unshift(...done.left);
    try {
      writer.run('COMMIT');
      this.#full = undefined;
      for (const job of done.kept) job.resolve();
    } catch (raw) {
      await this.#afterFailedCommit(done.kept, raw, again);
    }
  }

  /** Small writes may find room on a full disk where larger ones do not: none is tried before there is some for all. */
  #checkDisk(): void {
    if (this.#fault) throw this.#fault;
    if (this.#full && !this.#parts.hasRoom()) throw this.#full;
  }

  /** Runs jobs until they weigh enough. @throws the first disk fault. */
  #runJobs(jobs: readonly Job[]): Done {
    const kept: Job[] = [];
    let weight = 0;
    let i = 0;
    for (const job of jobs) {
      if (weight >= GROUP_WEIGHT) break;
      i += 1;
      const isLight = this.#runLight(job);
      if (isLight ?? this.#runHeavy(job)) kept.push(job);
      weight += isLight === undefined ? job.weight : job.weight - WRITE_WEIGHT + LIGHT_WEIGHT;
    }
    return { kept, left: jobs.slice(i) };
  }

  /** Whether it stands; undefined: it is none. What it throws left nothing behind. */
  #runLight(job: Job): boolean | undefined {
    try {
      return job.runLight(this.#parts.writer) ? true : undefined;
    } catch (raw) {
      this.#reject(job, raw);
      return false;
    }
  }

  /** Whether it stands. */
  #runHeavy(job: Job): boolean {
    const { writer, stage } = this.#parts;
    stage?.settle(writer);
    writer.run('SAVEPOINT job');
    let stands = true;
    try {
      job.run(writer);
    } catch (raw) {
      this.#reject(job, raw);
      stands = false;
      writer.run('ROLLBACK TO job');
    }
    writer.run('RELEASE job');
    return stands;
  }

  /** @throws what ends the whole transaction. */
  #reject(job: Job, raw: unknown): void {
    const error = storeError(raw, this.#parts.path);
    if (endsAll(error)) throw error;
    job.reject(error);
  }

  async #afterFailedCommit(jobs: readonly Job[], raw: unknown, again: boolean): Promise<void> {
    const error = storeError(raw, this.#parts.path);
    this.#rollback();
    if (endsAll(error) || again) {
      this.#refuse(jobs, endsAll(error) ? error : unknownOutcomeError(this.#parts.path, raw));
      return;
    }
    const repeatable: Job[] = [];
    for (const job of jobs)
      if (job.giveUp()) job.resolve();
      else repeatable.push(job);
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
    this.#parts.stage?.lost();
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
