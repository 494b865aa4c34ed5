import { stat } from 'node:fs/promises';
import { KairosError } from '@kairos/domain';
import type { Clock, JobCall, JobEnd, JobSink } from '@kairos/ports';
import { after, frameError } from '@kairos/runtime-common';
import { JobDesk } from './job-desk.ts';
import { wireCall, type EndMessage, type LoadedFile, type WorkerMessage } from './messages.ts';
import { stoppedEnd, type StopOrder } from './stop-order.ts';
import { diedEarly, failed, howItEnded, notStarted, unknownType, type Started } from './worker-ends.ts';
import { WorkerProcess, type WorkerExit } from './worker-process.ts';

export interface WorkerOptions {
  readonly folder: string;
  readonly function: string;
  readonly memoryMb: number;
  readonly graceMs: number;
  readonly clock: Clock;
  /** Called once the process is gone; the worker is gone when it is done. Never rejects. */
  readonly cleanUp: () => Promise<void>;
  readonly process: Omit<ConstructorParameters<typeof WorkerProcess>[0], 'listener' | 'clock'>;
}

interface ActiveRun {
  readonly sink: JobSink;
  readonly desk: JobDesk;
  readonly ended: () => void;
  end: EndMessage | undefined;
  outputDone: boolean;
}

/** One Python process that knows one function, and runs its tasks one after the other. */
export class Worker {
  /** Resolves once the function is imported, or cannot be. Never rejects. */
  readonly started: Promise<Started>;
  /** Resolves once the process is gone, and what it left is cleaned up. */
  readonly gone: Promise<WorkerExit>;
  /** Runs that it was given. */
  runs = 0;
  readonly #options: WorkerOptions;
  readonly #process: WorkerProcess;
  readonly #files = new Map<string, LoadedFile>();
  #tellStarted: (started: Started) => void = () => undefined;
  #run: ActiveRun | undefined;
  #early: JobSink | undefined;
  #usable = true;
  #rssKb = 0;

