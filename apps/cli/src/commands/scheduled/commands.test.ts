import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { widthOf } from '../../terminal/text-width.ts';
import { folderWith, taskManager, type Said } from './testing/task-manager.ts';

const LANGUAGES = ['en', 'zh'] as const;

/** Comments, odd spaces, a trailing comma: what an edit must leave alone. */
const COMMENTED = `// Ours.
{
  "tasks": [
    /* first */ { "name": "one", "function": "python_crawler", "runtime": "python3.11",   "schedule": "rate(5 minutes)",
      "enabled": true, // on
      "config": { "taskType": "simple_task_1" } },
    {
      "name": "two",
      "function": "nodejs_crawler",
      "runtime": "nodejs22.x",
      "schedule": "cron(0 18 * * ? *)",
      "timezone": "Asia/Shanghai",
      "enabled": false,
      "config": { "taskType": "simple_task_2", "timeout": 60 },
    },
  ],
}
`;

const PLANTED = `{
  "tasks": [
    { "name": "a", "function": "python_crawler", "runtime": "python3.11", "schedule": "rate(5 minute)", "config": { "taskType": "simple_task_1" } },
    { "name": "b", "function": "python_crawler", "runtime": "python3.11", "schedule": "cron(0 18 31 4 ? *)", "config": { "taskType": "simple_task_1" } },
    { "name": "b", "function": "python_crawler", "runtime": "python3.11", "schedule": "rate(1 hour)", "config": { "tasktype": "simple_task_1" } },
    { "name": "c", "function": "nodejs_crawler", "runtime": "nodejs18.x", "schedule": "rate(1 minute)", "config": { "taskType": "simple_task_1", "timeout": 300 } },
    { "name": "d", "function": "nodejs_crawler", "runtime": "nodejs22.x", "schedule": "cron(0 9 ? * MON-FRI *)", "timezone": "Asia/Shangai", "config": { "taskType": "simple_task_1" } },
    { "name": "e", "source": "binance", "symbols": ["BTC/USDT"], "frequency": "1m" }
  ]
}
`;

let dir = '';
let file = '';
function given(text: string | undefined): void {
  ({ dir, file } = folderWith(text));
}
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const run = (...args: readonly string[]): Promise<Said> => taskManager(dir, args);
const text = (): string => readFileSync(file, 'utf8');

describe('help', () => {
  it.each(LANGUAGES)('tells every command of task-manager, in %s', async (lang) => {
    given(undefined);

    expect((await taskManager(dir, ['--help', '--lang', lang])).out).toMatchSnapshot();
  });

  it.each(LANGUAGES)('tells the options of each command, in %s', async (lang) => {
    given(undefined);
    const names = ['list', 'validate', 'enable', 'disable', 'add', 'remove', 'run', 'next', 'logs'];
    const helps = [];
    for (const name of names) helps.push((await taskManager(dir, [name, '--help', '--lang', lang])).out);

    expect(helps.join('\n\n')).toMatchSnapshot();
  });

  it('is what a call without words gets, with the exit code of a wrong call', async () => {
    given(undefined);

    expect(await taskManager(dir, [])).toMatchObject({ code: 2, out: expect.stringContaining('COMMAND') });
  });
});

describe('task-manager validate', () => {
  it.each(LANGUAGES)('tells place, path, message and remedy of all that is wrong, in %s', async (lang) => {
    given(PLANTED);

    const { code, out } = await run('validate', '--lang', lang);

    expect(code).toBe(1);
    expect(out).toMatchSnapshot();
  });

  it.each([60, 80, 100, 120])('fits on %i columns', async (width) => {
    given(PLANTED);
    const display = { width, colors: false, unicode: true };
    for (const lang of LANGUAGES) {
      const { out } = await taskManager(dir, ['validate', '--lang', lang], { display });
      // A place is there to be clicked on, so it stays whole.
      const tooWide = out
        .split('\n')
        .filter((line) => widthOf(line) > width && !line.startsWith('tasks.json:'));

      expect(tooWide).toEqual([]);
    }
  });

  it('has nothing to say of a file in order, and ends with 0 for warnings too', async () => {
    given(COMMENTED);
    expect(await run('validate', '--target', 'standalone')).toMatchObject({ code: 0 });

    writeFileSync(file, COMMENTED.replace('nodejs22.x', 'nodejs18.x'));
    const { code, out } = await run('validate', '--target', 'standalone');
    expect(code).toBe(0);
    expect(out).toContain('0 errors, 1 warning');
  });

  it('judges for the targets that are named', async () => {
    given(COMMENTED);
    const { out } = await run('validate', '--target', 'tencent-scf', 'aws-lambda', '--json');
    const schedules = (JSON.parse(out) as { schedules: { targets: { target: string; mode: string }[] }[] })
      .schedules;

    expect(schedules.map((s) => s.targets.map((t) => `${t.target} ${t.mode}`))).toEqual([
      ['aws-lambda tick', 'tencent-scf tick'],
      ['aws-lambda native', 'tencent-scf native'],
    ]);
    expect(await run('validate', '--target', 'azure')).toMatchObject({
      code: 2,
      err: 'task-manager: --target azure: must be standalone, aws-lambda, tencent-scf; see task-manager validate --help',
    });
  });

  it('says line and column of a text that is no JSON', async () => {
    given('{\n  "tasks": [ nonsense ]\n}\n');
    const { code, out } = await run('validate');

    expect(code).toBe(1);
    expect(out).toMatch(/^tasks\.json:2:14 error/);
  });
});

