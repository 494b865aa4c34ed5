import { readScheduledTasks } from '@kairos/config';
import type { FunctionLook } from '@kairos/ports';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../configuration.ts';
import { checkHandlers, type HandlerVerdict } from './handlers.ts';
import { placeIn } from './places.ts';
import { folderWith } from './testing/task-manager.ts';

const TEXT = `{
  "tasks": [
    { "name": "one", "function": "python_crawler", "runtime": "python3.11", "schedule": "rate(5 minutes)",
      "config": { "taskType": "simple_task_1" } },
    { "name": "two", "function": "python_crawler", "runtime": "python3.11", "schedule": "rate(5 minutes)",
      "config": { "taskType": "simpel_task_2" } },
    { "name": "three", "function": "nodejs_crawler", "runtime": "nodejs22.x", "schedule": "rate(5 minutes)",
      "config": { "taskType": "simple_task_1" } },
    { "name": "btc", "source": "binance", "symbols": ["BTC/USDT"], "frequency": "1m" }
  ]
}
`;
const KNOWN: FunctionLook = { ok: true, taskTypes: ['simple_task_1', 'simple_task_2'] };

let dir = '';
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What is said of the tasks where the languages' functions look like this; also how often each was asked. */
async function verdict(
  looks: { readonly python?: FunctionLook; readonly nodejs?: FunctionLook },
  language: 'en' | 'zh' = 'en',
): Promise<HandlerVerdict & { readonly asked: readonly string[] }> {
  ({ dir } = folderWith(TEXT));
  const loaded = await loadConfig(join(dir, 'kairos.yaml'), {});
  const asked: string[] = [];
  const runtimes = (['python', 'nodejs'] as const).flatMap((name) => {
    const look = looks[name];
    const inspect = (p: { readonly function: string }): Promise<FunctionLook> => {
      asked.push(p.function);
      return Promise.resolve(look ?? KNOWN);
    };
    return look ? [[name, { inspect }] as const] : [];
  });
  const read = { text: TEXT, ...readScheduledTasks({ text: TEXT, file: 'tasks.json', locale: language }) };
  const told = await checkHandlers({ loaded, language, file: 'tasks.json' }, read, new Map(runtimes));
  return { ...told, asked };
}

describe('the check of functions', () => {
  it('asks each function once, and finds nothing where all task types are known', async () => {
    const { problems, asked } = await verdict({
      python: { ok: true, taskTypes: ['simple_task_1', 'simpel_task_2'] },
      nodejs: KNOWN,
    });

    expect(problems).toEqual([]);
    expect(asked).toEqual(['python_crawler', 'nodejs_crawler']);
  });

  it('points at a task type that nobody knows, and names the nearest', async () => {
    const { problems, unchecked } = await verdict({ python: KNOWN, nodejs: KNOWN });

    expect(unchecked).toEqual([]);
    expect(problems).toEqual([
      {
        severity: 'error',
        code: 'JOB_TYPE_UNKNOWN',
        file: 'tasks.json',
        line: 6,
        column: 31,
        path: 'tasks[1].config.taskType',
        task: 'two',
        message: 'python_crawler (python) has no task type simpel_task_2',
        remedy: 'write one of simple_task_1, simple_task_2; did you mean simple_task_2?',
      },
    ]);
  });

  it('says which function cannot be used, at each task that wants it, in Chinese too', async () => {
    const missing: FunctionLook = { ok: false, code: 'JOB_FUNCTION_MISSING', reason: 'no such file' };
    const { problems } = await verdict({ python: missing, nodejs: KNOWN }, 'zh');

    expect(problems.map((p) => [p.code, p.task, p.path, p.line, p.column])).toEqual([
      ['JOB_FUNCTION_MISSING', 'one', 'tasks[0].function', 3, 34],
      ['JOB_FUNCTION_MISSING', 'two', 'tasks[1].function', 5, 34],
    ]);
    expect(problems[0]?.message).toBe('python_crawler（python）不可用：no such file');
  });

  it('takes a language that is not here, or not ready, for no error', async () => {
    const absent: FunctionLook = { ok: false, code: 'JOB_RUNTIME_MISSING', reason: 'install Python 3.11' };
    const { problems, unchecked } = await verdict({ python: absent });

    expect(problems).toEqual([]);
    expect(unchecked).toEqual([
      'python cannot be asked here what it knows (install Python 3.11), so task types were not checked',
      'nodejs cannot be asked here what it knows (nodejs), so task types were not checked',
    ]);
  });
});

describe('a place in a text', () => {
  it('is that of the value, or of what would hold it', () => {
    expect(placeIn(TEXT, ['tasks', 1, 'config', 'taskType'])).toEqual({ line: 6, column: 31 });
    expect(placeIn(TEXT, ['tasks', 3, 'config', 'taskType'])).toEqual({ line: 9, column: 5 });
    expect(placeIn('// c\r\n{ "a": 1 }', ['a'])).toEqual({ line: 2, column: 8 });
    expect(placeIn('nonsense', ['a'])).toEqual({ line: 1, column: 1 });
  });
});
