import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunLogLine } from '@kairos/ports';
import { FakeClock, MemoryRunLogs, RecordingLogger, runLogsContract, silentLogger } from '@kairos/testkit';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FsRunLogs } from './fs-run-logs.ts';
import { DEFAULT_RUN_LOG_LIMITS, type RunLogLimits } from './limits.ts';
import { folderOf } from './names.ts';

const temporary = (): string => mkdtempSync(join(tmpdir(), 'kairos-logs-'));

runLogsContract('memory', {
  shared: false,
  open: () => {
    const logs = new MemoryRunLogs();
    return Promise.resolve({ open: () => logs, close: () => Promise.resolve() });
  },
});

runLogsContract('files', {
  shared: true,
  open: (clock) => {
    const dir = temporary();
    return Promise.resolve({
      open: () => new FsRunLogs({ dir, clock, log: silentLogger }),
      close: () => Promise.resolve(rmSync(dir, { recursive: true, force: true })),
    });
  },
});

const line = (message: string): RunLogLine => ({
  at: 1_700_000_000_000,
  level: 'info',
  stream: 'log',
  message,
});

describe('logs of runs in files', () => {
  let dir: string;
  let log: RecordingLogger;
  const clock = new FakeClock({ now: 1_700_000_000_000, autoAdvance: true });
  const open = (limits: Partial<RunLogLimits> = {}): FsRunLogs =>
    new FsRunLogs({ dir, clock, log, limits: { ...DEFAULT_RUN_LOG_LIMITS, ...limits } });
  const filesOf = (taskId: string): string[] =>
    readdirSync(join(dir, folderOf(taskId))).map((name) => join(dir, folderOf(taskId), name));
  const bytesOf = (taskId: string): number =>
    filesOf(taskId).reduce((sum, path) => sum + statSync(path).size, 0);

  beforeEach(() => {
    dir = join(temporary(), 'logs');
    log = new RecordingLogger();
  });
  afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

  it('are for their owner alone, and hold no control characters', async () => {
    const logs = open();
    logs.append({ taskId: 'a', runId: 'r', line: line('\u001b[2J\u0085\u202e\ud800 end\nmore') });
    await logs.flush();

    const [path = ''] = filesOf('a');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    expect(readFileSync(path, 'utf8')).toBe(
      '{"at":"2023-11-14T22:13:20.000Z","run":"r","level":"info","stream":"log","message":"\\u001b[2J\\u0085\\u202e\\ud800 end\\nmore"}\n',
    );
  });

  it('keep the newest lines within the bound of a task', async () => {
    const logs = open({ taskBytes: 40_000 });
    for (let i = 0; i < 1_000; i += 1) {
      logs.append({ taskId: 'a', runId: 'r', line: line(`${i}`) });
      if (i % 10 === 0) await logs.flush();
    }
    await logs.flush();

    const kept = await logs.read({ taskId: 'a', limit: 1_000 });
    expect(bytesOf('a')).toBeLessThanOrEqual(40_000);
    expect(kept.length).toBeGreaterThan(200);
    expect(kept.map((l) => Number(l.message))).toEqual(
      Array.from({ length: kept.length }, (_, i) => 1_000 - kept.length + i),
    );
  });

  it('keep the newest within the bound of all tasks, and leave no empty folders', async () => {
    for (let i = 0; i < 60; i += 1) {
      // As after a restart: each counts what it finds.
      const logs = open({ totalBytes: 32_000 });
      logs.append({ taskId: `task-${i}`, runId: 'r', line: line('x'.repeat(1_000)) });
      await logs.flush();
      clock.set(clock.now() + 1);
    }

    const folders = readdirSync(dir);
    const total = folders.reduce((sum, name) => {
      const files = readdirSync(join(dir, name));
      expect(files).not.toEqual([]);
      return sum + files.reduce((s, file) => s + statSync(join(dir, name, file)).size, 0);
    }, 0);
    expect(total).toBeLessThanOrEqual(32_000);
    expect(total).toBeGreaterThan(25_000);
    expect(folders).toContain(folderOf('task-59'));
    expect(folders).not.toContain(folderOf('task-0'));
  });

  it('skip a line that was torn by a kill, and lose none that follows', async () => {
    const logs = open();
    logs.append({ taskId: 'a', runId: 'r', line: line('before') });
    await logs.flush();
    const [path = ''] = filesOf('a');
    appendFileSync(path, '{"at":"2023-11-14T22:13:20.000Z","run":"r","lev');
    const following = logs.follow({ taskId: 'a', last: 9, signal: new AbortController().signal });
    const lines = following[Symbol.asyncIterator]();

    expect((await lines.next()).value).toMatchObject({ message: 'before' });
    open().append({ taskId: 'a', runId: 'r', line: line('after') });

    expect((await lines.next()).value).toMatchObject({ message: 'after' });
    expect((await logs.read({ taskId: 'a', limit: 9 })).map((l) => l.message)).toEqual(['before', 'after']);
  });

  it('survive a writer that is killed while it writes', async () => {
    const bundle = join(dir, '..', 'writer.mjs');
    buildSync({
      stdin: {
        resolveDir: import.meta.dirname,
        contents: `
          import { FsRunLogs } from './fs-run-logs.ts';
          const none = () => undefined;
          const log = { debug: none, info: none, warn: none, error: none };
          const logs = new FsRunLogs({ dir: ${JSON.stringify(dir)}, clock: { now: () => 1_700_000_000_000 }, log });
          for (let i = 0; i < 3_000; i += 1) {
            logs.append({ taskId: 'a', runId: 'r', line: { at: 0, level: 'info', stream: 'log', message: String(i) } });
            if (i % 100 === 0) await logs.flush();
          }
          await new Promise((turn) => setImmediate(turn));
          process.kill(process.pid, 'SIGKILL');`,
      },
      ...{ bundle: true, platform: 'node', format: 'esm', outfile: bundle },
    });

    expect(spawnSync(process.execPath, [bundle], { encoding: 'utf8' })).toMatchObject({ signal: 'SIGKILL' });
    const logs = open();
    logs.append({ taskId: 'a', runId: 'r', line: line('-1') });
    await logs.flush();
    const kept = (await logs.read({ taskId: 'a', limit: 10_000 })).map((l) => Number(l.message));
    expect(kept.length).toBeGreaterThan(2_900);
    expect(kept).toEqual([...kept.slice(0, -1).keys(), -1]);
  });

  it('cut a message that is too long, and say so', async () => {
    const logs = open({ messageChars: 10 });
    logs.append({ taskId: 'a', runId: 'r', line: line('0123456789abc') });
    await logs.flush();

    expect((await logs.read({ taskId: 'a', limit: 1 }))[0]?.message).toBe(
      '0123456789… (3 more characters were cut off)',
    );
  });

  it('drop what comes faster than it can be written, and say how many lines that were', async () => {
    const logs = open({ waitingChars: 2_000 });
    for (let i = 0; i < 100; i += 1) logs.append({ taskId: 'a', runId: 'r', line: line(`${i}`) });
    await logs.flush();
    logs.append({ taskId: 'a', runId: 'r', line: line('later') });
    await logs.flush();

    const kept = await logs.read({ taskId: 'a', limit: 200 });
    const dropped = 100 - (kept.length - 2);
    expect(dropped).toBeGreaterThan(50);
    expect(kept.at(-2)).toMatchObject({
      level: 'warn',
      message: `${dropped} lines are missing here: they came faster than they could be written`,
    });
    expect(kept.at(-1)?.message).toBe('later');
  });

  it('cost no run when they cannot be written, tell it once, and go on when they can', async () => {
    mkdirSync(join(dir, '..'), { recursive: true });
    writeFileSync(dir, 'in the way');
    const logs = open();
    for (const message of ['lost', 'lost too']) {
      logs.append({ taskId: 'a', runId: 'r', line: line(message) });
      await logs.flush();
    }
    rmSync(dir);
    logs.append({ taskId: 'a', runId: 'r', line: line('kept') });
    await logs.flush();

    expect(log.entries.filter((e) => e.event === 'run_logs.failed')).toHaveLength(1);
    expect((await logs.read({ taskId: 'a', limit: 9 })).map((l) => l.message)).toEqual(['kept']);
  });

  it('never write through a link', async () => {
    const logs = open();
    logs.append({ taskId: 'a', runId: 'r', line: line('one') });
    await logs.flush();
    const [path = ''] = filesOf('a');
    const victim = join(dir, '..', 'victim');
    writeFileSync(victim, 'precious');
    rmSync(path);
    symlinkSync(victim, path);
    logs.append({ taskId: 'a', runId: 'r', line: line('two') });
    await logs.flush();

    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(log.entries.some((e) => e.event === 'run_logs.failed')).toBe(true);
  });

  it('refuse with an error of the store what cannot be read', async () => {
    mkdirSync(join(dir, folderOf('a'), '1700000000000.ndjson'), { recursive: true });

    await expect(open().read({ taskId: 'a', limit: 1 })).rejects.toMatchObject({ code: 'STORE_IO' });
  });

  it('take ten thousand lines of a thousand tasks in order', async () => {
    const logs = open();
    for (let i = 0; i < 10_000; i += 1)
      logs.append({ taskId: `t${i % 1_000}`, runId: 'r', line: line(String(i)) });
    await logs.flush();

    expect((await logs.read({ taskId: 't7', limit: 20 })).map((l) => l.message)).toEqual(
      Array.from({ length: 10 }, (_, i) => String(i * 1_000 + 7)),
    );
  });
});
