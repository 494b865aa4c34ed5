import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Duplex } from 'node:stream';
import { KairosError } from '@kairos/domain';
import type { Clock } from '@kairos/ports';
import { after, encodeFrame, FrameReader, LineReader, type Environment } from '@kairos/runtime-common';
import { readMessage, type WorkerMessage } from './messages.ts';
import { killGroup } from './run-program.ts';

/** How a worker's process ended. `fault`: it broke the protocol, and was killed for it. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly fault: KairosError | undefined;
}

export interface WorkerListener {
  message(message: WorkerMessage): void;
  line(stream: 'stdout' | 'stderr', text: string): void;
  /** Both outputs of the run have been read to their end. */
  outputDone(): void;
}

/** Starts a worker; its package lies in the folder that is the first argument. Nothing else of that folder can be imported. */
const BOOT =
  'import sys; d = sys.argv.pop(1); sys.path.insert(0, d); import kairos_tasks.worker as w; sys.path.remove(d); w.main()';
/** `-I`: neither the environment nor the working folder adds modules. */
const FLAGS = '-I -u -X utf8'.split(' ');

/** After the process is gone, what holds its outputs open is given this long: it left the group, so it cannot be killed. */
const OUTPUT_MS = 1_000;

/**
 * A worker's process: leader of a group of its own, with frames on descriptors 3 (to it) and 4 (from it) and lines on its
 * outputs. Whoever breaks the protocol is killed, group and all.
 */
export class WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves once the process is gone, its group is killed, and its outputs are read to their end. */
  readonly gone: Promise<WorkerExit>;
  readonly #child: ChildProcess;
  readonly #listener: WorkerListener;
  readonly #clock: Clock;
  readonly #orders: Writable | undefined;
  readonly #readers: readonly LineReader[];
  #fault: KairosError | undefined;
  #marks = 0;
  #exited = false;

  constructor(p: {
    readonly python: string;
    readonly packageDir: string;
    /** Folder for compiled modules: nothing is written beside the functions. */
    readonly cacheDir: string;
    readonly env: Environment;
    readonly cwd: string;
    readonly clock: Clock;
    readonly listener: WorkerListener;
  }) {
    this.#listener = p.listener;
    this.#clock = p.clock;
    const cache = `pycache_prefix=${p.cacheDir}`;
    this.#child = spawn(p.python, [...FLAGS, '-X', cache, '-c', BOOT, p.packageDir], {
      cwd: p.cwd,
      env: { ...p.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid;
    const orders = this.#child.stdio[3];
    this.#orders = orders instanceof Duplex ? orders : undefined;
    this.#orders?.on('error', () => undefined);
    this.#readers = [
      this.#readLines('stdout', this.#child.stdout),
      this.#readLines('stderr', this.#child.stderr),
    ];
    this.#readFrames(this.#child.stdio[4]);
    this.gone = this.#untilGone();
  }

  /** @throws KairosError JOB_FRAME when the message is too long to be sent. A process that is gone takes no notice. */
  send(message: unknown): void {
    const frame = encodeFrame(message);
    if (this.#orders?.writable === true) this.#orders.write(frame);
  }

  /** A run begins whose outputs will end with this mark. */
  expectMark(mark: string): void {
    this.#marks = 0;
    for (const reader of this.#readers) reader.begin(mark);
  }

  /** The process alone, so that it can clean up. */
  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  /** The process and all that it started. */
  kill(): void {
    if (this.pid === undefined || this.#exited) return;
    killGroup(this.pid, 'SIGKILL');
    this.#child.kill('SIGKILL');
  }

  #readLines(name: 'stdout' | 'stderr', stream: Readable | null): LineReader {
    const reader = new LineReader({
      line: (text) => this.#listener.line(name, text),
      mark: () => {
        this.#marks += 1;
        if (this.#marks === 2) this.#listener.outputDone();
      },
    });
    stream?.on('data', (chunk: Buffer) => reader.push(chunk));
    stream?.on('end', () => reader.end());
    stream?.on('error', () => undefined);
    return reader;
  }

  #readFrames(stream: Readable | Writable | null | undefined): void {
    if (!(stream instanceof Duplex)) return;
    const frames = new FrameReader();
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      if (this.#fault !== undefined) return;
      try {
        for (const body of frames.push(chunk)) this.#listener.message(readMessage(body));
      } catch (error) {
        this.#fault = KairosError.is(error) ? error : new KairosError('JOB_FRAME', String(error));
        this.kill();
      }
    });
  }

  #untilGone(): Promise<WorkerExit> {
    return new Promise((resolve) => {
      let exit: Omit<WorkerExit, 'fault'> = { code: null, signal: null };
      let stopTimer = (): void => undefined;
      const finish = (): void => {
        stopTimer();
        for (const stream of this.#child.stdio) stream?.destroy();
        resolve({ ...exit, fault: this.#fault });
      };
      this.#child.on('error', (error) => {
        this.#fault ??= new KairosError(
          'JOB_RUNTIME_MISSING',
          `Python could not be started: ${error.message}`,
        );
        if (this.pid === undefined) finish();
      });
      this.#child.on('exit', (code, signal) => {
        exit = { code, signal };
        this.#exited = true;
        // Its guardian is still there, so the group's number is still its own.
        if (this.pid !== undefined) killGroup(this.pid, 'SIGKILL');
        stopTimer = after(this.#clock, OUTPUT_MS, () => this.#child.stdio.forEach((s) => s?.destroy()));
      });
      this.#child.on('close', finish);
    });
  }
}
