import { SourceError, SourceUnavailableError, RateLimitedError, type Row } from '@kairos/domain';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { FakeClock, klineRow, ScriptedSource, type ScriptedCall } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { collectCandles, collectSeries, type CollectOrder } from './collect-once.ts';
import type { SeriesProgress } from './once-progress.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 1);
const BTC = 'binance:BTC/USDT';
const ETH = 'binance:ETH/USDT';
const NOW = START + 5_000 * HOUR;

const hours = (n: number, skip: readonly number[] = []): Row[] =>
  Array.from({ length: n }, (_, i) => i)
    .filter((i) => !skip.includes(i))
    .map((i) => klineRow(START + i * HOUR));

interface World {
  readonly clock: FakeClock;
  readonly source: ScriptedSource;
  readonly store: MemorySeriesStore;
  readonly told: SeriesProgress[];
  order(over?: Partial<CollectOrder>): CollectOrder;
}

function world(rows: readonly Row[], script: (call: ScriptedCall) => 'ok' | Error = () => 'ok'): World {
  const clock = new FakeClock({ now: NOW, autoAdvance: true });
  const source = new ScriptedSource({
    id: 'binance',
    realm: 'sandbox:1',
    truth: new Map([
      [BTC, rows],
      [ETH, rows],
    ]),
    venueNow: () => clock.now(),
    facts: { pageSize: 100 },
    script,
  });
  const store = new MemorySeriesStore(new MemoryStore());
  const told: SeriesProgress[] = [];
  const order = (over: Partial<CollectOrder> = {}): CollectOrder => ({
    source,
    store,
    clock,
    symbols: ['BTCUSDT'],
    timeframe: '1h',
    from: START,
    to: START + 1_000 * HOUR,
    onProgress: (p) => told.push(p),
    ...over,
  });
  return { clock, source, store, told, order };
}

async function stored(w: World, key: string | null): Promise<number> {
  let n = 0;
  for await (const part of w.store.read({ key: key ?? '', range: { from: 0, to: Infinity } }))
    n += part.batch.n;
  return n;
}

const fetches = (w: World): number => w.source.calls.filter((c) => c.method === 'fetchRange').length;

/** Answers with the error, so many times, where candles are asked for. */
const failing = (times: number, error: () => Error): ((call: ScriptedCall) => 'ok' | Error) => {
  let left = times;
  return (call) => (call.method === 'fetchRange' && left-- > 0 ? error() : 'ok');
};

