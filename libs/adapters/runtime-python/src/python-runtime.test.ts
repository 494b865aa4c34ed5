import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobCall, JobEnd } from '@kairos/ports';
import { silentLogger } from '@kairos/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aCall,
  hasPython,
  KeepingSink,
  needsPython,
  never,
  openRig,
  realClock,
  type Rig,
} from './testing/rig.test-support.ts';
import { PythonRuntime } from './python-runtime.ts';

const ONE = `
import os
from kairos_tasks import Context, task

@task("version")
def version(ctx: Context) -> list:
    return [1, os.getpid()]
`;

describe.skipIf(!hasPython)(`PythonRuntime${needsPython}`, () => {
  let rig: Rig;
  let sink: KeepingSink;
  beforeEach(() => {
    rig = openRig({ maxWorkers: 1, runsPerWorker: 3 });
    sink = new KeepingSink();
  });
  afterEach(() => rig.dispose());

  const run = (p: Partial<JobCall>, signal = never): Promise<JobEnd> =>
    rig.runtime.run(aCall(p), sink, signal);
  const version = async (name = 'mine'): Promise<unknown> => {
    const end = await run({ function: name, taskType: 'version' });
    return end.ok ? end.result : end.error;
  };
  const pidOf = async (p: Partial<JobCall> = {}): Promise<unknown> => {
    const end = await run({ function: 'unruly', taskType: 'pid', ...p });
    return end.ok ? end.result : end.error;
  };

  it('keeps a worker for its function, up to a number of runs', async () => {
    const pids = [await pidOf(), await pidOf(), await pidOf(), await pidOf()];

    expect(new Set(pids.slice(0, 3)).size).toBe(1);
    expect(pids[3]).not.toBe(pids[0]);
  });

  it('takes another worker for another function or another limit of memory, within its number', async () => {
    const first = await pidOf();
    expect(await run({ taskType: 'echo' })).toMatchObject({ ok: true });
    expect(rig.runtime.status().workers).toMatchObject({ idle: 1, busy: 0 });
    const second = await pidOf();
    const third = await pidOf({ memoryMb: 300 });

    expect(new Set([first, second, third]).size).toBe(3);
    expect(rig.runtime.status().workers).toMatchObject({ idle: 1, busy: 0 });
  });

  it('serves all that wait, and lets go of those that stop waiting', async () => {
    const stop = new AbortController();
    const first = run({ taskType: 'wait_abort' }, stop.signal);
    await sink.line('waiting');
    const impatient = new AbortController();
    const order: string[] = [];
    const second = run({ taskType: 'echo' }).then((end) => order.push(`second ${end.ok}`));
    const third = run({ taskType: 'echo' }, impatient.signal);
    const fourth = run({ taskType: 'echo' }).then((end) => order.push(`fourth ${end.ok}`));
    impatient.abort();

    expect(await third).toMatchObject({
      ok: false,
      error: { code: 'JOB_CANCELLED', message: expect.stringContaining('not begun') },
    });
    stop.abort();
    await Promise.all([first, second, fourth]);
    // Each looks for its function before it queues: which of two comes first is not certain.
    expect(order.sort()).toEqual(['fourth true', 'second true']);
  });

  it('starts anew when the function, or a module that it imports, was changed', async () => {
    rig.write('mine.py', ONE);
    rig.write('helper.py', 'N = 10\n');
    const before = await version();
    rig.write('mine.py', `from helper import N\n${ONE.replace('[1,', '[N,')}`);
    const after = await version();
    rig.write('helper.py', 'N = 200\n');

    expect(before).toEqual([1, expect.any(Number)]);
    expect(after).toEqual([10, expect.any(Number)]);
    expect(await version()).toEqual([200, expect.any(Number)]);
  });

  it('takes packages with modules of their own', async () => {
    rig.write('pack/__init__.py', 'from .inner import version\n');
    rig.write('pack/inner.py', ONE.replace('[1,', '[7,'));

    expect(await version('pack')).toEqual([7, expect.any(Number)]);
    expect(await rig.runtime.inspect({ function: 'pack' })).toEqual({ ok: true, taskTypes: ['version'] });
  });

  it.each([
    ['writable by others', () => chmodSync(join(rig.functionsDir, 'helper.py'), 0o666)],
    ['a file inside a package writable by others', () => undefined],
  ])('refuses to import a module that is %s', async (_what, spoil) => {
    rig.write('helper.py', 'N = 10\n');
    rig.write('mine.py', `import helper\n${ONE}`);
    rig.write('pack/__init__.py', 'from .inner import version\n');
    rig.write('pack/inner.py', ONE, 0o664);
    spoil();
    const name = _what.includes('package') ? 'pack' : 'mine';

    expect(await run({ function: name, taskType: 'version' })).toMatchObject({
      ok: false,
      error: { code: 'JOB_FUNCTION_UNSAFE', permanent: true, message: expect.stringContaining('chmod go-w') },
    });
  });

  it.each([
    ['fails to import', 'import not_there_at_all', 'name its package in mine.requirements.txt'],
    ['raises', 'raise RuntimeError("at import")', 'at import'],
    ['exits', 'import sys; sys.exit(3)', 'SystemExit'],
    ['has no task', 'x = 1', 'has no task'],
    [
      'has a task twice',
      'from kairos_tasks import task\ntask("a")(lambda ctx: 1)\n@task("a")\ndef b(ctx): ...',
      'stands twice',
    ],
  ])('says why a function cannot be used that %s', async (_what, text, told) => {
    rig.write('mine.py', `${text}\n`);

    expect(await version()).toMatchObject({
      code: 'JOB_FUNCTION_BROKEN',
      permanent: true,
      message: expect.stringContaining(told),
    });
    rig.write('mine.py', ONE);
    expect(await version()).toEqual([1, expect.any(Number)]);
  });

  it('does not let a function take the place of a module of Python', async () => {
    rig.write('json.py', ONE);
    rig.write('random.py', 'raise RuntimeError("shadowed")\n');
    rig.write('mine.py', `import random\nrandom.random()\n${ONE}`);

    expect(await version('json')).toMatchObject({
      code: 'JOB_FUNCTION_BROKEN',
      message: expect.stringContaining('another name'),
    });
    expect(await version()).toEqual([1, expect.any(Number)]);
  });

  it('ends a function that never finishes importing at the deadline', async () => {
    rig.write('mine.py', 'print("importing")\nwhile True: pass\n');
    const stop = new AbortController();
    const end = run({ function: 'mine', taskType: 'version' }, stop.signal);
    await sink.line('importing');
    stop.abort();

    expect(await end).toMatchObject({ ok: false, error: { code: 'JOB_CANCELLED' } });
  });

  it('refuses a call that fills more than a frame', async () => {
    expect(await run({ params: { text: 'x'.repeat(1_100_000) } })).toMatchObject({
      ok: false,
      error: { code: 'JOB_FRAME', permanent: true },
    });
    expect(await run({ params: {} })).toMatchObject({ ok: true });
  });

  it('waits for what is on its way to the sink before a run is over', async () => {
    let kept = false;
    sink.records = async (records) => {
      sink.frames.push(records);
      await new Promise((resolve) => setImmediate(resolve));
      kept = true;
      return { accepted: 1, findings: [] };
    };
    rig.write(
      'mine.py',
      `import json, os, struct
from kairos_tasks import Context, task
@task("version")
def version(ctx: Context):
    series = {"source": "a", "symbol": "b", "data_type": "kline", "frequency": "1d"}
    body = json.dumps({"t": "records", "seq": 1, "series": series, "columns": ["timestamp_ms"], "rows": [[1]]}).encode()
    os.write(4, struct.pack(">I", len(body)) + body)
    os._exit(9)
`,
    );

    expect(await version()).toMatchObject({ code: 'JOB_CRASHED', message: expect.stringContaining('9') });
    expect(kept).toBe(true);
  });

  it('runs asynchronous tasks', async () => {
    rig.write('mine.py', `${ONE.replace('def version', 'async def version')}`);

    expect(await version()).toEqual([1, expect.any(Number)]);
  });

  it('cleans up after servers that were killed when it prepares', async () => {
    mkdirSync(join(rig.workDir, 'kairos-python-999999999-abc'), { recursive: true });
    writeFileSync(join(rig.workDir, 'kairos-python-999999999-abc', 'left'), '');
    const status = await rig.runtime.prepare();

    expect(status.interpreter).toMatchObject({ ok: true });
    expect(status.functions.map((f) => f.function)).toEqual(['contract_broken', 'contract_tasks', 'unruly']);
    expect(() => chmodSync(join(rig.workDir, 'kairos-python-999999999-abc'), 0o700)).toThrow('ENOENT');
  });
});

