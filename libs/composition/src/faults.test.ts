import type { TimeRange } from '@kairos/domain';
import {
  everyFault,
  FAULT_KINDS,
  faultAtRate,
  startSandboxVenue,
  type FaultPlan,
  type SandboxVenue,
} from '@kairos/sandbox-venue';
import { FakeClock } from '@kairos/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRecordings, recordedLines, RECORDINGS } from './testing/recorded.ts';
import { openVenueJob, type VenueJob } from './testing/venue-job.ts';

if (!hasRecordings)
  console.warn('recorded candles are not beside the project: the job under faults is skipped');

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BTC = 'BTC/USDT';
const SEED = Number(process.env['KAIROS_TEST_SEED'] ?? 11);
/** How many seeds the job under all faults at once is tried with. */
const SEEDS = Number(process.env['KAIROS_TEST_FAULT_SEEDS'] ?? 1);
const RATE = 0.1;
/** Lies per record: one fewer than the reads that must agree. */
const MAX_LIES = 2;
/** These end a series or a venue by design, move the clock, or show a wrong value: what holds for each is told below. */
const OTHER_MATTERS = new Set(['delisted', 'status-451', 'clock-skew', 'revised']);
const KINDS = FAULT_KINDS.filter((kind) => !OTHER_MATTERS.has(kind));

/** A bomb that is just over what is read of an answer: a larger one costs time, and shows no more. */
const BOMB_MB = 40;

const withSmallBombs = (plan: FaultPlan): FaultPlan => ({
  ...plan,
  rules: (plan.rules ?? []).map((rule) =>
    rule.kind === 'gzip-bomb' ? { ...rule, megabytes: BOMB_MB } : rule,
  ),
});

const openOf = (line: string | undefined): number => Number(line?.split(',')[0]);

