import { createHash, randomBytes } from 'node:crypto';
import {
  access,
  link,
  mkdir,
  readFile,
  readdir,
  rm,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '@kairos/ports';
import type { Environment } from '@kairos/runtime-common';
import { pipEnvironment } from './environment.ts';
import type { Interpreter } from './interpreter.ts';
import { runProgram, type ProgramEnd } from './run-program.ts';

/** How the packages of a function stand. */
export type EnvironmentLook =
  | { readonly state: 'ready'; readonly python: string }
  | { readonly state: 'preparing' }
  | { readonly state: 'failed'; readonly reason: string };

export interface VirtualEnvironmentsOptions {
  /** Folder for them; made when it is needed. Several servers may share it. */
  readonly dir: string;
  readonly env: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INSTALL_MS = 15 * 60_000;
/** A failure may have been the network's: after this time it is tried again, sooner if the requirements change. */
const FORGET_FAILURE_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 500;
/** An environment that nothing used for so long belongs to requirements that are no more. */
const UNUSED_MS = 30 * 86_400_000;

interface Failure {
  readonly reason: string;
  readonly at: number;
}

/**
 * Virtual environments, one for each set of requirements and version of Python, made once. Each is built under a name of its own
 * and counts only when `<hash>.ready` names it: that file appears at once or not at all, so nobody meets half of one, and two
 * that build at the same time keep one. A lock merely saves the second the work.
 */
export class VirtualEnvironments {
  readonly #options: VirtualEnvironmentsOptions;
  readonly #building = new Map<string, Promise<EnvironmentLook>>();
  readonly #failures = new Map<string, Failure>();
  readonly #stop = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: VirtualEnvironmentsOptions) {
    this.#options = options;
  }

  /** As it stands; what is not there yet is begun, and not waited for. */
  async look(interpreter: Interpreter, requirements: string): Promise<EnvironmentLook> {
    const hash = hashOf(interpreter, requirements);
    if (this.#building.has(hash)) return { state: 'preparing' };
    const python = await this.#ready(hash);
    if (python !== undefined) return { state: 'ready', python };
    const failure = this.#failures.get(hash);
    if (failure !== undefined && this.#options.clock.now() - failure.at < FORGET_FAILURE_MS)
      return { state: 'failed', reason: failure.reason };
    void this.ensure(interpreter, requirements);
    return { state: 'preparing' };
  }

  /** Makes it if it is not there, also after a failure, and waits for it. Never rejects. */
  ensure(interpreter: Interpreter, requirements: string): Promise<EnvironmentLook> {
    const hash = hashOf(interpreter, requirements);
    const running = this.#building.get(hash);
    if (running !== undefined) return running;
    const build = this.#turn
      .then(() => this.#make(hash, interpreter, requirements))
      .catch((error: unknown): EnvironmentLook => this.#failed(hash, String(error)))
      .finally(() => this.#building.delete(hash));
    this.#turn = build;
    this.#building.set(hash, build);
    return build;
  }

  /** Removes what builders that were killed left behind, and environments out of use for a month. */
  async sweep(): Promise<void> {
    const { dir, clock } = this.#options;
    const names = await readdir(dir).catch(() => []);
    const ready = names.filter((name) => name.endsWith('.ready'));
    const kept = new Set<string>();
    for (const name of ready) {
      const place = join(dir, name);
      const home = (await readFile(place, 'utf8').catch(() => '')).trim();
      const used = await stat(place).then(
        (s) => s.mtimeMs,
        () => clock.now(),
      );
      if (clock.now() - used < UNUSED_MS) kept.add(home);
      else await rm(place, { force: true });
    }
    for (const name of names) {
      const builder = /^[0-9a-f]{20}-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
      if (builder === undefined || kept.has(name) || isAlive(Number(builder))) continue;
      await rm(join(dir, name), { recursive: true, force: true });
    }
  }

  /** Stops what is being installed. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#building.values());
  }

  async #ready(hash: string): Promise<string | undefined> {
    const { dir, clock } = this.#options;
    const mark = join(dir, `${hash}.ready`);
    const home = (await readFile(mark, 'utf8').catch(() => '')).trim();
    if (home === '') return undefined;
    const python = join(dir, home, 'bin', 'python');
    const works = await access(python).then(
      () => true,
      () => false,
    );
    if (!works) {
      await rm(mark, { force: true });
      return undefined;
    }
    const now = new Date(clock.now());
    await utimes(mark, now, now).catch(() => undefined);
    return python;
  }

  async #make(hash: string, interpreter: Interpreter, requirements: string): Promise<EnvironmentLook> {
    const { dir, logger } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const lock = await this.#lock(hash);
    try {
      const there = await this.#ready(hash);
      if (there !== undefined) return { state: 'ready', python: there };
      logger.info('python.environment_preparing', { hash, requirements: requirements.split('\n') });
      const started = this.#options.clock.now();
      const home = `${hash}-${process.pid}-${randomBytes(4).toString('hex')}`;
      const failure = await this.#build(join(dir, home), interpreter, requirements);
      if (failure !== undefined) {
        await rm(join(dir, home), { recursive: true, force: true });
        return this.#failed(hash, failure);
      }
      await this.#publish(hash, home);
      this.#failures.delete(hash);
      logger.info('python.environment_ready', { hash, took_ms: this.#options.clock.now() - started });
      const python = await this.#ready(hash);
      return python === undefined
        ? this.#failed(hash, 'it vanished right after it was made')
        : { state: 'ready', python };
    } finally {
      if (lock !== undefined) await rm(lock, { force: true });
    }
  }

  async #build(home: string, interpreter: Interpreter, requirements: string): Promise<string | undefined> {
    const made = await this.#run(interpreter.path, ['-I', '-m', 'venv', home]);
    if (made.code !== 0)
      return `no virtual environment could be made (Debian, Ubuntu: apt install python3-venv): ${told(made)}`;
    const list = join(home, 'requirements.txt');
    await writeFile(list, `${requirements}\n`, { mode: 0o600 });
    const options = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
    const pip = [...'-I -m pip install'.split(' '), ...options, '-r', list];
    const installed = await this.#run(join(home, 'bin', 'python'), pip);
    if (installed.code === 0) return undefined;
    return `pip could not install the requirements: ${told(installed)}`;
  }

  #run(command: string, args: readonly string[]): Promise<ProgramEnd> {
    const { env, clock, logger } = this.#options;
    return runProgram({
      command,
      args,
      env: pipEnvironment(env),
      clock,
      timeoutMs: INSTALL_MS,
      signal: this.#stop.signal,
      onLine: (line) => {
        if (/^(Collecting|Downloading|Installing|Successfully|ERROR|Building)/.test(line))
          logger.info('python.environment_progress', { line });
      },
    });
  }

  /** `link` makes the name at once or finds it taken; then the other's environment serves as well. */
  async #publish(hash: string, home: string): Promise<void> {
    const { dir } = this.#options;
    const draft = join(dir, `${home}.draft`);
    await writeFile(draft, `${home}\n`);
    try {
      await link(draft, join(dir, `${hash}.ready`));
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
      await rm(join(dir, home), { recursive: true, force: true });
    } finally {
      await unlink(draft).catch(() => undefined);
    }
  }

  /** Waits while another living process builds the same. Undefined: it is ready, or nobody can lock here; go on and see. */
  async #lock(hash: string): Promise<string | undefined> {
    const { dir, clock } = this.#options;
    const lock = join(dir, `${hash}.lock`);
    for (;;) {
      try {
        await writeFile(lock, String(process.pid), { flag: 'wx' });
        return lock;
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error;
      }
      if ((await this.#ready(hash)) !== undefined) return undefined;
      const about = await stat(lock).catch(() => undefined);
      const holder = Number(await readFile(lock, 'utf8').catch(() => '0'));
      const old = about !== undefined && clock.now() - about.mtimeMs > INSTALL_MS * 2;
      if (holder > 0 && (!isAlive(holder) || old)) await rm(lock, { force: true });
      await clock.sleep(LOOK_AGAIN_MS, this.#stop.signal);
    }
  }

  #failed(hash: string, reason: string): EnvironmentLook {
    this.#failures.set(hash, { reason, at: this.#options.clock.now() });
    this.#options.logger.warn('python.environment_failed', { hash, reason });
    return { state: 'failed', reason };
  }
}

const hashOf = (interpreter: Interpreter, requirements: string): string =>
  createHash('sha256')
    .update(`${interpreter.version}\0${process.arch}\0${requirements}`)
    .digest('hex')
    .slice(0, 20);

const told = (end: ProgramEnd): string =>
  [end.problem ?? '', ...end.lastLines.slice(-6)].filter((line) => line !== '').join(' | ');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
