import { seriesKey, type CoverageRun, type Series, type Task } from '@kairos/domain';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import {
  aPart,
  aSeries,
  aTask,
  emptyPartOf,
  FakeClock,
  forEverySource,
  klineRow,
  slotsOf,
  T0,
} from '@kairos/testkit';
import type { Calendar } from '@kairos/ports';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshSeries } from './task-content.ts';
import { progressOf } from './progress.ts';

const MINUTE = 60_000;

/** Every slot is expected, and is closed when the next one opens. */
const everOpen: Calendar = {
  id: 'every-slot',
  expected: ({ range }) => (range.to > range.from ? [range] : []),
  closedBefore: ({ grid, now }) => grid.openOf(grid.indexOf(now)),
};

describe('progress', () => {
  let clock: FakeClock;
  let store: MemorySeriesStore;
  beforeEach(() => {
    clock = new FakeClock({ now: T0 + 10 * MINUTE + 1 });
    store = new MemorySeriesStore(new MemoryStore());
  });

  const progress = (task: Task, calendar = everOpen) =>
    progressOf(task, { series: store, calendars: forEverySource(calendar), clock });

  const collected = async (series: Series, runs: readonly CoverageRun[] = []): Promise<Series> => {
    await store.ensureSeries({ series });
    await store.commit({ series, part: { ...emptyPartOf(series), runs } });
    return series;
  };

  const taskOn = (series: Series, over: Partial<Task> = {}): Task =>
    aTask({
      series: [
        { ...freshSeries('BTCUSDT'), state: 'active', seriesKey: series.key, instrument: series.instrument },
      ],
      ...over,
    });

  const at = (from: number, to: number) => ({ from: T0 + from * MINUTE, to: T0 + to * MINUTE });

  it('counts every closed slot of the asked span once, by its state', async () => {
    const series = await collected(aSeries());
    const rows = [0, 1, 2].map((i) => klineRow(T0 + i * MINUTE));
    await store.commit({ series, part: aPart(series, rows) });
    const runs: CoverageRun[] = [
      { ...at(3, 4), state: 'empty', reason: 'outage' },
      { ...at(4, 5), state: 'unavailable', reason: 'look_back' },
      { ...at(5, 7), state: 'failed', error: 'SOURCE_UNAVAILABLE', attempts: 1 },
    ];
    await store.commit({ series, part: { ...emptyPartOf(series), runs } });

    expect(await progress(taskOn(series))).toEqual([
      {
        symbol: 'BTCUSDT',
        instrument: 'binance:BTC/USDT',
        state: 'active',
        note: null,
        error: null,
        expected: 10,
        present: 3,
        empty: 1,
        unavailable: 1,
        provisional: 0,
        failed: 2,
        missing: 3,
        gaps: 2,
        findings: 0,
        watermark: T0 + 5 * MINUTE,
      },
    ]);
  });

  it('ends at the end of the task, not at the present', async () => {
    const series = await collected(aSeries(), [{ ...at(0, 10), state: 'empty' }]);

    const [told] = await progress(taskOn(series, { endTime: T0 + 4 * MINUTE }));

    expect(told).toMatchObject({ expected: 4, empty: 4, missing: 0, watermark: T0 + 4 * MINUTE });
  });

  it('begins with the first slot that opens in the span', async () => {
    const series = await collected(aSeries(), [{ ...at(0, 10), state: 'empty' }]);

    const [told] = await progress(taskOn(series, { startTime: T0 + 1 }));

    expect(told).toMatchObject({ expected: 9, empty: 9 });
  });

  it('counts history back from the creation when no start is given', async () => {
    const hourly = await collected(aSeries({ timeframe: '1h' }));

    const task = taskOn(hourly, {
      startTime: null,
      frequency: '1h',
      config: { ...aTask().config, historyDays: 2 },
    });

    expect(await progress(task)).toMatchObject([{ expected: 48, missing: 48 }]);
  });

  it('expects nothing before the start has come', async () => {
    const series = await collected(aSeries());

    const [told] = await progress(taskOn(series, { startTime: T0 + 60 * MINUTE }));

    expect(told).toMatchObject({ expected: 0, missing: 0, gaps: 0 });
  });

  it('counts only what the calendar expects', async () => {
    const series = await collected(aSeries());
    const odd: Calendar = {
      ...everOpen,
      expected: ({ grid, range }) =>
        [...slotsOf(grid, range)]
          .filter((ts) => (ts / MINUTE) % 2 === 1)
          .map((ts) => ({ from: ts, to: ts + MINUTE })),
    };

    expect(await progress(taskOn(series), odd)).toMatchObject([{ expected: 5, missing: 5 }]);
  });

  it('of a snapshot series begins with the slot under way at the creation: there is no history to miss', async () => {
    const spec = { ...aSeries(), dataType: 'ticker' };
    const series = { ...spec, key: seriesKey(spec) };
    await collected(series, [{ ...at(2, 5), state: 'unavailable', reason: 'missed_snapshot' }]);

    const task = taskOn(series, { dataType: 'ticker', startTime: null, createdAt: T0 + 2 * MINUTE + 1 });

    expect(await progress(task)).toMatchObject([{ expected: 8, unavailable: 3, missing: 5 }]);
  });

  it('has nothing to count of a symbol that is not resolved, and keeps its error', async () => {
    const error = { code: 'SYMBOL_UNKNOWN', message: 'no such symbol', at: T0 };
    const task = aTask({ series: [{ ...freshSeries('NOPE'), state: 'failed', error }] });

    expect(await progress(task)).toMatchObject([
      { symbol: 'NOPE', state: 'failed', error, expected: 0, missing: 0, watermark: null },
    ]);
  });

  it('answers the symbols in the order of the task', async () => {
    const task = aTask({ series: ['C', 'A', 'B'].map(freshSeries) });

    expect((await progress(task)).map((p) => p.symbol)).toEqual(['C', 'A', 'B']);
  });
});
