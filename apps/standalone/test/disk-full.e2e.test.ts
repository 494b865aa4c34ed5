import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fsckErrors, HOUR, kept, order, served, until, Yard, type ShiftedClock } from './crash-support.ts';
import { buildServer, scratch, type Json, type ServerProcess } from './harness.ts';

const FROM = Date.UTC(2024, 0, 1);
const TO = FROM + 5_000 * HOUR;
const DISK_BYTES = 16 * 1024 * 1024;
/** An answer of `/health` is kept for ten seconds; a lease, with doubts, holds for 35. */
const HEALTH_MS = 11_000;
const LEASE_MS = 36_000;

const works = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0;

/** A disk of its own wants the right to mount one. */
const canMount = ((): boolean => {
  const place = scratch();
  const can =
    works('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place.dir) && works('umount', place.dir);
  place.remove();
  return can;
})();
if (!canMount) console.warn('no right to mount a small disk here: the tests that fill one are skipped');
const canLimit = works('prlimit', '--version');
if (!canLimit) console.warn('no prlimit here: the test of a disk that refuses to write is skipped');

const hours = (symbol: string): Json =>
  order({ id: symbol, symbols: [symbol], frequency: '1h', from: FROM, to: TO });

describe('a server whose disk takes nothing more', () => {
  let yard: Yard;
  let clock: ShiftedClock;
  let venue: SandboxVenue;
  let disk: string;
  let path: string;
  let server: ServerProcess;
  let answer: () => void = () => undefined;

  beforeAll(buildServer);

  beforeEach(async () => {
    yard = new Yard();
    clock = yard.clock('server');
    disk = yard.folder('disk');
    path = `${disk}/kairos.sqlite`;
    venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7 } });
  });

  afterEach(async () => {
    await yard.remove(() => void works('umount', disk));
    await venue.close();
  });

  /** One job is done and acknowledged, another waits for the venue's answers. */
  async function begin(): Promise<void> {
    server = await yard.server({ name: 'server', path, venue, clock });
    expect((await server.signal(hours('BTCUSDT'))).body).toMatchObject({ success: true });
    await server.untilOver('BTCUSDT');
    expect(await server.stop()).toBe(0);
    server = await yard.server({ name: 'server', path, venue, clock });
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const asked = new Promise<void>((resolve) => {
      venue.intercept = async (request) => {
        if (!request.path.includes('klines')) return undefined;
        resolve();
        await answered;
        return undefined;
      };
    });
    expect((await server.signal(hours('ETHUSDT'))).body).toMatchObject({ success: true });
    await asked;
  }

  const untilHealth = (status: number): Promise<void> =>
    until(async () => {
      clock.shift += HEALTH_MS;
      return (await server.get('/health')).status === status;
    });

  async function expectRed(code: string): Promise<void> {
    answer();
    await server.logged('"queue.hint_failed"', code);
    const begun = server.lines.filter((line) => line.includes('"run.started"')).length;
    expect(await server.signal(hours('SOLUSDT'))).toMatchObject({
      status: 503,
      body: { success: false, code },
    });
    await untilHealth(503);
    expect((await server.get('/health')).text).toContain(code);
    clock.shift += LEASE_MS;
    await server.logged('"tick.failed"', code);
    expect(server.lines.filter((line) => line.includes('"run.started"'))).toHaveLength(begun);
    expect((await server.get('/v1/tasks/BTCUSDT')).status).toBe(200);
  }

  /** Both jobs are there in full, and what was refused is not. */
  async function expectWhole(): Promise<void> {
    expect((await server.untilOver('ETHUSDT'))['status']).toBe('completed');
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      const truth = await served(venue, { symbol, frequency: '1h', from: FROM, to: TO });
      expect(await kept(server, symbol, '1h')).toEqual(truth);
    }
    expect((await server.get('/v1/tasks/SOLUSDT')).status).toBe(404);
    expect(await fsckErrors(path, clock)).toEqual([]);
  }

  it.runIf(canMount)(
    'refuses all work while it is full, and goes on by itself once there is room',
    async () => {
      expect(works('mount', '-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk)).toBe(true);
      await begin();
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(`${disk}/ballast`, Buffer.alloc(bavail * bsize));
      await expectRed('STORE_FULL');

      rmSync(`${disk}/ballast`);
      await untilHealth(200);
      await expectWhole();
    },
  );

  it.runIf(canLimit)(
    'refuses all work after a write that failed, and has everything after a restart',
    async () => {
      await begin();
      expect(works('prlimit', '--pid', String(server.pid), '--fsize=4096:unlimited')).toBe(true);
      await expectRed('STORE_IO');

      expect(works('prlimit', '--pid', String(server.pid), '--fsize=unlimited:unlimited')).toBe(true);
      await untilHealth(503);
      expect(await server.stop()).toBe(0);
      server = await yard.server({ name: 'server', path, venue, clock });
      await untilHealth(200);
      await expectWhole();
    },
  );
});
