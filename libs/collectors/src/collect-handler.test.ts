import { DEFAULT_TASK_CONFIG, floorTo, seriesKey, type Task } from '@kairos/domain';
import type { RunContext } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import {
  aTask,
  FakeClock,
  FakeIds,
  forEverySource,
  klineRow,
  ScriptedSource,
  silentLogger,
} from '@kairos/testkit';
import { expect, it } from 'vitest';
import { CollectHandler } from './collect-handler.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 1);
const INSTRUMENT = 'binance:BTC/USDT';

const task: Task = aTask({
  frequency: '1h',
  startTime: START,
  config: DEFAULT_TASK_CONFIG,
  series: [
    {
      symbol: 'BTCUSDT',
      state: 'pending',
      instrument: null,
      seriesKey: null,
      note: null,
      error: null,
      watermark: null,
    },
  ],
});

it('tells which series it found also when it hands over, so that their progress can be seen', async () => {
  const clock = new FakeClock({ now: START + 500 * HOUR, autoAdvance: true });
  const rows = Array.from({ length: 500 }, (_, i) => klineRow(START + i * HOUR));
  const source = new ScriptedSource({
    id: 'binance',
    realm: 'sandbox:1',
    truth: new Map([[INSTRUMENT, rows]]),
    venueNow: () => clock.now(),
    facts: { pageSize: 100, concurrency: 1 },
  });
  const handler = new CollectHandler(
    {
      store: new MemorySeriesStore(new MemoryStore()),
      calendars: forEverySource({
        id: 'always',
        expected: ({ range }) => [range],
        closedBefore: ({ grid, now }) => floorTo(grid, now),
      }),
      clock,
      ids: new FakeIds(1),
      log: silentLogger,
    },
    {
      ids: () => ['binance'],
      describe: () => undefined,
      open: async () => source,
      close: async () => undefined,
    },
  );
  const stop = new AbortController();
  source.script = (call) => {
    if (call.method === 'fetchRange') stop.abort();
    return 'ok';
  };
  const context: RunContext = {
    task,
    runId: 'r',
    kind: 's',
    slot: START,
    attempt: 0,
    skipped: null,
    refetch: null,
    fence: { uid: task.uid, fence: 1 },
    deadline: Infinity,
    signal: stop.signal,
    log: silentLogger,
    ensure: async () => undefined,
  };
  const key = seriesKey({
    realm: 'sandbox:1',
    source: 'binance',
    instrument: INSTRUMENT,
    dataType: 'kline',
    timeframe: '1h',
    price: 'last',
    anchorMs: 0,
  });
  expect(await handler.run(context)).toMatchObject({
    outcome: 'handed_over',
    series: [{ symbol: 'BTCUSDT', state: 'active', instrument: INSTRUMENT, seriesKey: key }],
  });
});
