import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  endsBySlot,
  fsckErrors,
  isIdle,
  isWhole,
  kept,
  MINUTE,
  order,
  overlaps,
  runsOf,
  served,
  settledBefore,
  until,
  Yard,
  type ShiftedClock,
} from './crash-support.ts';
import { buildServer, type ServerProcess } from './harness.ts';

/** `KAIROS_TEST_LIVE_MINUTES=10` for the full figure, in real time; without it the clocks are moved on, minute by minute. */
const MINUTES = Number(process.env['KAIROS_TEST_LIVE_MINUTES'] ?? 0);
const STEPS = Number(process.env['KAIROS_TEST_LIVE_STEPS'] ?? 3);
/** The clocks are moved on by less than a lease holds: who works meanwhile is not taken for dead. */
const JUMP_MS = 20_000;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'SOLUSDT', 'XRPUSDT', 'ADAUSDT', 'DOGEUSDT', 'LTCUSDT'];
/** Weight a minute. In real time little more than two servers need to begin and to keep eight markets. */
const LIMIT = MINUTES > 0 ? 60 : 240;

describe('two servers that keep live markets in one store', () => {
  let yard: Yard;
  let clock: ShiftedClock;
  let venue: SandboxVenue;
  let path: string;
  let from: number;
  let servers: readonly [ServerProcess, ServerProcess];

  beforeAll(buildServer);

  beforeEach(async () => {
    yard = new Yard();
    clock = yard.clock('everybody');
    path = `${yard.dir}/kairos.sqlite`;
    venue = await startSandboxVenue({
      mode: { kind: 'synthetic', seed: 7 },
      clock,
      weightClock: clock,
      limits: { weightPerMinute: LIMIT },
    });
    const source = 'budget_share: 1';
    servers = [
      await yard.server({ name: 'a', path, venue, clock, source }),
      await yard.server({ name: 'b', path, venue, clock, source }),
    ];
    from = settledBefore(clock.now()) - 3 * MINUTE;
    for (const [i, symbol] of SYMBOLS.entries()) {
      const signal = order({ id: symbol, symbols: [symbol], frequency: '1m', from });
      const answer = await servers[i % 2 === 0 ? 0 : 1].signal(signal);
      expect(answer.body).toMatchObject({ success: true });
    }
  });

  afterEach(async () => {
    await yard.remove();
    await venue.close();
  });

  const allWhole = async (to: number): Promise<boolean> => {
    for (const symbol of SYMBOLS) if (!(await isWhole(servers[0], { symbol, from, to }))) return false;
    return true;
  };

  /** What must hold, however the minutes passed. `to`: everything before it is settled. */
  async function check(to: number): Promise<void> {
    await until(() => allWhole(to), 100);
    for (const server of servers) expect(await server.stop()).toBe(0);
    const { windows, refused429, refused418 } = venue.counts();
    const reader = await yard.server({ name: 'a', path, venue, clock });
    let slots = 0;
    for (const symbol of SYMBOLS) {
      const ends = endsBySlot(await runsOf(reader, symbol));
      for (const [slot, outcomes] of ends) expect(outcomes, `${symbol} at ${slot}`).toHaveLength(1);
      slots += ends.size;
      const rows = (await kept(reader, symbol, '1m')).filter((line) => Number(line.split(',')[0]) < to);
      venue.intercept = undefined;
      expect(rows).toEqual(await served(venue, { symbol, frequency: '1m', from, to }));
    }
    await reader.stop();
    const used = windows.map((w) => w.used);
    const shares = servers.map((s) => s.lines.filter((l) => l.includes('"run.started"')).length);
    console.log(
      `${SYMBOLS.length} markets, ${(to - from) / MINUTE} minutes: ${slots} slots run once each, by the two servers ${shares.join(' + ')}; ` +
        `weight per minute of ${LIMIT} allowed: ${used.join(' ')}; refused ${refused429 + refused418}`,
    );
    expect(overlaps(servers)).toEqual([]);
    expect([refused429, refused418]).toEqual([0, 0]);
    expect(Math.max(...used)).toBeLessThanOrEqual(0.97 * LIMIT);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(await fsckErrors(path, clock)).toEqual([]);
  }

  it.runIf(MINUTES === 0)(
    `run no slot twice and overdraw nothing over ${STEPS} minutes that pass at once`,
    async () => {
      for (let jump = 0; jump < STEPS * (MINUTE / JUMP_MS); jump += 1) {
        await until(() => allWhole(settledBefore(clock.now())), 100);
        await until(() => servers.every(isIdle));
        clock.shift += JUMP_MS;
      }
      await check(settledBefore(clock.now()));
    },
  );

  it.runIf(MINUTES > 0)(
    `run no slot twice and overdraw nothing over ${MINUTES} real minutes`,
    async () => {
      const end = clock.now() + MINUTES * MINUTE;
      await until(() => clock.now() >= end, 1_000);
      await check(settledBefore(end));
    },
    (MINUTES + 3) * MINUTE,
  );
});
