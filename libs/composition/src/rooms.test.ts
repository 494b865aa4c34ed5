import type { RunOutcome, Task, TaskContent } from '@kairos/domain';
import { DEFAULT_TASK_CONFIG, SourceError, SourceUnavailableError } from '@kairos/domain';
import { FakeClock, klineRow, ScriptedSource } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { house as aHouse, memoryStores, type House, type Stores } from './testing/house.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2024, 0, 11, 0, 30);
const START = Date.UTC(2024, 0, 10);
const BTC = 'binance:BTC/USDT';

const truth = (n: number): ReturnType<typeof klineRow>[] =>
  Array.from({ length: n }, (_, i) => klineRow(START + i * HOUR));

interface Place extends House {
  readonly clock: FakeClock;
  readonly source: ScriptedSource;
  readonly stores: Stores;
}

/** A house at `NOW` over a venue of 200 hours; give the same `stores` to two of them for two workers. */
async function house(
  p: {
    readonly stores?: Stores;
    readonly clock?: FakeClock;
    readonly source?: ScriptedSource;
    readonly worker?: string;
  } = {},
): Promise<Place> {
  const clock = p.clock ?? new FakeClock({ now: NOW, autoAdvance: true });
  const venueNow = (): number => clock.now();
  const source =
    p.source ??
    new ScriptedSource({ id: 'binance', realm: 'sandbox:1', truth: new Map([[BTC, truth(200)]]), venueNow });
  const stores = p.stores ?? memoryStores(clock);
  return { ...aHouse({ clock, source, stores, worker: p.worker }), clock, source, stores };
}

const content = (over: Partial<TaskContent> = {}): TaskContent => ({
  handler: 'collect',
  projectId: 'p',
  dataset: 'd',
  dataType: 'kline',
  source: 'binance',
  symbols: ['BTCUSDT'],
  frequency: '1h',
  startTime: START,
  endTime: START + 20 * HOUR,
  schedule: null,
  timezone: 'UTC',
  job: null,
  config: DEFAULT_TASK_CONFIG,
  ...over,
});

const outcomes = async (h: Place, task: Task): Promise<RunOutcome[]> =>
  (await h.history.list({ uid: task.uid, limit: 100 })).items.map((r) => r.outcome);
const statusOf = async (h: Place, taskId = 'a'): Promise<Task> => (await h.tasks.view({ taskId })).task;

