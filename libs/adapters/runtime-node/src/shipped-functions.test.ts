import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobEnd } from '@kairos/ports';
import { aCall, RecordingSink } from '@kairos/testkit';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeTaskRuntime } from './node-task-runtime.ts';
import { realClock } from './testing/real-clock.ts';

const ROOT = new URL('../../../../', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, ROOT));

describe('Functions in Node.js', { timeout: 30_000 }, () => {
  let dir: string;
  let runtime: NodeTaskRuntime;
  let sink: RecordingSink;
  let server: Server | undefined;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kairos-functions-'));
    sink = new RecordingSink();
    runtime = new NodeTaskRuntime({ dir, clock: realClock, env: process.env });
  });
  afterEach(async () => {
    await runtime.close();
    server?.close();
    server = undefined;
    rmSync(dir, { recursive: true, force: true });
  });

  const place = (name: string, text: string): void => {
    writeFileSync(join(dir, name), text);
    chmodSync(join(dir, name), 0o644);
  };
  const run = (
    name: string,
    type: string,
    params = {},
    by: Pick<NodeTaskRuntime, 'run'> = runtime,
  ): Promise<JobEnd> => {
    const bench = { runtime, now: realClock.now, workers: () => 0, dispose: () => Promise.resolve() };
    return by.run(aCall(bench, type, params, { function: name }), sink, new AbortController().signal);
  };

  describe('nodejs_crawler', () => {
    beforeEach(() => {
      copyFileSync(pathOf('functions/nodejs_crawler.js'), join(dir, 'nodejs_crawler.js'));
      chmodSync(join(dir, 'nodejs_crawler.js'), 0o644);
    });

    it('has the two task types that it says', async () => {
      expect(await runtime.inspect({ function: 'nodejs_crawler' })).toEqual({
        ok: true,
        taskTypes: ['simple_task_1', 'simple_task_2'],
      });
    });

    it('simple_task_1 logs the current time and answers it', async () => {
      const before = Date.now();
      const end = await run('nodejs_crawler', 'simple_task_1');
      const { timestamp, slot } = Object(end.ok && end.result);

      expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now());
      expect(slot).toBe('2023-11-14T22:13:20.000Z');
      expect(sink.lines).toEqual([{ level: 'info', message: `now it is ${timestamp}`, stream: 'log' }]);
    });

    it('simple_task_2 echoes what it is called with', async () => {
      const params = { symbols: ['A', '中'], deep: { n: 1.5 } };

      expect(await run('nodejs_crawler', 'simple_task_2', params)).toEqual({
        ok: true,
        result: {
          task: 'my_task_name',
          taskType: 'simple_task_2',
          slot: '2023-11-14T22:13:20.000Z',
          attempt: 1,
          params,
        },
      });
    });
  });

  it('work as the guide shows them', async () => {
    const guide = readFileSync(pathOf('docs/guides/write-a-task.md'), 'utf8');
    const [, sample = ''] = /^```js sample\n(.*?)^```/ms.exec(guide) ?? [];
    place('gold.mjs', sample);
    server = createServer((request, response) => {
      if (request.url !== '/gold.csv') response.writeHead(404).end();
      else
        response.end('2024-01-02,480.10,482.00,479.50,481.3,1200\n2024-01-03,481.30,481.9,478,478.25,900\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = Object(server.address());
    const url = `http://127.0.0.1:${port}/gold.csv`;

    expect(await run('gold', 'daily_gold', { url })).toEqual({ ok: true, result: { days: 2, changed: 2 } });
    expect(sink.frames).toEqual([
      {
        series: { source: 'goldshop', symbol: 'AU9999', dataType: 'kline', frequency: '1d' },
        range: { from: Date.UTC(2024, 0, 2), to: Date.UTC(2024, 0, 4) },
        complete: false,
        columns: ['timestamp_ms', 'open', 'high', 'low', 'close', 'volume'],
        rows: [
          [Date.UTC(2024, 0, 2), '480.10', '482.00', '479.50', '481.3', '1200'],
          [Date.UTC(2024, 0, 3), '481.30', '481.9', '478', '478.25', '900'],
        ],
      },
    ]);
    expect(sink.states).toEqual([{ through: '2024-01-03' }]);
    expect(await run('gold', 'daily_gold', { url: `${url}.gone` })).toMatchObject({
      error: { code: 'JOB_FAILED', permanent: false },
    });
    expect(await run('gold', 'daily_gold', {})).toMatchObject({
      error: { code: 'JOB_FAILED', permanent: true },
    });
  });

  it.each([
    ['as the apps are bundled', {}],
    ['bundled small', { minify: true }],
    ['bundled with names kept', { keepNames: true }],
  ])('run from a bundle too, %s', async (_how, more) => {
    const outfile = join(dir, 'bundle.mjs');
    const entry = pathOf('libs/adapters/runtime-node/src/node-task-runtime.ts');
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'silent',
      ...more,
    });
    const bundle: { readonly NodeTaskRuntime: typeof NodeTaskRuntime } = await import(outfile);
    place(
      'own.mjs',
      'export const tasks = { go: async (ctx) => { await ctx.saveState(1); return ctx.state; } };',
    );
    const bundled = new bundle.NodeTaskRuntime({ dir, clock: realClock, env: {} });

    expect(await run('own', 'go', {}, bundled)).toEqual({ ok: true, result: 1 });
    await bundled.close();
  });
});
