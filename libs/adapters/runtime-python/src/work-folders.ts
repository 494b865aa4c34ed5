import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'kairos-python-';

/** A fresh folder (mode 0700) that is a worker's home, working folder and place for temporary files. Synchronous: one call. */
export const makeWorkFolder = (root: string): string => mkdtempSync(join(root, `${PREFIX}${process.pid}-`));

/** Removes what a run left in it. */
export async function emptyWorkFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(names.map((name) => removed(join(folder, name))));
}

export const removed = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true }).catch(() => undefined);

/** Removes the folders of servers that were killed. */
export function sweepWorkFolders(root: string): void {
  for (const name of readdirSync(root)) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    rmSync(join(root, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
