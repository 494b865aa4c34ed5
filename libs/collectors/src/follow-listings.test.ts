import {
  DEFAULT_TASK_CONFIG,
  floorTo,
  LeaseLostError,
  RateLimitedError,
  seriesKey,
  SourceUnavailableError,
  type InstrumentId,
  type Task,
  type TaskSeries,
} from '@kairos/domain';
import type { MarketDataSource, RunContext, RunResult } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import {
  aDue,
  aTask,
  FakeClock,
  FakeIds,
  forEverySource,
  klineRow,
  RecordingLogger,
  ScriptedSource,
} from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { CollectHandler } from './collect-handler.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 1);
const HOURS = 6;

const rows = (from = 0): ReturnType<typeof klineRow>[] =>
  Array.from({ length: HOURS + 40 - from }, (_, i) => klineRow(START + (from + i) * HOUR));
const market = (symbol: string): InstrumentId => `binance:${symbol}`;
const keyOf = (symbol: string): string =>
  seriesKey({
    realm: 'sandbox:1',
    source: 'binance',
    instrument: market(symbol),
    dataType: 'kline',
    timeframe: '1h',
    price: 'last',
    anchorMs: 0,
  });

interface Place {
  readonly source: ScriptedSource;
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  task(): Task;
  /** One run, whose result is folded into the task. */
  run(over?: Partial<RunContext>): Promise<RunResult>;
  /** Hours of a symbol that are present. */
  present(symbol: string): Promise<number>;
}

/** A venue of three coins against USDT, and a task of these symbols; the clock stands after six hours. */
function place(symbols: readonly string[], over: Partial<Task> = {}, unlisting = false): Place {
  const clock = new FakeClock({ now: START + HOURS * HOUR + 10_000, autoAdvance: true });
  const source = new ScriptedSource({
    id: 'binance',
    realm: 'sandbox:1',
    truth: new Map(['BTC/USDT', 'ETH/USDT', 'ADA/USDT', 'ETH/BTC'].map((s) => [market(s), rows()])),
    venueNow: () => clock.now(),
    turnovers: new Map([
      [market('BTC/USDT'), '300'],
      [market('ETH/USDT'), '200'],
      [market('ADA/USDT'), '100'],
    ]),
  });
  if (unlisting) Object.defineProperty(source, 'markets', { value: undefined });
  const opened: MarketDataSource = source;
  const log = new RecordingLogger();
  const data = new MemoryStore();
  const store = new MemorySeriesStore(data);
  const handler = new CollectHandler(
    {
      store,
      calendars: forEverySource({
        id: 'always',
        expected: ({ range }) => [range],
        closedBefore: ({ grid, now }) => floorTo(grid, now),
      }),
      clock,
      ids: new FakeIds(1),
      log,
    },
    {
      ids: () => ['binance'],
      describe: () => undefined,
      open: async () => opened,
      close: async () => undefined,
    },
  );
  let task = aTask({ frequency: '1h', startTime: START, config: DEFAULT_TASK_CONFIG, symbols, ...over });
  const ready = new MemoryTaskStore(data).create({ task, due: aDue({ uid: task.uid, fence: 1 }) });
  return {
    source,
    clock,
    log,
    task: () => task,
    run: async (more = {}) => {
      await ready;
      const result = await handler.run({
        task,
        runId: 'r',
        kind: 's',
        slot: START,
        attempt: 0,
        skipped: null,
        refetch: null,
        fence: { uid: task.uid, fence: 1 },
        deadline: Infinity,
        signal: new AbortController().signal,
        log,
        ensure: async () => undefined,
        changeSeries: async (change) => {
          const series = change(task.series);
          task = { ...task, series };
          return series;
        },
        ...more,
      });
      task = { ...task, series: result.series ?? task.series };
      return result;
    },
    present: async (symbol) => {
      const range = { from: START, to: clock.now() };
      const runs = await store.coverage({ key: keyOf(symbol), range });
      return runs.filter((r) => r.state === 'present').reduce((n, r) => n + (r.to - r.from) / HOUR, 0);
    },
  };
}

const symbolsOf = (series: readonly TaskSeries[] | undefined): string[] =>
  (series ?? []).map((s) => s.symbol);
const leftOf = (p: Place): string[] =>
  symbolsOf(p.task().series.filter((s) => typeof s.selected?.left === 'number'));

