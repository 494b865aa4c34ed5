import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer, ROOT, scratch, ServerProcess, type Json } from './harness.ts';

const hasPython =
  spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).status === 0;
if (!hasPython) console.warn('there is no Python 3.11 here: the tests of Python tasks are skipped');

/** Asks until the answer pleases; the test's own time limit ends what never comes. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

const yamlOf = (dir: string): string => `
  task_store: { type: sqlite, path: ${dir}/store/kairos.sqlite }
  http: { port: 0 }
  tick_ms: 50
  scheduled_tasks: ${dir}/scheduled-tasks.json
  functions: { dir: ${dir}/functions, python: { venv_dir: ${dir}/python } }
  sources: { sandbox: { driver: sandbox, seed: 42 } }`;

const nodeTask = (name: string, more: object = {}): object => ({
  name,
  description: `${name} of the test`,
  function: 'nodejs_crawler',
  runtime: 'nodejs18.x',
  schedule: 'rate(3 minutes)',
  enabled: true,
  config: { taskName: `${name}_name`, taskType: 'simple_task_1', timeout: 300, memory: 256 },
  ...more,
});

/** Whole files alone: a reader must never see half of one. */
function putFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

const putTasks = (dir: string, tasks: readonly object[]): void =>
  putFile(join(dir, 'scheduled-tasks.json'), JSON.stringify({ tasks }, null, 2));

/** Newest first; none of a task that is not there yet. */
const runsOf = async (server: ServerProcess, taskId: string): Promise<readonly Json[]> => {
  const { body } = await server.signal({ action: 'list_runs', task_id: taskId });
  return (body['data'] as { runs: readonly Json[] } | undefined)?.runs ?? [];
};

const firstEnded = (server: ServerProcess, taskId: string): Promise<Json> =>
  until(async () => (await runsOf(server, taskId)).find((r) => r['outcome'] !== 'running'));