describe('PythonRuntime without a Python that serves', () => {
  it.each([
    ['none', '/nowhere/python3', 'no Python by the name'],
    ['an old one', 'old', 'is Python 3.9.1, which is too old'],
    ['something else', 'other', 'does not answer as a Python does'],
  ])('says what to install: %s', async (_what, name, told) => {
    const rig = openRig();
    const old = join(rig.dir, 'old');
    writeFileSync(old, `#!/bin/sh\necho '["/opt/old/python3", "3.9.1", [3, 9]]'\n`, { mode: 0o755 });
    writeFileSync(join(rig.dir, 'other'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
    const without = openRig({ python: name.startsWith('/') ? name : join(rig.dir, name) });

    expect(await without.runtime.run(aCall(), new KeepingSink(), never)).toMatchObject({
      ok: false,
      error: { code: 'JOB_RUNTIME_MISSING', message: expect.stringContaining(told) },
    });
    expect(await without.runtime.inspect({ function: 'contract_tasks' })).toMatchObject({
      code: 'JOB_RUNTIME_MISSING',
    });
    const status = await without.runtime.prepare();
    expect(status.interpreter).toMatchObject({ ok: false, reason: expect.stringContaining('3.11') });
    await without.dispose();
    await rig.dispose();
  });

  it('refuses to be told to hand on what tasks must not see', () => {
    const options = { functionsDir: '.', venvDir: '.', hostEnv: {}, clock: realClock, logger: silentLogger };

    expect(() => new PythonRuntime({ ...options, environment: ['KAIROS_HTTP__TOKEN'] })).toThrow(
      'functions may not be given',
    );
  });
});
