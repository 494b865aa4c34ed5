import type { FunctionsConfig } from '@kairos/config';
import type { Clock, Logger, TaskRuntime } from '@kairos/ports';
import { NodeTaskRuntime } from '@kairos/runtime-node';
import { PythonRuntime } from '@kairos/runtime-python';

/** What runs a deployment's jobs, language by language. */
export interface Runtimes {
  readonly all: readonly TaskRuntime[];
  readonly python: PythonRuntime;
  /** Ends all jobs that run. */
  close(): Promise<void>;
}

/**
 * The runtimes as configured. Nothing is started: Node.js and Python processes come with the first job, virtual
 * environments with `python.prepare()`. @throws ConfigError for the name of a variable that functions must not see
 */
export function openRuntimes(p: {
  readonly functions: FunctionsConfig;
  /** The process's environment, of which jobs see little. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
}): Runtimes {
  const { functions, env, clock, log } = p;
  const { dir, nodejs } = functions;
  const node = new NodeTaskRuntime({
    dir,
    clock,
    env,
    envNames: functions.env,
    maxWorkers: nodejs.maxWorkers,
  });
  const python = new PythonRuntime({
    functionsDir: dir,
    venvDir: functions.python.venvDir,
    python: functions.python.interpreter,
    maxWorkers: functions.python.maxWorkers,
    environment: functions.env,
    hostEnv: env,
    clock,
    logger: log,
  });
  return {
    all: [node, python],
    python,
    close: () => Promise.all([node.close(), python.close()]).then(() => undefined),
  };
}
