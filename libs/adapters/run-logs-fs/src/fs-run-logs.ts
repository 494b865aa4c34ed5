import { join } from 'node:path';
import { StoreError } from '@kairos/domain';
import type { Clock, LoggedLine, Logger, RunLogFilter, RunLogLine, RunLogs } from '@kairos/ports';
import { AppendQueue } from './append-queue.ts';
import { Follower, newestLines } from './follower.ts';
import { DEFAULT_RUN_LOG_LIMITS, segmentBytes, type RunLogLimits } from './limits.ts';
import { folderOf } from './names.ts';
import { appendLines, codeOf, sweep } from './segments.ts';

export interface FsRunLogsDeps {
  /** Made with the first line. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: RunLogLimits | undefined;
}

/** How often files are looked at that somebody follows. */
const LOOK_MS = 250;

/** All files together are counted each time so large a share of their bound was written. */
const SWEEP_SHARE = 16;

const matcher = (p: RunLogFilter): ((line: LoggedLine) => boolean) =>
  p.runId === undefined ? () => true : (line) => line.runId === p.runId;

/** Logs of runs in a folder, a folder for each task. Several processes may write and read it at once. */
export class FsRunLogs implements RunLogs {
  readonly #deps: FsRunLogsDeps;
  readonly #limits: RunLogLimits;
  readonly #queue: AppendQueue;
  /** Bytes written since all files were counted; the first line counts them. */
  #uncounted = Infinity;

  constructor(deps: FsRunLogsDeps) {
    this.#deps = deps;
    this.#limits = deps.limits ?? DEFAULT_RUN_LOG_LIMITS;
    this.#queue = new AppendQueue({
      write: (taskId, lines) => this.#write(taskId, lines),
      log: deps.log,
      limits: this.#limits,
    });
  }

  append(p: { readonly taskId: string; readonly runId: string; readonly line: RunLogLine }): void {
    this.#queue.push(p.taskId, { ...p.line, runId: p.runId });
  }

  flush(): Promise<void> {
    return this.#queue.idle();
  }

  async read(p: RunLogFilter & { readonly limit: number }): Promise<readonly LoggedLine[]> {
    const folder = this.#folder(p.taskId);
    return newestLines({ folder, limit: p.limit, matches: matcher(p) }).catch((e: unknown) =>
      unread(folder, e),
    );
  }

  async *follow(
    p: RunLogFilter & { readonly last: number; readonly signal: AbortSignal },
  ): AsyncIterable<LoggedLine> {
    const folder = this.#folder(p.taskId);
    const follower = new Follower(folder);
    const matches = matcher(p);
    const fresh = async (): Promise<readonly LoggedLine[]> =>
      (await follower.fresh().catch((error: unknown) => unread(folder, error))).filter(matches);
    const before = await fresh();
    yield* p.last > 0 ? before.slice(-p.last) : [];
    while (!p.signal.aborted) {
      await this.#deps.clock.sleep(LOOK_MS, p.signal).catch(() => undefined);
      // What was said until the end is still told.
      yield* await fresh();
    }
  }

  #folder(taskId: string): string {
    return join(this.#deps.dir, folderOf(taskId));
  }

  async #write(taskId: string, lines: string): Promise<void> {
    const { dir, clock } = this.#deps;
    const { taskBytes, totalBytes } = this.#limits;
    const bytes = Buffer.from(lines);
    const share = Math.floor(totalBytes / SWEEP_SHARE);
    this.#uncounted += bytes.length;
    if (this.#uncounted > share) {
      this.#uncounted = bytes.length;
      await sweep(dir, totalBytes - share);
    }
    const folder = this.#folder(taskId);
    await appendLines({ folder, bytes, now: clock.now(), most: segmentBytes(this.#limits), taskBytes });
  }
}

function unread(folder: string, error: unknown): never {
  const why = `the log ${folder} cannot be read (${codeOf(error)}); correct its owner or mode`;
  throw new StoreError('STORE_IO', why, { cause: error });
}