describe('task-manager enable and disable', () => {
  it('change the one word, and leave every other byte', async () => {
    given(COMMENTED);

    expect(await run('disable', 'one')).toMatchObject({ code: 0, out: 'one disabled' });
    expect(text()).toBe(COMMENTED.replace('"enabled": true, // on', '"enabled": false, // on'));
    expect(await run('enable', 'one')).toMatchObject({ code: 0, out: 'one enabled' });
    expect(text()).toBe(COMMENTED);
  });

  it('take several names, all of them or none', async () => {
    given(COMMENTED);

    expect(await run('enable', 'two', 'tow')).toEqual({
      code: 1,
      out: '',
      err: 'kairos: TASK_NOT_FOUND: tasks.json has no task tow; did you mean two?',
    });
    expect(text()).toBe(COMMENTED);
    expect((await run('enable', 'one', 'two')).out).toBe('one was enabled already\ntwo enabled');
    expect(text()).toBe(COMMENTED.replace('"enabled": false', '"enabled": true'));
  });

  it('write nothing where there is nothing to change', async () => {
    given(COMMENTED);
    const { ino, mtimeMs } = statSync(file);

    await run('enable', 'one');

    expect(statSync(file)).toMatchObject({ ino, mtimeMs });
  });

  it('keep the mode of the file, the link to it, and its line ends', async () => {
    given(COMMENTED.replaceAll('\n', '\r\n'));
    chmodSync(file, 0o640);
    const target = join(dir, 'real.json');
    writeFileSync(target, text());
    chmodSync(target, 0o640);
    rmSync(file);
    symlinkSync('real.json', file);

    expect(await run('enable', 'two', '--lang', 'zh')).toMatchObject({ code: 0, out: 'two 已启用' });

    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(readFileSync(target, 'utf8')).toBe(
      COMMENTED.replaceAll('\n', '\r\n').replace('"enabled": false', '"enabled": true'),
    );
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('work on a file with errors elsewhere, and say what keeps them from a text that is none', async () => {
    given(PLANTED);
    expect(await run('disable', 'c')).toMatchObject({ code: 0 });
    expect(text()).toContain('"schedule": "rate(1 minute)", "enabled": false');

    writeFileSync(file, '{ "tasks": [ nonsense');
    const { code, err } = await run('disable', 'c');
    expect(code).not.toBe(0);
    expect(err).toContain('tasks.json');
    expect(text()).toBe('{ "tasks": [ nonsense');
  });

  it('refuse a file that is not UTF-8 rather than harm it', async () => {
    given(undefined);
    const bytes = Buffer.concat([Buffer.from(COMMENTED), Buffer.from([0x2f, 0x2f, 0xe9, 0x0a])]);
    writeFileSync(file, bytes);

    expect(await run('enable', 'two')).toMatchObject({ code: 2, err: expect.stringContaining('not UTF-8') });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('take turns with others, and lose no change', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `task-${i}`);
    given(
      JSON.stringify({
        tasks: names.map((name) => ({
          ...{ name, source: 'binance', symbols: ['BTC/USDT'], frequency: '1m', enabled: false },
        })),
      }),
    );

    const ended = await Promise.all(names.map((name) => run('enable', name)));

    expect(ended.map((e) => e.code)).toEqual(names.map(() => 0));
    expect(text()).not.toContain('false');
    expect(existsSync(join(dir, '.tasks.json.lock'))).toBe(false);
  });
});

describe('a lock on the file', () => {
  it('of a program that is gone is taken away', async () => {
    given(COMMENTED);
    const lock = join(dir, '.tasks.json.lock');
    writeFileSync(lock, '');
    const old = new Date(statSync(lock).mtimeMs - 60_000);
    utimesSync(lock, old, old);

    expect(await run('enable', 'two')).toMatchObject({ code: 0 });
    expect(existsSync(lock)).toBe(false);
  });

  it('of a program that stays is told by its name, and nothing is written', async () => {
    given(COMMENTED);
    const lock = join(dir, '.tasks.json.lock');
    writeFileSync(lock, '');
    const later = new Date(statSync(lock).mtimeMs + 3_600_000);
    utimesSync(lock, later, later);

    const { code, err } = await run('enable', 'two');

    expect(code).toBe(2);
    expect(err).toContain('.tasks.json.lock');
    expect(text()).toBe(COMMENTED);
  });
});

describe('task-manager add and remove', () => {
  const HOURLY = [
    ...['--name', 'hourly', '--function', 'python_crawler', '--runtime', 'python3.11'],
    ...['--task-type', 'simple_task_1', '--schedule', 'rate(1 hour)'],
  ];

  it('come back to the file as it was, byte for byte', async () => {
    given(COMMENTED);

    const added = await run('add', ...HOURLY, '--params', '{"depth": 3}', '--timezone', 'Asia/Shanghai');
    expect(added).toMatchObject({ code: 0, out: 'hourly added to tasks.json' });
    expect(text()).toContain('"depth": 3');
    expect((await run('remove', 'hourly')).code).toBe(0);
    expect(text()).toBe(COMMENTED);
  });

  it('make the file where there is none', async () => {
    given(undefined);

    expect((await run('add', ...HOURLY)).code).toBe(0);
    expect(JSON.parse(text())).toEqual({
      tasks: [
        {
          name: 'hourly',
          function: 'python_crawler',
          runtime: 'python3.11',
          schedule: 'rate(1 hour)',
          enabled: true,
          config: { taskType: 'simple_task_1' },
        },
      ],
    });
  });

  it('add a task that collects', async () => {
    given(COMMENTED);
    const collect = ['--collect', 'binance', 'BTC/USDT', 'ETH/USDT', '--frequency', '1m'];

    const { code, out } = await run('add', '--name', 'btc', ...collect, '--disabled', '--json');

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      added: true,
      task: { name: 'btc', enabled: false, source: 'binance', symbols: ['BTC/USDT', 'ETH/USDT'] },
    });
  });

  it.each<[string, readonly string[], number, string]>([
    ['a schedule that is none', [...HOURLY, '--schedule', 'rate(1 hours)'], 1, 'rate(1 hour)'],
    ['a zone that is none', [...HOURLY, '--timezone', 'Mars/Olympus'], 1, 'Mars/Olympus'],
    ['a secret', [...HOURLY, '--params', '{"api_key": "abc"}'], 1, 'environment'],
    ['a name that is taken', [...HOURLY, '--name', 'two'], 1, 'TASK_EXISTS'],
    ['a time-out out of bounds', [...HOURLY, '--timeout', '901'], 2, '--timeout 901'],
    ['params that are no JSON', [...HOURLY, '--params', '{'], 2, '--params: not JSON'],
    ['params that are no object', [...HOURLY, '--params', '[1]'], 2, 'JSON object'],
    ['a task without a name', HOURLY.slice(2), 2, 'add: give --name too'],
    ['two kinds at once', [...HOURLY, '--collect', 'binance', 'X', '--frequency', '1m'], 2, '--task-type'],
    ['a frequency of a function', [...HOURLY, '--frequency', '1m'], 2, '--frequency'],
  ])('refuse %s, and write nothing', async (_what, args, code, said) => {
    given(COMMENTED);
    const ended = await run('add', ...args);

    expect(ended.code).toBe(code);
    expect(ended.err).toContain(said);
    expect(text()).toBe(COMMENTED);
  });
});

