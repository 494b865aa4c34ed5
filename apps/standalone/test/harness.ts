import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
const MAIN = join(ROOT, 'dist/apps/standalone/main.js');

/** Recorded market data beside the project, or the reason why there is none. */
export const DATA_DIR = process.env['KAIROS_DATA_DIR'] ?? resolve(ROOT, '../shared/data');
export const hasData = existsSync(join(DATA_DIR, 'candles/binance'));
export const RECORDINGS = join(DATA_DIR, 'candles/binance');

const DIST = dirname(MAIN);
const STAMP = join(DIST, '.tested');
const LOCK = join(DIST, '.testing');
/** A lock older than a build can take was left behind. */
const LOCK_MS = 60_000;

const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** When a source of the server was changed last. */
function newestSource(): number {
  const files = ['apps/standalone/src', 'libs'].flatMap((dir) =>
    readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
      .map((name) => join(ROOT, dir, name)),
  );
  return Math.max(changedAt(join(ROOT, 'apps/standalone/build.mjs')), ...files.map(changedAt));
}

/** One test file at a time. The wait blocks: nothing else goes on in this process yet. */
function locked(work: () => void): void {
  mkdirSync(DIST, { recursive: true });
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
    work();
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

/** Builds the server if a source has changed since: a bundle must not be rewritten while another test's server starts from it. */
export function buildServer(): void {
  locked(() => {
    if (existsSync(MAIN) && changedAt(STAMP) > newestSource()) return;
    const began = new Date();
    const built = spawnSync(process.execPath, ['apps/standalone/build.mjs'], { cwd: ROOT, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`the server does not build: ${built.stderr}`);
    writeFileSync(STAMP, '');
    utimesSync(STAMP, began, began);
  });
}

/** A folder that goes away with the test. */
export function scratch(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'kairos-test-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface Json {
  readonly [key: string]: unknown;
}

/** A real server process, with what it logged. */
export class ServerProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly ready: Promise<void>;
  url = '';
  readonly #waiters = new Set<() => void>();
  #listening: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((done) => child.once('exit', (code) => done(code)));
    this.ready = new Promise((ready, failed) => {
      this.#listening = ready;
      void this.exited.then((code) =>
        failed(new Error(`the server exited with ${code}: ${this.lines.join('\n')}`)),
      );
    });
    this.ready.catch(() => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream?.on('data', (bytes: Buffer) => {
        const text = rest + bytes.toString();
        const end = text.lastIndexOf('\n') + 1;
        rest = text.slice(end);
        this.#hear(text.slice(0, end));
      });
    }
  }

  /** Starts the built server with this configuration text; resolves when it listens, rejects with its words when it exits. */
  static async start(
    dir: string,
    yaml: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const server = ServerProcess.launch(dir, yaml, env);
    await server.ready;
    return server;
  }

  /** The same, but does not wait: `ready` settles as `start` would. */
  static launch(dir: string, yaml: string, env: Readonly<Record<string, string>> = {}): ServerProcess {
    const file = join(dir, 'kairos.yaml');
    writeFileSync(file, yaml);
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([k]) => !k.startsWith('KAIROS_')),
    );
    const none = join(dir, 'no-scheduled-tasks.json');
    writeFileSync(none, '{ "tasks": [] }');
    // The repository's own tasks are no part of a test that does not name them.
    const quiet = yaml.includes('scheduled_tasks:') ? {} : { KAIROS_SCHEDULED_TASKS: none };
    const child = spawn(process.execPath, [MAIN, '--config', file], {
      cwd: ROOT,
      env: { ...inherited, ...quiet, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ServerProcess(child);
  }

  #hear(text: string): void {
    for (const line of text.split('\n').filter(Boolean)) {
      this.lines.push(line);
      if (line.includes('"server.listening"')) {
        this.url = String((JSON.parse(line) as Json)['url']);
        this.#listening();
      }
    }
    for (const waiter of [...this.#waiters]) waiter();
  }

  /** Resolves with the first line, logged already or yet to come, that holds all these texts; rejects if the server ends before. */
  async logged(...texts: readonly string[]): Promise<Json> {
    const found = (): string | undefined => this.lines.find((l) => texts.every((text) => l.includes(text)));
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = found();
        if (line === undefined) return;
        this.#waiters.delete(look);
        resolve(JSON.parse(line) as Json);
      };
      this.#waiters.add(look);
      void this.exited.then(() => reject(new Error(`the server ended without logging ${texts.join(' ')}`)));
      look();
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async signal(body: unknown): Promise<{ readonly status: number; readonly body: Json }> {
    const answer = await fetch(`${this.url}/task`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Json };
  }

  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(this.url + path);
    return { status: answer.status, text: await answer.text() };
  }

  async json(path: string): Promise<Json> {
    return JSON.parse((await this.get(path)).text) as Json;
  }

  /** Polls a task until its status is no longer pending or running. */
  async untilOver(taskId: string): Promise<Json> {
    for (;;) {
      const task = await this.json(`/v1/tasks/${taskId}`);
      if (task['status'] !== 'running' && task['status'] !== 'pending') return task;
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGSTOP: the process keeps everything and does nothing. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  /** SIGCONT. */
  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.exited;
  }
}
