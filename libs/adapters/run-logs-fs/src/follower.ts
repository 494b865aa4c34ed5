import { join } from 'node:path';
import type { LoggedLine } from '@kairos/ports';
import { decodeLines } from './line-codec.ts';
import { bytesFrom, segmentsIn } from './segments.ts';

/** Reads a task's files on from where it stopped. */
export class Follower {
  readonly #folder: string;
  /** Bytes read, by file. */
  #read: ReadonlyMap<string, number> = new Map();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Every line since the last call, of the first: all there are. Of several files, the older one's first. */
  async fresh(): Promise<readonly LoggedLine[]> {
    const names = await segmentsIn(this.#folder);
    const read = new Map<string, number>();
    const out: LoggedLine[] = [];
    for (const name of names) {
      const from = this.#read.get(name) ?? 0;
      const { lines, used } = decodeLines(await bytesFrom(join(this.#folder, name), from));
      read.set(name, from + used);
      for (const line of lines) out.push(line);
    }
    this.#read = read;
    return out;
  }
}

/** The newest `limit` lines that match, oldest first; reads no more files than it needs. */
export async function newestLines(p: {
  readonly folder: string;
  readonly limit: number;
  readonly matches: (line: LoggedLine) => boolean;
}): Promise<readonly LoggedLine[]> {
  let found: readonly LoggedLine[] = [];
  for (const name of [...(await segmentsIn(p.folder))].reverse()) {
    if (found.length >= p.limit) break;
    const { lines } = decodeLines(await bytesFrom(join(p.folder, name), 0));
    found = [...lines.filter(p.matches), ...found];
  }
  return p.limit > 0 ? found.slice(-p.limit) : [];
}