describe('task-manager next, list and logs', () => {
  it('refuse a name that nobody knows, with the nearest', async () => {
    given(COMMENTED);
    const refusal = 'kairos: TASK_NOT_FOUND: tasks.json 中没有任务 tow；是否要用 two？';

    for (const command of ['next', 'run', 'logs'])
      expect(await run(command, 'tow', '--lang', 'zh')).toEqual({ code: 1, out: '', err: refusal });
    expect((await run('next', 'nothing-like-it')).err).toContain('here are one, two');
  });

  it('list what is right in a file with errors, and say where to look', async () => {
    given(PLANTED);
    const { code, out, err } = await run('list');

    expect(code).toBe(1);
    expect(out).toContain('Total: 2 tasks (2 enabled)');
    expect(err).toContain('task-manager validate');
  });

  it('give JSON to programs', async () => {
    given(COMMENTED);
    const listed = JSON.parse((await run('list', '--json')).out) as { tasks: unknown[] };
    expect(listed).toMatchObject({ total: 2, enabled: 1 });
    expect(listed.tasks[1]).toMatchObject({
      ...{ name: 'two', enabled: false, schedule: 'cron(0 18 * * ? *)', timezone: 'Asia/Shanghai' },
      ...{ function: 'nodejs_crawler', runtime: 'nodejs22.x', task_type: 'simple_task_2', timeout: 60 },
    });

    const next = JSON.parse((await run('next', 'two', '-n', '2', '--json')).out) as { next: object[] };
    expect(next.next).toHaveLength(2);
    expect(next.next[0]).toMatchObject({ local: expect.stringMatching(/ 18:00$/) });
    expect(JSON.parse((await run('logs', 'two', '--json')).out)).toEqual({ task: 'two', lines: [] });
  });

  it('say what to do where there is no file', async () => {
    given(undefined);

    expect(await run('list')).toMatchObject({ code: 2, err: expect.stringContaining('task-manager add') });
  });

  it('refuse to run what is disabled, or what the whole file keeps from running', async () => {
    given(COMMENTED);
    expect(await run('run', 'two')).toMatchObject({ code: 1, err: expect.stringContaining('enable two') });

    writeFileSync(file, PLANTED);
    expect(await run('run', 'c')).toMatchObject({ code: 1, err: expect.stringContaining('validate') });
  });
});
