import { batchOfRows, TICKER, type CoverageRun } from '@kairos/domain';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { FakeClock, FakeIds, ScriptedSource, silentLogger, WeekdayCalendar } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { collect, type SeriesOutcome } from './collect.ts';
import { Tallies, type CollectRun } from './job.ts';

const HOUR = 3_600_000;
const FRIDAY = Date.UTC(2024, 8, 13);
const BTC = 'binance:BTC/USDT';

const aRun: CollectRun = {
  runId: 'run-1',
  deadline: Infinity,
  signal: new AbortController().signal,
  ensure: async () => undefined,
};

describe('snapshots of a market with holes in its calendar', () => {
  it('are missed on weekdays alone', async () => {
    const clock = new FakeClock({ now: FRIDAY + 22 * HOUR, autoAdvance: true });
    const store = new MemorySeriesStore(new MemoryStore());
    const tick = batchOfRows(TICKER, [
      { ts: FRIDAY, values: TICKER.columns.map((_column, i) => (i === 1 ? FRIDAY : null)) },
    ]);
    const source = new ScriptedSource({
      id: 'binance',
      realm: 'sandbox:1',
      truth: new Map([[BTC, tick]]),
      venueNow: () => clock.now(),
    });
    const deps = { store, calendar: new WeekdayCalendar(), clock, ids: new FakeIds(1), log: silentLogger };
    const request = {
      symbol: 'BTCUSDT',
      dataType: 'ticker',
      timeframe: '1h',
      price: 'last' as const,
      from: FRIDAY + 22 * HOUR,
      to: null,
      batchSize: null,
      refetch: null,
    };
    const poll = async (): Promise<SeriesOutcome | undefined> =>
      (await collect(deps, aRun, { source, requests: [request], tallies: new Tallies() }))[0];

    await poll();
    // Down from Friday 22:00 to Monday 02:00: of these hours the calendar expects three.
    await clock.advance(52 * HOUR);
    const outcome = await poll();
    const key = outcome?.seriesKey ?? '';
    const runs = await store.coverage({ key, range: { from: FRIDAY, to: FRIDAY + 96 * HOUR } });
    const told = ({ from, to, state, reason }: CoverageRun): unknown[] => [
      (from - FRIDAY) / HOUR,
      (to - FRIDAY) / HOUR,
      state,
      reason,
    ];
    expect(runs.map(told)).toEqual([
      [22, 23, 'present', undefined],
      [23, 24, 'unavailable', 'missed_snapshot'],
      [72, 74, 'unavailable', 'missed_snapshot'],
      [74, 75, 'present', undefined],
    ]);
    expect(outcome?.range?.tally).toMatchObject({ expected: 5, gaps: 0 });
    expect(outcome?.range?.tally.counts).toMatchObject({ present: 2, unavailable: 3, missing: 0 });
  });
});
