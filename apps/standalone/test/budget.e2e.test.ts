import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer, scratch, ServerProcess } from './harness.ts';

/** `KAIROS_TEST_BUDGET_MINUTES=10` for the full figure: so many whole windows are looked at. */
const MINUTES = Number(process.env['KAIROS_TEST_BUDGET_MINUTES'] ?? 0);
const LIMIT = 240;
const CAP = 0.97 * LIMIT;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'SOLUSDT'];

describe('two servers on one store, behind one address', () => {
  const place = scratch();
  let venue: SandboxVenue;
  let servers: readonly ServerProcess[] = [];

  beforeAll(async () => {
    buildServer();
    venue = await startSandboxVenue({
      mode: { kind: 'synthetic', seed: 7 },
      limits: { weightPerMinute: LIMIT },
    });
    servers = await Promise.all(['a', 'b'].map(start));
    for (const [i, symbol] of SYMBOLS.entries()) {
      const answer = await servers[i % 2]?.signal(aYearOfMinutes(symbol));
      expect(answer?.body).toMatchObject({ success: true });
    }
  });

  afterAll(async () => {
    for (const server of servers) await server.kill();
    await venue?.close();
    place.remove();
  });

  async function start(name: string): Promise<ServerProcess> {
    const dir = join(place.dir, name);
    mkdirSync(dir);
    const yaml = `
      task_store: { type: sqlite, path: ${place.dir}/kairos.sqlite }
      http: { port: 0 }
      tick_ms: 100
      concurrency: 1
      sources: { binance: { base_url: "${venue.url}", realm: "${venue.realm}", budget_share: 1 } }`;
    return ServerProcess.start(dir, yaml);
  }

  const aYearOfMinutes = (symbol: string): unknown => ({
    action: 'create_task',
    task_id: symbol,
    project_id: 'p',
    dataset: 'd',
    data_type: 'kline',
    source: 'binance',
    symbols: [symbol],
    frequency: '1m',
    start_time: '2024-01-01T00:00:00Z',
    end_time: '2025-01-01T00:00:00Z',
  });

  it('stay inside the limit together when both want more', async () => {
    await until(() => servers.every(wasRefused), 50);

    const { windows, refused429, refused418 } = venue.counts();
    const used = windows.map((w) => w.used);
    expect([refused429, refused418]).toEqual([0, 0]);
    expect(Math.max(...used)).toBeLessThanOrEqual(CAP);
    expect(Math.max(...used)).toBeGreaterThan(0.9 * CAP);
  });

  it.runIf(MINUTES > 0)(
    `use 0.95 of the limit in every whole window (${MINUTES} minutes)`,
    async () => {
      const first = venue.counts().windows.length;
      await until(() => venue.counts().windows.length > first + MINUTES, 500);

      const { windows, refused429, refused418 } = venue.counts();
      const whole = windows.slice(first, first + MINUTES).map((w) => w.used);
      console.log(`weight used in ${MINUTES} whole windows of ${LIMIT}: ${whole.join(' ')}`);
      expect([refused429, refused418]).toEqual([0, 0]);
      for (const used of whole) {
        expect(used).toBeLessThanOrEqual(CAP);
        expect(used).toBeGreaterThanOrEqual(0.95 * LIMIT);
      }
    },
    (MINUTES + 3) * 60_000,
  );
});

/** Whether a run of this server ended because the budget was used up. */
const wasRefused = (server: ServerProcess): boolean =>
  server.lines.some((line) => line.includes('"run.ended"') && line.includes('the budget of binance/api'));

async function until(done: () => boolean, everyMs: number): Promise<void> {
  while (!done()) await new Promise((resume) => setTimeout(resume, everyMs));
}
