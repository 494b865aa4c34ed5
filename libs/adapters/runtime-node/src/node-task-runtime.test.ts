import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobEnd } from '@kairos/ports';
import { aCall, RecordingSink } from '@kairos/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeTaskRuntime } from './node-task-runtime.ts';
import { realClock } from './testing/real-clock.ts';
import { isAlive } from './testing/workers.ts';
import { WORKER_SOURCE } from './worker/source.ts';

describe('NodeTaskRuntime', { timeout: 30_000 }, () => {
  let root: string;
  let dir: string;
  let runtime: NodeTaskRuntime;
  let sink: RecordingSink;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kairos-node-'));
    dir = join(root, 'functions');
    mkdirSync(dir, { mode: 0o755 });
    sink = new RecordingSink();
    runtime = open();
  });
  afterEach(async () => {
    await runtime.close();
    rmSync(root, { recursive: true, force: true });
  });

  const open = (more: Partial<ConstructorParameters<typeof NodeTaskRuntime>[0]> = {}): NodeTaskRuntime =>
    new NodeTaskRuntime({ dir, clock: realClock, env: process.env, ...more });
  const write = (name: string, text: string, mode = 0o644): string => {
    const file = join(dir, name);
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
    return file;
  };
  const call = (name: string, type = 'go', params = {}): Parameters<NodeTaskRuntime['run']>[0] =>
    aCall({ runtime, now: realClock.now, workers: () => 0, dispose: () => Promise.resolve() }, type, params, {
      function: name,
      memoryMb: 64,
    });
  const run = (name: string, type = 'go', params = {}): Promise<JobEnd> =>
    runtime.run(call(name, type, params), sink, new AbortController().signal);
  const answers = (expression: string): string => `export const tasks = { go: () => ${expression} };`;

  describe('the folder of functions', () => {
    it.each(['own.js', 'own.mjs', 'own.cjs'])('holds a module as %s', async (name) => {
      const isCommon = name !== 'own.mjs';
      write(name, isCommon ? 'exports.tasks = { go: () => 7 };' : answers('7'));

      expect(await run('own')).toEqual({ ok: true, result: 7 });
    });

    it('holds a module as a folder, with files of its own', async () => {
      mkdirSync(join(dir, 'own'));
      write('own/part.mjs', 'export const answer = 8;');
      write('own/index.mjs', `import { answer } from './part.mjs'; ${answers('answer')}`);

      expect(await run('own')).toEqual({ ok: true, result: 8 });
    });

    it('shows a function as it is now', async () => {
      write('own.mjs', answers('1'));
      await run('own');
      write('own.mjs', answers('2'));

      expect(await run('own')).toEqual({ ok: true, result: 2 });
    });

    it('is not left, wherever a link leads', async () => {
      const outside = join(root, 'outside.mjs');
      writeFileSync(outside, answers('1'), { mode: 0o644 });
      symlinkSync(outside, join(dir, 'linked.mjs'));

      expect(await run('linked')).toMatchObject({
        ok: false,
        error: { code: 'JOB_FUNCTION_UNSAFE', permanent: true, message: expect.stringContaining(outside) },
      });
    });

    it.each(['../outside', 'sub/own', '/etc/hostname', 'own.mjs', '__proto__', '..'])(
      'is asked for names, never for paths: %j',
      async (name) => {
        writeFileSync(join(root, 'outside.mjs'), answers('1'), { mode: 0o644 });
        write('own.mjs', answers('1'));

        expect(await run(name)).toMatchObject({ error: { code: 'JOB_FUNCTION_MISSING', permanent: true } });
        expect(await run('own', name)).toMatchObject({
          error: { code: 'JOB_TYPE_UNKNOWN', permanent: true },
        });
      },
    );

    it('and what is in it must not be writable by others', async () => {
      const file = write('own.mjs', answers('1'), 0o664);
      expect(await run('own')).toMatchObject({
        error: {
          code: 'JOB_FUNCTION_UNSAFE',
          permanent: true,
          message: expect.stringContaining(`chmod go-w ${file}`),
        },
      });
      chmodSync(file, 0o644);
      chmodSync(dir, 0o757);
      expect(await run('own')).toMatchObject({
        error: { code: 'JOB_FUNCTION_UNSAFE', message: expect.stringContaining(`chmod go-w ${dir}`) },
      });
      expect(await runtime.inspect({ function: 'own' })).toMatchObject({
        ok: false,
        code: 'JOB_FUNCTION_UNSAFE',
      });
      chmodSync(dir, 0o755);
      expect(await run('own')).toEqual({ ok: true, result: 1 });
    });
  });

  describe('a function', () => {
    it('sees of the environment what is harmless, and what it is given by name', async () => {
      write('own.mjs', answers('({ ...process.env, argv: process.execArgv.length })'));
      const env = {
        PATH: '/bin',
        KAIROS_HTTP__TOKEN: 'secret',
        AWS_SECRET_ACCESS_KEY: 'secret',
        NODE_OPTIONS: '--inspect',
        MY_KEY: 'mine',
        OTHER: 'not mine',
      };
      runtime = open({ env, envNames: ['MY_KEY', 'MISSING'] });

      expect(await run('own')).toMatchObject({ ok: true, result: { PATH: '/bin', MY_KEY: 'mine' } });
      const end = await run('own');
      expect(JSON.stringify(end)).not.toMatch(/secret|not mine|inspect/);
      for (const name of ['KAIROS_HTTP__TOKEN', 'AWS_SECRET_ACCESS_KEY', 'NODE_OPTIONS', 'a b'])
        expect(() => open({ env, envNames: [name] })).toThrow(expect.objectContaining({ code: 'CONFIG' }));
    });

    it('without tasks, or with something else among them, is told what is wrong', async () => {
      write('none.mjs', 'export const task = 1;');
      write('odd.mjs', 'export const tasks = { go: 7 };');
      write('thrower.mjs', 'throw new TypeError("at the top");');

      for (const [name, text] of [
        ['none', 'exports no `tasks`'],
        ['odd', 'its task go is neither'],
        ['thrower', 'at the top'],
      ] as const)
        expect(await run(name)).toMatchObject({
          error: { code: 'JOB_FUNCTION_BROKEN', permanent: true, message: expect.stringContaining(text) },
        });
    });

    it('fails by what it forgot to wait for', async () => {
      write(
        'own.mjs',
        `export const tasks = {
          rejection: async () => { void Promise.reject(new Error('forgotten')); },
          timer: () => new Promise(() => setTimeout(() => { throw new Error('late') }, 1)),
          state: (ctx) => { void ctx.saveState(1); },
        };`,
      );
      expect(await run('own', 'rejection')).toMatchObject({
        error: { code: 'JOB_FAILED', message: 'forgotten' },
      });
      expect(await run('own', 'timer')).toMatchObject({ error: { code: 'JOB_FAILED', message: 'late' } });

      const refusal = new Error('the disk is full');
      sink = new RecordingSink({ onState: () => Promise.reject(refusal) });
      await expect(run('own', 'state')).rejects.toBe(refusal);
    });

    it('ends with its answer, whatever it left running', async () => {
      write(
        'own.mjs',
        `import { spawn } from 'node:child_process';
         export const tasks = { go: () => {
           setInterval(() => {}, 1000);
           process.on('exit', () => { for (;;); });
           return spawn('sleep', ['600'], { stdio: 'inherit' }).pid;
         } };`,
      );
      const end = await run('own');
      expect(end).toMatchObject({ ok: true, result: expect.any(Number) });
      expect(isAlive(Number(end.ok && end.result))).toBe(false);
    });

    it('is held to its memory outside the heap too', async () => {
      write(
        'own.mjs',
        answers('{ const hog = []; for (;;) hog.push(Buffer.alloc(10_000_000, 1)); }').replace(
          '=> {',
          '=> {',
        ),
      );

      expect(await run('own')).toMatchObject({ error: { code: 'JOB_MEMORY' } });
    });

    it.each([
      'const h = []; for (let i = 0; ; i += 1) h.push(i + 0.5)',
      'const m = new Map(); for (let i = 0; ; i += 1) m.set(i, i)',
    ])('that fills its heap in one piece ends alone: %s', async (code) => {
      write('own.mjs', `export const tasks = { go: () => { ${code} } };`);

      expect(await run('own')).toMatchObject({ error: { code: 'JOB_MEMORY' } });
    });

    it('that writes what is no message is ended for it', async () => {
      write(
        'own.mjs',
        `import { writeSync } from 'node:fs';
         export const tasks = { go: () => { writeSync(4, 'GET / HTTP/1.1'); for (;;); } };`,
      );
      expect(await run('own')).toMatchObject({ error: { code: 'JOB_FRAME', permanent: false } });
    });

    it('that does not wait for answers is ended for it', async () => {
      write(
        'own.mjs',
        `import { writeSync } from 'node:fs';
         export const tasks = { go: () => {
           const body = Buffer.from('{"t":"state","seq":1,"state":1}');
           const head = Buffer.alloc(4);
           head.writeUInt32BE(body.length);
           writeSync(4, Buffer.concat(Array(9).fill([head, body]).flat()));
           for (;;);
         } };`,
      );
      expect(await run('own')).toMatchObject({
        error: { code: 'JOB_FRAME', message: expect.stringContaining('more than 2') },
      });
    });

    it('may print a million tiny lines: some are kept, the rest is counted, and a full heap is seen all the same', async () => {
      write(
        'own.mjs',
        `import { writeSync } from 'node:fs';
         export const tasks = { go: () => {
           const bytes = Buffer.from('x\\n'.repeat(10_000));
           for (let i = 0; i < 100; i += 1)
             for (const fd of [1, 2])
               for (let at = 0; at < bytes.length;) try { at += writeSync(fd, bytes, at); } catch {}
           const m = new Map();
           for (let i = 0; ; i += 1) m.set(i, i);
         } };`,
      );

      expect(await run('own')).toMatchObject({ error: { code: 'JOB_MEMORY' } });
      expect(sink.messages('stdout')).toHaveLength(20_001);
      expect(sink.messages('stdout').at(-1)).toBe('… (1960000 bytes of output more, not kept)');
    });

    it('may print without end: the log gets a bounded part of each line', async () => {
      write('own.mjs', answers("(console.log('x'.repeat(1_000_000)), console.log('after'))"));

      expect(await run('own')).toMatchObject({ ok: true });
      const [long, after] = sink.messages('stdout');
      expect(long?.slice(0, 8_192)).toBe('x'.repeat(8_192));
      expect(long?.slice(8_192)).toBe(' … (991808 bytes more)');
      expect(after).toBe('after');
    });
  });

  it('runs so many at a time, the others in turn, and lets those who wait leave', async () => {
    write(
      'own.mjs',
      `export const tasks = { go: (ctx) => new Promise((resolve) => {
      ctx.log.info('in');
      ctx.signal.addEventListener('abort', resolve);
    }) };`,
    );
    runtime = open({ maxWorkers: 1 });
    const [first, second, third] = [1, 2, 3].map(() => new AbortController());
    const sinks = [1, 2, 3].map(() => new RecordingSink());
    const runs = [first, second, third].map((stop, i) =>
      runtime.run(call('own'), sinks[i] ?? sink, stop?.signal ?? new AbortController().signal),
    );
    await Promise.race(sinks.map((s) => s.said('in')));
    const began = sinks.findIndex((s) => s.messages().length > 0);
    expect(sinks.filter((s) => s.messages().length > 0)).toHaveLength(1);
    const waiting = [0, 1, 2].filter((i) => i !== began);
    [first, second, third][waiting[0] ?? 0]?.abort();

    expect(await runs[waiting[0] ?? 0]).toMatchObject({ error: { code: 'JOB_CANCELLED' } });
    expect(sinks[waiting[0] ?? 0]?.lines).toEqual([]);
    [first, second, third][began]?.abort();
    await sinks[waiting[1] ?? 0]?.said('in');
    [first, second, third][waiting[1] ?? 0]?.abort();
    expect(await Promise.all(runs)).toHaveLength(3);
  });

  it('leaves no worker when the server is killed, however busy the job', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['--eval', process.env.SOURCE], { detached: true, env: {},
        stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe', 'pipe'] });
      const body = Buffer.from(process.env.ORDER); const head = Buffer.alloc(4); head.writeUInt32BE(body.length);
      child.stdio[3].write(Buffer.concat([head, body]));
      child.stdio[4].once('data', () => console.log(child.pid));`;
    const file = write('own.mjs', "export const tasks = { go: (ctx) => { ctx.log.info('in'); for (;;); } };");
    const order = { t: 'run', url: `file://${file}`, most: 1e9, call: call('own') };
    const server = spawn(process.execPath, ['-e', script], {
      env: { SOURCE: WORKER_SOURCE, ORDER: JSON.stringify(order) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await once(server.stdout, 'data');
    const worker = Number(String(said));
    expect(worker).toBeGreaterThan(0);
    server.kill('SIGKILL');
    // The worker holds the server's output open for as long as it lives.
    await once(server, 'close');
    // A process lets go of its outputs a moment before it is gone; the test's own time limit is the only one.
    while (isAlive(worker)) await new Promise((resolve) => setImmediate(resolve));
    expect(isAlive(worker)).toBe(false);
  });
});
