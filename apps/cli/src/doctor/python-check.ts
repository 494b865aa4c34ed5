import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemClock } from '@kairos/clock-system';
import type { RuntimeConfig } from '@kairos/config';
import type { Terminal } from '../command.ts';
import { same, type Check } from './check.ts';

const isPython = (name: string): boolean => name.endsWith('.py');

/** Whether the folder holds a function of Python: a module, or a folder that is one. */
async function hasPythonFunctions(dir: string): Promise<boolean> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (isPython(entry.name)) return true;
    if (!entry.isDirectory()) continue;
    const inside = await readdir(join(dir, entry.name)).catch((): string[] => []);
    if (inside.includes('__init__.py')) return true;
  }
  return false;
}

/** Whether Python can run the functions written in it. Nothing where there are none. */
export async function pythonChecks({ functions }: RuntimeConfig, env: Terminal['env']): Promise<Check[]> {
  if (!(await hasPythonFunctions(functions.dir))) return [];
  const { lookForPython } = await import('@kairos/runtime-python');
  const look = await lookForPython({
    command: functions.python.interpreter,
    env,
    clock: new SystemClock(),
    signal: new AbortController().signal,
  });
  const common = { id: 'python', label: same('Python') };
  if (look.ok)
    return [
      { ...common, verdict: 'ok', seen: same(`${look.interpreter.version}  ${look.interpreter.path}`) },
    ];
  return [
    {
      ...common,
      verdict: 'warn',
      seen: same(look.reason.split(': ', 1)[0] ?? look.reason),
      remedy: {
        en: 'install Python 3.11 or newer with venv, or set functions.python.interpreter; tasks of Node.js go on',
        zh: '请安装 Python 3.11 或更新版本（含 venv），或设置 functions.python.interpreter；Node.js 任务不受影响',
      },
    },
  ];
}
