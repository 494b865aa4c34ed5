import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { DEFAULT_TASK_CONFIG, rowsOf, seriesKey, tallyCoverage, gridOf } from '@kairos/domain';
import type { VenueBudget } from '@kairos/ports';
import {
  everyFault,
  FAULT_KINDS,
  faultAtRate,
  startSandboxVenue,
  type FaultPlan,
  type SandboxVenue,
} from '@kairos/sandbox-venue';
import { createCcxtSources } from '@kairos/source-ccxt';
import { FakeClock, silentLogger } from '@kairos/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { house, memoryStores } from './testing/house.ts';

const DATA =
  process.env['KAIROS_DATA_DIR'] ?? resolve(fileURLToPath(import.meta.url), '../../../../../shared/data');
const DIR = join(DATA, 'candles/binance');
const hasData = existsSync(DIR);
if (!hasData) console.warn('recorded candles are not beside the project: the job under faults is skipped');

const HOUR = 3_600_000;
const SEED = Number(process.env['KAIROS_TEST_SEED'] ?? 11);
/** Lies per record: one fewer than the reads that must agree. */
const MAX_LIES = 2;
/** These end a series or a venue for good by design, move the clock, or show a wrong value once: tried elsewhere. */
const OTHER_MATTERS = new Set(['delisted', 'status-451', 'clock-skew', 'revised']);
const KINDS = FAULT_KINDS.filter((kind) => !OTHER_MATTERS.has(kind));

const free: VenueBudget = { take: async () => undefined, observe: () => undefined, ban: () => undefined };

const recorded = (): string[] =>
  gunzipSync(readFileSync(join(DIR, 'BTCUSDT-1h.csv.gz')))
    .toString()
    .trim()
    .split('\n')
    .slice(1);

/** Collects the recorded series through real HTTP while the venue misbehaves; time passes only in sleeps. */
describe.skipIf(!hasData)('the job under faults', () => {
  let venue: SandboxVenue;
  beforeAll(async () => {
    venue = await startSandboxVenue({
      mode: { kind: 'recording', id: 'binance', dir: DIR },
      limits: { weightPerMinute: 'off' },
    });
  });
  afterAll(() => venue?.close());

  async function collected(
    plan: FaultPlan,
  ): Promise<{ readonly rows: string[]; readonly counts: object; readonly strikes: number }> {
    const truth = recorded();
    const from = Number(truth[0]?.split(',')[0]);
    const to = Number(truth.at(-1)?.split(',')[0]) + HOUR;
    const clock = new FakeClock({ now: venue.clock.now(), autoAdvance: true });
    const sources = createCcxtSources({
      sources: { binance: { baseUrl: venue.url, realm: venue.realm, timeoutMs: 150 } },
      budget: free,
      clock,
      log: silentLogger,
    });
    const stores = memoryStores(clock);
    venue.faults = undefined;
    const source = await sources.open('binance');
    const h = house({ clock, source, stores });
    await h.tasks.create({
      taskId: 'job',
      content: {
        handler: 'collect',
        projectId: 'p',
        dataset: 'd',
        dataType: 'kline',
        source: 'binance',
        symbols: ['BTCUSDT'],
        frequency: '1h',
        startTime: from,
        endTime: to,
        schedule: null,
        config: { ...DEFAULT_TASK_CONFIG, retries: 20 },
      },
    });
    venue.faults = plan;
    for (let turn = 0; turn < 400; turn += 1) {
      await h.tick();
      const task = await stores.tasks.get({ taskId: 'job' });
      if (task?.status === 'completed') break;
      expect(task?.status, JSON.stringify(task?.error)).toBe('running');
      await clock.advance(60_000);
    }
    const strikes = venue.faultLog().length;
    venue.faults = undefined;
    await sources.close();
    const key = seriesKey({
      realm: venue.realm,
      source: 'binance',
      instrument: 'binance:BTC/USDT',
      dataType: 'kline',
      timeframe: '1h',
      price: 'last',
      anchorMs: 0,
    });
    const rows: string[] = [];
    for await (const part of stores.series.read({ key, range: { from, to } })) {
      for (const row of rowsOf(part.batch)) rows.push([row.ts, ...row.values.slice(0, 5)].join(','));
    }
    const runs = await stores.series.coverage({ key, range: { from, to } });
    const tally = tallyCoverage(gridOf('1h'), { from, to }, [{ from, to }], runs);
    return { rows, counts: tally.counts, strikes };
  }

  const check = async (plan: FaultPlan): Promise<number> => {
    const { rows, counts, strikes } = await collected(plan);
    expect(rows).toEqual(recorded());
    expect(counts).toEqual({
      present: recorded().length,
      empty: 127,
      unavailable: 0,
      provisional: 0,
      failed: 0,
      missing: 0,
    });
    return strikes;
  };

  it.each(KINDS)(
    'ends with the recording when %s strikes one request in ten',
    async (kind) => {
      const strikes = await check({
        ...faultAtRate(kind, { rate: 0.1, seed: SEED }),
        maxLiesPerKey: MAX_LIES,
      });
      expect(strikes).toBeGreaterThan(0);
    },
    120_000,
  );

  it('ends with the recording under all of them at once', async () => {
    const except = FAULT_KINDS.filter((kind) => OTHER_MATTERS.has(kind));
    expect(
      await check(everyFault({ seed: SEED, rate: 0.03, maxLiesPerKey: MAX_LIES, except })),
    ).toBeGreaterThan(20);
  }, 300_000);

  it('is not the work of the test: a venue that always hides a bar is believed in the end', async () => {
    const hidden = Number(recorded()[1_000]?.split(',')[0]);
    const { counts } = await collected({
      seed: SEED,
      rules: [],
      consistent: [{ kind: 'hidden', symbol: 'BTCUSDT', interval: '1h', openTime: hidden }],
    });
    expect(counts).toMatchObject({ empty: 128 });
  });
});
