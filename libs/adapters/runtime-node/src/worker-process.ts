import { spawn, type ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { KairosError } from '@kairos/domain';
import type { Clock } from '@kairos/ports';
import { after, framed, FrameReader, LineReader } from '@kairos/runtime-common';
import { readMessage, type WorkerMessage, type WorkerNotice, type WorkerOrder } from './messages.ts';
import { WORKER_SOURCE } from './worker/source.ts';

export interface WorkerListener {
  message(message: WorkerMessage): void;
  line(stream: 'stdout' | 'stderr', text: string): void;
}

/** How a worker's process ended. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** It used more memory than it may. */
  readonly outOfMemory: boolean;
  /** It broke the protocol and was killed for it, or could not be started. */
  readonly fault: KairosError | undefined;
}

/** What holds a dead worker's output open is given this long; then it is let go. */
const OUTPUT_MS = 1_000;
/** V8's last words when its heap is full, and how much of an output is kept to find them in, whatever came before. */
const HEAP_FULL = /^FATAL ERROR.*(out of memory|invalid (table|array|string) (size|length))/im;
const LAST_BYTES = 32_768;

/**
 * A process for one order, leader of a group of its own: frames to it on descriptor 3 and from it on 4, a line on 5 by which
 * each learns of the other's end, lines on its outputs. When it is gone, its whole group is.
 */
export class WorkerProcess {
  /** Resolves once the process is gone and what it wrote has been read. */
  readonly gone: Promise<WorkerExit>;
  readonly #child: ChildProcess;
  #fault: KairosError | undefined;
  #outOfMemory = false;
  #lastWords: Buffer = Buffer.alloc(0);

  constructor(p: {
    readonly memoryMb: number;
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly clock: Clock;
    readonly listener: WorkerListener;
  }) {
    const flags = [`--max-old-space-size=${p.memoryMb}`, '--no-deprecation', '--eval', WORKER_SOURCE];
    this.#child = spawn(process.execPath, flags, {
      cwd: p.cwd,
      env: p.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#readLines(p.listener);
    this.#readFrames(p.listener);
    this.#pipe(5)?.on('data', () => (this.#outOfMemory = true));
    this.gone = this.#untilGone(p.clock);
  }

  /** A process that is gone takes no notice. */
  send(message: WorkerOrder | WorkerNotice): void {
    const orders = this.#pipe(3);
    if (orders?.writable === true) orders.write(framed(Buffer.from(JSON.stringify(message))));
  }

  /** The process and all that it started. */
  kill(): void {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
  }

  #pipe(descriptor: 3 | 4 | 5): Duplex | undefined {
    // The type knows of five pipes, and there are six.
    const pipes: readonly unknown[] = this.#child.stdio;
    const stream = pipes[descriptor];
    return stream instanceof Duplex ? stream : undefined;
  }

  #readLines(listener: WorkerListener): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const lines = new LineReader({ line: (text) => listener.line(name, text) });
      this.#child[name]
        ?.on('data', (bytes: Buffer) => lines.push(bytes))
        .on('end', () => lines.end())
        .on('error', () => undefined);
    }
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#lastWords = Buffer.concat([this.#lastWords, bytes]).subarray(-LAST_BYTES);
    });
  }

  #readFrames(listener: WorkerListener): void {
    const frames = new FrameReader();
    this.#pipe(4)?.on('data', (bytes: Buffer) => {
      if (this.#fault) return;
      try {
        for (const body of frames.push(bytes)) listener.message(readMessage(body));
      } catch (error) {
        this.#fault = KairosError.is(error) ? error : new KairosError('JOB_FRAME', String(error));
        this.kill();
      }
    });
    for (const descriptor of [3, 4, 5] as const) this.#pipe(descriptor)?.on('error', () => undefined);
  }

  #untilGone(clock: Clock): Promise<WorkerExit> {
    const child = this.#child;
    return new Promise((resolve) => {
      let exit: Pick<WorkerExit, 'code' | 'signal'> = { code: null, signal: null };
      let stopWaiting = (): void => undefined;
      const finish = (): void => {
        stopWaiting();
        for (const stream of child.stdio) stream?.destroy();
        const outOfMemory = this.#outOfMemory || HEAP_FULL.test(this.#lastWords.toString('latin1'));
        resolve({ ...exit, outOfMemory, fault: this.#fault });
      };
      child.on('error', (error) => {
        this.#fault ??= new KairosError(
          'JOB_RUNTIME_MISSING',
          `Node.js could not be started: ${error.message}`,
        );
        if (child.pid === undefined) finish();
      });
      child.on('exit', (code, signal) => {
        exit = { code, signal };
        // What it started goes with it.
        this.kill();
        stopWaiting = after(clock, OUTPUT_MS, () => child.stdio.forEach((stream) => stream?.destroy()));
      });
      child.on('close', finish);
    });
  }
}
