import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Connection } from './connection.ts';
import { replacedError, shortenedError, storeError } from './errors.ts';

/** A disk that was full is taken to have room again from so many free bytes on: about what the log needs. */
const ROOM_BYTES = 4 * 1024 * 1024;

/** Which file lies at the path now. */
export const identityOf = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.dev}:${stat.ino}` : 'nothing';
};

/**
 * Tells whether the store's file is still the one that was opened. What others do to it behind SQLite's back goes
 * unnoticed there: it goes on with the descriptors it has, and what it acknowledges is lost.
 */
export class FileWatch {
  readonly #path: string;
  readonly #file: string;
  #log: string | undefined;
  #size = 0;

  /** To be made once the file is open. */
  constructor(path: string) {
    this.#path = path;
    this.#file = identityOf(path);
  }

  /** Runs inside each write transaction. @throws StoreError `STORE_REPLACED`, `STORE_CORRUPT` */
  check(db: Connection): void {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    if (!stat || `${stat.dev}:${stat.ino}` !== this.#file) throw replacedError(this.#path);
    // The log is made by the first transaction and stays until the last connection closes.
    const log = identityOf(`${this.#path}-wal`);
    this.#log ??= log;
    if (log !== this.#log) throw replacedError(this.#path);
    this.#checkSize(db, stat.size);
  }

  /** A file only ever grows, but for a VACUUM, after which its pages are fewer too. */
  #checkSize(db: Connection, size: number): void {
    if (size < this.#size) {
      const pages = db.number('PRAGMA page_count') * db.number('PRAGMA page_size');
      if (size < Math.min(this.#size, pages)) throw shortenedError(this.#path);
    }
    this.#size = size;
  }

  hasRoom(): boolean {
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#path));
      return bavail * bsize >= ROOM_BYTES;
    } catch (raw) {
      throw storeError(raw, this.#path);
    }
  }
}

/**
 * Brings all of the log into the file that was opened, wherever that is now, and leaves the log empty. Left as it is, it
 * would be missing there, and would be taken for the log of whatever lies at the path next.
 */
export function foldLog(db: Connection): void {
  try {
    db.get('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    return; // It was a rescue only: the fault that led here is what is told.
  }
}
