import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock, JobCall, JobRecords, JobRecordsAnswer, JobSink } from '@kairos/ports';
import { silentLogger } from '@kairos/testkit';
import type { PythonRuntimeOptions } from '../options.ts';
import { PythonRuntime } from '../python-runtime.ts';

const FUNCTIONS = fileURLToPath(new URL('./functions/', import.meta.url));

/** Whether a Python that serves is on this machine; without one the tests that need it are skipped, saying so. */
export const hasPython = ((): boolean => {
  try {
    execFileSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']);
    return true;
  } catch {
    return false;
  }
})();

export const needsPython = hasPython ? '' : ' (skipped: no Python 3.11 or newer here)';

/** The machine's own time: processes that are not ours do not know any other. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
    }),
};

export interface Rig {
  readonly runtime: PythonRuntime;
  readonly dir: string;
  readonly functionsDir: string;
  /** Workers' own folders, whose names every process of theirs has in its environment. */
  readonly workDir: string;
  /** Puts a function beside the fixtures. */
  write(name: string, text: string, mode?: number): string;
  dispose(): Promise<void>;
}

/** A runtime over copies of the fixtures in a folder of its own. */
export function openRig(options: Partial<PythonRuntimeOptions> = {}): Rig {
  const dir = mkdtempSync(join(tmpdir(), 'runtime-python-test-'));
  const functionsDir = join(dir, 'functions');
  const workDir = join(dir, 'work');
  mkdirSync(SHARED, { recursive: true });
  mkdirSync(workDir, { mode: 0o700 });
  cpSync(FUNCTIONS, functionsDir, { recursive: true });
  chmodSync(functionsDir, 0o755);
  for (const name of readdirSync(functionsDir)) chmodSync(join(functionsDir, name), 0o644);
  const runtime = new PythonRuntime({
    functionsDir,
    workDir,
    venvDir: SHARED,
    python: PYTHON,
    hostEnv: process.env,
    clock: realClock,
    logger: silentLogger,
    graceMs: 300,
    ...options,
  });
  return {
    runtime,
    dir,
    functionsDir,
    workDir,
    write: (name, text, mode = 0o644) => {
      const file = join(functionsDir, name);
      mkdirSync(join(file, '..'), { recursive: true, mode: 0o755 });
      writeFileSync(file, text);
      chmodSync(file, mode);
      return file;
    },
    dispose: async () => {
      await runtime.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Compiled modules of all rigs: compiling them anew for each would take most of the time. */
const SHARED = fileURLToPath(
  new URL('../../../../../node_modules/.cache/runtime-python-test/', import.meta.url),
);

/** The interpreter itself, and not a stand-in that looks for it each time. */
const PYTHON = hasPython
  ? execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
  : 'python3';

let runs = 0;

export const aCall = (p: Partial<JobCall> = {}): JobCall => ({
  runId: `run-${(runs += 1)}`,
  taskId: 'task-1',
  taskName: 'a task',
  taskType: 'echo',
  function: 'contract_tasks',
  params: {},
  state: null,
  kind: 's',
  slot: Date.UTC(2024, 0, 2, 3, 4, 5, 678),
  attempt: 1,
  deadline: Date.now() + 60_000,
  memoryMb: 256,
  ...p,
});

/** A sink that keeps what it is given. */
export class KeepingSink implements JobSink {
  readonly lines: { readonly level: string; readonly message: string; readonly stream: string }[] = [];
  readonly frames: JobRecords[] = [];
  readonly states: unknown[] = [];
  readonly #waiting: { readonly part: string; readonly resolve: () => void }[] = [];

  log(line: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly message: string;
    readonly stream: 'log' | 'stdout' | 'stderr';
  }): void {
    this.lines.push(line);
    for (const { part, resolve } of this.#waiting) if (line.message.includes(part)) resolve();
  }

  records(records: JobRecords): Promise<JobRecordsAnswer> {
    this.frames.push(records);
    return Promise.resolve({ accepted: records.rows.length, findings: [] });
  }

  saveState(state: unknown): Promise<void> {
    this.states.push(state);
    return Promise.resolve();
  }

  /** Resolves once a line that holds `part` has come. */
  line(part: string): Promise<void> {
    if (this.lines.some((line) => line.message.includes(part))) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push({ part, resolve }));
  }

  get messages(): readonly string[] {
    return this.lines.map((line) => line.message);
  }
}

export const never = new AbortController().signal;

/** Processes whose environment names the folder, zombies left out: they are over. Linux only. */
export function processesOf(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return false;
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder);
      } catch {
        return false;
      }
    })
    .map(Number);
}
