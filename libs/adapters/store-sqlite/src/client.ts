import { mkdirSync, openSync, closeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError, type KairosError } from '@kairos/domain';
import { Connection } from './connection.ts';
import { closedError, isFault, needsUpgradeError, notWritableError, storeError } from './errors.ts';
import { FileWatch, foldLog } from './file-watch.ts';
import { HotStage } from './hot-stage.ts';
import { formatOf, latestOf, migrate, MIGRATIONS, type Migration } from './schema.ts';
import { WriteLane, type WriteOptions } from './write-lane.ts';

export interface SqliteOptions {
  /** File on a local disk; it and its folders are made when missing. */
  readonly path: string;
  /** How long to wait for another process that writes. Default 5,000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Opens an existing store without changing it; writes reject with `STORE_READ_ONLY`. */
  readonly readOnly?: boolean | undefined;
}

/** SQLite waits this long inside a call, blocking this process; all longer waiting is asynchronous. */
const BLOCKING_WAIT_MS = 50;
const PAUSE_MS = 50;
const DEFAULT_BUSY_MS = 5_000;

/** So many pages in the log that are not in the file yet are folded into it, between two transactions. */
const LOG_PAGES = 4_000;

/** SQLite folds the log within a commit only where we did not come to it. */
const PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'foreign_keys = ON',
  'cache_size = -16000',
  `wal_autocheckpoint = ${4 * LOG_PAGES}`,
];

/** In pages. */
interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

/** Makes the file, readable by its owner alone, before SQLite would make it with the default mode. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

/**
 * Repeats `step` while another process holds the file, for at most `busyMs`. @throws KairosError: the translated error.
 */
async function whileLocked<T>(path: string, busyMs: number, step: () => T): Promise<T> {
  for (let waited = 0; ; waited += BLOCKING_WAIT_MS + PAUSE_MS) {
    try {
      return step();
    } catch (raw) {
      const error = storeError(raw, path);
      if (error.code !== 'STORE_LOCKED' || waited >= busyMs) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

function openWriter(path: string, migrations: readonly Migration[]): { writer: Connection; format: number } {
  makeFile(path);
  const writer = new Connection(path, { readonly: false, timeoutMs: BLOCKING_WAIT_MS });
  try {
    formatOf(writer, path, latestOf(migrations));
    for (const pragma of PRAGMAS) writer.exec(`PRAGMA ${pragma}`);
    return { writer, format: migrate(writer, path, migrations) };
  } catch (error) {
    writer.close();
    throw error;
  }
}

function openReader(path: string, latest: number): Connection {
  const reader = new Connection(path, { readonly: true, timeoutMs: BLOCKING_WAIT_MS });
  try {
    const format = formatOf(reader, path, latest);
    if (format < latest) throw needsUpgradeError(path, format);
    return reader;
  } catch (error) {
    reader.close();
    throw error;
  }
}

/**
 * One open store file: a connection that writes, in grouped transactions, and one that only reads. After a disk fault it
 * acknowledges nothing more: every write rejects with the fault. A full disk is such a fault only until there is room.
 */
export class SqliteClient {
  readonly path: string;
  /** Where recent rows gather before they are written. */
  readonly stage: HotStage;
  readonly #reader: Connection;
  readonly #lane: WriteLane | undefined;
  #fault: KairosError | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: {
    readonly path: string;
    readonly reader: Connection;
    readonly lane: WriteLane | undefined;
    readonly stage: HotStage;
  }) {
    this.path = parts.path;
    this.stage = parts.stage;
    this.#reader = parts.reader;
    this.#lane = parts.lane;
  }

  /** The first disk fault seen, if any. */
  get fault(): KairosError | undefined {
    return this.#lane?.fault ?? this.#fault;
  }

  /** Runs `op` in a write transaction, durable when it resolves. `op` may run twice, so it must be repeatable. */
  write<T>(op: (db: Connection) => T, options?: WriteOptions<T>): Promise<T> {
    if (this.#closing) return Promise.reject(closedError(this.path));
    if (this.#fault) return Promise.reject(this.#fault);
    if (!this.#lane) return Promise.reject(notWritableError(this.path));
    return this.#lane.write(op, options);
  }

  /** Runs `op` on one snapshot that holds everything acknowledged so far. */
  read<T>(op: (db: Connection) => T): T {
    this.#check();
    try {
      this.#reader.run('BEGIN');
      const answer = op(this.#reader);
      this.#reader.run('COMMIT');
      return answer;
    } catch (raw) {
      this.#endRead();
      const error = storeError(raw, this.path);
      if (isFault(error)) this.#fault ??= error;
      throw error;
    }
  }

  /** After a failed read; a damaged file may refuse even this, and what went before says more. */
  #endRead(): void {
    try {
      if (this.#reader.inTransaction) this.#reader.run('ROLLBACK');
    } catch {
      return;
    }
  }

  /** Waits for writes under way, then closes. Later calls reject with `STORE_CLOSED`. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #check(): void {
    if (this.#closing) throw closedError(this.path);
  }

  async #finish(): Promise<void> {
    await this.#lane?.drain();
    this.#reader.close();
    this.#lane?.close();
  }
}

/**
 * Keeps the log short. It waits for nobody; what could not be folded waits for the next time, and what the disk has
 * against it the next commit tells.
 */
function foldLongLog(writer: Connection): void {
  try {
    const log = writer.get<LogState>('PRAGMA wal_checkpoint(NOOP)');
    if (log && log.log - log.checkpointed >= LOG_PAGES) writer.get('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    return;
  }
}

function laneOver(p: {
  readonly path: string;
  readonly busyMs: number;
  readonly writer: Connection;
  readonly format: number;
  readonly stage: HotStage;
}): WriteLane {
  const { path, busyMs, writer, format, stage } = p;
  const file = new FileWatch(path);
  return new WriteLane({
    path,
    writer,
    stage,
    begin: () => whileLocked(path, busyMs, () => void writer.run('BEGIN IMMEDIATE')),
    guard: () => {
      file.check(writer);
      if (writer.number('PRAGMA user_version') !== format) formatOf(writer, path, format);
    },
    tidy: () => foldLongLog(writer),
    hasRoom: () => file.hasRoom(),
    onFault: ({ code }) => {
      if (code === 'STORE_REPLACED') foldLog(writer);
    },
  });
}

/** Opens or makes a store file. @throws StoreError with a remedy: see errors.ts. */
export async function openClient(
  options: SqliteOptions,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<SqliteClient> {
  const { path, readOnly = false, busyTimeoutMs: busyMs = DEFAULT_BUSY_MS } = options;
  if (path === '' || path.startsWith(':memory:')) {
    throw new StoreError('STORE_BAD_INPUT', 'the SQLite store wants the path of a file', {
      details: { path },
    });
  }
  const opened = readOnly ? undefined : await whileLocked(path, busyMs, () => openWriter(path, migrations));
  try {
    const reader = await whileLocked(path, busyMs, () => openReader(path, latestOf(migrations)));
    const stage = new HotStage();
    const lane = opened && laneOver({ path, busyMs, ...opened, stage });
    return new SqliteClient({ path, reader, lane, stage });
  } catch (error) {
    opened?.writer.close();
    throw error;
  }
}
