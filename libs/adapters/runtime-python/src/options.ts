import type { Clock, Logger } from '@kairos/ports';
import type { Environment } from '@kairos/runtime-common';
import type { InterpreterLook } from './interpreter.ts';

export interface PythonRuntimeOptions {
  /** The folder of functions. */
  readonly functionsDir: string;
  /** Folder for virtual environments; several servers may share it. */
  readonly venvDir: string;
  /** The environment of the server, of which tasks see an allow-list. */
  readonly hostEnv: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names of further variables that tasks may see. */
  readonly environment?: readonly string[] | undefined;
  /** Command or path of the interpreter; default `python3`. */
  readonly python?: string | undefined;
  /** Folder that holds the package `kairos_tasks`; default: beside this module or above it. */
  readonly packageDir?: string | undefined;
  /** Folder for workers' own folders; default the system's for temporary files. */
  readonly workDir?: string | undefined;
  /** Default 4. */
  readonly maxWorkers?: number | undefined;
  /** Default 200. */
  readonly runsPerWorker?: number | undefined;
  /** Default one minute. */
  readonly idleMs?: number | undefined;
  /** Between telling a task to stop, signalling it, and killing it; default 2 s. */
  readonly graceMs?: number | undefined;
}

/** How things stand with Python, for health and doctor. */
export interface PythonStatus {
  readonly interpreter: InterpreterLook | undefined;
  readonly functions: readonly FunctionStatus[];
  readonly workers: { readonly busy: number; readonly idle: number; readonly rssKb: number };
}

export interface FunctionStatus {
  readonly function: string;
  readonly state: 'ready' | 'preparing' | 'failed';
  readonly reason: string | undefined;
}
