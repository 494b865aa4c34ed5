import { SystemClock } from '@kairos/clock-system';
import type { RuntimeConfig } from '@kairos/config';
import type { JobLanguage } from '@kairos/domain';
import type { TaskRuntime } from '@kairos/ports';
import type { Terminal } from './command.ts';
import { SILENT } from './open-house.ts';

export interface OpenRuntimes {
  readonly byLanguage: ReadonlyMap<JobLanguage, TaskRuntime>;
  /** Ends all workers. */
  close(): Promise<void>;
}

/** A runtime that is loaded when it is first asked for something: most commands never do. */
function lazily(language: JobLanguage, load: () => Promise<TaskRuntime>): TaskRuntime {
  let loading: Promise<TaskRuntime> | undefined;
  const loaded = (): Promise<TaskRuntime> => (loading ??= load());
  return {
    language,
    inspect: async (p) => (await loaded()).inspect(p),
    run: async (call, sink, signal) => (await loaded()).run(call, sink, signal),
    close: async () => (await loading)?.close(),
  };
}

/** The runtimes of the configured folder of functions. Nothing is started before it is asked for. */
export function openRuntimes(env: Terminal['env'], { functions }: RuntimeConfig): OpenRuntimes {
  const clock = new SystemClock();
  const nodejs = lazily('nodejs', async () => {
    const { NodeTaskRuntime } = await import('@kairos/runtime-node');
    const { maxWorkers } = functions.nodejs;
    return new NodeTaskRuntime({ dir: functions.dir, maxWorkers, envNames: functions.env, env, clock });
  });
  const python = lazily('python', async () => {
    const { PythonRuntime } = await import('@kairos/runtime-python');
    return new PythonRuntime({
      functionsDir: functions.dir,
      venvDir: functions.python.venvDir,
      python: functions.python.interpreter,
      maxWorkers: functions.python.maxWorkers,
      environment: functions.env,
      hostEnv: env,
      clock,
      logger: SILENT,
    });
  });
  const runtimes = [nodejs, python];
  return {
    byLanguage: new Map(runtimes.map((runtime) => [runtime.language, runtime])),
    close: async () => {
      for (const runtime of runtimes) await runtime.close();
    },
  };
}