  /** `sink` gets what is printed while the function is imported. */
  constructor(options: WorkerOptions, sink: JobSink | undefined) {
    this.#options = options;
    this.#early = sink;
    const told = new Promise<Started>((resolve) => (this.#tellStarted = resolve));
    this.#process = new WorkerProcess({
      ...options.process,
      clock: options.clock,
      listener: {
        message: (message) => this.#onMessage(message),
        line: (stream, text) => this.#log(stream === 'stderr' ? 'warn' : 'info', text, stream),
        outputDone: () => this.#onOutputDone(),
      },
    });
    this.gone = this.#process.gone.then(async (exit) => {
      this.#usable = false;
      await options.cleanUp();
      return exit;
    });
    this.started = Promise.race([told, this.gone.then(diedEarly)]);
    const { folder, memoryMb } = options;
    this.#process.send({ t: 'start', folder, function: options.function, memory_mb: memoryMb });
  }

  /** Whether it may be given another run. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Memory in use as it told last, in KiB; 0 before it told. */
  get rssKb(): number {
    return this.#rssKb;
  }

  /** False once a file that it imported changed or went away. */
  async isFresh(): Promise<boolean> {
    const looks = [...this.#files.values()].map(async ([path, timeNs, size]) => {
      const now = await stat(path, { bigint: true }).catch(() => undefined);
      return now !== undefined && String(now.mtimeNs) === timeNs && Number(now.size) === size;
    });
    return (await Promise.all(looks)).every(Boolean);
  }

  /**
   * One try of a task. When it has to stop it is told so, gets a signal after one grace, and is killed with its group after two.
   * Rejects with what the sink rejected with, when the task let that out.
   */
  async run(call: JobCall, sink: JobSink, stop: StopOrder): Promise<JobEnd> {
    this.runs += 1;
    let ended = (): void => undefined;
    const over = new Promise<void>((resolve) => (ended = resolve));
    const desk = new JobDesk(sink, (message) => this.#process.send(message));
    const run: ActiveRun = { sink, desk, ended, end: undefined, outputDone: false };
    this.#run = run;
    this.#early = undefined;
    const cancelStop = this.#stopWhenTold(stop);
    try {
      const started = await this.started;
      if (!started.ok) {
        this.#usable = false;
        return stop.reason === undefined
          ? notStarted(started)
          : stoppedEnd(stop.reason, 'it was being imported');
      }
      if (!started.types.includes(call.taskType)) return unknownType(call, started.types);
      const unfit = this.#begin(call);
      if (unfit !== undefined) return unfit;
      const exit = await Promise.race([over, this.gone]);
      await desk.close();
      return this.#endOf(run, stop, exit ?? undefined);
    } finally {
      cancelStop();
      this.#run = undefined;
    }
  }

  /** Ends it: it is asked to, and killed when it does not. Resolves when it is gone. */
  async retire(): Promise<void> {
    this.#usable = false;
    this.#process.send({ t: 'stop' });
    const stopTimer = after(this.#options.clock, this.#options.graceMs, () => this.#process.kill());
    await this.gone;
    stopTimer();
  }

  /** Ends it now. */
  async kill(): Promise<void> {
    this.#usable = false;
    this.#process.kill();
    await this.gone;
  }

  /** Why the call cannot be sent at all, if so: its params and state fill more than a frame. */
  #begin(call: JobCall): JobEnd | undefined {
    const mark = `end of run ${call.runId} ${this.runs}`;
    this.#process.expectMark(mark);
    try {
      this.#process.send({ t: 'run', call: wireCall(call), mark });
      return undefined;
    } catch (error) {
      if (KairosError.is(error)) return failed(error.code, error.message, true);
      throw error;
    }
  }

  #stopWhenTold(stop: StopOrder): () => void {
    const { clock, graceMs } = this.#options;
    let stopTimer = (): void => undefined;
    const onStop = (): void => {
      this.#usable = false;
      this.#process.send({ t: 'cancel', reason: stop.reason });
      stopTimer = after(clock, graceMs, () => {
        this.#process.terminate();
        stopTimer = after(clock, graceMs, () => this.#process.kill());
      });
    };
    if (stop.signal.aborted) onStop();
    else stop.signal.addEventListener('abort', onStop, { once: true });
    return () => {
      stopTimer();
      stop.signal.removeEventListener('abort', onStop);
    };
  }

  #endOf(run: ActiveRun, stop: StopOrder, exit: WorkerExit | undefined): JobEnd {
    if (exit?.fault !== undefined) return failed(exit.fault.code, exit.fault.message, false);
    const said = run.end;
    if (said === undefined) {
      if (stop.reason !== undefined)
        return stoppedEnd(stop.reason, 'it did not stop when it was told to, and was killed');
      return failed('JOB_CRASHED', howItEnded(exit), false);
    }
    if (!said.keep) this.#usable = false;
    const { end } = said;
    const traceback = end.t === 'error' ? end.traceback : undefined;
    if (end.t === 'error') {
      const rejection = run.desk.rejection(end.sinkSeq);
      if (rejection !== undefined) throw rejection;
    }
    if (stop.reason !== undefined)
      return stoppedEnd(stop.reason, 'it stopped when it was told to', traceback);
    if (end.t === 'result') return { ok: true, result: end.result };
    return failed(end.code, end.message, end.permanent, traceback);
  }

  #onMessage(message: WorkerMessage): void {
    switch (message.t) {
      case 'ready':
        this.#note(message.files);
        this.#tellStarted({ ok: true, types: message.types });
        break;
      case 'broken':
        this.#tellStarted({
          ok: false,
          code: message.code,
          message: message.message,
          traceback: message.traceback,
        });
        break;
      case 'log':
        this.#log(message.level, message.message, 'log');
        break;
      case 'heartbeat':
        this.#rssKb = message.rssKb;
        break;
      case 'records':
        this.#active(message.t).desk.records(message.seq, message.records);
        break;
      case 'state':
        this.#active(message.t).desk.state(message.seq, message.state);
        break;
      case 'end':
        this.#note(message.files);
        this.#onEnd(this.#active('result'), message);
        break;
    }
  }

  #onEnd(run: ActiveRun, message: EndMessage): void {
    run.end = message;
    if (run.outputDone) run.ended();
  }

  #onOutputDone(): void {
    if (this.#run === undefined) return;
    this.#run.outputDone = true;
    if (this.#run.end !== undefined) this.#run.ended();
  }

  #active(kind: string): ActiveRun {
    if (this.#run === undefined || this.#run.end !== undefined)
      throw frameError(`a message "${kind}" outside of a run`);
    return this.#run;
  }

  #log(
    level: 'debug' | 'info' | 'warn' | 'error',
    message: string,
    stream: 'log' | 'stdout' | 'stderr',
  ): void {
    (this.#run?.sink ?? this.#early)?.log({ level, message, stream });
  }

  #note(files: readonly LoadedFile[]): void {
    for (const file of files) this.#files.set(file[0], file);
  }
}
