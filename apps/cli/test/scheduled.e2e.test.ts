import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCommand, kairos, launch, ROOT } from './support.ts';

const root = mkdtempSync(join(tmpdir(), 'kairos-task-manager-'));
let folders = 0;

/** An empty folder with the starter file, and a configuration whose server nobody finds. */
function folder(more = ''): string {
  const dir = join(root, String((folders += 1)));
  mkdirSync(join(dir, 'config'), { recursive: true });
  cpSync(join(ROOT, 'config/scheduled-tasks.json'), join(dir, 'config/scheduled-tasks.json'));
  writeFileSync(join(dir, 'config/standalone.yaml'), `http: { port: 0 }\n${more}`);
  return dir;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The documented call. */
function taskManager(
  dir: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Ended {
  const mine = Object.entries(process.env).filter(([name]) => !/^(KAIROS_|NO_COLOR|FORCE_COLOR)/.test(name));
  return spawnSync(process.execPath, [join(ROOT, 'tools/task-manager.js'), ...args], {
    ...{ cwd: dir, encoding: 'utf8', env: { ...Object.fromEntries(mine), ...env } },
  });
}

const DOCUMENTED = `📋 Scheduled Tasks Configuration

1. python-task-1 🟢 ENABLED
   Schedule: rate(5 minutes)
   Function: python_crawler (python3.11)

2. python-task-2 🟢 ENABLED
   Schedule: rate(10 minutes)
   Function: python_crawler (python3.11)

3. nodejs-task-1 🟢 ENABLED
   Schedule: rate(3 minutes)
   Function: nodejs_crawler (nodejs18.x)

4. nodejs-task-2 🟢 ENABLED
   Schedule: rate(7 minutes)
   Function: nodejs_crawler (nodejs18.x)

5. daily-summary 🔴 DISABLED
   Schedule: cron(0 18 * * ? *)
   Function: python_crawler (python3.11)

Total: 5 tasks (4 enabled)
`;

beforeAll(() => buildCommand());
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('node tools/task-manager.js', () => {
  it('lists the shipped tasks as documented, each with its next run', () => {
    const { status, stdout, stderr } = taskManager(folder(), ['list']);

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replace(/^ {3}Next run: .*\n/gm, '')).toBe(DOCUMENTED);
    expect(stdout.match(/^ {3}Next run: .*\(?UTC\)?$/gm)).toHaveLength(5);
  });

  it('is kairos scheduled under another name', async () => {
    const dir = folder();

    const [whole, own] = [await kairos(dir, 'scheduled', 'list'), taskManager(dir, ['list'])];
    expect(whole).toMatchObject({ code: 0, out: own.stdout });
    const bin = spawnSync(process.execPath, [join(ROOT, 'apps/cli/bin/task-manager.mjs'), 'list'], {
      ...{ cwd: dir, encoding: 'utf8' as const },
    });
    expect(bin.stdout).toBe(own.stdout);
    expect((await kairos(dir, '--help')).out).toContain('Scheduled tasks:');
  });

  it('paints only where somebody watches', () => {
    const dir = folder();

    expect(taskManager(dir, ['list']).stdout).not.toContain('\u001b');
    expect(taskManager(dir, ['list'], { FORCE_COLOR: '1' }).stdout).toContain('\u001b[32mENABLED');
    expect(taskManager(dir, ['list'], { FORCE_COLOR: '1', NO_COLOR: '1' }).stdout).not.toContain('\u001b');
  });

  it('switches a task, and back to the same bytes', () => {
    const dir = folder();
    const file = join(dir, 'config/scheduled-tasks.json');
    const before = readFileSync(file, 'utf8');

    expect(taskManager(dir, ['enable', 'daily-summary']).status).toBe(0);
    expect(taskManager(dir, ['list', '--lang', 'zh']).stdout).toContain('共 5 个任务（5 个已启用）');
    expect(taskManager(dir, ['disable', 'daily-summary']).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('takes turns with other processes', async () => {
    const dir = folder();
    const names = ['python-task-1', 'python-task-2', 'nodejs-task-1', 'nodejs-task-2'];
    const calls = names.map((name) => launch(dir, ['scheduled', 'disable', name]).ended);

    expect((await Promise.all(calls)).map((e) => e.code)).toEqual([0, 0, 0, 0]);
    expect(taskManager(dir, ['list']).stdout).toContain('Total: 5 tasks (0 enabled)');
  });

  it('ends with 1 and one message for a name that nobody knows, with 2 for a command that is none', () => {
    const dir = folder();

    expect(taskManager(dir, ['disable', 'python-task1'])).toMatchObject({
      status: 1,
      stderr:
        'kairos: TASK_NOT_FOUND: config/scheduled-tasks.json has no task python-task1; did you mean python-task-1?\n',
    });
    expect(taskManager(dir, ['lst'])).toMatchObject({
      status: 2,
      stderr: "task-manager: unknown command 'lst'; did you mean list? See task-manager --help.\n",
    });
  });

  it('builds the command line when it was never built, and says so', () => {
    const copy = join(root, 'checkout');
    cpSync(join(ROOT, 'apps/cli/bin'), join(copy, 'apps/cli/bin'), { recursive: true });
    mkdirSync(join(copy, 'tools'));
    cpSync(join(ROOT, 'tools/task-manager.js'), join(copy, 'tools/task-manager.js'));
    writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
    const call = (): Ended =>
      spawnSync(process.execPath, [join(copy, 'tools/task-manager.js'), 'list'], { encoding: 'utf8' });
    const build = join(copy, 'apps/cli/build.mjs');

    writeFileSync(build, "await import('esbuild-that-is-not-there');");
    expect(call()).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('run npm ci first'),
    });

    writeFileSync(
      build,
      `import { mkdirSync, writeFileSync } from 'node:fs';
      mkdirSync('dist/apps/cli', { recursive: true });
      writeFileSync('dist/apps/cli/task-manager.js', 'console.log("asked to", process.argv[2]);');`,
    );
    const stderr = 'task-manager: not built yet, building the command line once\n';
    expect(call()).toMatchObject({ status: 0, stdout: 'asked to list\n', stderr });
    expect(call()).toMatchObject({ status: 0, stdout: 'asked to list\n', stderr: '' });
  });
});

const NODE_TASKS = `
export const tasks = {
  simple_task_1: async (ctx, params) => {
    ctx.log.info('taking ' + params.n);
    console.log('printed');
    return { doubled: params.n * 2 };
  },
  simple_task_2: async () => { throw new Error('no luck\\u001b[2J'); },
  waits: async (ctx) => {
    ctx.log.info('waiting');
    await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    return 'told to stop';
  },
};
`;
const PYTHON_TASKS = `
from kairos_tasks import task


@task("simple_task_1")
def simple_task_1(ctx, params):
    ctx.log.warning("from Python")
    return {"slot": ctx.slot.isoformat()[:2]}


@task("simple_task_2")
def simple_task_2(ctx, params):
    raise RuntimeError("no luck")
`;
const python = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).status === 0;

/** A folder with functions of both languages, and the starter's tasks. */
function workshop(): string {
  const dir = folder();
  mkdirSync(join(dir, 'functions'), { mode: 0o755 });
  writeFileSync(join(dir, 'functions/nodejs_crawler.mjs'), NODE_TASKS, { mode: 0o644 });
  writeFileSync(join(dir, 'functions/python_crawler.py'), PYTHON_TASKS, { mode: 0o644 });
  const add = ['add', '--function', 'nodejs_crawler', '--runtime', 'nodejs22.x', '--schedule', 'rate(1 day)'];
  for (const [name, type] of [
    ['doubles', 'simple_task_1'],
    ['waits', 'waits'],
  ] as const) {
    const more = ['--name', name, '--task-type', type, '--params', '{"n": 21}'];
    expect(taskManager(dir, [...add, ...more])).toMatchObject({ status: 0 });
  }
  return dir;
}

describe('task-manager validate, with functions', () => {
  it('asks them which task types they know', () => {
    const dir = workshop();
    const unknown = ['--function', 'nodejs_crawler', '--runtime', 'nodejs22.x', '--schedule', 'rate(1 day)'];
    expect(taskManager(dir, ['validate', '--target', 'standalone'])).toMatchObject({ status: 0 });

    taskManager(dir, ['add', '--name', 'odd', '--task-type', 'wait', ...unknown]);
    writeFileSync(join(dir, 'functions/broken.mjs'), 'export const tasks = {', { mode: 0o644 });
    taskManager(dir, ['add', '--name', 'bad', '--task-type', 'x', ...unknown, '--function', 'broken']);
    taskManager(dir, ['add', '--name', 'none', '--task-type', 'x', ...unknown, '--function', 'nowhere']);
    const { status, stdout } = taskManager(dir, ['validate', '--json']);

    expect(status).toBe(1);
    const { problems } = JSON.parse(stdout) as { problems: Readonly<Record<string, unknown>>[] };
    expect(
      problems.filter((p) => p['severity'] === 'error').map((p) => [p['task'], p['code'], p['path']]),
    ).toEqual([
      ['odd', 'JOB_TYPE_UNKNOWN', 'tasks[7].config.taskType'],
      ['bad', 'JOB_FUNCTION_BROKEN', 'tasks[8].function'],
      ['none', 'JOB_FUNCTION_MISSING', 'tasks[9].function'],
    ]);
    expect(problems.find((p) => p['task'] === 'odd')?.['remedy']).toContain('did you mean waits?');
  });
});

describe('task-manager run, without a server', () => {
  it('runs a Node.js task here: its lines as they are said, then its result; both stay', () => {
    const dir = workshop();
    const { status, stdout, stderr } = taskManager(dir, ['run', 'doubles']);

    expect(stderr.replaceAll(/^[\d:.]{12} /gm, '')).toBe(
      'running doubles here; Ctrl-C ends it\ninfo  taking 21\nout   printed\n',
    );
    expect(stdout).toMatch(/^doubles: succeeded in .+\nresult:\n\{\n {2}"doubled": 42\n\}\n$/);
    expect(status).toBe(0);

    expect(JSON.parse(taskManager(dir, ['run', 'doubles', '--json']).stdout)).toMatchObject({
      ...{ task: 'doubles', kind: 'manual', outcome: 'succeeded', result: { doubled: 42 } },
    });
    const { lines } = JSON.parse(taskManager(dir, ['logs', 'doubles', '--json']).stdout) as {
      lines: { message: string; run_id: string; stream: string }[];
    };
    expect(lines.map((l) => l.message)).toEqual(['taking 21', 'printed', 'taking 21', 'printed']);
    const second = lines[2]?.run_id ?? '';
    expect(second).not.toBe(lines[0]?.run_id);
    const one = taskManager(dir, ['logs', 'doubles', '--run', second, '-n', '1']).stdout;
    expect(one).toMatch(new RegExp(`^run ${second} .*\\n\\S+ out {3}printed\\n$`));
  });

  it('tells the error of a task, with its traceback and without its control characters', () => {
    const { status, stdout, stderr } = taskManager(workshop(), ['run', 'nodejs-task-2']);

    expect(status).toBe(1);
    expect(stdout).toMatch(/^nodejs-task-2: failed in .*\n$/);
    expect(stderr).toContain('error Error: no luck\\u001b[2J\n');
    expect(stderr).toMatch(/^ +at .*nodejs_crawler\.mjs:\d+/m);
    expect(stderr).toContain('kairos: JOB_FAILED: no luck\\u001b[2J\n');
    expect(stderr).toContain('it will be tried again at ');
    expect(stderr).not.toContain('\u001b');
  });

  it.runIf(python)('runs a Python task here, and tells its traceback', () => {
    const dir = workshop();

    expect(taskManager(dir, ['run', 'python-task-1'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('"slot": "20"'),
      stderr: expect.stringMatching(/warn {2}from Python/),
    });
    const failed = taskManager(dir, ['run', 'python-task-2', '--lang', 'zh']);
    expect(failed).toMatchObject({ status: 1, stdout: expect.stringContaining('python-task-2：失败') });
    expect(failed.stderr).toContain('Traceback (most recent call last):');
    expect(failed.stderr).toMatch(/python_crawler\.py", line \d+/);
    expect(failed.stderr).toContain('kairos: JOB_FAILED: ');
  });

  it('ends at Ctrl-C with 130, and leaves the run to be taken up', async () => {
    const dir = workshop();
    const { child, ended } = launch(dir, ['scheduled', 'run', 'waits']);
    child.stderr?.on('data', (text: Buffer) => {
      if (text.toString().includes('waiting')) child.kill('SIGINT');
    });

    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain('interrupted; the run goes on with the next task-manager run waits');
  });

  it('collects here, and tells how it went', () => {
    const dir = folder('sources: { sandbox: { driver: sandbox } }\n');
    const collect = ['--collect', 'sandbox', 'BTC/USDT', '--frequency', '1h'];
    expect(taskManager(dir, ['add', '--name', 'hours', ...collect]).status).toBe(0);

    const { status, stdout, stderr } = taskManager(dir, ['run', 'hours']);

    expect(stderr).toContain('running hours here');
    expect(stdout).toMatch(/^hours: (succeeded|partial) in .*\n\d+ rows kept\n$/);
    expect(status).toBe(stdout.includes('succeeded') ? 0 : 1);
  });
});
