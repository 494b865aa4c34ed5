import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that was started, and said so with a line of JSON. */
export interface Started<T> {
  readonly said: T;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** Waits until the program ends. */
const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((done) => void child.once('exit', () => done()));

/** Starts a program of this folder's build; resolves with the first line it prints. */
export async function start<T>(
  program: string,
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): Promise<Started<T>> {
  const child = spawn(process.execPath, [...nodeArgs, `dist/tools/bench/${program}.js`, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((done, failed) => {
    child.stdout?.once('data', (text: Buffer) => done(text.toString()));
    child.once('exit', (code) => failed(new Error(`${program} ended with ${code}`)));
  });
  const stop = async (): Promise<void> => {
    child.kill();
    await ended(child);
  };
  return { said: JSON.parse(line) as T, child, stop };
}

export interface Venue {
  readonly url: string;
  readonly realm: string;
}

/** The sandbox venue as a process of its own, without limits unless told otherwise. */
export const startVenue = (
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): Promise<Started<Venue>> =>
  start('venue', args.includes('--weight-limit') ? args : ['--weight-limit', 'off', ...args], nodeArgs);

/**
 * A process between us and the venue that answers from memory what was asked before: making up or looking up candles
 * would otherwise take longer than collecting them. `latencyMs` delays each answer.
 */
export const startReplay = (venue: Venue, latencyMs = 0): Promise<Started<{ readonly url: string }>> =>
  start('replay', [venue.url, String(latencyMs)]);

/** A folder for the run. */
export function scratch(): { readonly dir: string; file(name: string): string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'kairos-bench-'));
  return {
    dir,
    file: (name) => join(dir, name),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
