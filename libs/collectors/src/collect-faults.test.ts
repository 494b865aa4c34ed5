import {
  floorTo,
  RateLimitedError,
  rowsOf,
  seriesKey,
  SourceUnavailableError,
  type CoverageRun,
  type Row,
} from '@kairos/domain';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import {
  FakeClock,
  FakeIds,
  klineRow,
  ScriptedSource,
  silentLogger,
  type ScriptedCall,
  type ScriptedOutcome,
} from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import type { RangeOutcome } from './collect-range.ts';
import { collect } from './collect.ts';
import { Tallies, type CollectDeps, type CollectRun } from './job.ts';
import type { SeriesRequest } from './series-job.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
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

const isFetch = (call: ScriptedCall): boolean => call.method === 'fetchRange';
const spanOf = (call: ScriptedCall): { readonly from: number; readonly to: number } =>
  (call.params as { readonly range: { readonly from: number; readonly to: number } }).range;

/** A venue with these candles, and a worker that asks it for the first `asked` hours. */
class World {
  readonly clock: FakeClock;
  readonly source: ScriptedSource;
  readonly store = new MemorySeriesStore(new MemoryStore());
  readonly deps: CollectDeps;

  constructor(
    rows: readonly Row[],
    now: number,
    script: (call: ScriptedCall) => ScriptedOutcome = () => 'ok',
  ) {
    this.clock = new FakeClock({ now, autoAdvance: true });
    this.source = new ScriptedSource({
      id: 'binance',
      realm: 'sandbox:1',
      truth: new Map([[BTC, rows]]),
      venueNow: () => this.clock.now(),
      facts: { pageSize: 100, concurrency: 2 },
      script,
    });
    this.deps = {
      store: this.store,
      calendar: {
        id: 'always',
        expected: ({ range }) => [range],
        closedBefore: ({ grid, now: at }) => floorTo(grid, at),
      },
      clock: this.clock,
      ids: new FakeIds(1),
      log: silentLogger,
    };
  }

  async run(asked: number): Promise<RangeOutcome> {
    const [outcome] = await collect(this.deps, aRun, {
      source: this.source,
      requests: [request('BTCUSDT', asked)],
      tallies: new Tallies(),
    });
    if (!outcome?.range) throw new Error('the series was not collected');
    return outcome.range;
  }

  states(): Promise<readonly CoverageRun[]> {
    return this.store.coverage({ key: KEY, range: { from: START, to: START + 1_000 * HOUR } });
  }

  async rows(): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const part of this.store.read({ key: KEY, range: { from: 0, to: Infinity } }))
      rows.push(...rowsOf(part.batch));
    return rows;
  }
}

const aRun: CollectRun = {
  runId: 'run-1',
  deadline: Infinity,
  signal: new AbortController().signal,
  ensure: async () => undefined,
};

const request = (symbol: string, asked: number): SeriesRequest => ({
  symbol,
  dataType: 'kline',
  timeframe: '1h',
  price: 'last',
  from: START,
  to: START + asked * HOUR,
  batchSize: null,
  refetch: null,
});

const LATER = START + 100 * DAY;

