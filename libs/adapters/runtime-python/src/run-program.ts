import { spawn } from 'node:child_process';
import type { Clock } from '@kairos/ports';
import { after, LineReader, type Environment } from '@kairos/runtime-common';

export interface ProgramEnd {
  /** Null: it could not be started, or was killed. */
  readonly code: number | null;
  /** Why it could not be started, or did not end by itself. */
  readonly problem: string | undefined;
  /** The last lines it wrote, standard error included. */
  readonly lastLines: readonly string[];
}

const LAST_LINES = 20;

/** Runs a program to its end, or until time is up or `signal` aborts: then it and what it started are killed. Never rejects. */
export function runProgram(p: {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onLine?: (line: string) => void;
}): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    let problem: string | undefined;
    const child = spawn(p.command, [...p.args], {
      env: { ...p.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const kill = (why: string) => (): void => {
      problem ??= why;
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
    };
    const stopTimer = after(p.clock, p.timeoutMs, kill(`it took longer than ${p.timeoutMs / 1000} s`));
    const onAbort = kill('it was stopped');
    p.signal.addEventListener('abort', onAbort, { once: true });
    if (p.signal.aborted) onAbort();
    const line = (text: string): void => {
      lines.push(text);
      if (lines.length > LAST_LINES) lines.shift();
      p.onLine?.(text);
    };
    for (const stream of [child.stdout, child.stderr]) {
      const reader = new LineReader({ line, mark: () => undefined });
      stream.on('data', (chunk: Buffer) => reader.push(chunk));
      stream.on('end', () => reader.end());
      stream.on('error', () => undefined);
    }
    const finish = (code: number | null): void => {
      stopTimer();
      p.signal.removeEventListener('abort', onAbort);
      resolve({ code: problem === undefined ? code : null, problem, lastLines: lines });
    };
    child.on('error', (error) => {
      problem ??= error.message;
      if (child.pid === undefined) finish(null);
    });
    child.on('close', finish);
  });
}

/** Sends a signal to a process and all of its group; false when there is none any more. */
export function killGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
