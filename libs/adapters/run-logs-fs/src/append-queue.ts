import type { LoggedLine, Logger } from '@kairos/ports';
import { encodeLine, shortened } from './line-codec.ts';
import type { RunLogLimits } from './limits.ts';
import { codeOf } from './segments.ts';

/** What one task has to write. */
interface Waiting {
  lines: string[];
  dropped: number;
  /** The newest line that was dropped: where the word on it is put. */
  last: LoggedLine | undefined;
}

/** Longest single write, so that no file outgrows its bound by more. */
const BATCH_CHARS = 131_072;

/**
 * Lines on their way to the disk: taken over at once, written as fast as the disk goes, in order, one batch at a time. Beyond
 * its bound the newest are dropped and counted.
 */
export class AppendQueue {
  readonly #write: (taskId: string, lines: string) => Promise<void>;
  readonly #log: Logger;
  readonly #limits: RunLogLimits;
  #waiting = new Map<string, Waiting>();
  #chars = 0;
  #draining: Promise<void> | undefined;
  #failing = false;

  constructor(p: {
    /** Rejects where the lines could not be written. */
    readonly write: (taskId: string, lines: string) => Promise<void>;
    readonly log: Logger;
    readonly limits: RunLogLimits;
  }) {
    this.#write = p.write;
    this.#log = p.log;
    this.#limits = p.limits;
  }

  push(taskId: string, line: LoggedLine): void {
    const waiting = this.#waiting.get(taskId) ?? { lines: [], dropped: 0, last: undefined };
    this.#waiting.set(taskId, waiting);
    const text = encodeLine({ ...line, message: shortened(line.message, this.#limits.messageChars) });
    if (this.#chars + text.length > this.#limits.waitingChars) {
      waiting.dropped += 1;
      waiting.last = line;
    } else {
      waiting.lines.push(text);
      this.#chars += text.length;
    }
    this.#draining ??= this.#drain();
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  async #drain(): Promise<void> {
    // Lines that come in the same breath go together.
    await Promise.resolve();
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [taskId, waiting] = next;
      this.#waiting.delete(taskId);
      for (const batch of batchesOf(waiting)) await this.#keep(taskId, batch);
      this.#chars -= waiting.lines.reduce((sum, line) => sum + line.length, 0);
    }
    this.#draining = undefined;
  }

  #next(): [string, Waiting] | undefined {
    for (const entry of this.#waiting) return entry;
    return undefined;
  }

  async #keep(taskId: string, batch: string): Promise<void> {
    try {
      await this.#write(taskId, batch);
      this.#failing = false;
    } catch (error) {
      // Told once until it works again: a full disk has enough to do.
      if (!this.#failing)
        this.#log.warn('run_logs.failed', {
          task: taskId,
          error: codeOf(error),
          remedy: 'runs go on, what they say is not kept; free space, or mend the mode of the folder of logs',
        });
      this.#failing = true;
    }
  }
}

/** The lines in pieces of bounded size, with a word at the end on those that were dropped. */
function* batchesOf({ lines, dropped, last }: Waiting): Generator<string> {
  let batch = '';
  for (const line of lines) {
    if (batch !== '' && batch.length + line.length > BATCH_CHARS) {
      yield batch;
      batch = '';
    }
    batch += line;
  }
  if (last !== undefined) {
    const message = `${dropped} lines are missing here: they came faster than they could be written`;
    batch += encodeLine({ ...last, level: 'warn', stream: 'log', message });
  }
  if (batch !== '') yield batch;
}