describe('the rooms together', () => {
  it('collect a task with an end until it is completed, and then rest', async () => {
    const h = await house();
    const { task } = await h.tasks.create({ taskId: 'a', content: content() });
    expect(task.status).toBe('running');
    await h.tick();
    const view = await h.tasks.view({ taskId: 'a' });
    expect(view).toMatchObject({
      task: { status: 'completed', health: { state: 'ok' }, lastRun: { outcome: 'succeeded', rows: 20 } },
      nextRunAt: null,
    });
    expect(view.progress).toMatchObject([
      { expected: 20, present: 20, missing: 0, watermark: START + 20 * HOUR, state: 'settled' },
    ]);
    h.clock.set(NOW + 100 * HOUR);
    await h.tick();
    expect(await outcomes(h, task)).toEqual(['succeeded']);
  });

  it('show the progress of a first run while it is under way', async () => {
    const h = await house();
    await h.tasks.create({ taskId: 'a', content: content() });
    let seen: unknown;
    h.source.script = async (call) => {
      if (call.method === 'fetchRange') seen = (await h.tasks.view({ taskId: 'a' })).progress;
      return 'ok' as const;
    };
    await h.tick();
    expect(seen).toMatchObject([{ instrument: BTC, expected: 20, missing: 20, present: 0 }]);
  });

  it('let a pending task start with its own first slot, whatever its policy for missed ones', async () => {
    const h = await house();
    const config = { ...DEFAULT_TASK_CONFIG, missed: 'all' as const };
    const { task } = await h.tasks.create({
      taskId: 'a',
      content: content({ startTime: NOW + 10 * HOUR, endTime: null, config }),
    });
    h.clock.set(NOW + 10 * HOUR + 1_000);
    await h.tick();
    await h.tick();
    expect(await outcomes(h, task)).toEqual(['succeeded']);
  });

  it('go on when a completed task is given a later end', async () => {
    const h = await house();
    await h.tasks.create({ taskId: 'a', content: content() });
    await h.tick();
    const asked = h.source.callsOf('fetchRange').length;
    expect((await h.tasks.update({ taskId: 'a', patch: { endTime: START + 24 * HOUR } })).status).toBe(
      'running',
    );
    await h.clock.advance(1);
    await h.tick();
    expect(await statusOf(h)).toMatchObject({ status: 'completed', rev: 2, lastRun: { rows: 4 } });
    expect(h.source.callsOf('fetchRange').length - asked).toBe(1);
  });

  it('follow the venue: each close is collected by the slot after it', async () => {
    const h = await house();
    const { task } = await h.tasks.create({ taskId: 'a', content: content({ endTime: null }) });
    await h.tick();
    for (let hour = 1; hour <= 3; hour += 1) {
      h.clock.set(Date.UTC(2024, 0, 11, hour, 0, 3));
      await h.tick();
      await h.tick();
    }
    expect(await outcomes(h, task)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded']);
    expect((await h.tasks.view({ taskId: 'a' })).progress).toMatchObject([{ expected: 27, present: 27 }]);
  });

  it('run once for all slots missed while nothing ran, and say so', async () => {
    const h = await house();
    const { task } = await h.tasks.create({ taskId: 'a', content: content({ endTime: null }) });
    await h.tick();
    h.clock.set(Date.UTC(2024, 0, 11, 5, 30));
    await h.tick();
    const [latest] = (await h.history.list({ uid: task.uid, limit: 1 })).items;
    expect(latest).toMatchObject({
      slot: Date.UTC(2024, 0, 11, 5, 0, 2),
      skipped: { n: 4, reason: 'coalesced' },
    });
    expect((await h.tasks.view({ taskId: 'a' })).progress).toMatchObject([{ expected: 29, present: 29 }]);
  });

  it('start a pending task when its time has come', async () => {
    const h = await house();
    const { task } = await h.tasks.create({
      taskId: 'a',
      content: content({ startTime: NOW + HOUR, endTime: NOW + 4 * HOUR }),
    });
    expect(task.status).toBe('pending');
    await h.tick();
    expect(await outcomes(h, task)).toEqual([]);
    h.clock.set(NOW + 10 * HOUR);
    await h.tick();
    expect((await statusOf(h)).status).toBe('completed');
  });

  it('fail a task whose every symbol is unknown, and resume it when mended', async () => {
    const h = await house();
    await h.tasks.create({ taskId: 'a', content: content({ symbols: ['NOSUCH'] }) });
    await h.tick();
    expect(await statusOf(h)).toMatchObject({
      status: 'failed',
      health: { state: 'blocked' },
      error: { code: 'SYMBOL_UNKNOWN' },
    });
    await h.tasks.update({ taskId: 'a', patch: { symbols: ['BTCUSDT'] } });
    await h.clock.advance(1);
    await h.tick();
    expect((await statusOf(h)).status).toBe('completed');
  });

  it('let one bad symbol end its own series only', async () => {
    const h = await house();
    await h.tasks.create({ taskId: 'a', content: content({ symbols: ['NOSUCH', 'BTC/USDT'] }) });
    await h.tick();
    expect(await statusOf(h)).toMatchObject({
      status: 'completed',
      withUnavailable: true,
      series: [{ state: 'failed' }, { state: 'settled' }],
    });
  });

  it("sit out a venue's outage without using up attempts", async () => {
    const h = await house();
    h.source.script = (call) => (call.method === 'fetchRange' ? new SourceUnavailableError('reset') : 'ok');
    await h.tasks.create({
      taskId: 'a',
      content: content({ config: { ...DEFAULT_TASK_CONFIG, retries: 0 } }),
    });
    for (let i = 0; i < 5; i += 1) {
      await h.tick();
      h.clock.set(h.clock.now() + 20 * 60_000);
    }
    expect(await statusOf(h)).toMatchObject({ status: 'running', health: { state: 'degraded' } });
    h.source.script = () => 'ok';
    h.clock.set(h.clock.now() + 2 * HOUR);
    await h.tick();
    expect((await statusOf(h)).status).toBe('completed');
  });

  it('block on a refusal of the whole venue', async () => {
    const h = await house();
    h.source.script = (call) =>
      call.method === 'resolve'
        ? new SourceError('SOURCE_FORBIDDEN', 'blocked region', { scope: 'venue' })
        : 'ok';
    await h.tasks.create({ taskId: 'a', content: content() });
    await h.tick();
    expect(await statusOf(h)).toMatchObject({ status: 'failed', error: { code: 'SOURCE_FORBIDDEN' } });
  });

  it('take over from a dead worker and leave each slot one outcome', async () => {
    const first = await house();
    const { task } = await first.tasks.create({ taskId: 'a', content: content() });
    first.source.script = (call) => (call.method === 'fetchRange' ? { hang: true } : 'ok');
    const gone = first.tick();
    while (first.source.callsOf('fetchRange').length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    const second = await house({ stores: first.stores, clock: first.clock, worker: 'worker-2' });
    await second.tick();
    expect(await outcomes(second, task)).toEqual(['running']);
    expect(await second.scheduler.recover(first.clock.now())).toEqual({ hinted: 0 });
    second.workers.kill('worker-1');
    expect(await second.scheduler.recover(first.clock.now())).toEqual({ hinted: 1 });
    await second.tick();
    expect((await statusOf(second)).status).toBe('completed');
    expect((await outcomes(second, task)).sort()).toEqual(['expired', 'succeeded']);
    void gone;
  });

  it('never run one slot on two workers', async () => {
    const first = await house();
    await first.tasks.create({ taskId: 'a', content: content({ endTime: null }) });
    const second = await house({
      stores: first.stores,
      clock: first.clock,
      source: first.source,
      worker: 'worker-2',
    });
    const { task } = await second.tasks.view({ taskId: 'a' });
    for (let hour = 1; hour <= 5; hour += 1) {
      await Promise.all([first.tick(), second.tick()]);
      first.clock.set(Date.UTC(2024, 0, 11, hour, 0, 5));
    }
    const records = (await first.history.list({ uid: task.uid, limit: 100 })).items;
    expect(new Set(records.map((r) => r.slot)).size).toBe(records.length);
    expect(records.every((r) => r.outcome === 'succeeded')).toBe(true);
  });

  it('stop what runs, keep what was collected, and go on after a start', async () => {
    const h = await house();
    const { task } = await h.tasks.create({ taskId: 'a', content: content({ endTime: null }) });
    await h.tick();
    expect((await h.tasks.stop({ taskId: 'a' })).status).toBe('stopped');
    h.clock.set(Date.UTC(2024, 0, 11, 3, 0, 5));
    await h.tick();
    expect(await outcomes(h, task)).toEqual(['succeeded']);
    await expect(h.tasks.run({ taskId: 'a' })).rejects.toMatchObject({ code: 'TASK_STOPPED' });
    await h.tasks.start({ taskId: 'a' });
    await h.tick();
    expect((await h.tasks.view({ taskId: 'a' })).progress).toMatchObject([{ expected: 27, present: 27 }]);
  });

  it('abandon a run whose task is stopped under it', async () => {
    const h = await house();
    const { task } = await h.tasks.create({ taskId: 'a', content: content() });
    let stopped = false;
    h.source.script = async (call) => {
      if (call.method === 'fetchRange' && !stopped) {
        stopped = true;
        await h.tasks.stop({ taskId: 'a' });
      }
      return 'ok' as const;
    };
    await h.tick();
    expect((await statusOf(h)).status).toBe('stopped');
    expect(await outcomes(h, task)).toEqual(['cancelled']);
    expect((await h.tasks.view({ taskId: 'a' })).progress).toMatchObject([{ present: 0 }]);
  });

  it('forget a deleted task, and give its namesake a life of its own', async () => {
    const h = await house();
    const { task } = await h.tasks.create({ taskId: 'a', content: content() });
    await h.tick();
    await h.tasks.remove({ taskId: 'a' });
    await expect(h.tasks.view({ taskId: 'a' })).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(h.tasks.remove({ taskId: 'a' })).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    const again = await h.tasks.create({ taskId: 'a', content: content() });
    expect(again.task.uid).not.toBe(task.uid);
    const asked = h.source.callsOf('fetchRange').length;
    await h.tick();
    expect(await statusOf(h)).toMatchObject({ status: 'completed', lastRun: { rows: 0 } });
    expect(h.source.callsOf('fetchRange').length).toBe(asked);
  });

  it('run now when told to, once per request id, and not beside another run', async () => {
    const h = await house();
    const { task } = await h.tasks.create({ taskId: 'a', content: content({ endTime: null }) });
    await h.tick();
    const ordered = await h.tasks.run({ taskId: 'a', requestId: 'r-1' });
    await expect(h.tasks.run({ taskId: 'a' })).rejects.toMatchObject({
      code: 'CONFLICT_RUN_ACTIVE',
      details: { run_id: ordered.runId },
    });
    await h.tick();
    expect((await h.tasks.run({ taskId: 'a', requestId: 'r-1' })).runId).toBe(ordered.runId);
    await h.tick();
    expect((await h.history.list({ uid: task.uid, limit: 10 })).items.map((r) => r.kind).sort()).toEqual([
      'm',
      's',
    ]);
  });

  it('answer a repeated create, and refuse another content under the same name', async () => {
    const h = await house();
    expect((await h.tasks.create({ taskId: 'a', content: content() })).created).toBe(true);
    expect((await h.tasks.create({ taskId: 'a', content: content() })).created).toBe(false);
    await expect(
      h.tasks.create({ taskId: 'a', content: content({ frequency: '1d' }) }),
    ).rejects.toMatchObject({ code: 'TASK_EXISTS' });
    const named = await h.tasks.create({ content: content() });
    expect((await h.tasks.create({ content: content() })).task.taskId).toBe(named.task.taskId);
    await expect(
      h.tasks.update({ taskId: 'a', patch: { frequency: '1d' }, expectedRev: 9 }),
    ).rejects.toMatchObject({ code: 'REV_CONFLICT' });
  });

  it('re-read a settled span when told to, through the task that collects it', async () => {
    const h = await house();
    await h.tasks.create({ taskId: 'a', content: content() });
    await h.tick();
    h.source.setTruth(
      BTC,
      truth(200).map((r, i) => (i === 3 ? klineRow(r.ts, 4) : r)),
    );
    const range = { from: START, to: START + 20 * HOUR };
    const ref = { source: 'binance', symbol: 'BTC-USDT', dataType: 'kline', frequency: '1h' };
    await h.tasks.refetch({ series: ref, range, reason: 'audit' });
    await h.tick();
    const [latest] = (await h.tasks.runs({ taskId: 'a', limit: 1 })).items;
    expect(latest).toMatchObject({ kind: 'r', outcome: 'succeeded' });
    expect((await statusOf(h)).status).toBe('completed');
    await expect(
      h.tasks.refetch({ series: { ...ref, symbol: 'ETHUSDT' }, range, reason: 'audit' }),
    ).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  });
});
