import { readFileSync } from 'node:fs';
import { COLLECT_HANDLER, JOB_HANDLER } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { FORBIDDEN_NAMES } from './runtime-schema.ts';
import { PROBLEM_TEXTS } from './scheduled-tasks-texts.ts';
import { readScheduledTasks, type ScheduledTasks } from './scheduled-tasks.ts';

const read = (text: string, locale: 'en' | 'zh' = 'en'): ScheduledTasks =>
  readScheduledTasks({ text, file: 'tasks.json', locale });

const JOB = {
  name: 'a',
  function: 'f',
  runtime: 'python3.11',
  schedule: 'rate(1 hour)',
  config: { taskType: 't' },
};
const COLLECT = { name: 'c', source: 'sandbox', symbols: ['BTCUSDT'], frequency: '1h' };

const textOf = (...tasks: readonly object[]): string => JSON.stringify({ tasks });
/** `severity code path`, as far as a test needs it. */
const told = (...tasks: readonly object[]): string[] =>
  read(textOf(...tasks)).problems.map((p) => `${p.severity} ${p.code} ${p.path}`);

describe('readScheduledTasks', () => {
  it('fills in every default of a task that runs a function', () => {
    const { entries, problems } = read(textOf(JOB));

    expect(problems).toEqual([]);
    expect(entries).toEqual([
      {
        name: 'a',
        line: 1,
        written: { function: 'f', runtime: 'python3.11', schedule: 'rate(1 hour)' },
        schedulePlace: { file: 'tasks.json', line: 1, column: 72, path: 'tasks[0].schedule' },
        declaration: {
          taskId: 'a',
          description: '',
          enabled: true,
          content: {
            handler: JOB_HANDLER,
            projectId: 'default',
            dataset: '',
            dataType: '',
            source: '',
            symbols: [],
            frequency: '1m',
            startTime: null,
            endTime: null,
            schedule: 'rate(1 hour)',
            timezone: 'UTC',
            config: {
              batchSize: null,
              historyDays: 30,
              missed: 'once',
              retries: 5,
              price: 'last',
              confirmLarge: false,
            },
            job: {
              function: 'f',
              language: 'python',
              runtime: 'python3.11',
              taskType: 't',
              taskName: 'a',
              timeoutMs: 300_000,
              memoryMb: 512,
              params: {},
            },
          },
        },
      },
    ]);
  });

  it('takes over every field of a task that runs a function', () => {
    const { entries, problems } = read(
      textOf({
        ...JOB,
        description: 'does',
        runtime: 'nodejs24.x',
        schedule: 'cron(0 18 * * ? *)',
        timezone: 'Asia/Shanghai',
        enabled: false,
        missed: 'all',
        retries: 0,
        params: { depth: [1, { two: '2' }], none: null },
        config: { taskType: 't', taskName: 'n', timeout: 7, memory: 128 },
      }),
    );

    expect(problems).toEqual([]);
    expect(entries[0]?.declaration).toMatchObject({
      description: 'does',
      enabled: false,
      content: {
        schedule: 'cron(0 18 * * ? *)',
        timezone: 'Asia/Shanghai',
        config: { missed: 'all', retries: 0 },
        job: {
          language: 'nodejs',
          runtime: 'nodejs24.x',
          taskName: 'n',
          timeoutMs: 7_000,
          memoryMb: 128,
          params: { depth: [1, { two: '2' }], none: null },
        },
      },
    });
  });

  it('reads collect tasks of the same file, by default under their own name', () => {
    const { entries, problems } = read(
      textOf(COLLECT, {
        ...COLLECT,
        name: 'd',
        config: { taskType: 'collect' },
        project_id: '项目',
        dataset: 'crypto',
        start_time: '2024-01-01T08:00:00+08:00',
        end_time: 1_735_689_600_000,
        history_days: 7,
        batch_size: 500,
        price: 'mark',
        schedule: 'rate(1 day)',
      }),
    );

    expect(problems).toEqual([]);
    expect(entries.map((e) => e.declaration.content)).toMatchObject([
      {
        handler: COLLECT_HANDLER,
        projectId: 'default',
        dataset: 'c',
        dataType: 'kline',
        source: 'sandbox',
        symbols: ['BTCUSDT'],
        frequency: '1h',
        startTime: null,
        endTime: null,
        schedule: null,
        timezone: 'UTC',
        job: null,
      },
      {
        projectId: '项目',
        dataset: 'crypto',
        startTime: Date.UTC(2024, 0, 1),
        endTime: Date.UTC(2025, 0, 1),
        schedule: 'rate(1 day)',
        config: { historyDays: 7, batchSize: 500, price: 'mark' },
      },
    ]);
    expect(entries[0]?.written).toEqual({ function: null, runtime: null, schedule: null });
    expect(entries[0]?.schedulePlace.path).toBe('tasks[0]');
  });

  it('asks no history of snapshots, which have none', () => {
    const { entries } = read(textOf({ ...COLLECT, data_type: 'ticker', history_days: 9 }));

    expect(entries[0]?.declaration.content.config.historyDays).toBe(0);
  });

  it('takes comments, trailing commas, a byte-order mark and any line ends', () => {
    const text = `\uFEFF// tasks\r\n{ "tasks": [\r\n /* one */ ${JSON.stringify(JOB)},\r\n], }\r\n`;

    expect(read(text)).toMatchObject({ problems: [], entries: [{ name: 'a', line: 3 }] });
  });

  it.each([
    ['python', 'python3.11', false],
    ['python3', 'python3.11', false],
    ['python3.9', 'python3.11', true],
    ['python3.10', 'python3.11', true],
    ['python3.14', 'python3.14', false],
    ['nodejs', 'nodejs22.x', false],
    ['nodejs16.x', 'nodejs22.x', true],
    ['nodejs18.x', 'nodejs22.x', true],
    ['nodejs20.x', 'nodejs22.x', true],
    ['nodejs24.x', 'nodejs24.x', false],
  ])('runs %s as %s', (written, runtime, noticed) => {
    const { entries, problems } = read(textOf({ ...JOB, runtime: written }));

    expect(entries[0]).toMatchObject({
      written: { runtime: written },
      declaration: { content: { job: { runtime } } },
    });
    expect(problems.map((p) => `${p.severity} ${p.code}`)).toEqual(
      noticed ? ['warning runtime_deprecated'] : [],
    );
  });

  it.each([
    '',
    'python2.7',
    'python4',
    'python3.x',
    'Python3.11',
    'nodejs22',
    'nodejs0.x',
    'ruby3.2',
    'nodejs22.x ',
  ])('refuses the runtime %j', (runtime) => {
    expect(told({ ...JOB, runtime })).toEqual(['error runtime_unknown tasks[0].runtime']);
  });

  describe('problems', () => {
    it('have file, line, column, path, task, message and remedy', () => {
      const text = `{
  "tasks": [
    {
      "name": "a",
      "function": "f",
      "runtime": "python3.11",
      "schedule": "rate(1 minutes)",
      "config": {
        "taskType": "t",
        "timeout": 901
      }
    }
  ]
}`;

      expect(read(text).entries).toEqual([]);
      expect(read(text).problems).toMatchObject([
        {
          severity: 'error',
          code: 'schedule_rate_number',
          line: 7,
          column: 19,
          path: 'tasks[0].schedule',
          task: 'a',
          message: expect.stringContaining('rate(1 minute)') as unknown,
        },
        {
          severity: 'error',
          code: 'whole_number',
          file: 'tasks.json',
          line: 10,
          column: 20,
          path: 'tasks[0].config.timeout',
          task: 'a',
          message: 'config.timeout must be a whole number from 1 to 900, not 901',
          remedy: 'write a number between these, without quotes',
        },
      ]);
      expect(read(text, 'zh').problems[1]).toMatchObject({
        message: 'config.timeout必须是1到900之间的整数，而不是 901',
        remedy: '请写此范围内的数字，不加引号',
      });
    });

    const { name: _n, ...nameless } = JOB;
    it.each<[string, object, string]>([
      ['a task that is no object', [], 'error object tasks[0]'],
      ['no name', nameless, 'error missing tasks[0].name'],
      ['a name with a slash', { ...JOB, name: 'a/b' }, 'error name tasks[0].name'],
      ['a name of 129 letters', { ...JOB, name: 'a'.repeat(129) }, 'error name tasks[0].name'],
      ['a name of the language', { ...JOB, name: 'constructor' }, 'error forbidden_name tasks[0].name'],
      ['a path for a function', { ...JOB, function: '../f' }, 'error function_name tasks[0].function'],
      [
        'a prototype for a function',
        { ...JOB, function: '__proto__' },
        'error forbidden_name tasks[0].function',
      ],
      ['a mistyped field', { ...JOB, enabld: true }, 'error unknown_field_near tasks[0].enabld'],
      ['a field that nothing is like', { ...JOB, zzzzzz: 1 }, 'error unknown_field tasks[0].zzzzzz'],
      ['a field outside of config', { ...JOB, timeout: 3 }, 'error unknown_field_near tasks[0].timeout'],
      ['a field of collect tasks', { ...JOB, symbols: [] }, 'error field_of_collect tasks[0].symbols'],
      ['a field of functions', { ...COLLECT, params: {} }, 'error field_of_function tasks[0].params'],
      ['a flag in quotes', { ...JOB, enabled: 'true' }, 'error flag tasks[0].enabled'],
      ['null', { ...JOB, description: null }, 'error text tasks[0].description'],
      [
        'too long a text',
        { ...JOB, description: 'x'.repeat(1001) },
        'error text_length tasks[0].description',
      ],
      ['a newline in a text', { ...JOB, description: 'a\nb' }, 'error text_unprintable tasks[0].description'],
      ['config as text', { ...JOB, config: 't' }, 'error object tasks[0].config'],
      ['params as a list', { ...JOB, params: [] }, 'error object tasks[0].params'],
      ['no task type', { ...JOB, config: {} }, 'error missing tasks[0].config.taskType'],
      [
        'too little memory',
        { ...JOB, config: { taskType: 't', memory: 127 } },
        'error whole_number tasks[0].config.memory',
      ],
      [
        'half a second',
        { ...JOB, config: { taskType: 't', timeout: 0.5 } },
        'error whole_number tasks[0].config.timeout',
      ],
      ['an unknown policy', { ...JOB, missed: 'never' }, 'error one_of tasks[0].missed'],
      ['no such zone', { ...JOB, timezone: 'Mars/Base' }, 'error timezone_unknown tasks[0].timezone'],
      [
        'a date that never comes',
        { ...JOB, schedule: 'cron(0 0 31 2 ? *)' },
        'error schedule_never tasks[0].schedule',
      ],
      [
        'an unproven schedule',
        { ...JOB, schedule: 'cron(0 9 LW * ? *)' },
        'warning schedule_unproven tasks[0].schedule',
      ],
      ['no symbols', { ...COLLECT, symbols: [] }, 'error list_length tasks[0].symbols'],
      ['a symbol that is a number', { ...COLLECT, symbols: [1] }, 'error text tasks[0].symbols[0]'],
      ['a wrong selector', { ...COLLECT, symbols: ['top:0:USDT'] }, 'error symbol tasks[0].symbols[0]'],
      ['exclusions alone', { ...COLLECT, symbols: ['!BTC/USDT'] }, 'error exclusions_alone tasks[0].symbols'],
      [
        'a name excluded',
        { ...COLLECT, symbols: ['BTC/USDT', '*/USDT', '!BTC/USDT'] },
        'error symbol_excluded tasks[0].symbols',
      ],
      [
        'a symbol twice',
        { ...COLLECT, symbols: ['BTCUSDT', 'BTCUSDT'] },
        'warning symbol_repeated tasks[0].symbols[1]',
      ],
      ['no timeframe', { ...COLLECT, frequency: '1 hour' }, 'error timeframe tasks[0].frequency'],
      [
        'an unknown kind of data',
        { ...COLLECT, data_type: 'klines' },
        'error data_type_unknown tasks[0].data_type',
      ],
      ['a bad source', { ...COLLECT, source: 'a b' }, 'error identifier tasks[0].source'],
      ['a day that is none', { ...COLLECT, start_time: '2023-02-29' }, 'error time tasks[0].start_time'],
      [
        'an hour that is none',
        { ...COLLECT, start_time: '2023-02-28T24:00:00Z' },
        'error time tasks[0].start_time',
      ],
      ['seconds', { ...COLLECT, start_time: 1_700_000_000 }, 'error time tasks[0].start_time'],
      [
        'a time without zone',
        { ...COLLECT, start_time: '2023-02-28T00:00' },
        'warning time_zone_missing tasks[0].start_time',
      ],
      [
        'an end before its start',
        { ...COLLECT, start_time: '2024-01-02', end_time: '2024-01-02' },
        'error time_order tasks[0].end_time',
      ],
      [
        'a function that collects',
        { ...COLLECT, config: { taskType: 'collect' }, function: 'f' },
        'warning without_effect tasks[0].function',
      ],
      [
        'a time-out of collecting',
        { ...COLLECT, config: { taskType: 'collect', timeout: 5 } },
        'warning without_effect tasks[0].config.timeout',
      ],
    ])('tell of %s', (_, task, problem) => {
      expect(told(task)).toEqual([problem]);
      expect(read(textOf(task)).entries).toHaveLength(problem.startsWith('error') ? 0 : 1);
    });

    it.each([
      [{ api_key: 'x' }, 'tasks[0].params.api_key'],
      [{ nested: { list: [{ botToken: 'x' }] } }, 'tasks[0].params.nested.list[0].botToken'],
      [{ secrets: { a: 1 }, Secret: { binance: 'x' } }, 'tasks[0].params.Secret.binance'],
      [{ url: 'https://user:pass@example.com/x' }, 'tasks[0].params.url'],
    ])('refuse a secret among the params: %j', (params, path) => {
      const { problems, entries } = read(textOf({ ...JOB, params }));

      expect(entries).toEqual([]);
      expect(problems.map((p) => `${p.code} ${p.path}`)).toEqual([`secret_in_file ${path}`]);
      expect(JSON.stringify(problems)).not.toContain('pass@');
    });

    it('leave names of variables, empty texts and numbers under such names alone', () => {
      expect(
        told({
          ...JOB,
          params: { api_key_env: 'BINANCE_API_KEY', token: '', password_length: 8, tokens: ['A'] },
        }),
      ).toEqual([]);
    });

    it('tell names that two tasks have, and keep the first', () => {
      const { entries, problems } = read(
        `{ "tasks": [\n${JSON.stringify(JOB)},\n${JSON.stringify(COLLECT)},\n${JSON.stringify({ ...COLLECT, name: 'a' })} ] }`,
      );

      expect(entries.map((e) => e.name)).toEqual(['a', 'c']);
      expect(problems).toMatchObject([{ code: 'duplicate_name', line: 4, path: 'tasks[2].name', task: 'a' }]);
      expect(problems[0]?.message).toContain('line 2');
    });

    it.each([
      ['', 'syntax', 1, 1],
      ['{"tasks": [\n  {"name": "a" "b": 1}]}', 'syntax', 2, 16],
      ['{"tasks": [', 'syntax', 1, 12],
      ["{'tasks': []}", 'syntax', 1, 2],
      ['{"tasks": [] } x', 'syntax', 1, 16],
      ['{"tasks": [], // and\n  /* no end', 'syntax', 2, 3],
      ['{"tasks": ["\t"]}', 'syntax', 1, 12],
      ['7', 'object', 1, 1],
      ['[]', 'object', 1, 1],
      ['{}', 'missing', 1, 1],
      ['{"tasks": {}}', 'list', 1, 11],
      ['{"tasks": [], "task": 1}', 'unknown_field_near', 1, 15],
      ['{"$schema": 7, "tasks": []}', 'text', 1, 13],
      ['{"tasks": [], "tasks": []}', 'duplicate_key', 1, 15],
      ['{"tasks": [], "__proto__": []}', 'forbidden_name', 1, 15],
      [`{"tasks": ${'['.repeat(100_000)}`, 'too_deep', 1, 74],
      [' '.repeat(8_000_001), 'file_too_long', 1, 1],
      [`{"tasks": [${'0,'.repeat(10_001)}]}`, 'too_many_tasks', 1, 11],
    ])('tell what is wrong with text %#', (text, code, line, column) => {
      expect(read(text).entries).toEqual([]);
      expect(read(text).problems[0]).toMatchObject({ severity: 'error', code, line, column });
    });

    it.each([
      ['{ "a": 1, "a": 2 }', 'error duplicate_key tasks[0].params.a'],
      ['{ "__proto__": { "x": 1 } }', 'error forbidden_name tasks[0].params.__proto__'],
      ['{ "a": [1e999] }', 'error number_out_of_range tasks[0].params.a[0]'],
      ['{ "a": 12345678901234567890 }', 'warning number_inexact tasks[0].params.a'],
      ['{ "a": "\\ud800" }', 'error text_broken tasks[0].params.a'],
    ])('tell params that no value can be: %s', (params, problem) => {
      const text = JSON.stringify({ tasks: [JOB] }).replace('"config"', `"params": ${params}, "config"`);
      const { problems, entries } = read(text);

      expect(problems.map((p) => `${p.severity} ${p.code} ${p.path}`)).toEqual([problem]);
      expect(problems[0]?.task).toBe('a');
      expect(entries).toHaveLength(problem.startsWith('error') ? 0 : 1);
    });

    it('are cut after a thousand, and an error among the rest is not lost', () => {
      const warned = { ...COLLECT, config: { taskType: 'collect', timeout: 5, memory: 128 } };
      const tasks = Array.from({ length: 600 }, (_, i) => ({ ...warned, name: `t${i}` }));
      const { problems } = read(textOf(...tasks, {}));

      expect(problems).toHaveLength(1_001);
      expect(problems.at(-1)).toMatchObject({ severity: 'error', code: 'more_problems' });
    });

    it('have a text in both languages that leaves no placeholder of its own empty', () => {
      for (const { en, zh } of Object.values(PROBLEM_TEXTS)) {
        const placeholders = (texts: readonly string[]): string[] =>
          [...new Set(texts.join(' ').match(/\{[a-z]+\}/g))].sort();
        expect(placeholders(zh)).toEqual(placeholders(en));
      }
    });
  });

  describe('revision', () => {
    it('stays when order, layout, comments and written-out defaults change', () => {
      const plain = read(textOf(JOB, COLLECT)).revision;
      const { config, ...rest } = JOB;

      expect(
        read(`// more\n${JSON.stringify({ tasks: [COLLECT, { config, ...rest }] }, null, 4)}`).revision,
      ).toBe(plain);
      expect(
        read(textOf({ ...JOB, enabled: true, timezone: 'UTC', description: '' }, COLLECT)).revision,
      ).toBe(plain);
    });

    it.each<[string, object]>([
      ['name', { name: 'b' }],
      ['description', { description: 'x' }],
      ['enabled', { enabled: false }],
      ['schedule', { schedule: 'rate(2 hours)' }],
      ['timezone', { timezone: 'Asia/Tokyo' }],
      ['retries', { retries: 1 }],
      ['params', { params: { a: 1 } }],
      ['config', { config: { taskType: 't', timeout: 1 } }],
    ])('changes with %s', (_, change) => {
      expect(read(textOf({ ...JOB, ...change })).revision).not.toBe(read(textOf(JOB)).revision);
    });
  });
});

