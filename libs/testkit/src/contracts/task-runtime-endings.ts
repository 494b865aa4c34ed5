import type { JobCall, JobEnd } from '@kairos/ports';
import { describe, expect, it } from 'vitest';
import type { RecordingSink } from './task-runtime-bench.ts';

interface Stage {
  readonly run: (type: string, params?: JobCall['params'], more?: Partial<JobCall>) => Promise<JobEnd>;
  readonly sink: () => RecordingSink;
  readonly stop: () => AbortController;
  readonly now: () => number;
}

const error = (end: JobEnd): Partial<(JobEnd & { ok: false })['error']> => (end.ok ? {} : end.error);

/** How jobs end that do not end well: contained, told rightly, and without harm to the next. */
export function endingCases({ run, sink, stop, now }: Stage): void {
  describe('a job that fails', () => {
    it('is told of with its message and its traceback', async () => {
      const end = error(await run('fail', { message: 'the venue said no' }));

      expect(end).toMatchObject({ code: 'JOB_FAILED', permanent: false });
      expect(end.message).toContain('the venue said no');
      expect(end.traceback).toContain('contract_tasks');
    });

    it('for good says so', async () => {
      expect(error(await run('fail_permanent'))).toMatchObject({ code: 'JOB_FAILED', permanent: true });
    });

    it('to know its task type is refused for good, with the types that there are', async () => {
      for (const type of ['no_such_type', '__proto__', 'constructor', 'toString', '../echo', '']) {
        const end = error(await run(type));
        expect(end).toMatchObject({ code: 'JOB_TYPE_UNKNOWN', permanent: true });
        expect(end.message).toContain('echo');
        expect(end.message).toContain('wait_abort');
      }
    });

    it.each([
      'contract_nowhere',
      '../contract_tasks',
      './contract_tasks',
      '/etc/passwd',
      'a\u0000b',
      '',
      '..',
      '__proto__',
    ])('to have a function is refused for good: %j', async (name) => {
      expect(error(await run('echo', {}, { function: name }))).toMatchObject({
        code: 'JOB_FUNCTION_MISSING',
        permanent: true,
      });
    });

    it('because its function cannot be read is refused for good', async () => {
      const end = error(await run('echo', {}, { function: 'contract_broken' }));

      expect(end).toMatchObject({ code: 'JOB_FUNCTION_BROKEN', permanent: true });
      expect(`${end.message} ${end.traceback}`).toContain('contract_broken');
    });

    it('because its params are wrong is refused for good, with the field', async () => {
      expect(await run('typed', { n: 7 })).toEqual({ ok: true, result: 7 });

      const end = error(await run('typed', { n: 'seven' }));
      expect(end).toMatchObject({ code: 'JOB_PARAMS', permanent: true });
      expect(end.message).toMatch(/\bn\b/);
    });

    it('because it ended its process is told of with the code', async () => {
      const end = error(await run('exit'));

      expect(end).toMatchObject({ code: 'JOB_CRASHED', permanent: false });
      expect(end.message).toContain('3');
    });

    it('for want of memory is told so', async () => {
      expect(error(await run('memory_hog'))).toMatchObject({ code: 'JOB_MEMORY', permanent: false });
    });

    it.each(['emit_too_big', 'emit_nan', 'result_nan', 'big_result'])(
      'to hand over what can be handed over is told so: %s',
      async (type) => {
        expect(error(await run(type))).toMatchObject({ code: 'JOB_FRAME', permanent: false });
        expect(sink().frames).toEqual([]);
      },
    );

    it.each(['fail', 'exit', 'memory_hog', 'emit_too_big'])('leaves the next one alone: %s', async (type) => {
      expect(await run(type, { message: 'no' })).toMatchObject({ ok: false });
      expect(await run('echo', { after: type })).toMatchObject({
        ok: true,
        result: { params: { after: type } },
      });
    });
  });

  describe('a job that has to stop', () => {
    it.each(['hang', 'wait_abort'])('at its deadline ends as timed out: %s', async (type) => {
      expect(error(await run(type, {}, { deadline: now() + 700 }))).toMatchObject({
        code: 'JOB_TIMEOUT',
        permanent: false,
      });
      expect(await run('echo')).toMatchObject({ ok: true });
    });

    it('before it began does not begin', async () => {
      expect(error(await run('log_lines', { count: 1 }, { deadline: now() - 1 }))).toMatchObject({
        code: 'JOB_TIMEOUT',
      });
      stop().abort();
      expect(error(await run('log_lines', { count: 1 }))).toMatchObject({ code: 'JOB_CANCELLED' });
      expect(sink().lines).toEqual([]);
    });

    it('is told, and what it answers then is no result', async () => {
      const end = run('wait_abort');
      await sink().said('waiting');
      stop().abort();

      expect(error(await end)).toMatchObject({ code: 'JOB_CANCELLED', permanent: false });
      expect(sink().messages()).toEqual(['waiting', 'stopping']);
    });

    it('and is deaf is made to', async () => {
      const end = run('hang');
      await sink().said('hanging');
      stop().abort();

      expect(error(await end)).toMatchObject({ code: 'JOB_CANCELLED', permanent: false });
    });
  });
}
