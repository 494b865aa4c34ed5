import { setMaxListeners } from 'node:events';
import { pathToFileURL } from 'node:url';
import type { Clock, FunctionLook, JobCall, JobEnd, JobSink, TaskRuntime } from '@kairos/ports';
import { after, type Environment } from '@kairos/runtime-common';
import { jobEnvironment } from './environment.ts';
import { locateFunction } from './locate-function.ts';
import type { WorkerOrder } from './messages.ts';
import { Places } from './places.ts';
import { failure, isStopCode, RunningJob, stopped, type StopCode } from './run-job.ts';

export interface NodeTaskRuntimeOptions {
  /** Folder of functions. Nothing outside it is run, whatever links lead there. */
  readonly dir: string;
  readonly clock: Clock;
  /** The server's environment, of which functions see little. */
  readonly env: Environment;
  /** Names of variables that functions may see besides. */
  readonly envNames?: readonly string[] | undefined;
  /** Jobs that run at the same time; others wait. Default 2. */
  readonly maxWorkers?: number | undefined;
  /** How long a job may take to stop once it is told to, in milliseconds. Default 1,000. */
  readonly graceMs?: number | undefined;
}

/** A look at a function may take so long, and so much memory. */
const LOOK_MS = 15_000;
const LOOK_MB = 256;
/** What Node itself and young objects take beside the heap that a job may fill. */
const BESIDE_HEAP_MB = 128;

const silent: JobSink = {
  log: () => undefined,
  records: () => Promise.reject(new Error('a look hands in nothing')),
  saveState: () => Promise.reject(new Error('a look keeps nothing')),
};

const mostBytes = (memoryMb: number): number => (memoryMb + BESIDE_HEAP_MB) * 1_048_576;

/**
 * Runs functions of Node.js, each run in a process of its own, so that nothing of one reaches another or the server: what
 * throws, hangs, exits, prints or fills its memory is contained. (A thread would not do: one array that outgrows a thread's
 * heap ends the whole process.) A process takes about an eighth of a second, and sees each function as it is on disk then.
 */
export class NodeTaskRuntime implements TaskRuntime {
  readonly language = 'nodejs';
  readonly #options: NodeTaskRuntimeOptions;
  readonly #env: Readonly<Record<string, string>>;
  readonly #places: Places;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /** @throws ConfigError for the name of a variable that functions must not see */
  constructor(options: NodeTaskRuntimeOptions) {
    this.#options = options;
    this.#env = jobEnvironment(options.env, options.envNames ?? []);
    // Each run that waits listens.
    setMaxListeners(0, this.#closing.signal);
    this.#places = new Places(options.maxWorkers ?? 2);
  }

  async inspect(p: { readonly function: string }): Promise<FunctionLook> {
    const found = await locateFunction(this.#options.dir, p.function);
    if (!found.ok) return found;
    const end = await this.#work(
      { deadline: this.#options.clock.now() + LOOK_MS, memoryMb: LOOK_MB },
      (url) => ({ t: 'inspect', url, function: p.function, most: mostBytes(LOOK_MB) }),
      found,
      { sink: silent, signal: this.#closing.signal },
    );
    if (end.ok)
      return { ok: true, taskTypes: Array.isArray(end.result) ? end.result.map((type) => String(type)) : [] };
    const { code, message } = end.error;
    // Whatever ends a look but its being called off, the module's own code did.
    return { ok: false, code: code === 'JOB_CANCELLED' ? code : 'JOB_FUNCTION_BROKEN', reason: message };
  }

  async run(call: JobCall, sink: JobSink, signal: AbortSignal): Promise<JobEnd> {
    const found = await locateFunction(this.#options.dir, call.function);
    if (!found.ok) return failure(found.code, found.reason, true);
    // Beyond the last date there is no telling the job when its time is up.
    const told = { ...call, deadline: Math.min(call.deadline, 8.64e15) };
    return this.#work(call, (url) => ({ t: 'run', url, call: told, most: mostBytes(call.memoryMb) }), found, {
      sink,
      signal,
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  async #work(
    limits: Pick<JobCall, 'deadline' | 'memoryMb'>,
    orderFor: (url: string) => WorkerOrder,
    found: { readonly file: string; readonly folder: string },
    p: { readonly sink: JobSink; readonly signal: AbortSignal },
  ): Promise<JobEnd> {
    const stop = this.#stopOrder(limits.deadline, p.signal);
    const { clock, graceMs = 1_000 } = this.#options;
    try {
      if (!(await this.#places.take(stop.signal))) return stopped(stop.signal);
      const job = new RunningJob({
        order: orderFor(pathToFileURL(found.file).href),
        sink: p.sink,
        stop: stop.signal,
        memoryMb: limits.memoryMb,
        env: this.#env,
        cwd: found.folder,
        clock,
        graceMs,
      }).finished();
      this.#running.add(job);
      return await job.finally(() => {
        this.#running.delete(job);
        this.#places.leave();
      });
    } finally {
      stop.dispose();
    }
  }

  /** Aborts with the code of whatever comes first: the caller's signal, the end of the runtime, or the deadline. */
  #stopOrder(
    deadline: number,
    signal: AbortSignal,
  ): { readonly signal: AbortSignal; readonly dispose: () => void } {
    const control = new AbortController();
    const stop = (code: StopCode): void => {
      if (!isStopCode(control.signal.reason)) control.abort(code);
    };
    const cancel = (): void => stop('JOB_CANCELLED');
    const cancels = [signal, this.#closing.signal];
    for (const one of cancels) one.addEventListener('abort', cancel, { once: true });
    const left = deadline - this.#options.clock.now();
    const stopTimer =
      Number.isFinite(left) && left > 0
        ? after(this.#options.clock, left, () => stop('JOB_TIMEOUT'))
        : (): void => undefined;
    if (cancels.some((one) => one.aborted)) cancel();
    else if (left <= 0) stop('JOB_TIMEOUT');
    return {
      signal: control.signal,
      dispose: () => {
        stopTimer();
        for (const one of cancels) one.removeEventListener('abort', cancel);
      },
    };
  }
}