describe.skipIf(!hasRecordings)('the job under faults', () => {
  let venue: SandboxVenue;
  let truth: readonly string[];
  let whole: TimeRange;
  beforeAll(async () => {
    venue = await startSandboxVenue({
      mode: { kind: 'recording', id: 'binance', dir: RECORDINGS },
      limits: { weightPerMinute: 'off' },
    });
    truth = recordedLines('BTCUSDT', '1h');
    whole = { from: openOf(truth[0]), to: openOf(truth.at(-1)) + HOUR };
  });
  afterAll(() => venue?.close());

  const within = (lines: readonly string[], { from, to }: TimeRange): string[] =>
    lines.filter((line) => openOf(line) >= from && openOf(line) < to);

  /** The last so many days of the recording. */
  const latest = (days: number): TimeRange => ({ from: whole.to - days * DAY, to: whole.to });

  const open = (range: TimeRange, symbols: readonly string[] = ['BTCUSDT']): Promise<VenueJob> =>
    openVenueJob(venue, { symbols, timeframe: '1h', ...range, timeoutMs: 2_000 });

  /** Collects all of the recording under a plan; answers how many faults struck. */
  async function strikesOf(plan: FaultPlan): Promise<number> {
    // Some faults hang. Where an honest answer is too late as well, that is one fault more.
    const job = await openVenueJob(venue, { symbols: ['BTCUSDT'], timeframe: '1h', ...whole, timeoutMs: 60 });
    const before = venue.faultLog().length;
    venue.faults = withSmallBombs(plan);
    const task = await job.untilOver();
    const strikes = venue.faultLog().length - before;
    venue.faults = undefined;
    expect(task.status, JSON.stringify(task.error)).toBe('completed');
    expect(await job.rows(BTC, whole)).toEqual(truth);
    expect(await job.counts(BTC, whole)).toEqual({
      present: truth.length,
      empty: 127,
      unavailable: 0,
      provisional: 0,
      failed: 0,
      missing: 0,
    });
    await job.close();
    return strikes;
  }

  it.each(KINDS)(
    'ends with the recording when %s strikes one request in ten',
    async (kind) => {
      const plan = { ...faultAtRate(kind, { rate: RATE, seed: SEED }), maxLiesPerKey: MAX_LIES };
      expect(await strikesOf(plan)).toBeGreaterThan(0);
    },
    120_000,
  );

  it.each(Array.from({ length: SEEDS }, (_, i) => SEED + i))(
    'ends with the recording under all of them at once, each at one in ten (seed %i)',
    async (seed) => {
      const except = FAULT_KINDS.filter((kind) => OTHER_MATTERS.has(kind));
      const plan = everyFault({ seed, rate: RATE, maxLiesPerKey: MAX_LIES, except });
      expect(await strikesOf(plan)).toBeGreaterThan(100);
    },
    600_000,
  );

  it.each(['html', 'truncated-json', 'empty-body', 'empty-object'] as const)(
    'takes %s for no answer, however often it comes, and never for an absence',
    async (kind) => {
      const range = latest(100);
      const job = await open(range);
      venue.faults = { seed: SEED, rules: [{ kind, path: '/klines' }] };
      expect((await job.untilOver(300)).status).toBe('running');
      venue.faults = undefined;
      const known = await job.runs(BTC, range);
      expect([...new Set(known.map((run) => run.state))]).toEqual(known.length > 0 ? ['failed'] : []);

      expect((await job.untilOver()).status).toBe('completed');
      expect(await job.rows(BTC, range)).toEqual(within(truth, range));
      await job.close();
    },
  );

  it('is not the work of the test: a venue that always hides a bar is believed in the end', async () => {
    const range = latest(300);
    const openTime = openOf(within(truth, range)[1_000]);
    const job = await open(range);
    venue.faults = {
      seed: SEED,
      rules: [],
      consistent: [{ kind: 'hidden', symbol: 'BTCUSDT', interval: '1h', openTime }],
    };
    await job.untilOver();
    expect(await job.runs(BTC, { from: openTime, to: openTime + HOUR })).toMatchObject([{ state: 'empty' }]);
    await job.close();
  });

  describe('where a value is shown wrong once', () => {
    const reasons = async (job: VenueJob): Promise<string[]> =>
      (await job.house.series.findings({ key: job.keyOf(BTC), limit: 1_000 })).map((f) => f.code);
    const refetched = async (job: VenueJob, range: TimeRange): Promise<void> => {
      const series = { source: 'binance', symbol: 'BTCUSDT', dataType: 'kline', frequency: '1h' };
      await job.house.tasks.refetch({ series, range, reason: 'audit' });
      await job.house.tick();
    };

    it('keeps it until it is read again, and then has the right one, with the wrong one on record', async () => {
      const range = latest(600);
      const lines = within(truth, range);
      const job = await open(range);
      const before = venue.faultLog().length;
      venue.faults = faultAtRate('revised', { rate: 1, seed: SEED });
      expect((await job.untilOver()).status).toBe('completed');
      venue.faults = undefined;
      const lies = new Set(
        venue
          .faultLog()
          .slice(before)
          .flatMap((entry) => entry.openTimes),
      );
      expect(lies.size).toBeGreaterThan(5);
      const kept = await job.rows(BTC, range);
      const wrong = kept.filter((line, i) => line !== lines[i]);
      expect(wrong.length).toBeGreaterThan(5);
      expect(wrong.map(openOf).filter((ts) => !lies.has(ts))).toEqual([]);

      await refetched(job, range);

      expect(await job.rows(BTC, range)).toEqual(lines);
      const logged = await job.house.series.revisions({ key: job.keyOf(BTC), limit: 1_000 });
      const audited = logged.filter((r) => r.reason === 'audit');
      expect(audited.map((r) => [r.from.ts, ...r.from.values.slice(0, 5)].join(',')).sort()).toEqual(
        wrong.sort(),
      );
      await job.close();
    });

    it('does not let it in over a right one: a second look decides, and a finding tells of it', async () => {
      const range = latest(600);
      const job = await open(range);
      expect((await job.untilOver()).status).toBe('completed');
      venue.faults = faultAtRate('revised', { rate: 1, seed: SEED, maxLiesPerKey: 1 });

      await refetched(job, range);

      venue.faults = undefined;
      expect(await job.rows(BTC, range)).toEqual(within(truth, range));
      expect(await job.house.series.revisions({ key: job.keyOf(BTC), limit: 1_000 })).toEqual([]);
      expect(await reasons(job)).toContain('settled_value_differs');
      await job.close();
    });
  });

  it('stops at a refusal of the whole venue, and goes on where it was once it is started again', async () => {
    const range = latest(900);
    const job = await open(range);
    venue.faults = faultAtRate('status-451', { rate: RATE, seed: SEED });
    let refusals = 0;
    for (let starts = 0; starts < 200; starts += 1) {
      const task = await job.untilOver();
      if (task.status === 'completed') break;
      expect(task).toMatchObject({
        status: 'failed',
        health: { state: 'blocked' },
        error: { code: 'SOURCE_FORBIDDEN' },
      });
      refusals += 1;
      await job.house.tasks.start({ taskId: 'job' });
    }
    venue.faults = undefined;
    expect(refusals).toBeGreaterThan(0);
    expect((await job.task()).status).toBe('completed');
    expect(await job.rows(BTC, range)).toEqual(within(truth, range));
    await job.close();
  });

  it('ends the series of a symbol that is gone and no other, and takes it up again when it is back', async () => {
    const range = latest(200);
    const eth = within(recordedLines('ETHUSDT', '1h'), range);
    const job = await open(range, ['BTCUSDT', 'ETHUSDT']);
    venue.faults = { seed: SEED, rules: [{ kind: 'delisted', symbol: 'ETHUSDT', rate: 1 }] };
    const task = await job.untilOver();
    expect(task).toMatchObject({ status: 'completed', withUnavailable: true });
    expect(task.series).toMatchObject([
      { symbol: 'BTCUSDT', state: 'settled' },
      { symbol: 'ETHUSDT', state: 'failed', error: { code: 'SYMBOL_UNKNOWN' } },
    ]);
    expect(await job.rows(BTC, range)).toEqual(within(truth, range));
    expect(await job.house.series.getSeries({ key: job.keyOf('ETH/USDT') })).toBeUndefined();

    venue.faults = undefined;
    await job.house.tasks.update({ taskId: 'job', patch: { symbols: ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'] } });
    await job.clock.advance(DAY);

    expect((await job.untilOver()).status).toBe('completed');
    expect(await job.rows('ETH/USDT', range)).toEqual(eth);
    await job.close();
  });
});

describe('a venue whose clock is wrong one time in ten', () => {
  const NOW = Date.UTC(2024, 0, 10, 12, 0, 7);

  it.each([45_000, -45_000])(
    'makes no bar final before it is, when it is off by %i ms',
    async (skewMs) => {
      const clock = new FakeClock({ now: NOW, autoAdvance: true });
      const venue = await startSandboxVenue({
        mode: { kind: 'synthetic', seed: 'skewed' },
        clock,
        limits: { weightPerMinute: 'off' },
      });
      try {
        const from = NOW - (NOW % MINUTE) - 60 * MINUTE;
        const job = await openVenueJob(venue, {
          symbols: ['BTCUSDT'],
          timeframe: '1m',
          from,
          to: null,
          clock,
          timeoutMs: 2_000,
        });
        venue.faults = { seed: SEED, rules: [{ kind: 'clock-skew', rate: RATE, skewMs }] };
        const settled = new Set<number>();
        for (let turn = 0; turn < 180; turn += 1) {
          await job.house.tick();
          const now = clock.now();
          for (const run of await job.runs(BTC, { from, to: now + HOUR })) {
            if (run.state !== 'present') continue;
            expect(run.to, `at ${now}`).toBeLessThanOrEqual(now);
            for (let ts = run.from; ts < run.to; ts += MINUTE) settled.add(ts);
          }
          await clock.advance(7_000);
        }
        expect(venue.faultLog().length).toBeGreaterThan(5);
        venue.faults = undefined;
        await clock.advance(3 * MINUTE);
        await job.house.tick();
        const range = { from, to: Math.max(...settled) + MINUTE };
        const again = await openVenueJob(venue, {
          symbols: ['BTCUSDT'],
          timeframe: '1m',
          ...range,
          clock,
          timeoutMs: 2_000,
        });
        expect((await again.untilOver(20)).status).toBe('completed');
        expect(settled.size).toBeGreaterThan(70);
        expect(await job.rows(BTC, range)).toEqual(await again.rows(BTC, range));
        await job.close();
        await again.close();
      } finally {
        await venue.close();
      }
    },
    120_000,
  );
});
