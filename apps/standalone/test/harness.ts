import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
const MAIN = join(ROOT, 'dist/apps/standalone/main.js');

/** Recorded market data beside the project, or the reason why there is none. */
export const DATA_DIR = process.env['KAIROS_DATA_DIR'] ?? resolve(ROOT, '../shared/data');
export const hasData = existsSync(join(DATA_DIR, 'candles/binance'));
export const RECORDINGS = join(DATA_DIR, 'candles/binance');

/** Builds the server once per test file. */
export function buildServer(): void {
  const built = spawnSync(process.execPath, ['apps/standalone/build.mjs'], { cwd: ROOT, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the server does not build: ${built.stderr}`);
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
  url = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((done) => child.once('exit', (code) => done(code)));
  }

  /** Starts the built server with this configuration text; resolves when it listens, rejects with its words when it exits. */
  static async start(
    dir: string,
    yaml: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const file = join(dir, 'kairos.yaml');
    writeFileSync(file, yaml);
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([k]) => !k.startsWith('KAIROS_')),
    );
    const child = spawn(process.execPath, [MAIN, '--config', file], {
      cwd: ROOT,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child);
    await new Promise<void>((ready, failed) => {
      const onText = (text: Buffer): void => {
        for (const line of text.toString().split('\n').filter(Boolean)) {
          server.lines.push(line);
          if (line.includes('"server.listening"')) {
            server.url = String((JSON.parse(line) as Json)['url']);
            ready();
          }
        }
      };
      child.stdout?.on('data', onText);
      child.stderr?.on('data', onText);
      void server.exited.then((code) =>
        failed(new Error(`the server exited with ${code}: ${server.lines.join('\n')}`)),
      );
    });
    return server;
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

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.exited;
  }
}