describe('a run of a task with selectors', () => {
  it('collects what they find, and puts it into the task before the first record is fetched', async () => {
    const p = place(['*/USDT', '!ADA/USDT', 'ETH/BTC'], { series: [] });
    let first: unknown;
    p.source.script = (call) => {
      if (call.method === 'fetchRange') first ??= symbolsOf(p.task().series);
      return 'ok';
    };

    const result = await p.run();

    expect(first).toEqual(['BTC/USDT', 'ETH/USDT']);
    expect(result).toMatchObject({ outcome: 'succeeded', healthReasons: [] });
    expect(result.stats.selection).toEqual({ found: 2, came: 2, left: 0 });
    expect(await p.present('BTC/USDT')).toBe(HOURS);
    expect(symbolsOf(result.series)).not.toContain('ADA/USDT');
    expect(p.source.callsOf('markets').map((c) => c.params)).toEqual([{ kinds: ['spot'], turnover: false }]);
  });

  it('lists nothing for a task of names alone', async () => {
    const p = place(['BTCUSDT'], { series: [] });
    await p.run();

    expect(p.source.callsOf('markets')).toEqual([]);
  });

  it('takes up a new listing with history from the start of the task', async () => {
    const p = place(['*/USDT']);
    await p.run();
    p.source.setTruth(market('NEW/USDT'), rows(4));
    p.clock.set(p.clock.now() + HOUR);

    const result = await p.run();

    expect(result.stats.selection).toEqual({ found: 4, came: 1, left: 0 });
    expect(await p.present('NEW/USDT')).toBe(HOURS + 1 - 4);
    expect(p.task().series.at(-1)).toMatchObject({
      symbol: 'NEW/USDT',
      watermark: START + (HOURS + 1) * HOUR,
    });
    expect(result.withUnavailable).toBe(true);
  });

  it('goes on collecting what leaves a top list, marked, without a hole when it comes back', async () => {
    const p = place(['top:2:USDT']);
    await p.run();
    expect(symbolsOf(p.task().series)).toEqual(['BTC/USDT', 'ETH/USDT']);

    p.source.setTurnover(market('ADA/USDT'), '250.5');
    p.clock.set(p.clock.now() + HOUR);
    const second = await p.run();

    expect(second.stats.selection).toEqual({ found: 2, came: 1, left: 1 });
    expect(symbolsOf(p.task().series)).toEqual(['BTC/USDT', 'ETH/USDT', 'ADA/USDT']);
    expect(leftOf(p)).toEqual(['ETH/USDT']);
    expect(await p.present('ETH/USDT')).toBe(HOURS + 1);
    expect(second.healthReasons).toEqual([]);
    expect(p.log.entries.filter((e) => e.event === 'symbols.changed').at(-1)?.fields).toMatchObject({
      came: ['ADA/USDT'],
      left: ['ETH/USDT'],
    });

    p.source.setTurnover(market('ETH/USDT'), '400');
    p.clock.set(p.clock.now() + HOUR);
    await p.run();

    expect(leftOf(p)).toEqual(['ADA/USDT']);
    expect(await p.present('ETH/USDT')).toBe(HOURS + 2);
  });

  it('ends the series of a delisted market alone, and takes it up when it is listed again', async () => {
    const p = place(['*/BTC'], { endTime: START + 100 * HOUR });
    await p.run();
    p.source.delist(market('ETH/BTC'));
    p.clock.set(p.clock.now() + HOUR);

    const gone = await p.run();

    expect(gone).toMatchObject({ outcome: 'succeeded', complete: false });
    expect(gone.healthReasons[0]).toContain('*/BTC finds no active market of binance');
    expect(p.task().series).toMatchObject([
      { symbol: 'ETH/BTC', state: 'failed', watermark: START + HOURS * HOUR },
    ]);
    expect(await p.present('ETH/BTC')).toBe(HOURS);

    p.source.setTruth(market('ETH/BTC'), rows());
    await p.run();

    expect(p.task().series).toMatchObject([{ state: 'active', error: null, selected: { left: null } }]);
    expect(await p.present('ETH/BTC')).toBe(HOURS + 1);
  });

  it('keeps the series of the last listing when the venue gives none, and says so', async () => {
    const p = place(['*/USDT'], { endTime: START + HOURS * HOUR });
    await p.run();
    const before = symbolsOf(p.task().series);
    p.clock.set(p.clock.now() + HOUR);
    p.source.script = (call) =>
      call.method === 'markets' ? new SourceUnavailableError('no list today') : 'ok';

    const result = await p.run();

    expect(symbolsOf(p.task().series)).toEqual(before);
    expect(leftOf(p)).toEqual([]);
    expect(result).toMatchObject({ outcome: 'succeeded', complete: false });
    expect(result.stats.selection).toBeUndefined();
    expect(result.healthReasons).toEqual([
      'the markets of binance could not be listed, those of the last listing go on: no list today',
    ]);
    p.source.script = () => 'ok';
    expect(await p.run()).toMatchObject({ complete: true, healthReasons: [] });
  });

  it('fails for now, and comes back, when there is no last listing to go on with', async () => {
    const p = place(['*/USDT']);
    p.source.script = (call) => (call.method === 'markets' ? new RateLimitedError('wait', 60_000) : 'ok');

    const result = await p.run();

    expect(result).toMatchObject({
      outcome: 'failed',
      freeRetry: true,
      notBefore: p.clock.now() + 60_000,
      error: { permanent: false },
      complete: false,
    });
    expect(result.healthReasons).toHaveLength(1);
    expect(p.source.callsOf('fetchRange')).toEqual([]);
  });

  it('tells a selector that finds nothing, and is not complete for lack of work', async () => {
    const p = place(['*/XYZ', 'BTCUSDT'], { series: [], endTime: START + HOUR });
    const result = await p.run();

    expect(result).toMatchObject({ outcome: 'succeeded', complete: false });
    expect(result.healthReasons).toEqual(['*/XYZ finds no active market of binance that is not excluded']);
  });

  it('tells when a venue names no turnover to rank by', async () => {
    const p = place(['top:2:BTC']);

    expect((await p.run()).healthReasons).toEqual([
      'top:2:BTC finds no active market of binance that is not excluded',
    ]);
    const silent = place(['top:2:USDT']);
    for (const symbol of ['BTC/USDT', 'ETH/USDT', 'ADA/USDT']) silent.source.delist(market(symbol));
    expect((await silent.run()).healthReasons).toEqual([
      'binance tells no turnover: top:2:USDT finds nothing',
    ]);
  });

  it('tells when the source cannot list its markets, and collects what is named', async () => {
    const named = { symbol: 'BTCUSDT', state: 'pending', instrument: null, seriesKey: null } as const;
    const series = [{ ...named, note: null, error: null, watermark: null }];
    const p = place(['*/USDT', 'BTCUSDT'], { series }, true);

    const result = await p.run();

    expect(result.healthReasons).toEqual([
      'binance cannot list its markets: no selector in symbols finds anything',
    ]);
    expect(await p.present('BTC/USDT')).toBe(HOURS);
  });

  it('looks nothing up for a refetch', async () => {
    const p = place(['*/USDT']);
    await p.run();
    const asked = p.source.callsOf('markets').length;

    await p.run({
      kind: 'r',
      refetch: { seriesKey: keyOf('BTC/USDT'), from: START, to: START + HOUR, reason: 'doubt' },
    });

    expect(p.source.callsOf('markets')).toHaveLength(asked);
    expect(symbolsOf(p.task().series)).toHaveLength(3);
  });

  it('collects nothing when the task cannot be written: another has it now', async () => {
    const p = place(['*/USDT']);

    const lost = p.run({
      changeSeries: async () => {
        throw new LeaseLostError('aaaaaaaaaaaa', 1);
      },
    });

    await expect(lost).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(p.source.callsOf('fetchRange')).toEqual([]);
  });

  it('hands over with the series it found', async () => {
    const p = place(['*/USDT']);
    const stop = new AbortController();
    p.source.script = (call) => {
      if (call.method === 'fetchRange') stop.abort();
      return 'ok';
    };

    const result = await p.run({ signal: stop.signal });

    expect(result).toMatchObject({ outcome: 'handed_over', stats: { selection: { came: 3 } } });
    expect(symbolsOf(result.series)).toEqual(['ADA/USDT', 'BTC/USDT', 'ETH/USDT']);
  });
});
