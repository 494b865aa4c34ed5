import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer, scratch, ServerProcess, type Json } from './harness.ts';

/** `KAIROS_TEST_LIMIT_YEARS=5` for the full figure: about five minutes, for the venue lets it go no faster. */
const YEARS = Number(process.env['KAIROS_TEST_LIMIT_YEARS'] ?? 0);
const HOUR = 3_600_000;
const LIMIT = 240;
const CAP = 0.97 * LIMIT;
/** Binance's best: a page of 1,000 rows weighs 2. */
const BEST = 500;
/** All of them were listed by then, and it is on no page's edge if pages were counted from the epoch. */
const START = Date.UTC(2020, 10, 1);
/** Without years: what one window lets through. */
const END = YEARS > 0 ? Date.UTC(2020 + YEARS, 10, 1) : START + 2_000 * HOUR;
const SYMBOLS = 'BTC ETH BNB SOL XRP ADA DOGE LTC LINK AVAX DOT TRX'.split(' ').map((base) => `${base}USDT`);

describe('a long history at a venue that allows little', () => {
  const place = scratch();
  let venue: SandboxVenue;
  let server: ServerProcess;
  let task: Json;

  beforeAll(
    async () => {
      buildServer();
      venue = await startSandboxVenue({
        mode: { kind: 'synthetic', seed: 7 },
        limits: { weightPerMinute: LIMIT },
      });
      server = await ServerProcess.start(
        place.dir,
        `
        task_store: { type: sqlite, path: ${place.dir}/kairos.sqlite }
        http: { port: 0 }
        tick_ms: 100
        sources: { binance: { base_url: "${venue.url}", realm: "${venue.realm}", budget_share: 1, timeout_ms: 60000 } }`,
      );
      const answer = await server.signal({
        action: 'create_task',
        task_id: 'history',
        project_id: 'p',
        dataset: 'd',
        data_type: 'kline',
        source: 'binance',
        symbols: SYMBOLS,
        frequency: '1h',
        start_time: new Date(START).toISOString(),
        end_time: new Date(END).toISOString(),
      });
      expect(answer.body).toMatchObject({ success: true });
      task = await server.untilOver('history');
    },
    (YEARS + 3) * 120_000,
  );

  afterAll(async () => {
    await server?.kill();
    await venue?.close();
    place.remove();
  });

  const windows = (): readonly number[] => venue.counts().windows.map((w) => w.used);

  it('is had in full', () => {
    expect(task['status']).toBe('completed');
    expect(rowsOf(task)).toBe((SYMBOLS.length * (END - START)) / HOUR);
  });

  it('never passes the limit that the venue states', () => {
    const { refused429, refused418 } = venue.counts();
    expect([refused429, refused418]).toEqual([0, 0]);
    for (const used of windows()) expect(used).toBeLessThanOrEqual(CAP);
  });

  it('brings 0.98 of the rows that the weight could bring', () => {
    const weight = 2 * (venue.counts().byPath['/api/v3/klines'] ?? 0);
    const perWeight = rowsOf(task) / weight;
    if (YEARS > 0) console.log(`${rowsOf(task)} rows for ${weight} weight: ${perWeight.toFixed(1)} a unit`);
    expect(perWeight).toBeGreaterThanOrEqual(0.98 * BEST);
  });

  it.runIf(YEARS > 0)('uses 0.95 of the limit in every whole window', () => {
    const used = windows();
    console.log(`weight used in windows of ${LIMIT}: ${used.join(' ')}`);
    expect(used.length).toBeGreaterThan(2);
    for (const whole of used.slice(1, -1)) expect(whole).toBeGreaterThanOrEqual(0.95 * LIMIT);
  });
});

describe('a short task beside a long one that holds the only place', () => {
  const place = scratch();
  let venue: SandboxVenue;
  let server: ServerProcess;

  beforeAll(async () => {
    buildServer();
    venue = await startSandboxVenue({
      mode: { kind: 'synthetic', seed: 7 },
      limits: { weightPerMinute: 'off' },
    });
    server = await ServerProcess.start(
      place.dir,
      `
      task_store: { type: sqlite, path: ${place.dir}/kairos.sqlite }
      http: { port: 0 }
      tick_ms: 50
      concurrency: 1
      sources: { binance: { base_url: "${venue.url}", realm: "${venue.realm}" } }`,
    );
  }, 60_000);

  afterAll(async () => {
    await server?.kill();
    await venue?.close();
    place.remove();
  });

  const create = async (taskId: string, more: object): Promise<void> => {
    const answer = await server.signal({
      action: 'create_task',
      task_id: taskId,
      project_id: 'p',
      dataset: 'd',
      data_type: 'kline',
      source: 'binance',
      start_time: '2024-01-01T00:00:00Z',
      ...more,
    });
    expect(answer.body).toMatchObject({ success: true });
  };

  it('is done long before the long one, which hands over and goes on', async () => {
    await create('long', { symbols: SYMBOLS, frequency: '1m', end_time: '2025-01-01T00:00:00Z' });
    while (venue.counts().requests < 10) await new Promise((resume) => setTimeout(resume, 20));
    await create('short', { symbols: ['BTCUSDT'], frequency: '1h', end_time: '2024-01-03T00:00:00Z' });

    expect((await server.untilOver('short'))['status']).toBe('completed');
    const long = await server.json('/v1/tasks/long');
    expect(long).toMatchObject({ status: 'running', last_run: { outcome: 'handed_over' } });
    expect(rowsOf(long)).toBeGreaterThan(0);
    expect(rowsOf(long)).toBeLessThan(SYMBOLS.length * 366 * 1_440);
  }, 60_000);
});

function rowsOf(task: Json): number {
  const progress = task['progress'] as readonly { readonly present: number }[];
  return progress.reduce((sum, { present }) => sum + present, 0);
}
