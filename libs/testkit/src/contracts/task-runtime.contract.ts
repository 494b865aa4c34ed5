import { LeaseLostError, ValidationError } from '@kairos/domain';
import type { JobEnd } from '@kairos/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aCall,
  asJson,
  RecordingSink,
  someRecords,
  type TaskRuntimeBench,
  type TaskRuntimeContractOptions,
} from './task-runtime-bench.ts';
import { endingCases } from './task-runtime-endings.ts';

/**
 * The law of runtimes for tasks. Each ships two fixtures in its language: `contract_broken`, with an error of syntax, and
 * `contract_tasks` with these task types (`p` are the params):
 *
 * - `echo` answers `{params, state, slot (ISO-8601, UTC), taskName, taskType, attempt}`.
 * - `log_lines` says `a debug line`, `an info line`, `a warn line`, `an error line` at these levels, then `line 0` and so on
 *   up to `p.count` lines at info; answers the count.
 * - `print_noise` prints `to standard output` and then the bytes `ff fe 78 0a` on standard output, `to standard error` on
 *   standard error; answers `"printed"`.
 * - `emit` says `handing in`, hands in `p.records` (of the port's shape), says `answered`, answers `{accepted, findings}`.
 *   With `p.catch` it catches what is thrown and answers `{code}`.
 * - `emit_many` hands in, in one go, `p.count` daily records, the i-th (from 0) i days after the epoch and of the cells
 *   `<i>.5 60000 1 1 0` (series and columns as in `someRecords`), as all there is from the epoch to 1,000 days behind the
 *   last; answers as `emit`.
 * - `emit_too_big` hands in one record with a cell of 100 MB of text; `emit_nan` one with a cell that is not a number.
 * - `count` saves and answers its state plus 1 (from 0). `typed` wants `p.n` to be a number by its own declaration of
 *   params, and answers it.
 * - `fail` throws an error of message `p.message`; `fail_permanent` its language's permanent error.
 * - `exit` ends its process or thread with code 3. `hang` says `hanging` and loops for ever, deaf to everything.
 * - `wait_abort` says `waiting`, waits until it is told to stop, says `stopping`, answers `"aborted"`.
 * - `deadline` answers the seconds it has left. `big_result` answers 2 MB of text, `result_nan` a number that is none.
 * - `memory_hog` uses memory until there is no more.
 */