describe('collectSeries', () => {
  it('collects each series into the store and reports them in the order asked', async () => {
    const w = world(hours(1_200));
    const reports = await collectSeries(w.order({ symbols: ['ETHUSDT', 'BTCUSDT'] }));

    expect(reports.map((r) => [r.symbol, r.instrument, r.state, r.rows])).toEqual([
      ['ETHUSDT', ETH, 'complete', 1_000],
      ['BTCUSDT', BTC, 'complete', 1_000],
    ]);
    expect(reports[0]?.coverage?.counts).toMatchObject({ present: 1_000, missing: 0, failed: 0 });
    expect(await stored(w, reports[1]?.seriesKey ?? null)).toBe(1_000);
  });

  it('asks for no candle again that is settled', async () => {
    const w = world(hours(1_200));
    await collectSeries(w.order());
    const before = fetches(w);

    const [again] = await collectSeries(w.order());

    expect(again).toMatchObject({ state: 'complete', rows: 0 });
    expect(fetches(w)).toBe(before);
  });

  it('tells progress after every commit, growing to all that is expected', async () => {
    const w = world(hours(1_200));
    await collectSeries(w.order());

    const covered = w.told.map((p) => p.covered);
    expect(covered).toEqual([...covered].sort((a, b) => a - b));
    expect(covered[0]).toBe(0);
    expect(w.told.every((p) => p.rows === p.covered)).toBe(true);
    expect(w.told.filter((p) => p.state === 'working').length).toBeGreaterThanOrEqual(10);
    expect(w.told.at(-1)).toMatchObject({ state: 'complete', expected: 1_000, covered: 1_000, rows: 1_000 });
  });

  it('stops at the signal, keeps what was committed, and goes on from there', async () => {
    const w = world(hours(1_200));
    const stop = new AbortController();
    const onProgress = (p: SeriesProgress): void => {
      if (p.commits >= 3) stop.abort();
    };
    const [first] = await collectSeries(w.order({ signal: stop.signal, onProgress }));
    const kept = await stored(w, first?.seriesKey ?? null);
    const [second] = await collectSeries(w.order());

    expect(first?.state).toBe('interrupted');
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(1_000);
    expect(second).toMatchObject({ state: 'complete', rows: 1_000 - kept });
  });

  it('is interrupted at once by a signal that came before', async () => {
    const w = world(hours(10));
    const [report] = await collectSeries(w.order({ signal: AbortSignal.abort() }));
    expect(report).toMatchObject({ state: 'interrupted', seriesKey: null });
    expect(w.source.calls).toEqual([]);
  });

  it('lets a symbol that is not found fail alone', async () => {
    const w = world(hours(1_200));
    const [bad, good] = await collectSeries(w.order({ symbols: ['NOPE', 'BTCUSDT'] }));
    expect(bad).toMatchObject({ state: 'failed', seriesKey: null, error: { code: 'SYMBOL_UNKNOWN' } });
    expect(good?.state).toBe('complete');
  });

  it('waits out a long pause that the venue asks for, and completes', async () => {
    const w = world(
      hours(1_200),
      failing(1, () => new RateLimitedError('slow down', 60_000)),
    );
    const [report] = await collectSeries(w.order());
    expect(report).toMatchObject({ state: 'complete', rows: 1_000 });
    expect(w.told.find((p) => p.state === 'waiting')?.waitsUntil).toBeGreaterThanOrEqual(NOW + 60_000);
  });

  it('comes back to stretches that failed', async () => {
    const w = world(
      hours(1_200),
      failing(4, () => new SourceUnavailableError('502')),
    );
    const [report] = await collectSeries(w.order());
    expect(report).toMatchObject({ state: 'complete', rows: 1_000 });
  });

  it('gives up a venue that stays out when patience ends, and says when to ask again', async () => {
    const w = world(
      hours(1_200),
      failing(Infinity, () => new SourceUnavailableError('502')),
    );
    const [report] = await collectSeries(w.order({ patienceMs: 60_000 }));
    expect(report).toMatchObject({ state: 'open', rows: 0, error: { code: 'SOURCE_UNAVAILABLE' } });
    expect(report?.notBefore).toBeGreaterThan(w.clock.now());
    expect(w.clock.now()).toBeLessThan(NOW + 120_000);
  });

  it('confirms absences as far as patience goes', async () => {
    const w = world(hours(1_200, [5, 6]));
    const [report] = await collectSeries(w.order());
    expect(report?.state).toBe('complete');
    expect(report?.coverage?.counts).toMatchObject({ present: 998, empty: 2 });
  });

  it('without an end takes all that is final now', async () => {
    const w = world(hours(5_001));
    const [report] = await collectSeries(w.order({ to: undefined, from: NOW - 10 * HOUR }));
    expect(report).toMatchObject({ state: 'complete', rows: 9 });
    expect(report?.range).toEqual({ from: NOW - 10 * HOUR, to: NOW - HOUR });
  });

  it('leaves open what is not closed yet, without waiting for it', async () => {
    const w = world(hours(5_001));
    const [report] = await collectSeries(w.order({ from: NOW - 10 * HOUR, to: NOW + 10 * HOUR }));
    expect(report?.state).toBe('open');
    expect(report?.coverage?.expected).toBe(10);
    expect(w.clock.now()).toBeLessThan(NOW + HOUR);
  });

  it('refuses a data type that does not come by range', async () => {
    const w = world([]);
    await expect(collectSeries(w.order({ dataType: 'ticker' }))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });
});

describe('collectCandles', () => {
  it('collects one series', async () => {
    const w = world(hours(1_200));
    expect(await collectCandles({ ...w.order(), symbol: 'BTCUSDT' })).toMatchObject({
      state: 'complete',
      rows: 1_000,
    });
  });

  it('throws what is wrong with the symbol', async () => {
    const w = world([]);
    await expect(collectCandles({ ...w.order(), symbol: 'NOPE' })).rejects.toBeInstanceOf(SourceError);
  });
});
