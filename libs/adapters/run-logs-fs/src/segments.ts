import { constants } from 'node:fs';
import { mkdir, open, readdir, rmdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^\d{13}\.ndjson$/;
const NEWLINE = 0x0a;
/** Links are not followed: a log never writes where it was not sent. */
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW;

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

const unlessGone = <T>(fallback: T): ((error: unknown) => T) => {
  return (error) => {
    if (codeOf(error) === 'ENOENT') return fallback;
    throw error;
  };
};

const segmentName = (at: number): string => `${String(Math.max(0, at)).padStart(13, '0')}.ndjson`;
const instantOf = (name: string): number => Number(name.slice(0, 13));

/** Names of a task's files, oldest first; of a task that said nothing: none. */
export async function segmentsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(unlessGone<string[]>([]));
  return names.filter((name) => NAME.test(name)).sort();
}

const sizeOf = async (path: string): Promise<number> =>
  (await stat(path).catch(unlessGone(undefined)))?.size ?? 0;

/** The bytes of a file from an offset on; of one that is gone: none. */
export async function bytesFrom(path: string, offset: number): Promise<Buffer> {
  const file = await open(path, READ).catch(unlessGone(undefined));
  if (!file) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const wanted = Buffer.alloc(Math.max(0, size - offset));
    let got = 0;
    while (got < wanted.length) {
      const { bytesRead } = await file.read(wanted, got, wanted.length - got, offset + got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    return wanted.subarray(0, got);
  } finally {
    await file.close();
  }
}

async function openToAppend(folder: string, name: string): Promise<FileHandle> {
  const path = join(folder, name);
  try {
    return await open(path, APPEND, 0o600);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return open(path, APPEND, 0o600);
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/** Whether a killed writer left half a line at the end. */
async function isTorn(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}

/** Adds to a file that has room. False: it is full, and nothing was written. */
async function appendTo(
  p: { readonly folder: string; readonly most: number; readonly bytes: Buffer },
  name: string,
): Promise<boolean> {
  const file = await openToAppend(p.folder, name);
  try {
    const { size } = await file.stat();
    if (size > 0 && size + p.bytes.length > p.most) return false;
    const bytes = (await isTorn(file, size)) ? Buffer.concat([Buffer.from('\n'), p.bytes]) : p.bytes;
    await writeAll(file, bytes);
    return true;
  } finally {
    await file.close();
  }
}

/** Deletes a task's oldest files until a new one of `most` bytes fits into `taskBytes`. */
async function makeRoom(
  folder: string,
  p: { readonly most: number; readonly taskBytes: number },
): Promise<void> {
  const names = await segmentsIn(folder);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, name))));
  let total = sizes.reduce((a, b) => a + b, 0);
  for (const [i, name] of names.entries()) {
    if (total <= p.taskBytes - p.most) return;
    await unlink(join(folder, name)).catch(unlessGone(undefined));
    total -= sizes[i] ?? 0;
  }
}

/** Adds whole lines to the newest file of a task, or to a new one when that is full. Answers whether it made one. */
export async function appendLines(p: {
  readonly folder: string;
  readonly bytes: Buffer;
  readonly now: number;
  /** Of one file. */
  readonly most: number;
  readonly taskBytes: number;
}): Promise<void> {
  const newest = (await segmentsIn(p.folder)).at(-1);
  if (newest !== undefined && (await appendTo(p, newest))) return;
  await makeRoom(p.folder, p);
  // Names grow, whatever the clock does.
  const at = newest === undefined ? p.now : Math.max(p.now, instantOf(newest) + 1);
  await appendTo({ ...p, most: Infinity }, segmentName(at));
}

/** Deletes the oldest files of all tasks until what is left takes `most` bytes. Answers how many bytes that is. */
export async function sweep(dir: string, most: number): Promise<number> {
  const folders = await readdir(dir).catch(unlessGone<string[]>([]));
  const files: { readonly path: string; readonly at: number; readonly size: number }[] = [];
  for (const folder of folders)
    for (const name of await segmentsIn(join(dir, folder)).catch(() => [])) {
      const path = join(dir, folder, name);
      files.push({ path, at: instantOf(name), size: await sizeOf(path) });
    }
  let total = files.reduce((sum, f) => sum + f.size, 0);
  for (const { path, size } of files.sort((a, b) => a.at - b.at)) {
    if (total <= most) break;
    await unlink(path).catch(unlessGone(undefined));
    // Fails where there is more in it.
    await rmdir(join(path, '..')).catch(() => undefined);
    total -= size;
  }
  return total;
}
