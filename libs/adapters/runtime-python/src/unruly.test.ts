import { readFileSync, readdirSync, statSync } from 'node:fs';
import type { JobCall, JobEnd } from '@kairos/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aCall,
  hasPython,
  KeepingSink,
  needsPython,
  never,
  openRig,
  processesOf,
  type Rig,
} from './testing/rig.test-support.ts';

const onLinux = process.platform === 'linux';

describe.skipIf(!hasPython)(`A Python task that is unruly${needsPython}`, { timeout: 60_000 }, () => {
  let rig: Rig;
  let sink: KeepingSink;
  beforeEach(() => {
    rig = openRig({
      hostEnv: { ...process.env, KAIROS_TOKEN: 'a', AWS_SECRET_ACCESS_KEY: 'b', MY_KEY: 'c', OTHER: 'd' },
      environment: ['MY_KEY'],
    });
    sink = new KeepingSink();
  });
  afterEach(() => rig.dispose());

  const run = (taskType: string, params: JobCall['params'] = {}, signal = never): Promise<JobEnd> =>
    rig.runtime.run(aCall({ function: 'unruly', taskType, params }), sink, signal);
  const result = async (taskType: string, params: JobCall['params'] = {}): Promise<unknown> => {
    const end = await run(taskType, params);
    return end.ok ? end.result : end.error;
  };
  const stopped = async (taskType: string, params: JobCall['params'], line: string): Promise<JobEnd> => {
    const stop = new AbortController();
    const end = run(taskType, params, stop.signal);
    await sink.line(line);
    stop.abort();
    return end;
  };
  const gone = async (): Promise<readonly number[]> => {
    await rig.runtime.close();
    return processesOf(rig.workDir);
  };

  it('sees of the environment what is allowed and what the operator named, and nothing else', async () => {
    const seen = Object.keys(Object(await result('environment')));

    expect(seen).toEqual(expect.arrayContaining(['PATH', 'HOME', 'TMPDIR', 'MY_KEY']));
    for (const name of ['KAIROS_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'OTHER']) expect(seen).not.toContain(name);
  });

  it('works in a folder of its own that no other run finds anything in', async () => {
    const first = await result('whereabouts');
    const second = await result('whereabouts');

    expect(first).toMatchObject({ files: ['left.txt'] });
    expect(second).toMatchObject({ files: ['left.txt'], pid: Object(first).pid });
    expect(Object(second).cwd).toContain(rig.workDir);
    expect(Object(second).path).not.toContain(rig.functionsDir);
    expect(readFileSync(`${Object(second).cwd}/left.txt`, { flag: 'a+', encoding: 'utf8' })).toBe('');
    await rig.runtime.close();
    expect(readdirSync(rig.workDir)).toEqual([]);
  });

  it('leaves nothing beside the functions', async () => {
    await result('pid');

    expect(readdirSync(rig.functionsDir)).not.toContain('__pycache__');
  });

  it.each(['SIGKILL', 'SIGSEGV', 'SIGABRT'])('is told of as crashed when %s ends it', async (signal) => {
    expect(await result('killed', { signal })).toMatchObject({
      code: 'JOB_CRASHED',
      permanent: false,
      message: expect.stringContaining(signal),
    });
  });

  it.each([
    ['a length beyond the limit', { head: 1_048_577, body: '' }, '1048577'],
    ['a length of four gigabytes', { head: 4_294_967_295, body: '' }, '4294967295'],
    ['no JSON', { body: 'hello' }, 'no JSON'],
    ['no UTF-8', { body: '\xff\xfe' }, 'no UTF-8'],
    ['NaN', { body: '{"t":"result","result":NaN}' }, 'no JSON'],
    ['no object', { body: '[1]' }, 'expected an object'],
    ['an unknown kind', { body: '{"t":"__proto__"}' }, 'unknown kind'],
    [
      'cells that are objects',
      {
        body: '{"t":"records","seq":1,"series":{"source":"a","symbol":"b","data_type":"kline","frequency":"1d"},"columns":["timestamp_ms"],"rows":[[{}]]}',
      },
      'rows[0][0]',
    ],
    [
      'rows of another width',
      {
        body: '{"t":"records","seq":1,"series":{"source":"a","symbol":"b","data_type":"kline","frequency":"1d"},"columns":["timestamp_ms"],"rows":[[1,2]]}',
      },
      '2 cells for 1',
    ],
  ])('is killed when it sends %s', async (_what, params, told) => {
    expect(await result('raw', params)).toMatchObject({
      code: 'JOB_FRAME',
      message: expect.stringContaining(told),
    });
    expect(sink.frames).toEqual([]);
    expect(await gone()).toEqual([]);
  });

  it.each(['impatient', 'impatient_states'])(
    'is killed when it does not wait for answers: %s',
    async (type) => {
      expect(await result(type)).toMatchObject({
        code: 'JOB_FRAME',
        message: expect.stringContaining('more than 2'),
      });
    },
  );

  it('keeps states from many threads at once, each in its turn', async () => {
    expect(await result('states_of_threads')).toBe('kept');
    expect([...sink.states].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('hands in any number of records, at most two frames of them unanswered', async () => {
    let open = 0;
    let most = 0;
    sink.records = async (records) => {
      open += 1;
      most = Math.max(most, open);
      sink.frames.push(records);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return { accepted: records.rows.length, findings: [] };
    };

    expect(await result('many_frames', { rows: 5_000 })).toBe(5_000);
    expect(sink.frames.length).toBeGreaterThan(4);
    expect(most).toBe(1);
    for (const frame of sink.frames) expect(JSON.stringify(frame).length).toBeLessThanOrEqual(1_048_576);
    expect(sink.frames.flatMap((f) => f.rows.map((r) => r[0]))).toEqual(
      Array.from({ length: 5_000 }, (_, i) => i * 60_000),
    );
  });

  it.each([
    ['lines', { megabytes: 30 }],
    ['one endless line', { megabytes: 30, end: '' }],
    ['endless lines on standard error', { megabytes: 30, width: 1_000_000, stream: 'stderr' }],
  ])('floods its output with %s and is read to the end, kept in part', async (_what, params) => {
    expect(await result('flood', params)).toBe(30);

    const kept = sink.messages.reduce((sum, message) => sum + message.length, 0);
    expect(kept).toBeLessThan(9_000_000);
    expect(sink.messages.at(-1)).toMatch(/\(\d+ bytes (of output )?more/);
  });

  it('leaves its children and threads no longer than its run', async () => {
    const first = await result('pid');
    expect(await result('grandchildren')).toBe('left them alone');
    const second = await result('pid');
    expect(await result('thread')).toBe('left it alone');
    const third = await result('pid');

    if (onLinux) expect(second).not.toBe(first);
    expect(third).not.toBe(second);
    if (onLinux) expect(processesOf(rig.workDir)).toHaveLength(2);
    expect(await gone()).toEqual([]);
  });

  it('is stopped together with its children', async () => {
    const end = await stopped('grandchildren', { wait: true, count: 3 }, 'grown');

    expect(end).toMatchObject({ ok: false, error: { code: 'JOB_CANCELLED' } });
    expect(processesOf(rig.workDir)).toEqual([]);
  });

  it('gets the chance to clean up, wherever it is', async () => {
    const end = await stopped('cleans_up', {}, 'busy');

    expect(end).toMatchObject({
      ok: false,
      error: { code: 'JOB_CANCELLED', traceback: expect.stringContaining('cleans_up') },
    });
    expect(sink.messages).toEqual(['busy', 'cleaning up after cancelled']);
  });

  it('does not go on behind a broad except', async () => {
    expect(await stopped('swallows', {}, 'busy')).toMatchObject({
      ok: false,
      error: { code: 'JOB_CANCELLED' },
    });
  });

  it('is killed, with its children, when nothing in it listens any more', async () => {
    expect(await stopped('deaf_native', {}, 'busy')).toMatchObject({
      ok: false,
      error: { code: 'JOB_CANCELLED' },
    });
    expect(processesOf(rig.workDir)).toEqual([]);
  });

  it('does not hand the channel on to programs it starts', async () => {
    expect(await result('reads_channel_number')).toBe(false);
  });

  it('keeps its own folder to itself', async () => {
    const { cwd } = Object(await result('whereabouts'));

    expect(statSync(cwd).mode & 0o077).toBe(0);
  });
});
