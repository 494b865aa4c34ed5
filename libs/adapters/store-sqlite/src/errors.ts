import { KairosError, StoreError } from '@kairos/domain';

type Code = `STORE_${string}`;

interface Meaning {
  readonly code: Code;
  /** What happened, and what to do. */
  readonly text: string;
  readonly retryable?: boolean;
}

const FULL: Meaning = {
  code: 'STORE_FULL',
  text: 'the disk is full; free space, and writing goes on by itself',
  retryable: true,
};
const IO: Meaning = {
  code: 'STORE_IO',
  text: 'the disk failed to read or write; check the disk and the system log, then restart',
};
const CORRUPT: Meaning = {
  code: 'STORE_CORRUPT',
  text: 'the file is damaged or no Kairos store; move it aside and restore a copy, or name another path',
};
const LOCKED: Meaning = {
  code: 'STORE_LOCKED',
  text: 'another process holds the file; stop it, or wait until it is done',
  retryable: true,
};
const READ_ONLY: Meaning = {
  code: 'STORE_READ_ONLY',
  text: 'the file or its folder cannot be written by this user; correct their owner or mode, or name another path',
};
const REPLACED: Meaning = {
  code: 'STORE_REPLACED',
  text: 'the file or its log was moved, deleted or replaced while open; put it back, then restart, or restart to use what is there now',
};
const SHORTENED: Meaning = {
  code: 'STORE_CORRUPT',
  text: 'the file was cut short while open; move it aside and restore a copy, or name another path',
};

/** By beginning of the raw code: SQLite's (extended ones included) and the file system's. Order matters. */
const MEANINGS: readonly (readonly [string, Meaning])[] = [
  ['SQLITE_READONLY_DBMOVED', REPLACED],
  ['SQLITE_READONLY', READ_ONLY],
  ['SQLITE_CANTOPEN', READ_ONLY],
  ['SQLITE_PERM', READ_ONLY],
  ['SQLITE_FULL', FULL],
  // Room for the shared index of the log could not be had.
  ['SQLITE_IOERR_SHMSIZE', FULL],
  ['SQLITE_IOERR', IO],
  ['SQLITE_CORRUPT', CORRUPT],
  ['SQLITE_NOTADB', CORRUPT],
  ['SQLITE_BUSY', LOCKED],
  ['SQLITE_LOCKED', LOCKED],
  ['EACCES', READ_ONLY],
  ['EPERM', READ_ONLY],
  ['EROFS', READ_ONLY],
  ['EISDIR', READ_ONLY],
  ['ENOTDIR', READ_ONLY],
  ['EEXIST', READ_ONLY],
  ['ENOENT', READ_ONLY],
  ['ENOSPC', FULL],
  ['EDQUOT', FULL],
  ['EIO', IO],
];

const UNEXPECTED: Meaning = {
  code: 'STORE_UNEXPECTED',
  text: 'the database refused a statement; please report this',
};

const rawCode = (raw: unknown): string =>
  typeof raw === 'object' && raw !== null && 'code' in raw && typeof raw.code === 'string' ? raw.code : '';

/** What a raw error from SQLite or the file system means. Kairos errors pass as they are. */
export function storeError(raw: unknown, path: string): KairosError {
  if (KairosError.is(raw)) return raw;
  const code = rawCode(raw);
  const meaning = MEANINGS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? UNEXPECTED;
  return refusal(meaning, path, raw);
}

function refusal(meaning: Meaning, path: string, cause?: unknown): StoreError {
  return new StoreError(meaning.code, `store ${path}: ${meaning.text}`, {
    retryable: meaning.retryable ?? false,
    details: { path, ...(cause === undefined ? {} : { raw: rawCode(cause) }) },
    cause,
  });
}

export const replacedError = (path: string): StoreError => refusal(REPLACED, path);

export const shortenedError = (path: string): StoreError => refusal(SHORTENED, path);

export const foreignError = (path: string): StoreError =>
  new StoreError(
    'STORE_CORRUPT',
    `store ${path}: this SQLite database belongs to another program; name another path`,
    {
      details: { path },
    },
  );

export const newerError = (path: string, found: number, known: number): StoreError =>
  new StoreError(
    'STORE_NEWER',
    `store ${path}: written in format ${found}, this Kairos reads up to ${known}; install a newer one`,
    {
      details: { path, found, known },
    },
  );

export const needsUpgradeError = (path: string, found: number): StoreError =>
  new StoreError(
    'STORE_READ_ONLY',
    `store ${path}: format ${found} must be upgraded first; open it once for writing`,
    {
      details: { path, found },
    },
  );

export const notWritableError = (path: string): StoreError =>
  new StoreError('STORE_READ_ONLY', `store ${path}: opened for reading only`, { details: { path } });

export const closedError = (path: string): StoreError =>
  new StoreError('STORE_CLOSED', `store ${path}: was closed; open it again to use it`, { details: { path } });

export const unknownOutcomeError = (path: string, cause: unknown): StoreError =>
  new StoreError(
    'STORE_UNKNOWN_OUTCOME',
    `store ${path}: cannot say whether the last write was kept; repeat it`,
    {
      retryable: true,
      details: { path },
      cause,
    },
  );

const FAULTS: readonly string[] = ['STORE_IO', 'STORE_CORRUPT', 'STORE_REPLACED', 'STORE_NEWER'];

/** Errors after which nothing more may be acknowledged before a restart: the disk, or the file under us, is not what it was. */
export const isFault = (error: KairosError): boolean => FAULTS.includes(error.code);

/** Nothing was written, and nothing will be until there is room; what is kept is sound. */
export const isFull = (error: KairosError): boolean => error.code === 'STORE_FULL';