export function taskRuntimeContract(name: string, p: TaskRuntimeContractOptions): void {
  describe(`${name}: the law of task runtimes`, { timeout: 60_000 }, () => {
    let bench: TaskRuntimeBench;
    let sink: RecordingSink;
    let stop: AbortController;
    beforeEach(async () => {
      bench = await p.open();
      sink = new RecordingSink();
      stop = new AbortController();
    });
    afterEach(() => bench.dispose());
    const run = (
      type: string,
      params: Parameters<typeof aCall>[2] = {},
      more: Parameters<typeof aCall>[3] = {},
    ): Promise<JobEnd> =>
      bench.runtime.run(aCall(bench, type, params, { memoryMb: p.memoryMb, ...more }), sink, stop.signal);

    it('tells a job what it is called with, and gives its result back', async () => {
      const params = { text: '中文 🟢 \u0000', list: [1, 2.5, null, true, { deep: '' }], __proto: 1 };
      const end = await run('echo', params, { state: { since: '2024' }, attempt: 3 });

      expect(end).toEqual({
        ok: true,
        result: {
          params,
          state: { since: '2024' },
          slot: expect.stringMatching(/^2023-11-14T22:13:20(\.000)?(Z|\+00:00)$/),
          taskName: 'my_task_name',
          taskType: 'echo',
          attempt: 3,
        },
      });
    });

    it('tells a job how long it has', async () => {
      const end = await run('deadline');

      expect(end.ok && Number(end.result)).toBeGreaterThan(0);
      expect(end.ok && Number(end.result)).toBeLessThanOrEqual(60);
    });

    it('passes lines on in order, with their levels, all of them before the end', async () => {
      const end = await run('log_lines', { count: 500 });

      expect(end).toEqual({ ok: true, result: 500 });
      expect(sink.lines.slice(0, 4).map((l) => [l.level, l.message, l.stream])).toEqual([
        ['debug', 'a debug line', 'log'],
        ['info', 'an info line', 'log'],
        ['warn', 'a warn line', 'log'],
        ['error', 'an error line', 'log'],
      ]);
      expect(sink.messages().slice(4)).toEqual(Array.from({ length: 500 }, (_, i) => `line ${i}`));
    });

    it('takes what a job prints for lines of its log, also what is no text', async () => {
      expect(await run('print_noise')).toEqual({ ok: true, result: 'printed' });

      expect(sink.messages('stdout')).toEqual(['to standard output', '\ufffd\ufffdx']);
      expect(sink.messages('stderr')).toEqual(['to standard error']);
    });

    it('hands records on as they are, digit for digit', async () => {
      const texts = ['0.10', '123456789012345678901234567890.000000000000000001', '-0', '1e-7', '00.5'];
      const records = someRecords({
        range: { from: 1_700_006_400_000, to: 1_700_092_800_000 },
        complete: true,
        rows: [[1_700_006_400_000, ...texts], ...[1, 2].map((i) => [i, '1', null, 'é', '', 2.5])],
      });
      const end = await run('emit', { records: asJson({ ...records, rows: records.rows.slice(0, 1) }) });

      expect(end).toEqual({ ok: true, result: { accepted: 1, findings: [] } });
      expect(sink.frames).toEqual([{ ...records, rows: records.rows.slice(0, 1) }]);

      await run('emit', { records: asJson(someRecords({ rows: records.rows.slice(1) })) });
      expect(sink.frames[1]?.rows).toEqual(records.rows.slice(1));
    });

    it('lets a job go on only when its records are kept, and tells it what was found', async () => {
      const findings = [{ code: 'off_grid', ts: 1_700_006_400_001, detail: 'not on the 1d grid' }];
      sink = new RecordingSink({ answer: () => Promise.resolve({ accepted: 0, findings }) });
      const end = await run('emit', { records: asJson(someRecords()) });

      expect(end).toEqual({ ok: true, result: { accepted: 0, findings } });
      expect(sink.events).toEqual(['log handing in', 'records', 'answered', 'log answered']);
    });

    it('takes many records in one go, each once, in order, each frame with its own part of the span', async () => {
      const end = await run('emit_many', { count: 50_000 });

      expect(end).toEqual({ ok: true, result: { accepted: 50_000, findings: [] } });
      const day = (i: number): number => i * 86_400_000;
      const rows = Array.from({ length: 50_000 }, (_, i) => [day(i), `${i}.5`, '60000', '1', '1', '0']);
      expect(sink.frames.flatMap((f) => f.rows)).toEqual(rows);
      expect(sink.frames.every((f) => f.complete)).toBe(true);
      const spans = sink.frames.map((f) => f.range ?? { from: NaN, to: NaN });
      expect(spans.map((s) => s.from)).toEqual([0, ...spans.slice(0, -1).map((s) => s.to)]);
      expect(spans.at(-1)?.to).toBe(day(51_000));
      for (const [i, frame] of sink.frames.entries()) {
        expect(Number(frame.rows[0]?.[0])).toBeGreaterThanOrEqual(spans[i]?.from ?? NaN);
        expect(Number(frame.rows.at(-1)?.[0])).toBeLessThan(spans[i]?.to ?? NaN);
      }
    });

    it('keeps the state that a job asks to keep', async () => {
      expect(await run('count')).toEqual({ ok: true, result: 1 });
      expect(await run('count', {}, { state: 41 })).toEqual({ ok: true, result: 42 });
      expect(sink.states).toEqual([1, 42]);
    });

    it.each(['LEASE_LOST', 'VALIDATION'])(
      'tells a job of %s when its records are not taken, and rejects with it unless the job catches it',
      async (code) => {
        const refusal =
          code === 'LEASE_LOST'
            ? new LeaseLostError('abcdefghijkl', 7)
            : new ValidationError([{ path: 'columns', code: 'unknown', params: {} }]);
        sink = new RecordingSink({ answer: () => Promise.reject(refusal) });
        const params = { records: asJson(someRecords()) };

        expect(await run('emit', { ...params, catch: true })).toEqual({ ok: true, result: { code } });
        await expect(run('emit', params)).rejects.toBe(refusal);
        expect(sink.messages()).not.toContain('answered');
      },
    );

    it('rejects with the refusal of a state as well', async () => {
      const refusal = new LeaseLostError('abcdefghijkl', 7);
      sink = new RecordingSink({ onState: () => Promise.reject(refusal) });

      await expect(run('count')).rejects.toBe(refusal);
      expect(await run('echo')).toMatchObject({ ok: true });
    });

    it('runs several jobs at once, each with its own sink', async () => {
      const other = new RecordingSink();
      const first = run('wait_abort');
      const second = bench.runtime.run(
        aCall(bench, 'wait_abort', {}, { runId: 'other.s1700000000000', memoryMb: p.memoryMb }),
        other,
        stop.signal,
      );
      await Promise.all([sink.said('waiting'), other.said('waiting')]);
      stop.abort();

      expect(await Promise.all([first, second])).toMatchObject([
        { ok: false, error: { code: 'JOB_CANCELLED' } },
        { ok: false, error: { code: 'JOB_CANCELLED' } },
      ]);
    });

    it('runs the same function over and over, one run knowing nothing of another', async () => {
      for (let i = 0; i < 5; i += 1)
        expect(await run('echo', { i })).toMatchObject({ ok: true, result: { params: { i } } });
    });

    it('knows the task types of a function without running any', async () => {
      const look = await bench.runtime.inspect({ function: 'contract_tasks' });

      expect(look).toMatchObject({ ok: true, taskTypes: expect.arrayContaining(['echo', 'memory_hog']) });
      expect(await bench.runtime.inspect({ function: 'contract_nowhere' })).toMatchObject({
        ok: false,
        code: 'JOB_FUNCTION_MISSING',
        reason: expect.stringContaining('contract_nowhere'),
      });
      expect(await bench.runtime.inspect({ function: 'contract_broken' })).toMatchObject({
        ok: false,
        code: 'JOB_FUNCTION_BROKEN',
      });
    });

    it('leaves nothing behind when it is closed, whatever runs', async () => {
      await run('echo');
      const hanging = run('hang');
      await sink.said('hanging');
      await bench.runtime.close();

      expect(await hanging).toMatchObject({ ok: false, error: { code: 'JOB_CANCELLED' } });
      expect(await bench.workers()).toBe(0);
      expect(await run('echo')).toMatchObject({ ok: false, error: { code: 'JOB_CANCELLED' } });
      await bench.runtime.close();
      expect(await bench.workers()).toBe(0);
    });

    endingCases({
      run,
      sink: () => sink,
      stop: () => stop,
      now: () => bench.now(),
    });
  });
}
