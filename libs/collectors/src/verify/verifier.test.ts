import { RateLimitedError, SourceError, SourceUnavailableError, type Series } from '@kairos/domain';
import type { Calendar, RangeRequest } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { aSeries, FakeClock, FakeIds, klineRows, ScriptedSource, silentLogger, T0 } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { Tallies } from '../job.ts';
import { Verifier } from './verifier.ts';

const MINUTE = 60_000;
const SLOTS = 3_000;

const ALWAYS_OPEN: Calendar = {
  id: 'always',
  expected: ({ range }) => [range],
  closedBefore: ({ grid, now }) => grid.openOf(grid.indexOf(now)),
};

interface Rig {
  readonly clock: FakeClock;
  readonly series: Series;
  readonly source: ScriptedSource;
  readonly verifier: (signal?: AbortSignal) => Verifier;
  readonly tallies: Tallies;
}

/** A stored series of 3,000 minutes, and a venue whose five-minute bars are as its script says: at first, none. */
async function rig(): Promise<Rig> {
  const clock = new FakeClock({ now: T0 + 10 * 86_400_000, autoAdvance: true });
  const store = new MemorySeriesStore(new MemoryStore(), clock);
  const series = await store.ensureSeries({ series: aSeries() });
  await store.commit({ series, part: klineRows(SLOTS, T0) });
  const source = new ScriptedSource({
    id: series.source,
    realm: series.realm,
    truth: new Map([[series.instrument, []]]),
    venueNow: () => clock.now(),
    facts: { pageSize: 100, concurrency: 2 },
  });
  const tallies = new Tallies();
  const deps = { store, calendar: ALWAYS_OPEN, clock, ids: new FakeIds(), log: silentLogger };
  const call = { signal: new AbortController().signal, priority: 'backfill' as const };
  const market = await source.resolve({ symbol: 'BTC/USDT', dataType: 'kline' }, call);
  const verifier = (signal = new AbortController().signal): Verifier => {
    const run = { runId: 'r', deadline: Infinity, signal, ensure: async () => undefined };
    return new Verifier(deps, run, { series, source, market, timeframes: ['1m', '5m'] }, tallies);
  };
  return { clock, series, source, verifier, tallies };
}

const ALL = { range: null, deep: false } as const;

describe('Verifier', () => {
  it('takes nothing for a defect where the venue has no longer bars at all', async () => {
    const { verifier } = await rig();
    const outcome = await verifier().verify(ALL);

    expect(outcome).toMatchObject({ bars: SLOTS, empty: 0, found: {}, error: undefined, stopped: false });
    expect(outcome.hearings).toMatchObject([{ by: '5m', compared: 0, lacking: SLOTS }]);
  });

  it('goes on after a page that fails, and counts what was not answered', async () => {
    const { source, verifier } = await rig();
    const isFirst = (params: unknown): boolean => (params as RangeRequest).range.from === T0;
    source.script = ({ method, params }) =>
      method === 'fetchRange' && isFirst(params) ? new SourceUnavailableError('down') : 'ok';
    const outcome = await verifier().verify(ALL);

    expect(outcome.error).toBeUndefined();
    expect(outcome.hearings[0]?.unanswered).toBeGreaterThan(0);
    expect(outcome.hearings[0]?.lacking).toBeGreaterThan(0);
  });

  it('gives up on a venue that is out, and says why', async () => {
    const { source, verifier } = await rig();
    source.script = ({ method }) => (method === 'fetchRange' ? new SourceUnavailableError('down') : 'ok');
    const outcome = await verifier().verify(ALL);

    expect(outcome.error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(outcome.bars).toBe(0);
  });

  it('waits as long as the venue asks', async () => {
    const { clock, source, verifier } = await rig();
    const began = clock.now();
    let asked = 0;
    source.script = ({ method }) =>
      method === 'fetchRange' && (asked += 1) === 1 ? new RateLimitedError('slow down', 120_000) : 'ok';
    const outcome = await verifier().verify(ALL);

    expect(outcome.error).toBeUndefined();
    expect(outcome.hearings).toMatchObject([{ unanswered: 0 }]);
    expect(clock.now() - began).toBeGreaterThanOrEqual(120_000);
  });

  it('asks no more for bars that the venue refuses to give', async () => {
    const { source, verifier } = await rig();
    const refusal = new SourceError('SERIES_REFUSED', 'no such interval', { scope: 'series' });
    source.script = ({ method }) => (method === 'fetchRange' ? refusal : 'ok');
    const outcome = await verifier().verify(ALL);

    expect(outcome).toMatchObject({ error: undefined, hearings: [{ unanswered: SLOTS }] });
    expect(source.callsOf('fetchRange').length).toBeLessThanOrEqual(3);
  });

  it('stops when it is told to, with what it has', async () => {
    const { source, verifier } = await rig();
    const controller = new AbortController();
    source.script = ({ method }) => {
      if (method === 'fetchRange') controller.abort();
      return 'ok';
    };
    const outcome = await verifier(controller.signal).verify(ALL);

    expect(outcome).toMatchObject({ stopped: true, error: undefined });
  });

  it('widens a span to whole longer bars and looks no further', async () => {
    const { source, verifier } = await rig();
    const range = { from: T0 + 102 * MINUTE, to: T0 + 103 * MINUTE };
    const outcome = await verifier().verify({ range, deep: false });

    expect(outcome).toMatchObject({ bars: 5, range: { from: T0 + 100 * MINUTE, to: T0 + 105 * MINUTE } });
    expect(source.callsOf('fetchRange')).toHaveLength(1);
  });
});
