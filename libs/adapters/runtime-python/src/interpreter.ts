import type { Clock } from '@kairos/ports';
import type { Environment } from '@kairos/runtime-common';
import { taskEnvironment } from './environment.ts';
import { runProgram } from './run-program.ts';

/** A Python that can run tasks. `path` is its own file, not a stand-in for it; `version` is exact, e.g. `3.11.7`. */
export interface Interpreter {
  readonly path: string;
  readonly version: string;
}

export type InterpreterLook =
  { readonly ok: true; readonly interpreter: Interpreter } | { readonly ok: false; readonly reason: string };

const ASK =
  'import json,platform,sys;print(json.dumps([sys.executable,platform.python_version(),sys.version_info[:2]]))';
const INSTALL =
  'install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python) ' +
  'or give the path of one; tasks in other languages go on';
const LOOK_MS = 30_000;

/** Looks whether `command` is a Python of 3.11 or newer. The reason, if not, says what to install. */
export async function lookForPython(p: {
  readonly command: string;
  readonly env: Environment;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<InterpreterLook> {
  if (process.platform === 'win32')
    return { ok: false, reason: 'Python tasks run on Linux and macOS only; use WSL on Windows' };
  const end = await runProgram({
    ...p,
    args: ['-I', '-c', ASK],
    env: taskEnvironment(p.env, [], '/'),
    timeoutMs: LOOK_MS,
  });
  if (end.code !== 0) return { ok: false, reason: `no Python by the name ${p.command}: ${INSTALL}` };
  return judge(p.command, end.lastLines.at(-1) ?? '');
}

function judge(command: string, answer: string): InterpreterLook {
  const match = /^\["([^"]+)", "([^"]+)", \[(\d+), (\d+)\]\]$/.exec(answer);
  if (match === null) return { ok: false, reason: `${command} does not answer as a Python does: ${INSTALL}` };
  const [, path = '', version = '', major, minor] = match;
  if (Number(major) < 3 || (Number(major) === 3 && Number(minor) < 11))
    return { ok: false, reason: `${path} is Python ${version}, which is too old: ${INSTALL}` };
  return { ok: true, interpreter: { path, version } };
}