describe('a server with scheduled tasks', () => {
  const place = scratch();
  let server: ServerProcess;

  beforeAll(async () => {
    buildServer();
    cpSync(join(ROOT, 'functions'), join(place.dir, 'functions'), { recursive: true });
    cpSync(join(ROOT, 'config/scheduled-tasks.json'), join(place.dir, 'scheduled-tasks.json'));
    server = await ServerProcess.start(place.dir, yamlOf(place.dir));
  });

  afterAll(async () => {
    await server?.stop();
    place.remove();
  });

  it('runs the documented tasks of Node.js, each with its result on record', async () => {
    const one = await firstEnded(server, 'nodejs-task-1');
    expect(one).toMatchObject({ outcome: 'succeeded', kind: 'scheduled' });
    expect(JSON.stringify(one['result'])).toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d/);
    const two = await firstEnded(server, 'nodejs-task-2');
    expect(two).toMatchObject({ outcome: 'succeeded' });
  });

  it.skipIf(!hasPython)('runs the documented tasks of Python beside them', async () => {
    for (const name of ['python-task-1', 'python-task-2']) {
      const run = await until(async () =>
        (await runsOf(server, name)).find((r) => r['outcome'] === 'succeeded'),
      );
      expect(run['result']).toBeDefined();
    }
  });

  it('has the disabled one, and does not run it', async () => {
    const task = await server.json('/v1/tasks/daily-summary');
    expect(task).toMatchObject({
      status: 'stopped',
      origin: 'config',
      schedule: 'cron(0 18 * * ? *)',
      timezone: 'UTC',
    });
    expect(await runsOf(server, 'daily-summary')).toEqual([]);
  });

  it('lets nobody change a declared task by signal, and says where it can be changed', async () => {
    for (const action of ['update_task', 'stop_task', 'delete_task']) {
      const { status, body } = await server.signal({
        action,
        task_id: 'nodejs-task-1',
        ...(action === 'update_task' ? { schedule: 'rate(1 hour)' } : {}),
      });
      expect(status).toBe(409);
      expect(body).toMatchObject({ success: false, code: 'TASK_DECLARED' });
    }
  });

  it('runs a declared task now when told to', async () => {
    const { body } = await server.signal({ action: 'run_task', task_id: 'nodejs-task-2' });
    expect(body).toMatchObject({ success: true });
    const runId = (body['data'] as Json)['run_id'];
    const run = await until(async () =>
      (await runsOf(server, 'nodejs-task-2')).find(
        (r) => r['run_id'] === runId && r['outcome'] !== 'running',
      ),
    );
    expect(run).toMatchObject({ outcome: 'succeeded', kind: 'manual' });
  });

  it('follows the file when it is edited: adds, disables, withdraws, and takes back', async () => {
    putTasks(place.dir, [nodeTask('nodejs-task-1', { enabled: false }), nodeTask('newcomer')]);
    expect(await firstEnded(server, 'newcomer')).toMatchObject({ outcome: 'succeeded' });
    expect(await server.json('/v1/tasks/nodejs-task-1')).toMatchObject({ status: 'stopped' });
    expect(await server.json('/v1/tasks/nodejs-task-2')).toMatchObject({
      status: 'stopped',
      declared: { withdrawn: true },
    });

    putTasks(place.dir, [nodeTask('nodejs-task-1'), nodeTask('nodejs-task-2'), nodeTask('newcomer')]);
    await until(async () => {
      const tasks = await Promise.all(
        ['nodejs-task-1', 'nodejs-task-2'].map((id) => server.json(`/v1/tasks/${id}`)),
      );
      return tasks.every((t) => t['status'] === 'running') ? true : undefined;
    });
    expect((await runsOf(server, 'nodejs-task-2')).length).toBeGreaterThan(1);
  });

  it('keeps its tasks when the edited file is wrong, and says line and remedy', async () => {
    putFile(
      join(place.dir, 'scheduled-tasks.json'),
      '{ "tasks": [\n  { "name": "x", "schedul": "rate(1 minute)" }\n] }',
    );
    const line = await server.logged('scheduled_tasks.problem', 'tasks[0].schedul"');
    expect(String(line['at'])).toMatch(/scheduled-tasks\.json:2:/);
    await server.logged('scheduled_tasks.refused');
    expect(await server.json('/v1/tasks/newcomer')).toMatchObject({ status: 'running' });
  });

  it('tells of an unknown task type for good, and of the known ones', async () => {
    const wrong = nodeTask('wrong', {
      config: { taskName: 'w', taskType: 'no_such_type', timeout: 300, memory: 256 },
    });
    putTasks(place.dir, [wrong]);
    const run = await firstEnded(server, 'wrong');
    expect(run).toMatchObject({ outcome: 'failed', error: { code: 'JOB_TYPE_UNKNOWN' } });
    expect(JSON.stringify(run['error'])).toContain('simple_task_1');
    expect(await server.json('/v1/tasks/wrong')).toMatchObject({ status: 'failed' });
  });
});

describe('a new server with a starter file and scheduled tasks', () => {
  it('has the tasks of both', async () => {
    const place = scratch();
    buildServer();
    putTasks(place.dir, [nodeTask('declared', { enabled: false })]);
    const yaml = `${yamlOf(place.dir)}\n  tasks_file: config/starter-tasks.json`;
    const server = await ServerProcess.start(place.dir, yaml);
    try {
      const { tasks } = (await server.json('/v1/tasks')) as { tasks: readonly Json[] };
      expect(tasks.map((t) => t['task_id']).sort()).toEqual([
        'declared',
        'starter-1d',
        'starter-1h',
        'starter-1m',
        'starter-ticker',
      ]);
    } finally {
      await server.stop();
      place.remove();
    }
  });
});

describe('a server without Python', () => {
  const place = scratch();
  let server: ServerProcess;

  beforeAll(async () => {
    buildServer();
    cpSync(join(ROOT, 'functions'), join(place.dir, 'functions'), { recursive: true });
    cpSync(join(ROOT, 'config/scheduled-tasks.json'), join(place.dir, 'scheduled-tasks.json'));
    const none = { KAIROS_FUNCTIONS__PYTHON__INTERPRETER: join(place.dir, 'no-python') };
    server = await ServerProcess.start(place.dir, yamlOf(place.dir), none);
  });

  afterAll(async () => {
    await server?.stop();
    place.remove();
  });

  it('says what is missing and how to mend it, and goes on with the tasks of Node.js', async () => {
    expect(String((await server.logged('python.missing'))['reason'])).toContain('install Python 3.11');
    expect(await firstEnded(server, 'nodejs-task-1')).toMatchObject({ outcome: 'succeeded' });
    const run = await firstEnded(server, 'python-task-1');
    expect(run).toMatchObject({ outcome: 'failed', error: { code: 'JOB_RUNTIME_MISSING' } });
    expect(await server.json('/v1/tasks/python-task-1')).toMatchObject({
      status: 'running',
      health: { state: 'degraded' },
    });
  });
});

