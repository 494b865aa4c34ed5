import { ConflictError, ValidationError, type Task } from '@kairos/domain';
import { aTask } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { createSignalHandler } from './signal-handler.ts';
import { FakeWorld } from './testing/fake-world.ts';

const FILE = 'config/scheduled-tasks.json';

/** A door before one declared job. */
function open(over: Partial<Task> = {}) {
  const world = new FakeWorld();
  const task = aTask({
    taskId: 'daily-summary',
    origin: 'config',
    handler: 'job',
    source: '',
    dataType: '',
    symbols: [],
    job: {
      function: 'python_crawler',
      language: 'python',
      runtime: 'python3.11',
      taskType: 'simple_task_2',
      taskName: 'summary',
      timeoutMs: 60_000,
      memoryMb: 128,
      params: {},
    },
    declared: { description: '', revision: 'r', withdrawn: false },
    ...over,
  });
  world.held.set(task.taskId, task);
  return { world, door: createSignalHandler(world.deps({})) };
}

const declared = (withdrawn: boolean): ConflictError =>
  new ConflictError('TASK_DECLARED', 'x', { task_id: 'daily-summary', file: FILE, withdrawn });

describe('a signal to a declared task', () => {
  it.each([
    ['en', false, `the task is declared in ${FILE}; change its entry "daily-summary" there`],
    ['zh', false, `任务由${FILE}声明，请在其中修改条目“daily-summary”`],
    ['en', true, `the task is no longer in ${FILE}: put it back there, or delete it with delete_task`],
    ['zh', true, `任务已不在${FILE}中：请重新写入该文件，或用delete_task删除`],
  ] as const)(
    'that is refused is told where to change it (%s, withdrawn: %s)',
    async (locale, withdrawn, error) => {
      const { world, door } = open();
      world.failure = declared(withdrawn);

      const reply = await door.handle({ action: 'stop_task', task_id: 'daily-summary' }, { locale });

      expect(reply).toMatchObject({
        status: 409,
        body: {
          code: 'TASK_DECLARED',
          error,
          details: [{ params: { file: FILE, task_id: 'daily-summary' } }],
        },
      });
    },
  );

  it('that would update it is judged by the service alone: a job has no source to be wrong about', async () => {
    const { world, door } = open();

    await door.handle({ action: 'update_task', task_id: 'daily-summary', schedule: 'rate(1 hour)' });

    const update = world.calls.find((c) => c.method === 'update');
    expect(update?.args).toEqual({ taskId: 'daily-summary', patch: {}, expectedRev: undefined });
  });

  it('that runs it is answered', async () => {
    const { door } = open();

    expect(await door.handle({ action: 'run_task', task_id: 'daily-summary' })).toMatchObject({
      status: 200,
    });
  });
});

describe('a schedule that comes too late', () => {
  it.each([
    ['en', 'schedule "at(2020-01-01T00:00:00)" (UTC) has no instant to come: the task would never run'],
    ['zh', 'schedule“at(2020-01-01T00:00:00)”（UTC）没有将来的时刻，任务永远不会运行'],
  ] as const)('is refused in words (%s)', async (locale, error) => {
    const { world, door } = open();
    const params = { got: 'at(2020-01-01T00:00:00)', zone: 'UTC' };
    world.failure = new ValidationError([{ path: 'schedule', code: 'schedule_past', params }]);

    const reply = await door.handle({ action: 'start_task', task_id: 'daily-summary' }, { locale });

    expect(reply).toMatchObject({ status: 400, body: { code: 'VALIDATION', error } });
  });
});