describe('config/scheduled-tasks.json', () => {
  const text = readFileSync(new URL('../../../config/scheduled-tasks.json', import.meta.url), 'utf8');

  it('declares the five documented tasks', () => {
    const { entries, problems } = read(text);

    expect(entries.map((e) => [e.name, e.declaration.enabled, ...Object.values(e.written)])).toEqual([
      ['python-task-1', true, 'python_crawler', 'python3.11', 'rate(5 minutes)'],
      ['python-task-2', true, 'python_crawler', 'python3.11', 'rate(10 minutes)'],
      ['nodejs-task-1', true, 'nodejs_crawler', 'nodejs18.x', 'rate(3 minutes)'],
      ['nodejs-task-2', true, 'nodejs_crawler', 'nodejs18.x', 'rate(7 minutes)'],
      ['daily-summary', false, 'python_crawler', 'python3.11', 'cron(0 18 * * ? *)'],
    ]);
    expect(problems.map((p) => `${p.code} ${p.task ?? ''}`)).toEqual([
      'runtime_deprecated nodejs-task-1',
      'runtime_deprecated nodejs-task-2',
    ]);
  });

  it('has the first of them to the letter', () => {
    const { tasks } = JSON.parse(text) as { tasks: unknown[] };

    expect(tasks[0]).toStrictEqual({
      name: 'python-task-1',
      description: 'Python simple task 1 - log timestamp',
      function: 'python_crawler',
      runtime: 'python3.11',
      schedule: 'rate(5 minutes)',
      enabled: true,
      config: { taskName: 'python_simple_task_1', taskType: 'simple_task_1', timeout: 300, memory: 512 },
    });
  });
});

describe('names of the language', () => {
  it.each([...FORBIDDEN_NAMES])('%s is no task', (name) => {
    expect(read(textOf({ ...JOB, name })).entries).toEqual([]);
  });
});

describe('docs/reference/scheduled-tasks.md', () => {
  const text = readFileSync(new URL('../../../docs/reference/scheduled-tasks.md', import.meta.url), 'utf8');

  it('lists every problem', () => {
    const listed = text.slice(text.indexOf('## Problems')).matchAll(/^\| `([a-z_]+)` /gm);

    expect([...listed].map(([, code]) => code).sort()).toEqual(Object.keys(PROBLEM_TEXTS).sort());
  });

  it('has examples that are in order', () => {
    const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, example]) => example);

    expect(read(`{"tasks": [${examples.join(',')}]}`)).toMatchObject({
      entries: { length: 2 },
      problems: [],
    });
  });
});
