import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  endsBySlot,
  fsckErrors,
  HOUR,
  isIdle,
  isWhole,
  kept,
  MINUTE,
  order,
  runsOf,
  served,
  settledBefore,
  until,
  Yard,
  type ShiftedClock,
} from './crash-support.ts';
import { buildServer, type ServerProcess } from './harness.ts';

const YEAR = 365 * 24 * HOUR;
const SYMBOL = 'BTCUSDT';
/** Time goes on in steps shorter than a lease. */
const STEP_MS = 20_000;

/** The venue's clock is the truth; each server's is off by its own error. */
interface Mistaken {
  readonly clock: ShiftedClock;
  errorMs: number;
}

describe('servers whose clocks are wrong', () => {
  let yard: Yard;
  let venue: SandboxVenue;
  let truth: ShiftedClock;
  let mistaken: Mistaken[];
  let path: string;
  let from: number;

  beforeAll(buildServer);

  beforeEach(async () => {
    yard = new Yard();
    mistaken = [];
    path = `${yard.dir}/kairos.sqlite`;
    truth = yard.clock('truth');
    from = settledBefore(truth.now()) - 3 * MINUTE;
    venue = await startSandboxVenue({
      mode: { kind: 'synthetic', seed: 7 },
      clock: truth,
      weightClock: truth,
    });
  });

  afterEach(async () => {
    await yard.remove();
    await venue.close();
  });

  function err(who: Mistaken, errorMs: number): void {
    who.errorMs = errorMs;
    who.clock.shift = truth.shift + errorMs;
  }

  async function server(name: string, errorMs: number): Promise<{ server: ServerProcess; who: Mistaken }> {
    const who = { clock: yard.clock(name), errorMs };
    mistaken.push(who);
    err(who, errorMs);
    return { server: await yard.server({ name, path, venue, clock: who.clock }), who };
  }

  async function keepMinutes(at: ServerProcess): Promise<void> {
    const answer = await at.signal(order({ id: 'live', symbols: [SYMBOL], frequency: '1m', from }));
    expect(answer.body).toMatchObject({ success: true });
    await untilWhole(at);
  }

  /** Until everything is there that closed `lagMs` before what is settled. */
  const untilWhole = (at: ServerProcess, lagMs = 0): Promise<void> => {
    const to = settledBefore(truth.now() - lagMs);
    return until(() => isWhole(at, { symbol: SYMBOL, from, to }), 100);
  };

  /** Time passes for everybody, one step whenever nobody works. */
  async function pass(ms: number, at: ServerProcess): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      await until(() => isIdle(at));
      truth.shift += STEP_MS;
      for (const who of mistaken) err(who, who.errorMs);
    }
  }

  /** No bar is final that had not closed, and none has another value than it came to in the end. */
  async function expectNoneEarly(at: ServerProcess): Promise<void> {
    const rows = await kept(at, SYMBOL, '1m');
    const opens = rows.map((line) => Number(line.slice(0, line.indexOf(','))));
    const end = (opens.at(-1) ?? 0) + MINUTE;
    expect(end).toBeLessThanOrEqual(truth.now());
    expect(rows).toEqual(await served(venue, { symbol: SYMBOL, frequency: '1m', from, to: end }));
  }

  /** Awake, with each slot come to one end, and all promises kept. */
  async function expectSound(at: ServerProcess): Promise<void> {
    await expectNoneEarly(at);
    expect(await at.json('/v1/tasks/live')).toMatchObject({ status: 'running', health: { state: 'ok' } });
    for (const [slot, ends] of endsBySlot(await runsOf(at, 'live'))) expect(ends, slot).toHaveLength(1);
    expect(await fsckErrors(path, truth)).toEqual([]);
  }

  it('do their work while a year ahead, call no bar final early, and go on once set right', async () => {
    const { server: at, who } = await server('a', 0);
    await keepMinutes(at);
    const before = at.lines.length;
    err(who, YEAR);
    await until(() => at.lines.slice(before).some((line) => line.includes('"run.ended"')));
    await expectNoneEarly(at);
    const hours = {
      symbol: 'ETHUSDT',
      frequency: '1h',
      from: Date.UTC(2024, 0, 1),
      to: Date.UTC(2024, 0, 8),
    };
    await at.signal(order({ id: 'hours', symbols: ['ETHUSDT'], ...hours }));
    expect((await at.untilOver('hours'))['status']).toBe('completed');
    expect(await kept(at, 'ETHUSDT', '1h')).toEqual(await served(venue, hours));

    err(who, 0);
    await at.logged('"clock.went_back"');
    await pass(3 * MINUTE, at);
    await untilWhole(at);
    await expectSound(at);
  });

  it('wait while an hour behind, and lose nothing once set right', async () => {
    const { server: at, who } = await server('a', 0);
    await keepMinutes(at);
    err(who, -HOUR);
    await at.logged('"clock.went_back"');
    await pass(2 * MINUTE, at);
    await expectNoneEarly(at);

    err(who, 0);
    await pass(2 * MINUTE, at);
    await untilWhole(at);
    await expectSound(at);
  });

  it.each([MINUTE, -MINUTE])(
    'share the work of one store when one clock is off by %i ms',
    async (errorMs) => {
      const { server: right } = await server('right', 0);
      const { server: wrong } = await server('wrong', errorMs);
      await keepMinutes(right);
      await pass(3 * MINUTE, right);
      await untilWhole(right, Math.abs(errorMs));
      await right.stop();
      await pass(2 * MINUTE, wrong);
      await untilWhole(wrong, Math.abs(errorMs));
      await expectSound(wrong);
    },
  );
});
