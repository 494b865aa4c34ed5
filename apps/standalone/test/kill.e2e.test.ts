import { hash53 } from '@kairos/domain';
import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer, hasData, RECORDINGS, scratch, ServerProcess } from './harness.ts';
import { exported, openOf, recorded } from './recordings.ts';

/** `KAIROS_TEST_KILLS=50` for the full figure; a few are enough to see that the test works. */
const KILLS = Number(process.env['KAIROS_TEST_KILLS'] ?? 6);
const SEED = Number(process.env['KAIROS_TEST_SEED'] ?? 1);
const FOUR = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'SOLUSDT'];
const HOUR = 3_600_000;
/** Answers of the venue take so long, so that a kill mostly falls between a request and its commit. */
const LATENCY_MS = 60;

describe.skipIf(!hasData)('a server that is killed again and again', () => {
  const place = scratch();
  let venue: SandboxVenue;
  let inFlight = 0;

  beforeAll(async () => {
    buildServer();
    venue = await startSandboxVenue({ mode: { kind: 'recording', id: 'binance', dir: RECORDINGS } });
    venue.intercept = async (request) => {
      if (!request.path.includes('klines')) return undefined;
      inFlight += 1;
      await new Promise((answer) => setTimeout(answer, LATENCY_MS));
      inFlight -= 1;
      return undefined;
    };
  });

  afterAll(async () => {
    await venue?.close();
    place.remove();
  });

  const yaml = (): string => `
    task_store: { type: sqlite, path: ${place.dir}/kairos.sqlite }
    http: { port: 0 }
    tick_ms: 100
    sources: { binance: { base_url: "${venue.url}", realm: "${venue.realm}" } }`;

  it(
    `has the same store in the end (${KILLS} kills, seed ${SEED})`,
    async () => {
      const truth = recorded('BTCUSDT', '1h');
      const to = openOf(truth.at(-1)) + HOUR;
      const create = {
        action: 'create_task',
        task_id: 'four',
        project_id: 'p',
        dataset: 'd',
        data_type: 'kline',
        source: 'binance',
        symbols: FOUR,
        frequency: '1h',
        start_time: new Date(openOf(truth[0])).toISOString(),
        end_time: new Date(to).toISOString(),
      };
      let midWindow = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const server = await ServerProcess.start(place.dir, yaml());
        if (kill === 0) expect((await server.signal(create)).body).toMatchObject({ success: true });
        const wanted = venue.counts().requests + 1 + (hash53(`${SEED}.${kill}`) % 14);
        await reached(wanted, server);
        if (inFlight > 0) midWindow += 1;
        await server.kill();
      }
      const server = await ServerProcess.start(place.dir, yaml());
      expect((await server.untilOver('four'))['status']).toBe('completed');
      for (const symbol of FOUR) {
        const csv = await server.get(`/v1/series/binance/${symbol}/kline/1h?format=csv`);
        expect(exported(csv.text)).toEqual(recorded(symbol, '1h'));
      }
      const coverage = await server.json(
        `/v1/coverage/binance/BTCUSDT/kline/1h?from=${openOf(truth[0])}&to=${to}`,
      );
      expect(coverage).toMatchObject({
        present: truth.length,
        empty: 127,
        failed: 0,
        missing: 0,
        provisional: 0,
      });
      const runs = (await server.json('/v1/tasks/four/runs?limit=1000'))['runs'] as { outcome: string }[];
      expect(runs.filter((r) => r.outcome === 'running')).toEqual([]);
      await server.stop();
      console.log(
        `${KILLS} kills, ${midWindow} of them with a request of the venue in flight; ${runs.length} runs recorded`,
      );
    },
    60_000 + KILLS * 10_000,
  );

  /** Resolves when the venue has had so many requests, or the server has nothing left to ask. */
  async function reached(wanted: number, server: ServerProcess): Promise<void> {
    await new Promise<void>((done) => {
      const stop = venue.onRequest(() => {
        if (venue.counts().requests >= wanted) finish();
      });
      const idle = setInterval(() => {
        if (server.lines.some((l) => l.includes('"run.ended"'))) finish();
      }, 50);
      const finish = (): void => {
        stop();
        clearInterval(idle);
        done();
      };
    });
  }
});
