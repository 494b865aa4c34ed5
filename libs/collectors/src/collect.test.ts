import {
  floorTo,
  rowsOf,
  seriesKey,
  SourceError,
  SourceUnavailableError,
  RateLimitedError,
  type CoverageRun,
  type Row,
} from '@kairos/domain';
import type { Calendar } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import {
  FakeClock,
  FakeIds,
  klineRow,
  RecordingLogger,
  ScriptedSource,
  type ScriptedCall,
} from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { HandOver, TURN_COMMITS } from './call-source.ts';
import { collect, type SeriesOutcome } from './collect.ts';
import { Tallies, type CollectRun } from './job.ts';
import type { SeriesRequest } from './series-job.ts';

const alwaysOpen: Calendar = {
  id: 'always',
  expected: ({ range }) => [range],
  closedBefore: ({ grid, now }) => floorTo(grid, now),
};

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 1);
const BTC = 'binance:BTC/USDT';
const KEY = seriesKey({
  realm: 'sandbox:1',
  source: 'binance',
  instrument: BTC,
  dataType: 'kline',
  timeframe: '1h',
  price: 'last',
  anchorMs: 0,
});

const hours = (n: number, skip: readonly number[] = []): Row[] =>
  Array.from({ length: n }, (_, i) => i)
    .filter((i) => !skip.includes(i))
    .map((i) => klineRow(START + i * HOUR));

interface World {
  readonly clock: FakeClock;
  readonly source: ScriptedSource;
  readonly store: MemorySeriesStore;
  readonly deps: Parameters<typeof collect>[0];
}

function world(
  rows: readonly Row[],
  p: {
    readonly now?: number;
    readonly facts?: object;
    readonly venueAhead?: number;
    readonly script?: (call: ScriptedCall) => 'ok' | Error | { rows?: (r: readonly Row[]) => readonly Row[] };
  } = {},
): World {
  const clock = new FakeClock({ now: p.now ?? START + 5_000 * HOUR, autoAdvance: true });
  const source = new ScriptedSource({
    id: 'binance',
    realm: 'sandbox:1',
    truth: new Map([[BTC, rows]]),
    venueNow: () => clock.now() + (p.venueAhead ?? 0),
    facts: { pageSize: 100, ...p.facts },
    ...(p.script ? { script: p.script } : {}),
  });
  const store = new MemorySeriesStore(new MemoryStore());
  return {
    clock,
    source,
    store,
    deps: {
      store,
      calendar: alwaysOpen,
      clock,
      ids: new FakeIds(1),
      log: new RecordingLogger(),
    },
  };
}

const aRun = (over: Partial<CollectRun> = {}): CollectRun => ({
  runId: 'run-1',
  deadline: Infinity,
  signal: new AbortController().signal,
  ensure: async () => undefined,
  ...over,
});

const aRequest = (over: Partial<SeriesRequest> = {}): SeriesRequest => ({
  symbol: 'BTCUSDT',
  dataType: 'kline',
  timeframe: '1h',
  price: 'last',
  from: START,
  to: START + 1_000 * HOUR,
  batchSize: null,
  refetch: null,
  ...over,
});

async function go(
  w: World,
  request = aRequest(),
  run = aRun(),
): Promise<{ readonly outcome: SeriesOutcome; readonly tallies: Tallies }> {
  const tallies = new Tallies();
  const [outcome] = await collect(w.deps, run, { source: w.source, requests: [request], tallies });
  if (!outcome) throw new Error('no outcome');
  return { outcome, tallies };
}

async function stored(w: World, key = KEY): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const part of w.store.read({ key, range: { from: 0, to: Infinity } }))
    rows.push(...rowsOf(part.batch));
  return rows;
}

const states = async (w: World): Promise<readonly CoverageRun[]> =>
  w.store.coverage({ key: KEY, range: { from: START, to: START + 1_000 * HOUR } });

/** Faults that lie for the first `times` reads that would show a given hour. */
function lying(
  hour: number,
  times: number,
): (call: ScriptedCall) => 'ok' | { rows: (r: readonly Row[]) => readonly Row[] } {
  let left = times;
  return (call) => {
    if (call.method !== 'fetchRange') return 'ok';
    return {
      rows: (rows) => {
        const shows = rows.some((r) => r.ts === START + hour * HOUR);
        if (!shows || left === 0) return rows;
        left -= 1;
        return rows.filter((r) => r.ts !== START + hour * HOUR);
      },
    };
  };
}

