import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The built server, as it is shipped, in a process of its own. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process until it listened, in milliseconds. */
  readonly listenedAfterMs: number;
  signal(body: object): Promise<Readonly<Record<string, unknown>>>;
  get(path: string): Promise<Readonly<Record<string, unknown>>>;
  /** The most memory it held so far, in MB. */
  peakMb(): number;
  stop(): Promise<void>;
}

export interface ServerSettings {
  readonly dir: string;
  /** `memory`, or a file. */
  readonly store: string;
  readonly venue: { readonly url: string; readonly realm: string };
  readonly concurrency?: number;
  /** Milliseconds that its clock is ahead. */
  readonly clockAheadMs?: number;
}

const yamlOf = (p: ServerSettings): string => `runtime: {mode: standalone}
task_store: ${p.store === 'memory' ? '{type: memory}' : `{type: sqlite, path: '${p.store}'}`}
http: {host: 127.0.0.1, port: 0}
concurrency: ${p.concurrency ?? 4}
log: {level: info, format: json}
limits: {max_tasks: 20000}
sources:
  bench: {driver: ccxt, exchange: binance, base_url: '${p.venue.url}', realm: '${p.venue.realm}'}
`;

const SHIFT = (ms: number): string => `const Real = Date; const now = () => Real.now() + ${ms};
globalThis.Date = new Proxy(Real, {
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});`;

/** Arguments for Node that put the clock of a process ahead. */
export function clockAhead(dir: string, ms: number): string[] {
  if (ms === 0) return [];
  const file = join(dir, 'clock.mjs');
  writeFileSync(file, SHIFT(ms));
  return ['--import', file];
}

/** Starts a server and waits until it listens. Rejects with its last words when it ends before. */
export async function startServer(p: ServerSettings): Promise<RunningServer> {
  const file = join(p.dir, 'kairos.yaml');
  writeFileSync(file, yamlOf(p));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAIROS_')));
  // The repository's own tasks are none of a measurement's.
  const declared = join(p.dir, 'scheduled-tasks.json');
  writeFileSync(declared, '{ "tasks": [] }');
  env['KAIROS_SCHEDULED_TASKS'] = declared;
  const began = performance.now();
  const args = [...clockAhead(p.dir, p.clockAheadMs ?? 0), 'dist/apps/standalone/main.js', '--config', file];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const over = new Promise<void>((done) => void child.once('exit', () => done()));
  const url = await new Promise<string>((found, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"server.listening"')) found((JSON.parse(line) as { readonly url: string }).url);
      if (line.includes('"level":"error"')) process.stderr.write(`${line}\n`);
    });
    void over.then(() => failed(new Error('the server ended')));
  });
  const listenedAfterMs = performance.now() - began;
  const ask = async (path: string, init?: RequestInit): Promise<Readonly<Record<string, unknown>>> =>
    (await (await fetch(url + path, init)).json()) as Readonly<Record<string, unknown>>;
  return {
    url,
    pid: child.pid ?? -1,
    listenedAfterMs,
    signal: (body) =>
      ask('/task', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    get: (path) => ask(path),
    peakMb: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await over;
    },
  };
}
