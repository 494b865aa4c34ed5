import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer, hasData, RECORDINGS, scratch, ServerProcess, type Json } from './harness.ts';
import { exported, openOf, recorded } from './recordings.ts';

const HOUR = 3_600_000;
const FOUR = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'SOLUSDT'];
if (!hasData)
  console.warn('recorded candles are not beside the project: the tests that replay them are skipped');

const iso = (ms: number): string => new Date(ms).toISOString();

describe.skipIf(!hasData)('a server that collects real recorded input', () => {
  const place = scratch();
  let venue: SandboxVenue;
  let server: ServerProcess;

  beforeAll(async () => {
    buildServer();
    venue = await startSandboxVenue({ mode: { kind: 'recording', id: 'binance', dir: RECORDINGS } });
    const yaml = `
      task_store: { type: sqlite, path: ${place.dir}/store/kairos.sqlite }
      http: { port: 0 }
      tick_ms: 100
      sources: { binance: { base_url: "${venue.url}", realm: "${venue.realm}" } }`;
    server = await ServerProcess.start(place.dir, yaml);
  });

  afterAll(async () => {
    await server?.stop();
    await venue?.close();
    place.remove();
  });

  const collect = async (
    taskId: string,
    symbols: readonly string[],
    frequency: string,
    from: number,
    to: number,
  ): Promise<Json> => {
    const created = await server.signal({
      action: 'create_task',
      task_id: taskId,
      project_id: 'recordings',
      dataset: 'binance',
      data_type: 'kline',
      source: 'binance',
      symbols,
      frequency,
      start_time: iso(from),
      end_time: iso(to),
    });
    expect(created.body).toMatchObject({ success: true, data: { task_id: taskId, status: 'running' } });
    return server.untilOver(taskId);
  };

  const csvOf = async (symbol: string, frequency: string): Promise<string[]> =>
    exported((await server.get(`/v1/series/binance/${symbol}/kline/${frequency}?format=csv`)).text);

  it('has every hour of four symbols, decimal for decimal, and the outages as empty with evidence', async () => {
    const truth = recorded('BTCUSDT', '1h');
    const from = openOf(truth[0]);
    const to = openOf(truth.at(-1)) + HOUR;
    const task = await collect('four', FOUR, '1h', from, to);
    expect(task['status']).toBe('completed');
    for (const symbol of FOUR) expect(await csvOf(symbol, '1h')).toEqual(recorded(symbol, '1h'));

    const coverage = await server.json(`/v1/coverage/binance/BTCUSDT/kline/1h?from=${from}&to=${to}`);
    const ranges = coverage['ranges'] as {
      from: string;
      to: string;
      state: string;
      reason?: string;
      evidence?: string;
    }[];
    expect(ranges[0]?.from).toBe(iso(from).replace('.000Z', 'Z'));
    expect(ranges.at(-1)?.to).toBe(iso(to).replace('.000Z', 'Z'));
    for (const [i, range] of ranges.entries()) if (i > 0) expect(range.from).toBe(ranges[i - 1]?.to);
    const outages = ranges.filter((r) => r.state === 'empty');
    const hours = outages.reduce((n, r) => n + (Date.parse(r.to) - Date.parse(r.from)) / HOUR, 0);
    expect([outages.length, hours]).toEqual([27, 127]);
    const evidence = new Map(
      (coverage['evidence'] as { id: string; reads: unknown[] }[]).map((e) => [e.id, e]),
    );
    for (const outage of outages) {
      expect(outage.reason).toBe('outage');
      expect(evidence.get(outage.evidence ?? '')?.reads.length).toBeGreaterThanOrEqual(3);
    }
    expect(coverage).toMatchObject({
      expected: truth.length + 127,
      present: truth.length,
      empty: 127,
      failed: 0,
      missing: 0,
    });
  }, 120_000);

  it('asks the venue for nothing settled when it runs again', async () => {
    const before = venue.counts().byPath;
    const klines = (counts: typeof before): number =>
      Object.entries(counts).reduce((n, [path, c]) => n + (path.includes('klines') ? Number(c) : 0), 0);
    const run = await server.signal({ action: 'run_task', task_id: 'four' });
    expect(run.body).toMatchObject({ success: true });
    for (;;) {
      const runs = (await server.json('/v1/tasks/four/runs'))['runs'] as {
        kind: string;
        outcome: string;
        rows: number;
      }[];
      const manual = runs.find((r) => r.kind === 'manual');
      if (manual && manual.outcome !== 'running') {
        expect(manual).toMatchObject({ outcome: 'succeeded', rows: 0 });
        break;
      }
      await new Promise((resume) => setTimeout(resume, 50));
    }
    expect(klines(venue.counts().byPath)).toBe(klines(before));
  }, 60_000);

  it.each([
    ['BTCUSDT', '5m', 300_000],
    ['ETHUSDT', '5m', 300_000],
    ['APEUSDT', '5m', 300_000],
    ['SOLUSDT', '15m', 900_000],
    ['BTCUSDT', '1d', 86_400_000],
    ['ETHUSDT', '1d', 86_400_000],
    ['BNBUSDT', '1d', 86_400_000],
  ])(
    'has every candle of %s %s',
    async (symbol, timeframe, step) => {
      const truth = recorded(symbol, timeframe);
      const task = await collect(
        `${symbol}-${timeframe}`,
        [symbol],
        timeframe,
        openOf(truth[0]),
        openOf(truth.at(-1)) + step,
      );
      expect(task['status']).toBe('completed');
      expect(await csvOf(symbol, timeframe)).toEqual(truth);
    },
    120_000,
  );
});
