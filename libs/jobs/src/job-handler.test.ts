import { LeaseLostError, type JobSpec, type JsonValue } from '@kairos/domain';
import type { JobCall, JobEnd, JobSink, RecordIntake, RunContext, TaskRuntime } from '@kairos/ports';
import { aTask, FakeClock, MemoryRunLogs, RecordingLogger, T0 } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { JobHandler } from './job-handler.ts';
import { MAX_LOG_LINES } from './run-sink.ts';

const JOB: JobSpec = {
  function: 'my_crawler',
  language: 'python',
  runtime: 'python3.11',
  taskType: 'my_type',
  taskName: 'my_name',
  timeoutMs: 60_000,
  memoryMb: 256,
  params: { a: 1 },
};

type Work = (call: JobCall, sink: JobSink, signal: AbortSignal) => Promise<JobEnd>;

const failed = (code: string, permanent = false, message = 'no\nmore'): JobEnd => ({
  ok: false,
  error: { code, message, permanent, traceback: 'Traceback: line 1' },
});

function runtimeOf(work: Work): TaskRuntime {
  return {
    language: 'python',
    inspect: () => Promise.resolve({ ok: true, taskTypes: ['my_type'] }),
    run: work,
    close: () => Promise.resolve(),
  };
}

interface World {
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  readonly logs: MemoryRunLogs;
  readonly handler: JobHandler;
  readonly states: JsonValue[];
  readonly stop: AbortController;
  ensured: number;
  ensure: () => Promise<void>;
  context(over?: Partial<RunContext>): RunContext;
}

function worldOf(work: Work, intake?: RecordIntake['accept']): World {
  const clock = new FakeClock({ now: T0 });
  const log = new RecordingLogger();
  const logs = new MemoryRunLogs();
  const stop = new AbortController();
  const states: JsonValue[] = [];
  const handler = new JobHandler({
    runtimes: [runtimeOf(work)],
    intake: { accept: intake ?? (() => Promise.resolve({ accepted: 2, findings: [] })) },
    clock,
    runLogs: logs,
  });
  const world: World = {
    clock,
    log,
    logs,
    handler,
    states,
    stop,
    ensured: 0,
    ensure: () => Promise.resolve(),
    context: (over = {}) => ({
      task: aTask({ handler: 'job', job: JOB, jobState: { since: 7 } }),
      runId: 'run-1',
      kind: 's',
      slot: T0,
      attempt: 1,
      skipped: null,
      refetch: null,
      fence: { uid: 'aaaaaaaaaaaa', fence: 3 },
      deadline: T0 + 900_000,
      signal: stop.signal,
      log,
      ensure: () => {
        world.ensured += 1;
        return world.ensure();
      },
      saveState: (state) => {
        states.push(state);
        return Promise.resolve();
      },
      ...over,
    }),
  };
  return world;
}

