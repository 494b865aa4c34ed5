import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRuntimeConfig } from '@kairos/config';
import { RecordingLogger } from '@kairos/testkit';
import { afterAll, expect, it } from 'vitest';
import { startServer } from './server.ts';

const dir = mkdtempSync(join(tmpdir(), 'kairos-starter-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const task = (id: string, frequency: string): object => ({
  action: 'create_task',
  task_id: id,
  project_id: 'p',
  dataset: 'd',
  data_type: 'kline',
  source: 'sandbox',
  symbols: ['BTCUSDT'],
  frequency,
  start_time: '2090-01-01',
});

it('a starter file with a wrong entry is sent whole once it is corrected', async () => {
  const file = join(dir, 'tasks.json');
  const declared = join(dir, 'scheduled-tasks.json');
  writeFileSync(declared, '{ "tasks": [] }');
  const text = `
task_store: { type: sqlite, path: ${join(dir, 'kairos.sqlite')} }
http: { port: 0 }
tasks_file: ${file}
scheduled_tasks: ${declared}
sources: { sandbox: { driver: sandbox, seed: 1 } }
`;
  const start = (...tasks: object[]): ReturnType<typeof startServer> => {
    writeFileSync(file, JSON.stringify({ tasks }));
    const config = parseRuntimeConfig({ text, file: 'test.yaml', env: {} });
    return startServer(config, new RecordingLogger(), { version: '0', pid: 1 });
  };
  await expect(start(task('a', '1h'), task('b', 'often'))).rejects.toThrow(/tasks\[1\]/);
  const server = await start(task('a', '1d'), task('b', '1h'));
  const list = (await (await fetch(`${server.url}/v1/tasks`)).json()) as { readonly total: number };
  await server.stop();
  expect(list.total).toBe(2);
});
