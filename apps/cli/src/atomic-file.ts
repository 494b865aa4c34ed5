import { randomBytes } from 'node:crypto';
import { link, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface AtomicFile {
  readonly path: string;
  readonly chunks: AsyncIterable<string | Uint8Array>;
  /** Replace what is there; else it stays, and writing fails with Node's `EEXIST`. */
  readonly overwrite: boolean;
  /** Called with the bytes written so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Stops the writing; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
}

/** Beside the target, so that a rename moves no bytes; hidden, and of this process alone. */
const temporaryName = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.part`);

async function pour(file: FileHandle, p: AtomicFile): Promise<number> {
  let bytes = 0;
  for await (const chunk of p.chunks) {
    p.signal?.throwIfAborted();
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    // One write may take less than it is given.
    for (let at = 0; at < data.length;) at += (await file.write(data, at)).bytesWritten;
    bytes += data.length;
    p.onBytes?.(bytes);
  }
  p.signal?.throwIfAborted();
  await file.sync();
  return bytes;
}

/** A name is only durable once its folder is; where folders cannot be opened, the system sees to it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Gives the finished file its name. A link, unlike a rename, never replaces what is there. */
async function publish(temporary: string, { path, overwrite }: AtomicFile): Promise<void> {
  if (overwrite) await rename(temporary, path);
  else {
    await link(temporary, path);
    await unlink(temporary);
  }
  await syncFolder(path);
}

/**
 * Writes a file that is there whole or not at all: under another name first, flushed to disk, then renamed. Whatever goes
 * wrong, what stood at the path before still stands, and nothing else is left. Answers its size. @throws what the chunks
 * or the disk throw, and the signal's reason
 */
export async function writeAtomically(p: AtomicFile): Promise<number> {
  const temporary = temporaryName(p.path);
  const file = await open(temporary, 'wx');
  try {
    const bytes = await pour(file, p).finally(() => file.close());
    await publish(temporary, p);
    return bytes;
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
