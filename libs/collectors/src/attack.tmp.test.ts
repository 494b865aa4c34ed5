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
import { HandOver } from './call-source.ts';
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
    readonly script?: (call: ScriptedCall) => 'ok' | Error | { rows?: (r: readonly Row[]) => readonly Row[] };
  } = {},
): World {
  const clock = new FakeClock({ now: p.now ?? START + 5_000 * HOUR, autoAdvance: true });
  const source = new ScriptedSource({
    id: 'binance',
    realm: 'sandbox:1',
    truth: new Map([[BTC, rows]]),
    venueNow: () => clock.now(),
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

describe('attack', () => {
  it('A1 off-grid row', async () => {
    const odd = klineRow(START + 5 * HOUR + 1_000);
    const w = world([...hours(5), odd, ...hours(10).slice(6)]);
    const r = await go(w, aRequest({ to: START + 10 * HOUR })).catch((e: unknown) => e);
    console.log(
      'A1',
      r instanceof Error ? `${r.message}` : JSON.stringify((r as { outcome: SeriesOutcome }).outcome.range),
    );
  });
  it('A1b off-grid row beside on-grid', async () => {
    const odd = klineRow(START + 5 * HOUR + 1_000);
    const w = world([...hours(10), odd]);
    const r = await go(w, aRequest({ to: START + 10 * HOUR })).catch((e: unknown) => e);
    console.log(
      'A1b',
      r instanceof Error ? `${r.message}` : JSON.stringify((r as { outcome: SeriesOutcome }).outcome.range),
    );
  });
  it('A5 confirm stuck hot loop', async () => {
    const w = world(hours(300, [150]), {
      script: (call) => {
        const p = call.params as { range?: { from: number; to: number } };
        if (call.method !== 'fetchRange' || !p.range) return 'ok';
        // window around the hole: venue answers with something else
        return p.range.to - p.range.from < 60 * HOUR ? { rows: () => [klineRow(START + 299 * HOUR)] } : 'ok';
      },
    });
    const request = aRequest({ to: START + 300 * HOUR });
    const { outcome } = await go(w, request);
    console.log(
      'A5',
      JSON.stringify(outcome.range?.tally.counts),
      'notBefore-now',
      (outcome.range?.notBefore ?? 0) - w.clock.now(),
      'fetches',
      w.source.callsOf('fetchRange').length,
    );
    const n = w.source.callsOf('fetchRange').length;
    const o2 = await go(w, request);
    console.log(
      'A5 second',
      (o2.outcome.range?.notBefore ?? 0) - w.clock.now(),
      'fetches',
      w.source.callsOf('fetchRange').length - n,
    );
  });
  it('A5b confirm fails hot loop', async () => {
    const w = world(hours(300, [150]), {
      script: (call) => {
        const p = call.params as { range?: { from: number; to: number } };
        if (call.method !== 'fetchRange' || !p.range) return 'ok';
        return p.range.to - p.range.from < 60 * HOUR ? new SourceUnavailableError('reset') : 'ok';
      },
    });
    const request = aRequest({ to: START + 300 * HOUR });
    const { outcome } = await go(w, request);
    console.log(
      'A5b',
      outcome.error?.code,
      JSON.stringify(outcome.range?.tally.counts),
      'notBefore-now',
      (outcome.range?.notBefore ?? 0) - w.clock.now(),
      'fetches',
      w.source.callsOf('fetchRange').length,
    );
  });
  it('A38 429 retry-after tiny', async () => {
    let n = 0;
    const w = world(hours(300), {
      script: (call) => {
        if (call.method !== 'fetchRange') return 'ok';
        n += 1;
        return n > 5000 ? 'ok' : new RateLimitedError('slow down', 1);
      },
    });
    const { outcome } = await go(w, aRequest({ to: START + 300 * HOUR }));
    console.log('A38', outcome.error?.code, 'calls', n);
  });
  it('A9 earliest concurrency', async () => {
    let busy = 0,
      max = 0;
    const w = world(hours(10), { facts: { concurrency: 2 } });
    const many = Array.from({ length: 50 }, (_, i) => `binance:C${i}/USDT`);
    for (const m of many) w.source.setTruth(m, hours(10));
    const orig = w.source.earliest.bind(w.source);
    w.source.earliest = async (...a) => {
      busy += 1;
      max = Math.max(max, busy);
      await new Promise((r) => setImmediate(r));
      const v = await orig(...a);
      busy -= 1;
      return v;
    };
    await collect(w.deps, aRun(), {
      source: w.source,
      requests: many.map((m) => aRequest({ symbol: m.slice(8), to: START + 10 * HOUR })),
      tallies: new Tallies(),
    });
    console.log('A9 max concurrent earliest', max);
  });
  it('A2 daily provisional', async () => {
    const w = world(hours(50), { now: START + 30 * HOUR + 1_500 });
    const { outcome } = await go(w, aRequest({ to: START + 30 * HOUR }));
    console.log(
      'A2',
      JSON.stringify(outcome.range?.tally.counts),
      outcome.range?.settled,
      outcome.range?.notBefore,
    );
    const w2 = world(hours(29), { now: START + 30 * HOUR + 1_500 });
    const o2 = await go(w2, aRequest({ to: START + 30 * HOUR }));
    console.log(
      'A2b',
      JSON.stringify(o2.outcome.range?.tally.counts),
      o2.outcome.range?.settled,
      o2.outcome.range?.notBefore,
    );
  });
  it('A3 second look fails', async () => {
    const w = world(hours(50), { now: START + 50 * HOUR + 5_000 });
    await go(w, aRequest({ to: null }));
    w.source.setTruth(
      BTC,
      hours(51).map((r, i) => (i === 49 ? klineRow(r.ts, 7) : r)),
    );
    w.clock.set(START + 51 * HOUR + 5_000);
    let n = 0;
    w.source.script = (call) =>
      call.method === 'fetchRange' && (n += 1) > 1 ? new SourceUnavailableError('x') : 'ok';
    const { outcome } = await go(w, aRequest({ to: null }));
    console.log('A3', outcome.error?.code, JSON.stringify(outcome.range?.tally.counts));
  });
  it('A8 clock back: failed nextTry', async () => {
    const w = world(hours(300, [150]), {
      now: START + 400 * 24 * HOUR,
      script: (call) => {
        const p = call.params as { range?: { from: number; to: number } };
        return call.method === 'fetchRange' && p.range?.from === START
          ? new SourceUnavailableError('reset')
          : 'ok';
      },
    });
    const request = aRequest({ to: START + 300 * HOUR });
    await go(w, request);
    w.source.script = () => 'ok';
    w.clock.set(START + 301 * HOUR);
    const { outcome } = await go(w, request);
    console.log(
      'A8',
      JSON.stringify(outcome.range?.tally.counts),
      (outcome.range?.notBefore ?? 0) - w.clock.now(),
    );
  });
  it('A7 earliest lies once', async () => {
    const w = world(hours(300), { script: (call) => 'ok' });
    let n = 0;
    const orig = w.source.earliest.bind(w.source);
    w.source.earliest = async (...a) => ((n += 1) === 1 ? START + 100 * HOUR : orig(...a));
    const request = aRequest({ to: START + 300 * HOUR });
    await go(w, request);
    const { outcome } = await go(w, request);
    console.log('A7', JSON.stringify(outcome.range?.tally.counts), outcome.range?.settled);
  });
});
