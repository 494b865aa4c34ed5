import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer, scratch, ServerProcess, type Json } from './harness.ts';

/** No synthetic row can ever stand in a series of another world, whatever the configuration says. */
describe('realms', () => {
  const place = scratch();
  let venue: SandboxVenue;

  beforeAll(async () => {
    buildServer();
    venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7 } });
  });
  afterAll(async () => {
    await venue?.close();
    place.remove();
  });

  const yaml = (source: string): string => `
    task_store: { type: sqlite, path: ${place.dir}/kairos.sqlite }
    http: { port: 0 }
    tick_ms: 100
    sources: { binance: ${source} }`;
  const hours = {
    action: 'create_task',
    task_id: 'hours',
    project_id: 'p',
    dataset: 'd',
    data_type: 'kline',
    source: 'binance',
    symbols: ['BTCUSDT'],
    frequency: '1h',
    start_time: '2024-01-01T00:00:00Z',
    end_time: '2024-01-02T00:00:00Z',
  };

  const untilHealth = async (server: ServerProcess, state: string): Promise<Json> => {
    for (;;) {
      const task = await server.json('/v1/tasks/hours');
      if ((task['health'] as Json)['state'] === state) return task;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  };

  it('refuse to call a venue on this machine live', async () => {
    const starting = ServerProcess.start(place.dir, yaml(`{ base_url: "${venue.url}", realm: live }`));
    await expect(starting).rejects.toThrow(/realm.*not live/s);
  });

  it('refuse answers that announce another world, and keep none of their rows', async () => {
    const server = await ServerProcess.start(place.dir, yaml(`{ base_url: "${venue.url}", realm: mirror }`));
    await server.signal(hours);
    const task = await untilHealth(server, 'blocked');
    expect(JSON.stringify(task['health'])).toMatch(/sandbox:7/);
    expect((await server.json('/v1/series'))['series']).toEqual([]);
    await server.stop();
  });

  it('keep two worlds of one source apart, and answer from the configured one', async () => {
    const server = await ServerProcess.start(
      place.dir,
      yaml(`{ base_url: "${venue.url}", realm: "sandbox:7" }`),
    );
    await server.signal({ action: 'start_task', task_id: 'hours' });
    expect((await server.untilOver('hours'))['status']).toBe('completed');
    const path = '/v1/series/binance/BTCUSDT/kline/1h';
    expect(((await server.json(path))['rows'] as unknown[]).length).toBe(24);
    expect((await server.get(`${path}?realm=live`)).status).toBe(404);
    await server.stop();
    const live = await ServerProcess.start(place.dir, yaml('{}'));
    expect((await live.get(path)).status).toBe(404);
    expect((await live.get(`${path}?realm=sandbox:7`)).status).toBe(200);
    await live.stop();
  });
});
