import {
  DEFAULT_TASK_CONFIG,
  gridOf,
  rowsOf,
  seriesKey,
  tallyCoverage,
  type CoverageRun,
  type Tally,
  type Task,
  type TimeRange,
} from '@kairos/domain';
import type { VenueBudget } from '@kairos/ports';
import type { SandboxVenue } from '@kairos/sandbox-venue';
import { createCcxtSources } from '@kairos/source-ccxt';
import { FakeClock, silentLogger } from '@kairos/testkit';
import { house, memoryStores, type House } from './house.ts';

const free: VenueBudget = { take: async () => undefined, observe: () => undefined, ban: () => undefined };

export interface VenueJobOptions {
  readonly symbols: readonly string[];
  readonly timeframe: string;
  readonly from: number;
  /** Null: a task without end. */
  readonly to: number | null;
  readonly clock?: FakeClock;
  /** A request that takes longer has failed. Real time: the only thing here that waits for it. */
  readonly timeoutMs: number;
}

/** A task that is collected from a sandbox venue through real HTTP; time passes only in sleeps. */
export interface VenueJob {
  readonly house: House;
  readonly clock: FakeClock;
  task(): Promise<Task>;
  /** Ticks, a minute apart, until the task is no longer running; answers the task. */
  untilOver(mostTurns?: number): Promise<Task>;
  /** Rows as a recording writes them. */
  rows(symbol: string, range: TimeRange): Promise<string[]>;
  runs(symbol: string, range: TimeRange): Promise<readonly CoverageRun[]>;
  counts(symbol: string, range: TimeRange): Promise<Tally['counts']>;
  keyOf(symbol: string): string;
  close(): Promise<void>;
}

const MINUTE = 60_000;
const TASK = 'job';

/** Opens the source while the venue behaves, and creates the task. Nothing is collected yet. */
export async function openVenueJob(venue: SandboxVenue, p: VenueJobOptions): Promise<VenueJob> {
  const clock = p.clock ?? new FakeClock({ now: venue.clock.now(), autoAdvance: true });
  const sources = createCcxtSources({
    sources: { binance: { baseUrl: venue.url, realm: venue.realm, timeoutMs: p.timeoutMs } },
    budget: free,
    clock,
    log: silentLogger,
  });
  venue.faults = undefined;
  const source = await sources.open('binance');
  const stores = memoryStores(clock);
  const h = house({ clock, source, stores });
  await h.tasks.create({
    taskId: TASK,
    content: {
      handler: 'collect',
      projectId: 'p',
      dataset: 'd',
      dataType: 'kline',
      source: 'binance',
      symbols: [...p.symbols],
      frequency: p.timeframe,
      startTime: p.from,
      endTime: p.to,
      schedule: null,
      timezone: 'UTC',
      job: null,
      config: { ...DEFAULT_TASK_CONFIG, retries: 20 },
    },
  });
  const task = async (): Promise<Task> => (await h.tasks.view({ taskId: TASK })).task;
  const keyOf = (symbol: string): string =>
    seriesKey({
      realm: venue.realm,
      source: 'binance',
      instrument: `binance:${symbol}`,
      dataType: 'kline',
      timeframe: p.timeframe,
      price: 'last',
      anchorMs: 0,
    });
  const runs = (symbol: string, range: TimeRange): Promise<readonly CoverageRun[]> =>
    stores.series.coverage({ key: keyOf(symbol), range });
  return {
    house: h,
    clock,
    task,
    keyOf,
    runs,
    untilOver: async (mostTurns = 20_000) => {
      for (let turn = 0; turn < mostTurns; turn += 1) {
        await h.tick();
        if ((await task()).status !== 'running') break;
        await clock.advance(MINUTE);
      }
      return task();
    },
    rows: async (symbol, range) => {
      const rows: string[] = [];
      for await (const part of stores.series.read({ key: keyOf(symbol), range }))
        for (const row of rowsOf(part.batch)) rows.push([row.ts, ...row.values.slice(0, 5)].join(','));
      return rows;
    },
    counts: async (symbol, range) =>
      tallyCoverage(gridOf(p.timeframe), range, [range], await runs(symbol, range)).counts,
    close: () => sources.close(),
  };
}
