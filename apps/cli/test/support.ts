import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
const KAIROS = join(ROOT, 'apps/cli/bin/kairos.mjs');
const SERVER = join(ROOT, 'dist/apps/standalone/main.js');
const STAMP = join(dirname(SERVER), '.tested');
const LOCK = join(dirname(SERVER), '.testing');
const LOCK_MS = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAIROS_'))),
  ...more,
});

/** Starts the built command in a folder. */
export function launch(
  cwd: string,
  args: readonly string[],
  p: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Running {
  const child = spawn(process.execPath, [KAIROS, ...args], { cwd, env: environment(p.env) });
  let out = '';
  let err = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  child.stdin.end(p.input ?? '');
  const ended = new Promise<Ended>(
    (done) => void child.once('close', (code, signal) => done({ code, signal, out, err })),
  );
  return { child, ended };
}

/** The built command in a folder, to its end. */
export const kairos = (cwd: string, ...args: readonly string[]): Promise<Ended> => launch(cwd, args).ended;

export function buildCommand(): void {
  const built = spawnSync(process.execPath, ['apps/cli/build.mjs'], { cwd: ROOT, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the command does not build: ${built.stderr}`);
}

const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function newestSource(): number {
  const files = ['apps/standalone/src', 'libs'].flatMap((dir) =>
    readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
      .map((name) => join(ROOT, dir, name)),
  );
  return Math.max(changedAt(join(ROOT, 'apps/standalone/build.mjs')), ...files.map(changedAt));
}

/** Under the lock that the server's own tests take: a bundle must not change while one of theirs starts from it. */
export function buildServer(): void {
  mkdirSync(dirname(SERVER), { recursive: true });
  for (;;) {
    try {
      mkdirSync(LOCK);
      break;
    } catch {
      if (Date.now() - changedAt(LOCK) > LOCK_MS) rmSync(LOCK, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
  try {
    if (existsSync(SERVER) && changedAt(STAMP) > newestSource()) return;
    const began = new Date();
    const built = spawnSync(process.execPath, ['apps/standalone/build.mjs'], { cwd: ROOT, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`the server does not build: ${built.stderr}`);
    writeFileSync(STAMP, '');
    utimesSync(STAMP, began, began);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

export interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A real server process; resolves when it listens. */
export function startServer(cwd: string, config: string): Promise<Server> {
  const child = spawn(process.execPath, [SERVER, '--config', config], { cwd, env: environment() });
  const exited = new Promise<void>((done) => void child.once('exit', () => done()));
  return new Promise((ready, failed) => {
    let text = '';
    const hear = (bytes: Buffer): void => {
      text += bytes.toString();
      const url = /"url":"(http:[^"]+)"/.exec(text)?.[1];
      if (url === undefined || !text.includes('server.listening')) return;
      ready({
        url,
        pid: child.pid ?? -1,
        stop: async () => {
          child.kill('SIGTERM');
          await exited;
        },
      });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void exited.then(() => failed(new Error(`the server ended: ${text}`)));
  });
}