/** Processes whose command line or environment names the folder. */
function processesOf(dir: string): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir) ||
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(dir)
        );
      } catch {
        return false; // it has ended meanwhile
      }
    });
}

const SLEEPER = `
import time
from kairos_tasks import Context, task

@task("once_slow")
def once_slow(ctx: Context) -> dict:
    while ctx.attempt == 0:
        time.sleep(0.05)
    return {"attempt": ctx.attempt}
`;

const MAKER = `
from kairos_tasks import Context, task

@task("make_bars")
def make_bars(ctx: Context) -> dict:
    hour = 3_600_000
    start = 1_704_067_200_000
    rows = [[start + i * hour, "1.50", "2", "1", "1.75", "10"] for i in range(24)]
    ack = ctx.records(
        series={"source": "mine", "symbol": "XYZ", "data_type": "kline", "frequency": "1h"},
        columns=["timestamp_ms", "open", "high", "low", "close", "volume"],
        rows=rows,
        range=(start, start + 24 * hour),
        complete=True,
    )
    return {"accepted": ack.accepted}
`;

describe.skipIf(!hasPython || process.platform !== 'linux')('a server with Python tasks of its user', () => {
  const place = scratch();
  const functions = join(place.dir, 'functions');
  const pythonTask = (name: string, fn: string, taskType: string): object => ({
    name,
    function: fn,
    runtime: 'python3.11',
    schedule: 'rate(1 hour)',
    config: { taskType, timeout: 60 },
  });
  let server: ServerProcess;

  beforeAll(async () => {
    buildServer();
    mkdirSync(functions, { mode: 0o755 });
    writeFileSync(join(functions, 'sleeper.py'), SLEEPER, { mode: 0o644 });
    writeFileSync(join(functions, 'maker.py'), MAKER, { mode: 0o644 });
    putTasks(place.dir, [
      pythonTask('sleeper', 'sleeper', 'once_slow'),
      pythonTask('maker', 'maker', 'make_bars'),
    ]);
    server = await ServerProcess.start(place.dir, yamlOf(place.dir));
  });

  afterAll(async () => {
    await server?.stop();
    place.remove();
  });

  it('keeps the records that a task hands in as a series of its own, with their coverage', async () => {
    expect(await firstEnded(server, 'maker')).toMatchObject({ outcome: 'succeeded', rows: 24 });
    const csv = (await server.get('/v1/series/mine/XYZ/kline/1h?format=csv')).text.trim().split('\n');
    expect(csv).toHaveLength(25);
    expect(csv[1]).toContain('1704067200000,1.5,2,1,1.75,10');
    expect(
      await server.json('/v1/coverage/mine/XYZ/kline/1h?from=1704067200000&to=1704153600000'),
    ).toMatchObject({
      present: 24,
      missing: 0,
    });
  });

  it('leaves no process behind when it is killed, and runs the slot again', async () => {
    await until(async () => {
      const runs = await runsOf(server, 'sleeper');
      return runs.some((r) => r['outcome'] === 'running') ? true : undefined;
    });
    await until(async () => (processesOf(place.dir).length > 1 ? true : undefined));
    await server.kill();
    await until(async () => (processesOf(place.dir).length === 0 ? true : undefined));
    server = await ServerProcess.start(place.dir, yamlOf(place.dir));
    const run = await until(async () =>
      (await runsOf(server, 'sleeper')).find((r) => r['outcome'] === 'succeeded'),
    );
    expect(run['result']).toMatchObject({ attempt: 1 });
  });
});
