import {
  DEFAULT_TASK_CONFIG,
  sameRow,
  seriesKey,
  type CoverageRun,
  type RecordBatch,
  type TaskContent,
  type TimeRange,
} from '@kairos/domain';
import { checkStore } from '@kairos/fsck';
import { openSqliteStore } from '@kairos/store-sqlite';
import { FakeClock } from '@kairos/testkit';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CrashPlan, Died, throughPlan, type CrashMode } from './crash.ts';
import { house, memoryStores, type CheckedStores, type House, type Stores } from './house.ts';
import { BatchSource } from './recorded.ts';

/** What is collected, from which truth, and for how long somebody looks after it. */
export interface CrashJob {
  /** By symbol: `BTC/USDT`. All rows are on the grid. */
  readonly truth: ReadonlyMap<string, RecordBatch>;
  readonly timeframe: string;
  readonly span: { readonly from: number; readonly to: number | null };
  readonly pageSize: number;
  /** At most so many rows uncommitted; null: a page. */
  readonly batchSize: number | null;
  /** Our clock and the venue's begin here. */
  readonly now: number;
  /** A task without an end is looked after until then. */
  readonly until: number;
  /** Between two ticks. */
  readonly turnMs: number;
  /** How much of the store is checked as it lies in the end; undefined: all of it. */
  readonly sample: number | undefined;
}

/** A kind of store that outlives workers. */
export type Vessel = (clock: FakeClock) => Promise<OpenVessel>;

export interface OpenVessel {
  readonly stores: CheckedStores;
  /** As after the death of the process that had it open. */
  reopen(): Promise<CheckedStores>;
  close(): Promise<void>;
}

/** Keeps everything in memory, which survives what this test calls a death. */
export const inMemory: Vessel = async (clock) => {
  const stores = memoryStores(clock);
  return { stores, reopen: async () => stores, close: async () => undefined };
};

/** A new file in a folder for each time; closed and opened anew at a restart. */
export const inSqlite =
  (folder: string): Vessel =>
  async () => {
    const path = join(folder, `${randomUUID()}.sqlite`);
    let open = await openSqliteStore({ path });
    return {
      stores: open,
      reopen: async () => {
        await open.close();
        open = await openSqliteStore({ path });
        return open;
      },
      close: () => open.close(),
    };
  };

type Fact = Pick<CoverageRun, 'from' | 'to' | 'state'>;

/** The end of a job: what all its failures must lead to. */
export interface Ending {
  readonly calls: readonly string[];
  readonly facts: readonly (readonly Fact[])[];
}

const REALM = 'recording:binance';
const NO_CRASH = 0;
const COMPACTED_AFTER_MS = 5 * 60_000;
/** A job that is not over after so many turns will never be. */
const MOST_TURNS = 2_000;

const contentOf = (job: CrashJob): TaskContent => ({
  handler: 'collect',
  projectId: 'p',
  dataset: 'd',
  dataType: 'kline',
  source: 'binance',
  symbols: [...job.truth.keys()].map((symbol) => symbol.replace('/', '')),
  frequency: job.timeframe,
  startTime: job.span.from,
  endTime: job.span.to,
  schedule: null,
  timezone: 'UTC',
  job: null,
  config: { ...DEFAULT_TASK_CONFIG, batchSize: job.batchSize },
});

/** One job in one world: the clock, the venue and the store go on when workers die. */
class World {
  readonly clock: FakeClock;
  readonly #job: CrashJob;
  readonly #vessel: OpenVessel;
  readonly #source: BatchSource;
  stores: CheckedStores;

  constructor(job: CrashJob, clock: FakeClock, vessel: OpenVessel) {
    this.#job = job;
    this.clock = clock;
    this.#vessel = vessel;
    this.stores = vessel.stores;
    const truth = new Map([...job.truth].map(([symbol, rows]) => [`binance:${symbol}`, rows]));
    const venueNow = (): number => clock.now();
    const facts = { pageSize: job.pageSize };
    this.#source = new BatchSource({ id: 'binance', realm: REALM, truth, venueNow, facts });
  }

  static async open(job: CrashJob, vessel: Vessel): Promise<World> {
    const clock = new FakeClock({ now: job.now, autoAdvance: true });
    return new World(job, clock, await vessel(clock));
  }

  async restart(): Promise<void> {
    this.stores = await this.#vessel.reopen();
  }

  close(): Promise<void> {
    return this.#vessel.close();
  }

