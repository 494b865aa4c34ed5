import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  fsckErrors,
  HOUR,
  kept,
  order,
  runsOf,
  served,
  until,
  Yard,
  type ShiftedClock,
} from './crash-support.ts';
import { buildServer, type ServerProcess } from './harness.ts';

/** `KAIROS_TEST_FREEZE=1` also waits until a lease has run out in real time. */
const REAL = process.env['KAIROS_TEST_FREEZE'] !== undefined;
/** A lease holds for 30 s, and is doubted for 5 s more. */
const LEASE_MS = 36_000;
const FROM = Date.UTC(2024, 0, 1);
const TO = FROM + 5_000 * HOUR;
const hours = { symbol: 'BTCUSDT', frequency: '1h', from: FROM, to: TO } as const;

describe('a server that is frozen past its lease', () => {
  let yard: Yard;
  let venue: SandboxVenue;
  let path: string;
  let clocks: readonly [ShiftedClock, ShiftedClock];
  let worker: ServerProcess;
  let other: ServerProcess;
  let [workersClock, othersClock]: ShiftedClock[] = [];
  let held: (() => void)[] = [];

  beforeAll(buildServer);

  /** Freezes whichever server took the job, while its questions to the venue are open. */
  beforeEach(async () => {
    yard = new Yard();
    held = [];
    path = `${yard.dir}/kairos.sqlite`;
    clocks = [yard.clock('a'), yard.clock('b')];
    venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7 } });
    venue.intercept = async ({ path: asked }) => {
      if (asked.includes('klines')) await new Promise<void>((answer) => held.push(answer));
      return undefined;
    };
    const a = await yard.server({ name: 'a', path, venue, clock: clocks[0] });
    const b = await yard.server({ name: 'b', path, venue, clock: clocks[1] });
    const signal = order({ id: 'hours', symbols: ['BTCUSDT'], frequency: '1h', from: FROM, to: TO });
    expect((await a.signal(signal)).body).toMatchObject({ success: true });
    const byA = await Promise.race([
      a.logged('"run.started"').then(() => true),
      b.logged('"run.started"').then(() => false),
    ]);
    [worker, other] = byA ? [a, b] : [b, a];
    [workersClock, othersClock] = byA ? clocks : [...clocks].reverse();
    await untilAllAsked();
    worker.freeze();
    venue.intercept = undefined;
  });

  afterEach(async () => {
    await yard.remove();
    await venue.close();
  });

  /** Until the worker waits for the venue alone: it answers, and asks no more. */
  async function untilAllAsked(): Promise<void> {
    let before = 0;
    await until(async () => {
      before = held.length;
      await worker.json('/health');
      return held.length > 0 && held.length === before;
    });
  }

  /** The frozen one wakes with the venue's answers before it, and everything must be as if it had not. */
  async function wakeAndCheck(): Promise<void> {
    expect(await kept(other, 'BTCUSDT', '1h')).toEqual(await served(venue, hours));
    for (const answer of held) answer();
    worker.thaw();
    await worker.logged('"run.abandoned"');
    const runs = await runsOf(other, 'hours');
    expect(runs.map((r) => r.outcome).toSorted()).toEqual(['expired', 'succeeded']);
    expect(new Set(runs.map((r) => r.run_id)).size).toBe(1);
    expect(await other.json('/v1/tasks/hours')).toMatchObject({
      status: 'completed',
      health: { state: 'ok' },
    });
    expect(worker.lines.filter((line) => line.includes('"run.ended"'))).toEqual([]);
    expect(await kept(worker, 'BTCUSDT', '1h')).toEqual(await served(venue, hours));
    expect(await fsckErrors(path)).toEqual([]);
  }

  it.each([
    ['knows, once awake, how long it slept', true],
    ['believes that its lease still holds', false],
  ])('may settle nothing more when it %s', async (_what, knows) => {
    if (othersClock) othersClock.shift = LEASE_MS;
    expect((await other.untilOver('hours'))['status']).toBe('completed');
    if (knows && workersClock) workersClock.shift = LEASE_MS;
    await wakeAndCheck();
    if (!knows) return;
    const next = {
      action: 'create_task',
      ...order({ id: 'next', symbols: ['ETHUSDT'], frequency: '1h', from: FROM, to: TO }),
    };
    await other.stop();
    expect((await worker.signal(next)).body).toMatchObject({ success: true });
    expect((await worker.untilOver('next'))['status']).toBe('completed');
  });

  it.runIf(REAL)(
    'may settle nothing more after a real lease has passed',
    async () => {
      expect((await other.untilOver('hours'))['status']).toBe('completed');
      await wakeAndCheck();
    },
    120_000,
  );
});