describe('collect, where the venue misbehaves', () => {
  it('keeps all but a record off the grid, whose slot counts as unavailable once three reads agree', async () => {
    const odd = klineRow(START + 5 * HOUR + 1_000);
    const world = new World([...hours(10, [5]), odd], LATER);
    const outcome = await world.run(10);
    expect(outcome).toMatchObject({ settled: true, tally: { counts: { present: 9, unavailable: 1 } } });
    expect(world.source.callsOf('fetchRange').length).toBe(3);
    expect(await world.rows()).toEqual(hours(10, [5]));
    const findings = await world.store.findings({ key: KEY, limit: 9 });
    expect(new Set(findings.map((f) => `${f.code} ${f.ts}`))).toEqual(new Set([`off_grid ${odd.ts}`]));
  });

  it('takes the record of a slot that was off the grid in one read only', async () => {
    const odd = klineRow(START + 5 * HOUR + 1_000);
    let answers = 0;
    const world = new World(hours(10), LATER, (call) =>
      isFetch(call) && (answers += 1) === 1
        ? { rows: (rows) => [...rows.filter((r) => r.ts !== START + 5 * HOUR), odd] }
        : 'ok',
    );
    expect(await world.run(10)).toMatchObject({ settled: true, tally: { counts: { present: 10 } } });
  });

  it.each<[string, ScriptedOutcome]>([
    ['answers with another window', { rows: () => [klineRow(START + 299 * HOUR)] }],
    ['fails', new SourceUnavailableError('reset')],
  ])(
    'neither believes an absence nor asks without pause while its confirming read %s',
    async (_what, bad) => {
      const isConfirming = (call: ScriptedCall): boolean =>
        isFetch(call) && spanOf(call).to - spanOf(call).from < 20 * HOUR;
      const world = new World(hours(300, [150]), LATER, (call) => (isConfirming(call) ? bad : 'ok'));
      const first = await world.run(300);
      expect(first.tally.counts).toMatchObject({ provisional: 1, empty: 0 });
      const asked = world.source.callsOf('fetchRange').length;
      const again = await world.run(300);
      expect(again.notBefore).toBeGreaterThan(world.clock.now() + 20_000);
      expect(world.source.callsOf('fetchRange').length - asked).toBeLessThanOrEqual(4);
      world.source.script = () => 'ok';
      world.clock.set(again.notBefore ?? 0);
      expect(await world.run(300)).toMatchObject({
        settled: true,
        tally: { counts: { present: 299, empty: 1 } },
      });
    },
  );

  it('does not hammer a venue whose rate limit asks for hardly any pause', async () => {
    const world = new World(hours(100), LATER, (call) =>
      isFetch(call) ? new RateLimitedError('slow down', 1) : 'ok',
    );
    const began = world.clock.now();
    expect((await world.run(100)).error?.code).toBe('SOURCE_RATE_LIMITED');
    expect(world.source.callsOf('fetchRange').length).toBeLessThanOrEqual(8);
    expect(world.clock.now() - began).toBeGreaterThan(500);
  });

  it('keeps to the lanes when it asks many series for their first record', async () => {
    const world = new World([], LATER);
    const symbols = Array.from({ length: 20 }, (_, i) => `C${i}/USDT`);
    for (const symbol of symbols) world.source.setTruth(`binance:${symbol}`, hours(10));
    let busy = 0;
    let most = 0;
    world.source.script = async (): Promise<ScriptedOutcome> => {
      most = Math.max(most, (busy += 1));
      await Promise.resolve();
      busy -= 1;
      return 'ok';
    };
    const requests = symbols.map((symbol) => request(symbol, 10));
    await collect(world.deps, aRun, { source: world.source, requests, tallies: new Tallies() });
    expect(most).toBe(2);
  });

  it('does not give up what lies before a first record that the venue tells wrongly', async () => {
    const world = new World(hours(300, [0]), LATER);
    world.source.earliest = () => Promise.resolve(START + 100 * HOUR);
    expect(await world.run(300)).toMatchObject({
      settled: true,
      tally: { counts: { present: 299, empty: 1, unavailable: 0 } },
    });
  });

  it('gives up what lies before the listing only with a read that shows it', async () => {
    const world = new World(hours(300).slice(200), LATER);
    expect((await world.run(300)).tally.counts).toMatchObject({ unavailable: 200, present: 100 });
    const gone = (await world.states()).find((r) => r.state === 'unavailable');
    const [evidence] = await world.store.evidence({ key: KEY, ids: [gone?.evidence ?? ''] });
    expect(evidence?.reads).toMatchObject([
      { from: START + 100 * HOUR, to: START + 200 * HOUR, rows: 0, http: 200 },
    ]);
  });

  it('keeps what it was told to wait for as open as it was', async () => {
    let fetches = 0;
    const world = new World(hours(300), LATER, (call) =>
      isFetch(call) && (fetches += 1) > 1 ? new RateLimitedError('used up', 40_000) : 'ok',
    );
    const refused = await world.run(300);
    expect(refused.error).toMatchObject({ code: 'SOURCE_RATE_LIMITED', retryAfterMs: 40_000 });
    expect(refused.tally.counts).toMatchObject({ present: 100, missing: 200, failed: 0 });
    world.source.script = () => 'ok';
    expect(await world.run(300)).toMatchObject({ settled: true, tally: { counts: { present: 300 } } });
  });

  it('comes back for a long bar as soon as it is final, whether it was there already or not', async () => {
    const closed = START + 30 * HOUR;
    for (const there of [29, 30]) {
      const world = new World(hours(there), closed + 1_500);
      const early = await world.run(30);
      expect(early).toMatchObject({ settled: false, notBefore: closed + 2_000 });
      world.source.setTruth(BTC, hours(30));
      world.clock.set(closed + 2_000);
      expect(await world.run(30)).toMatchObject({ settled: true, notBefore: undefined });
    }
  });

  it('notes a changed value also when the second look at it fails', async () => {
    const world = new World(hours(50), START + 50 * HOUR + 5_000);
    await world.run(60);
    world.source.setTruth(
      BTC,
      hours(51).map((r, i) => (i === 49 ? klineRow(r.ts, 7) : r)),
    );
    world.clock.set(START + 51 * HOUR + 5_000);
    let reads = 0;
    world.source.script = (call) =>
      isFetch(call) && (reads += 1) > 1 ? new SourceUnavailableError('reset') : 'ok';
    expect((await world.run(60)).error).toBeUndefined();
    expect(await world.rows()).toEqual(hours(51));
    expect(await world.store.findings({ key: KEY, limit: 9 })).toMatchObject([
      { code: 'settled_value_differs' },
    ]);
  });

  it('asks again for what failed or was absent, once the clock that put it off has gone back', async () => {
    const world = new World(hours(300, [150]), LATER + 400 * DAY, (call) =>
      isFetch(call) && spanOf(call).from === START ? new SourceUnavailableError('reset') : 'ok',
    );
    expect((await world.run(300)).tally.counts.failed).toBeGreaterThan(0);
    world.source.script = () => 'ok';
    world.clock.set(LATER);
    expect(await world.run(300)).toMatchObject({
      settled: true,
      tally: { counts: { present: 299, empty: 1 } },
    });

    const ahead = START + 20 * HOUR + 5_000;
    const young = new World(hours(20, [7]), ahead);
    expect((await young.run(20)).tally.counts.provisional).toBe(1);
    young.clock.set(ahead - 10 * 60_000);
    for (let run = 0; run < 3; run += 1) {
      const { notBefore } = await young.run(19);
      young.clock.set(notBefore ?? young.clock.now());
    }
    expect((await young.run(19)).tally.counts).toMatchObject({ present: 18, empty: 1 });
  });
});
