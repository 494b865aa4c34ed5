import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FunctionLook, JobCall, JobEnd, JobSink, TaskRuntime } from '@kairos/ports';
import { checkNames } from '@kairos/runtime-common';
import { taskEnvironment } from './environment.ts';
import { lookForPython, type Interpreter, type InterpreterLook } from './interpreter.ts';
import { locateFunction } from './locate-function.ts';
import type { FunctionStatus, PythonRuntimeOptions, PythonStatus } from './options.ts';
import { findPackage, functionsIn } from './places.ts';
import { StopOrder, stoppedEnd } from './stop-order.ts';
import { VirtualEnvironments, type EnvironmentLook } from './virtual-environments.ts';
import { emptyWorkFolder, makeWorkFolder, removed, sweepWorkFolders } from './work-folders.ts';
import { WorkerPool } from './worker-pool.ts';
import { failed } from './worker-ends.ts';
import { Worker } from './worker.ts';

type Place =
  | { readonly ok: true; readonly python: string; readonly folder: string }
  | { readonly ok: false; readonly code: string; readonly reason: string };

const PERMANENT = ['JOB_FUNCTION_MISSING', 'JOB_FUNCTION_UNSAFE'];
const INSPECT_MS = 30_000;
const INSPECT_MEMORY_MB = 1_024;
const LOOK_AGAIN_MS = 60_000;

/** Runs tasks written in Python, in processes of their own. The rules of their containment stand in this package's README. */
export class PythonRuntime implements TaskRuntime {
  readonly language = 'python';
  readonly #options: PythonRuntimeOptions;
  readonly #packageDir: string;
  readonly #workDir: string;
  readonly #pool: WorkerPool;
  readonly #environments: VirtualEnvironments;
  readonly #stop = new AbortController();
  readonly #functions = new Map<string, FunctionStatus>();
  readonly #folders = new WeakMap<Worker, string>();
  #look: { readonly at: number; readonly result: Promise<InterpreterLook> } | undefined;
  #interpreter: InterpreterLook | undefined;

