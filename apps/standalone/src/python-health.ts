import type { PythonStatus } from '@kairos/runtime-python';
import type { PythonHealth } from './health.ts';

/** How things stand with Python, in the words of `/health`. */
export function pythonHealth({ interpreter, functions }: PythonStatus): PythonHealth {
  if (!interpreter) return { status: 'unknown' };
  if (!interpreter.ok) return { status: 'missing', reason: interpreter.reason };
  const { version } = interpreter.interpreter;
  const unready = functions.filter((f) => f.state !== 'ready').map((f) => [f.function, f.reason ?? f.state]);
  return {
    status: 'ready',
    version,
    ...(unready.length > 0
      ? { functions: Object.fromEntries(unready) as Readonly<Record<string, string>> }
      : {}),
  };
}
