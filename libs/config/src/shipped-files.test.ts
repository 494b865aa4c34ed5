import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { parseRuntimeConfig } from './parse-runtime-config.ts';
import { runtimeConfigJsonSchema } from './runtime-schema.ts';
import { scheduledTasksJsonSchema } from './scheduled-tasks-fields.ts';

const shipped = (name: string): string => fileURLToPath(new URL(`../../../config/${name}`, import.meta.url));

describe('config/standalone.yaml', () => {
  const text = readFileSync(shipped('standalone.yaml'), 'utf8');

  it('says what the defaults are, and adds the sandbox', () => {
    const plain = parseRuntimeConfig({ text: '', file: 'none', env: {} });

    expect(parseRuntimeConfig({ text, file: 'standalone.yaml', env: {} })).toEqual({
      ...plain,
      tasksFile: 'config/starter-tasks.json',
      sources: {
        sandbox: {
          driver: 'sandbox',
          exchange: 'binance',
          world: { kind: 'synthetic', seed: '42' },
          latencyMs: 0,
          timeoutMs: 10_000,
          budgetShare: 0.8,
        },
      },
    });
  });

  it('holds an example of a real venue that works once its marks are taken away', () => {
    const example = text.replace(/^ {2}# (?=binance:| )/gm, '  ');
    const env = { BINANCE_API_KEY: 'k', BINANCE_SECRET: 's' };

    const config = parseRuntimeConfig({ text: example, file: 'standalone.yaml', env });

    expect(config.sources['binance']).toMatchObject({ driver: 'ccxt', exchange: 'binance', realm: 'live' });
  });
});

describe('config/starter-tasks.json', () => {
  it('collects from sources that the shipped configuration has', () => {
    const config = parseRuntimeConfig({
      text: readFileSync(shipped('standalone.yaml'), 'utf8'),
      file: 'standalone.yaml',
      env: {},
    });
    const { tasks } = JSON.parse(readFileSync(shipped('starter-tasks.json'), 'utf8')) as {
      tasks: { action: string; task_id: string; source: string }[];
    };

    expect(new Set(tasks.map((task) => task.task_id)).size).toBe(4);
    for (const task of tasks) {
      expect(task.action).toBe('create_task');
      expect(Object.keys(config.sources)).toContain(task.source);
    }
  });
});

describe('config/schemas/runtime.schema.json', () => {
  it('is the schema of the code, for editors', async () => {
    const text = JSON.stringify(runtimeConfigJsonSchema());

    await expect(await format(text, { parser: 'json', printWidth: 110 })).toMatchFileSnapshot(
      shipped('schemas/runtime.schema.json'),
    );
  });
});

describe('config/schemas/scheduled-tasks.schema.json', () => {
  it('is the schema of the code, for editors', async () => {
    const text = JSON.stringify(scheduledTasksJsonSchema());

    await expect(await format(text, { parser: 'json', printWidth: 110 })).toMatchFileSnapshot(
      shipped('schemas/scheduled-tasks.schema.json'),
    );
  });
});