describe('collect', () => {
  it('makes a series complete, page by page, and then asks for nothing more', async () => {
    const w = world(hours(1_000));
    const { outcome } = await go(w);
    expect(outcome.range).toMatchObject({
      settled: true,
      tally: { expected: 1_000, counts: { present: 1_000 } },
    });
    expect(await stored(w)).toEqual(hours(1_000));
    const before = w.source.callsOf('fetchRange').length;
    expect(before).toBe(10);
    expect(w.source.callsOf('earliest')).toEqual([]);
    await go(w);
    expect(w.source.callsOf('fetchRange').length).toBe(before);
  });

  it('calls an outage empty only after three spaced reads with different bounds, and keeps the evidence', async () => {
    const w = world(hours(1_000, [340, 341, 342]));
    const { outcome } = await go(w);
    expect(outcome.range).toMatchObject({ settled: true, tally: { counts: { present: 997, empty: 3 } } });
    const empty = (await states(w)).find((r) => r.state === 'empty');
    expect(empty).toMatchObject({ from: START + 340 * HOUR, to: START + 343 * HOUR, reason: 'outage' });
    const [evidence] = await w.store.evidence({ key: KEY, ids: [empty?.evidence ?? ''] });
    const bounds = new Set(evidence?.reads.map((r) => `${r.from}-${r.to}`));
    expect(bounds.size).toBe(3);
    const times = evidence?.reads.map((r) => r.at) ?? [];
    expect(times.every((t, i) => i === 0 || t - (times[i - 1] ?? 0) >= 1_000)).toBe(true);
    expect(evidence?.bracket).toEqual([START + 340 * HOUR, START + 343 * HOUR]);
  });

  it('finds a record that two of three reads hide', async () => {
    const w = world(hours(1_000), { script: lying(567, 2) });
    const { outcome } = await go(w);
    expect(outcome.range).toMatchObject({ settled: true, tally: { counts: { present: 1_000, empty: 0 } } });
    expect(await stored(w)).toEqual(hours(1_000));
  });

  it('takes a page cut short for what it is: the rest is asked for again', async () => {
    const w = world(hours(1_000), {
      script: (call) => (call.method === 'fetchRange' ? { rows: (rows) => rows.slice(-30) } : 'ok'),
    });
    const { outcome } = await go(w);
    expect(outcome.range?.tally.counts).toMatchObject({ present: 1_000, empty: 0 });
  });

  it('waits for the venue with a young absence instead of believing it', async () => {
    const now = START + 20 * HOUR + 5_000;
    const w = world(hours(19), { now });
    const { outcome } = await go(w, aRequest({ to: null }));
    expect(outcome.range?.tally.counts).toMatchObject({ present: 19, provisional: 1, empty: 0 });
    expect(outcome.range?.notBefore).toBe(now + 60_000);
    w.source.setTruth(BTC, hours(20));
    w.clock.set(now + 61_000);
    expect((await go(w, aRequest({ to: null }))).outcome.range?.tally.counts).toMatchObject({
      present: 20,
      provisional: 0,
    });
  });

  it('never stores the bar that is still forming', async () => {
    const w = world(hours(50), { now: START + 30 * HOUR + HOUR / 2 });
    await go(w, aRequest({ to: null }));
    expect((await stored(w)).at(-1)?.ts).toBe(START + 29 * HOUR);
  });

  it('believes the slower of two clocks on what has closed', async () => {
    const now = START + 30 * HOUR + 5_000;
    const behind = world(hours(50), { now, venueAhead: -2 * HOUR });
    await go(behind, aRequest({ to: null }));
    expect((await stored(behind)).at(-1)?.ts).toBe(START + 27 * HOUR);
    const ahead = world(hours(50), { now, venueAhead: 2 * HOUR });
    await go(ahead, aRequest({ to: null }));
    expect((await stored(ahead)).at(-1)?.ts).toBe(START + 29 * HOUR);
  });

  it('keeps a closed bar provisional until it has settled', async () => {
    const w = world(hours(50), { now: START + 30 * HOUR + 500 });
    const { outcome } = await go(w, aRequest({ to: null }));
    expect(outcome.range?.tally.counts).toMatchObject({ present: 29, provisional: 1 });
    w.clock.set(START + 30 * HOUR + 2_500);
    expect((await go(w, aRequest({ to: null }))).outcome.range?.tally.counts).toMatchObject({
      present: 30,
      provisional: 0,
    });
  });

  it('marks what lies before the listing, and beyond the look-back, as unavailable', async () => {
    const late = world(hours(1_000).slice(200));
    expect((await go(late)).outcome.range?.tally.counts).toMatchObject({ unavailable: 200, present: 800 });
    const short = world(hours(1_000), { now: START + 1_000 * HOUR + 5_000, facts: { lookbackSlots: 720 } });
    expect((await go(short)).outcome.range?.tally.counts).toMatchObject({ unavailable: 280, present: 720 });
  });

  it('tries passing failures again, and records a page that keeps failing as failed', async () => {
    let n = 0;
    const flaky = world(hours(300), {
      script: (call) =>
        call.method === 'fetchRange' && (n += 1) % 2 === 1 ? new SourceUnavailableError('reset') : 'ok',
    });
    expect((await go(flaky, aRequest({ to: START + 300 * HOUR }))).outcome.range).toMatchObject({
      settled: true,
    });
    const broken = world(hours(300), {
      script: (call) => {
        const range = (call.params as { range?: { from: number } }).range;
        return call.method === 'fetchRange' && range?.from === START + 100 * HOUR
          ? new SourceUnavailableError('reset')
          : 'ok';
      },
    });
    const { outcome } = await go(broken, aRequest({ to: START + 300 * HOUR }));
    expect(outcome.range).toMatchObject({ settled: false, tally: { counts: { failed: 100 } } });
    expect(outcome.range?.notBefore).toBeGreaterThan(broken.clock.now());
    broken.source.script = () => 'ok';
    broken.clock.set(outcome.range?.notBefore ?? 0);
    expect((await go(broken, aRequest({ to: START + 300 * HOUR }))).outcome.range).toMatchObject({
      settled: true,
      tally: { counts: { present: 300 } },
    });
  });

  it('stops asking a venue that is out, and passes on a ban with its length', async () => {
    const out = world(hours(1_000), {
      script: (call) => (call.method === 'fetchRange' ? new SourceUnavailableError('reset') : 'ok'),
    });
    expect((await go(out)).outcome.error?.code).toBe('SOURCE_UNAVAILABLE');
    expect(out.source.callsOf('fetchRange').length).toBeLessThan(40);
    const banned = world(hours(1_000), {
      script: (call) => (call.method === 'fetchRange' ? new RateLimitedError('banned', 120_000) : 'ok'),
    });
    expect((await go(banned)).outcome.error).toMatchObject({
      code: 'SOURCE_RATE_LIMITED',
      retryAfterMs: 120_000,
    });
  });

  it('ends one series for an unknown symbol and collects the others', async () => {
    const w = world(hours(50));
    const outcomes = await collect(w.deps, aRun(), {
      source: w.source,
      requests: [aRequest({ symbol: 'NOSUCH' }), aRequest({ to: START + 50 * HOUR })],
      tallies: new Tallies(),
    });
    expect(outcomes.map((o) => o.error?.code)).toEqual(['SYMBOL_UNKNOWN', undefined]);
    expect(outcomes[1]?.range?.settled).toBe(true);
  });

  it('lets a venue-wide refusal through', async () => {
    const w = world(hours(50), {
      script: (call) =>
        call.method === 'resolve'
          ? new SourceError('SOURCE_FORBIDDEN', 'blocked region', { scope: 'venue' })
          : 'ok',
    });
    await expect(go(w)).rejects.toMatchObject({ code: 'SOURCE_FORBIDDEN' });
  });

  it('revises a settled value only when a second look agrees, and logs the old one', async () => {
    const w = world(hours(50), { now: START + 50 * HOUR + 5_000 });
    await go(w, aRequest({ to: null }));
    const changed = hours(51).map((r, i) => (i === 49 ? klineRow(r.ts, 7) : r));
    w.source.setTruth(BTC, changed);
    w.clock.set(START + 51 * HOUR + 5_000);
    await go(w, aRequest({ to: null }));
    expect(await stored(w)).toEqual(changed);
    expect(await w.store.revisions({ key: KEY, limit: 10 })).toMatchObject([
      {
        from: klineRow(START + 49 * HOUR),
        to: klineRow(START + 49 * HOUR, 7),
        reason: 'settled_value_changed',
      },
    ]);
  });

  it('keeps the stored value when two looks disagree', async () => {
    const w = world(hours(50), { now: START + 50 * HOUR + 5_000 });
    await go(w, aRequest({ to: null }));
    let lied = false;
    w.source.setTruth(BTC, hours(51));
    w.source.script = (call) =>
      call.method !== 'fetchRange' || lied
        ? 'ok'
        : {
            rows: (rows) => (
              (lied = true),
              rows.map((r) => (r.ts === START + 49 * HOUR ? klineRow(r.ts, 9) : r))
            ),
          };
    w.clock.set(START + 51 * HOUR + 5_000);
    await go(w, aRequest({ to: null }));
    expect(await stored(w)).toEqual(hours(51));
    expect((await w.store.findings({ key: KEY, limit: 10 })).map((f) => f.code)).toEqual([
      'settled_value_differs',
    ]);
  });

  it('re-reads settled records only when told to, and takes changes as revisions', async () => {
    const w = world(hours(300));
    const request = aRequest({ to: START + 300 * HOUR });
    await go(w, request);
    const changed = hours(300).map((r, i) => (i === 123 ? klineRow(r.ts, 5) : r));
    w.source.setTruth(BTC, changed);
    await go(w, request);
    expect(await stored(w)).toEqual(hours(300));
    await go(w, {
      ...request,
      refetch: { range: { from: START + 100 * HOUR, to: START + 200 * HOUR }, reason: 'audit' },
    });
    expect(await stored(w)).toEqual(changed);
    expect(await w.store.revisions({ key: KEY, limit: 10 })).toMatchObject([{ reason: 'audit' }]);
  });

  it('hands over at the deadline with everything committed kept, and goes on from there', async () => {
    const w = world(hours(1_000), { facts: { pageSize: 100, concurrency: 1 } });
    let calls = 0;
    const stop = new AbortController();
    const ensure = async (): Promise<void> => void ((calls += 1) === 12 && stop.abort());
    await expect(go(w, aRequest(), aRun({ signal: stop.signal, ensure }))).rejects.toBeInstanceOf(HandOver);
    const kept = await stored(w);
    expect(kept.length).toBeGreaterThan(0);
    const asked = w.source.callsOf('fetchRange').length;
    expect((await go(w)).outcome.range?.settled).toBe(true);
    expect(w.source.callsOf('fetchRange').length - asked).toBeLessThan(11);
    await expect(go(world(hours(10)), aRequest(), aRun({ deadline: 0 }))).rejects.toBeInstanceOf(HandOver);
  });

  it('ends its turn for others once it got somewhere, and not before', async () => {
    const w = world(hours(1_000), { facts: { pageSize: 10, concurrency: 2 } });
    const crowded = aRun({ othersWait: () => true });
    await expect(go(w, aRequest(), crowded)).rejects.toBeInstanceOf(HandOver);
    const kept = (await stored(w)).length;
    expect(kept).toBeGreaterThanOrEqual(TURN_COMMITS * 10);
    expect(kept).toBeLessThanOrEqual((TURN_COMMITS + 2) * 10);
    expect((await go(w, aRequest(), crowded)).outcome.range?.settled).toBe(true);

    const alone = world(hours(1_000), { facts: { pageSize: 10, concurrency: 2 } });
    expect((await go(alone, aRequest(), aRun({ othersWait: () => false }))).outcome.range?.settled).toBe(
      true,
    );
  });

  it('never holds more records uncommitted than the flush threshold', async () => {
    const w = world(hours(250));
    const sizes: number[] = [];
    const commit = w.store.commit.bind(w.store);
    w.store.commit = (p) => (sizes.push(p.part.batch.n), commit(p));
    await go(w, aRequest({ to: START + 250 * HOUR, batchSize: 30 }));
    expect(Math.max(...sizes)).toBe(30);
    expect(await stored(w)).toEqual(hours(250));
  });

  it('reports what looks wrong and keeps it', async () => {
    const odd: Row = { ts: START + 5 * HOUR, values: ['10', '9', '11', '10', '-1', null, null] };
    const w = world([...hours(5), odd, ...hours(10).slice(6)]);
    await go(w, aRequest({ to: START + 10 * HOUR }));
    expect((await w.store.findings({ key: KEY, limit: 10 })).map((f) => f.code).sort()).toEqual([
      'negative_volume',
      'ohlc_inconsistent',
    ]);
    expect((await stored(w))[5]).toEqual(odd);
  });

  it('survives answers that are doubled, unsorted and out of range', async () => {
    const w = world(hours(300), {
      script: (call) =>
        call.method === 'fetchRange'
          ? {
              rows: (rows) =>
                [
                  ...rows,
                  ...rows.slice(0, 5),
                  klineRow(START - HOUR),
                  klineRow(START + 9_999 * HOUR),
                ].reverse(),
            }
          : 'ok',
    });
    await go(w, aRequest({ to: START + 300 * HOUR }));
    expect(await stored(w)).toEqual(hours(300));
  });
});