const DONE: JobEnd = { ok: true, result: { answer: 42 } };
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('the job handler', () => {
  it('tells the job its call, and keeps its answer', async () => {
    const calls: JobCall[] = [];
    const world = worldOf((call) => {
      calls.push(call);
      return Promise.resolve(DONE);
    });
    const result = await world.handler.run(world.context());

    expect(result).toMatchObject({ outcome: 'succeeded', result: { answer: 42 }, healthReasons: [] });
    expect(calls).toEqual([
      {
        runId: 'run-1',
        taskId: 'task-1',
        taskName: 'my_name',
        taskType: 'my_type',
        function: 'my_crawler',
        params: { a: 1 },
        state: { since: 7 },
        kind: 's',
        slot: T0,
        attempt: 1,
        deadline: T0 + 60_000,
        memoryMb: 256,
      },
    ]);
  });

  it('lets the worker’s own deadline come first', async () => {
    let deadline = 0;
    const world = worldOf((call) => {
      deadline = call.deadline;
      return Promise.resolve(DONE);
    });
    await world.handler.run(world.context({ deadline: T0 + 1_000 }));
    expect(deadline).toBe(T0 + 1_000);
  });

  it('passes records and state on under the run’s fence, and counts the rows', async () => {
    const frames: unknown[] = [];
    const records = {
      series: { source: 's', symbol: 'X', dataType: 'kline', frequency: '1h' },
      range: null,
      complete: false,
      columns: [],
      rows: [],
    };
    const world = worldOf(
      async (_, sink) => {
        await sink.records(records);
        await sink.records(records);
        await sink.saveState('kept');
        return DONE;
      },
      (p) => {
        frames.push([p.runId, p.fence]);
        return Promise.resolve({ accepted: 2, findings: [] });
      },
    );
    const result = await world.handler.run(world.context());

    expect(result.stats).toMatchObject({ rows: 4, commits: 2 });
    expect(frames[0]).toEqual(['run-1', { uid: 'aaaaaaaaaaaa', fence: 3 }]);
    expect(world.states).toEqual(['kept']);
    expect(world.ensured).toBe(3);
  });

  it('keeps every line, and gives the log no flood', async () => {
    const count = MAX_LOG_LINES + 500;
    const world = worldOf((_, sink) => {
      for (let i = 0; i < count; i += 1) sink.log({ level: 'info', message: `line ${i}`, stream: 'stdout' });
      return Promise.resolve(DONE);
    });
    await world.handler.run(world.context());

    const said = world.log.entries.filter((e) => e.event === 'job.says');
    expect(said).toHaveLength(MAX_LOG_LINES);
    expect(world.log.entries.find((e) => e.event === 'job.said_too_much')?.fields).toMatchObject({
      lines: count,
    });
    const kept = await world.logs.read({ taskId: 'task-1', runId: 'run-1', limit: 10_000 });
    expect(kept.at(-1)?.message).toBe(`line ${count - 1}`);
  });

  it.each([
    ['JOB_FAILED', false, { permanent: false }],
    ['JOB_TIMEOUT', false, { permanent: false }],
    ['JOB_CRASHED', false, { permanent: false }],
  ] as const)('has %s tried again', async (code, permanent, error) => {
    const world = worldOf(() => Promise.resolve(failed(code, permanent)));
    const result = await world.handler.run(world.context());
    expect(result).toMatchObject({ outcome: 'failed', error: { code, message: 'no', ...error } });
    expect(result.noRetry).toBeUndefined();
    expect(world.log.entries.some((e) => JSON.stringify(e.fields).includes('Traceback'))).toBe(true);
  });

  it.each(['JOB_TYPE_UNKNOWN', 'JOB_PARAMS', 'JOB_FUNCTION_UNSAFE'])('ends the task for %s', async (code) => {
    const world = worldOf(() => Promise.resolve(failed(code, true)));
    expect(await world.handler.run(world.context())).toMatchObject({ error: { code, permanent: true } });
  });

  it.each(['JOB_FAILED', 'JOB_FUNCTION_MISSING', 'JOB_FUNCTION_BROKEN'])(
    'gives up the slot alone for a permanent %s: the next may do better',
    async (code) => {
      const world = worldOf(() => Promise.resolve(failed(code, true)));
      const result = await world.handler.run(world.context());
      expect(result).toMatchObject({ noRetry: true, error: { code, permanent: false } });
    },
  );

  it('waits for a runtime that is being prepared, at the cost of no attempt', async () => {
    const world = worldOf(() => Promise.resolve(failed('JOB_RUNTIME_PREPARING')));
    const result = await world.handler.run(world.context());
    expect(result).toMatchObject({ outcome: 'failed', freeRetry: true, notBefore: T0 + 10_000 });
  });

  it('says which language is missing, and goes on with the next slot', async () => {
    const world = worldOf(() => Promise.resolve(DONE));
    const job: JobSpec = { ...JOB, language: 'nodejs' };
    const result = await world.handler.run(world.context({ task: aTask({ handler: 'job', job }) }));
    expect(result).toMatchObject({ noRetry: true, error: { code: 'JOB_RUNTIME_MISSING', permanent: false } });
    expect(result.error?.message).toContain('nodejs');
  });

  it('hands over what was cancelled because the worker stops', async () => {
    const world = worldOf(async (_call, _sink, signal) => {
      await aborted(signal);
      return failed('JOB_CANCELLED');
    });
    const running = world.handler.run(world.context());
    world.stop.abort();
    expect(await running).toMatchObject({ outcome: 'handed_over' });
  });

  it('renews the lease while the job works, however silent it is', async () => {
    let finish = (_: JobEnd): void => undefined;
    const world = worldOf(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    const running = world.handler.run(world.context());
    await world.clock.advance(20_000);
    expect(world.ensured).toBe(4);
    finish(DONE);
    expect(await running).toMatchObject({ outcome: 'succeeded' });
    expect(world.clock.sleeping).toBe(0);
  });

  it('stops the job when the lease is lost, and says so whatever the job answers', async () => {
    const world = worldOf(async (_call, _sink, signal) => {
      await aborted(signal);
      return DONE;
    });
    world.ensure = () => Promise.reject(new LeaseLostError('aaaaaaaaaaaa', 3));
    const running = world.handler.run(world.context());
    const caught = expect(running).rejects.toBeInstanceOf(LeaseLostError);
    await world.clock.advance(5_000);
    await caught;
    expect(world.clock.sleeping).toBe(0);
  });
});