  /** A worker whose every call of a store or of the venue may be its last. */
  worker(plan: CrashPlan, name: string): House {
    const { tasks, history, series } = this.stores;
    const stores: Stores = {
      tasks: throughPlan(tasks, plan, [
        'create',
        'replace',
        'remove',
        'getDue',
        'getDues',
        'putDue',
        'getByUid',
        'get',
        'dueBefore',
      ]),
      history: throughPlan(history, plan, ['put']),
      series: throughPlan(series, plan, ['commit', 'coverage', 'ensureSeries', 'evidence', 'compact']),
    };
    const source = throughPlan(this.#source, plan, ['resolve', 'venueTime', 'earliest', 'fetchRange']);
    return house({ clock: this.clock, stores, source, worker: name });
  }

  async order(h: House): Promise<void> {
    await h.tasks.create({ taskId: 'job', content: contentOf(this.#job) }).catch(() => undefined);
  }

  /** Lets a worker go on until the job is over, or it dies; failures that it survives are retried by later ticks. */
  async live(h: House, plan: CrashPlan): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS && !plan.dead; turn += 1) {
      await this.#turn(h).catch((error: unknown) => {
        if (error instanceof Died || plan.dead) return;
        if ((error as { code?: string }).code !== 'STORE_UNKNOWN_OUTCOME') throw error;
      });
      if (plan.dead || (await this.#isOver())) return;
      await this.clock.advance(this.#job.turnMs);
    }
  }

  /** A tick and a slice of compaction, as a server does them. */
  async #turn(h: House): Promise<void> {
    await h.tick();
    await h.series.compact({ settledBefore: this.clock.now() - COMPACTED_AFTER_MS, maxRows: 4_000 });
  }

  async #isOver(): Promise<boolean> {
    const task = await this.stores.tasks.get({ taskId: 'job' });
    const due = task && (await this.stores.tasks.getDue({ uid: task.uid }));
    if (this.#job.span.to !== null) return task?.status === 'completed' && due?.active === null;
    return this.clock.now() >= this.#job.until && due?.active === null;
  }

  /** Every row is the venue's, every slot has one outcome, and the store is whole. */
  async ending(calls: readonly string[], what: string): Promise<Ending> {
    const { tasks, history } = this.stores;
    const task = await tasks.get({ taskId: 'job' });
    expect(task?.status, what).toBe(this.#job.span.to === null ? 'running' : 'completed');
    const records = (await history.list({ uid: task?.uid ?? '', limit: 1_000 })).items;
    const open = records.filter((r) => r.outcome === 'running');
    expect(open, what).toEqual([]);
    for (const runId of new Set(records.map((r) => r.runId))) {
      const done = records.filter((r) => r.runId === runId && r.outcome === 'succeeded');
      expect(done.length, `${what}: ${runId}`).toBeLessThanOrEqual(1);
    }
    const broken: string[] = [];
    const check = checkStore({ ...this.stores, clock: this.clock }, { sample: this.#job.sample });
    for await (const v of check)
      if (v.severity === 'error') broken.push(`${v.code} ${JSON.stringify(v.where)} ${v.detail}`);
    expect(broken, what).toEqual([]);
    const facts: Fact[][] = [];
    for (const [symbol, truth] of this.#job.truth) facts.push(await this.#facts(symbol, truth, what));
    return { calls, facts };
  }

  async #facts(symbol: string, truth: RecordBatch, what: string): Promise<Fact[]> {
    const key = seriesKey({
      realm: REALM,
      source: 'binance',
      instrument: `binance:${symbol}`,
      dataType: 'kline',
      timeframe: this.#job.timeframe,
      price: 'last',
      anchorMs: 0,
    });
    const range: TimeRange = { from: this.#job.span.from, to: this.#job.span.to ?? this.#job.until };
    const n = await this.#compared(key, range, truth);
    const expected = truth.ts.filter((ts) => ts >= range.from && ts < range.to && this.#isClosed(ts)).length;
    expect(n, `${what}: rows of ${symbol} that are the venue's`).toBe(expected);
    const facts: { from: number; to: number; state: CoverageRun['state'] }[] = [];
    for (const { from, to, state } of await this.stores.series.coverage({ key, range })) {
      const last = facts.at(-1);
      if (last?.to === from && last.state === state) last.to = to;
      else facts.push({ from, to, state });
    }
    return facts;
  }

  #isClosed(ts: number): boolean {
    return this.#job.span.to !== null || ts + 3_600_000 <= this.#job.until;
  }

  /** How many rows are kept, all of which are the truth's; negative where one is not. */
  async #compared(key: string, range: TimeRange, truth: RecordBatch): Promise<number> {
    const places = new Map(Array.from(truth.ts, (ts, i) => [ts, i]));
    let n = 0;
    for await (const { batch } of this.stores.series.read({ key, range })) {
      for (let i = 0; i < batch.n; i += 1, n += 1) {
        const place = places.get(batch.ts[i] ?? NaN);
        if (place === undefined || !sameRow(batch, i, truth, place)) return -1 - n;
      }
    }
    return n;
  }
}

/** The job without a failure. */
export async function calm(job: CrashJob, vessel: Vessel): Promise<Ending> {
  const w = await World.open(job, vessel);
  try {
    const plan = new CrashPlan(NO_CRASH);
    const h = w.worker(plan, 'first');
    await w.order(h);
    await w.live(h, plan);
    const { names } = plan;
    return await w.ending(names, 'without a failure');
  } finally {
    await w.close();
  }
}

/** The job with one failure, after which a second worker takes over. */
export async function crashed(
  job: CrashJob,
  vessel: Vessel,
  p: { readonly at: number; readonly mode: CrashMode; readonly what: string },
): Promise<Ending> {
  const w = await World.open(job, vessel);
  try {
    const plan = new CrashPlan(p.at, p.mode);
    const first = w.worker(plan, 'first');
    await w.order(first);
    await w.live(first, plan);
    expect(plan.names.length, `${p.what}: the call is reached`).toBeGreaterThanOrEqual(p.at);
    await w.restart();
    const healthy = new CrashPlan(NO_CRASH);
    const second = w.worker(healthy, 'second');
    second.workers.kill('first');
    await w.order(second);
    await second.scheduler.recover(w.clock.now());
    await w.live(second, healthy);
    return await w.ending(healthy.names, p.what);
  } finally {
    await w.close();
  }
}