  /** @throws ConfigError when `environment` names what tasks must not see. */
  constructor(options: PythonRuntimeOptions) {
    checkNames(options.environment ?? []);
    const { clock, logger, hostEnv: env } = options;
    // Workers have folders of their own to stand in, from which a relative path would lead elsewhere.
    const dir = resolve(options.venvDir);
    this.#options = { ...options, venvDir: dir };
    this.#packageDir = options.packageDir ?? findPackage();
    this.#workDir = options.workDir ?? tmpdir();
    this.#environments = new VirtualEnvironments({ dir, env, clock, logger });
    this.#pool = new WorkerPool({
      maxWorkers: options.maxWorkers ?? 4,
      runsPerWorker: options.runsPerWorker ?? 200,
      idleMs: options.idleMs ?? 60_000,
      clock,
    });
  }

  /**
   * To be called when a server starts, without waiting for it: looks for Python, cleans up after servers that were killed, and
   * makes the virtual environments of all functions that name packages. Says in the log what is missing. Never rejects.
   */
  async prepare(): Promise<PythonStatus> {
    const { logger, functionsDir } = this.#options;
    try {
      sweepWorkFolders(this.#workDir);
      await this.#environments.sweep();
      const look = await this.#lookForPython();
      if (look.ok) logger.info('python.ready', { ...look.interpreter });
      else logger.warn('python.missing', { reason: look.reason });
      if (look.ok)
        for (const name of await functionsIn(functionsDir))
          await this.#prepareFunction(name, look.interpreter);
    } catch (error) {
      logger.error('python.prepare_failed', { error });
    }
    return this.status();
  }

  /** As it stands now; costs nothing. */
  status(): PythonStatus {
    const { busy, idle, rssKb } = this.#pool;
    return {
      interpreter: this.#interpreter,
      functions: [...this.#functions.values()],
      workers: { busy, idle, rssKb },
    };
  }

  async inspect(p: { readonly function: string }): Promise<FunctionLook> {
    const place = await this.#place(p.function);
    if (!place.ok) return place;
    const { clock } = this.#options;
    const stop = new StopOrder(clock, [this.#stop.signal], clock.now() + INSPECT_MS);
    const key = keyOf(p.function, place, INSPECT_MEMORY_MB);
    try {
      const start = (): Worker => this.#start(p.function, place, INSPECT_MEMORY_MB, undefined);
      const worker = await this.#pool.acquire(key, start, stop.signal);
      if (worker === undefined) return notInspected;
      stop.signal.addEventListener('abort', () => void worker.kill(), { once: true });
      const started = await worker.started;
      if (!started.ok) await worker.kill();
      this.#pool.release(worker);
      if (started.ok) return { ok: true, taskTypes: started.types };
      return stop.reason === undefined
        ? { ok: false, code: started.code, reason: started.message }
        : notInspected;
    } finally {
      stop.dispose();
    }
  }

  async run(call: JobCall, sink: JobSink, signal: AbortSignal): Promise<JobEnd> {
    const stop = new StopOrder(this.#options.clock, [signal, this.#stop.signal], call.deadline);
    try {
      const place = await this.#place(call.function);
      if (!place.ok) return failed(place.code, place.reason, PERMANENT.includes(place.code));
      const key = keyOf(call.function, place, call.memoryMb);
      const start = (): Worker => this.#start(call.function, place, call.memoryMb, sink);
      const worker = await this.#pool.acquire(key, start, stop.signal);
      if (worker === undefined) return stoppedEnd(stop.reason ?? 'cancelled', 'it had not begun');
      return await this.#runOn(worker, call, { sink, stop });
    } finally {
      stop.dispose();
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#pool.close(), this.#environments.close()]);
  }

  async #runOn(
    worker: Worker,
    call: JobCall,
    { sink, stop }: { readonly sink: JobSink; readonly stop: StopOrder },
  ): Promise<JobEnd> {
    try {
      return await worker.run(call, sink, stop);
    } finally {
      if (worker.usable) await emptyWorkFolder(this.#folders.get(worker) ?? '');
      else await worker.kill();
      this.#pool.release(worker);
    }
  }

  #start(
    name: string,
    place: Place & { readonly ok: true },
    memoryMb: number,
    sink: JobSink | undefined,
  ): Worker {
    const { hostEnv, environment, clock, graceMs } = this.#options;
    const cwd = makeWorkFolder(this.#workDir);
    const worker = new Worker(
      {
        folder: place.folder,
        function: name,
        memoryMb,
        graceMs: graceMs ?? 2_000,
        clock,
        cleanUp: () => removed(cwd),
        process: {
          python: place.python,
          packageDir: this.#packageDir,
          cacheDir: join(this.#options.venvDir, 'compiled'),
          cwd,
          env: taskEnvironment(hostEnv, environment ?? [], cwd),
        },
      },
      sink,
    );
    this.#folders.set(worker, cwd);
    return worker;
  }

  async #place(name: string): Promise<Place> {
    const found = await locateFunction(this.#options.functionsDir, name);
    if (!found.ok) return found;
    const look = await this.#lookForPython();
    if (!look.ok) return { ok: false, code: 'JOB_RUNTIME_MISSING', reason: look.reason };
    const { interpreter } = look;
    const { folder, requirements } = found;
    if (requirements === '') return { ok: true, python: interpreter.path, folder };
    const environment = await this.#environments.look(interpreter, requirements);
    this.#note(name, environment);
    if (environment.state === 'ready') return { ok: true, python: environment.python, folder };
    if (environment.state === 'failed') return notInstalled(name, environment.reason);
    return {
      ok: false,
      code: 'JOB_RUNTIME_PREPARING',
      reason: `the packages of ${name} are being installed`,
    };
  }

  async #prepareFunction(name: string, interpreter: Interpreter): Promise<void> {
    const found = await locateFunction(this.#options.functionsDir, name);
    if (!found.ok) return this.#note(name, { state: 'failed', reason: found.reason });
    if (found.requirements === '') return this.#note(name, { state: 'ready', python: interpreter.path });
    this.#note(name, { state: 'preparing' });
    this.#note(name, await this.#environments.ensure(interpreter, found.requirements));
  }

  #note(name: string, look: EnvironmentLook): void {
    const reason = look.state === 'failed' ? look.reason : undefined;
    this.#functions.set(name, { function: name, state: look.state, reason });
  }

  /** Once found it stays; while it is missing it is looked for again each minute. */
  async #lookForPython(): Promise<InterpreterLook> {
    const { clock, python, hostEnv } = this.#options;
    const stale = this.#interpreter?.ok === false && clock.now() - (this.#look?.at ?? 0) >= LOOK_AGAIN_MS;
    if (this.#look === undefined || stale) {
      const result = lookForPython({
        command: python ?? 'python3',
        env: hostEnv,
        clock,
        signal: this.#stop.signal,
      });
      this.#look = { at: clock.now(), result };
    }
    this.#interpreter = await this.#look.result;
    return this.#interpreter;
  }
}

const notInspected: FunctionLook = {
  ok: false,
  code: 'JOB_TIMEOUT',
  reason: `the function could not be imported within ${INSPECT_MS / 1000} s`,
};

const notInstalled = (name: string, reason: string): Place & { readonly ok: false } => ({
  ok: false,
  code: 'JOB_REQUIREMENTS',
  reason: `${reason}. Mend the requirements of ${name}; it is tried again when they change, and from time to time`,
});

const keyOf = (name: string, place: Place & { readonly ok: true }, memoryMb: number): string =>
  JSON.stringify([name, place.folder, place.python, memoryMb]);
