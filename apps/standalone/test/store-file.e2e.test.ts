import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fsckErrors, HOUR, kept, order, served, until, Yard, type ShiftedClock } from './crash-support.ts';
import { buildServer, ROOT, type Json, type ServerProcess } from './harness.ts';

const FROM = Date.UTC(2024, 0, 1);
const TO = FROM + 900 * HOUR;
/** An answer of `/health` is kept for ten seconds; a lease, with doubts, holds for 35. */
const HEALTH_MS = 11_000;
const LEASE_MS = 36_000;

const hours = (symbol: string): Json =>
  order({ id: symbol, symbols: [symbol], frequency: '1h', from: FROM, to: TO });

/** Holds a store as another program might, until told to let go. */
const HOLDER = `
  const db = new (require('better-sqlite3'))(process.argv[1]);
  db.exec('BEGIN EXCLUSIVE');
  process.stdout.write('held');
  process.stdin.resume().on('end', () => { db.exec('ROLLBACK'); db.close(); });`;

describe('a server whose store file is tampered with', () => {
  let yard: Yard;
  let clock: ShiftedClock;
  let venue: SandboxVenue;
  let path: string;
  let server: ServerProcess;
  let holder: ChildProcess | undefined;

  /** A store with acknowledged data, as a clean stop leaves it. */
  const shelf = new Yard();
  const backup = `${shelf.dir}/backup.sqlite`;

  beforeAll(async () => {
    buildServer();
    venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7 } });
    const first = await shelf.server({ name: 'first', path: backup, venue });
    expect((await first.signal(hours('BTCUSDT'))).body).toMatchObject({ success: true });
    await first.untilOver('BTCUSDT');
    expect(await first.stop()).toBe(0);
  });

  afterAll(async () => {
    await shelf.remove();
    await venue?.close();
  });

  beforeEach(async () => {
    yard = new Yard();
    path = `${yard.folder('store')}/kairos.sqlite`;
    clock = yard.clock('server');
    copyFileSync(backup, path);
    await start();
  });

  afterEach(async () => {
    venue.intercept = undefined;
    holder?.kill('SIGKILL');
    await yard.remove();
  });

  async function start(): Promise<void> {
    server = await yard.server({ name: 'server', path, venue, clock });
  }

  async function restartOn(file: string): Promise<void> {
    expect(await server.stop()).toBe(0);
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    copyFileSync(file, path);
    await start();
  }

  const untilHealth = (status: number): Promise<void> =>
    until(async () => {
      clock.shift += HEALTH_MS;
      return (await server.get('/health')).status === status;
    });

  /** Nothing is acknowledged, and everybody who asks is told why. */
  async function expectRed(code: string): Promise<void> {
    const begun = server.lines.filter((line) => line.includes('"run.started"')).length;
    expect(await server.signal(hours('ETHUSDT'))).toMatchObject({
      status: 503,
      body: { success: false, code },
    });
    await untilHealth(503);
    expect((await server.get('/health')).text).toContain(code);
    expect(server.lines.filter((line) => line.includes('"run.started"'))).toHaveLength(begun);
  }

  /** What was acknowledged is there, and work goes on. */
  async function expectWhole(): Promise<void> {
    const truth = await served(venue, { symbol: 'BTCUSDT', frequency: '1h', from: FROM, to: TO });
    expect(await kept(server, 'BTCUSDT', '1h')).toEqual(truth);
    expect((await server.signal(hours('LTCUSDT'))).body).toMatchObject({ success: true });
    expect((await server.untilOver('LTCUSDT'))['status']).toBe('completed');
    await untilHealth(200);
    expect(await fsckErrors(path, clock)).toEqual([]);
  }

  it('refuses all work when the file is gone, and has everything when it is back', async () => {
    renameSync(path, `${path}.away`);
    await expectRed('STORE_REPLACED');
    expect(await server.stop()).toBe(0);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();

    renameSync(`${path}.away`, path);
    await start();
    await expectWhole();
  });

  it('has everything it acknowledged since in the file that was moved away, though it is killed then', async () => {
    expect((await server.signal(hours('SOLUSDT'))).body).toMatchObject({ success: true });
    await server.untilOver('SOLUSDT');
    renameSync(path, `${path}.away`);
    expect(await server.signal(hours('ETHUSDT'))).toMatchObject({ status: 503 });
    await server.kill();

    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    renameSync(`${path}.away`, path);
    await start();
    const truth = await served(venue, { symbol: 'SOLUSDT', frequency: '1h', from: FROM, to: TO });
    expect(await kept(server, 'SOLUSDT', '1h')).toEqual(truth);
    await expectWhole();
  });

  it('writes nothing into another store that takes the place of its own, now or after a restart', async () => {
    expect((await server.signal(hours('SOLUSDT'))).body).toMatchObject({ success: true });
    await server.untilOver('SOLUSDT');
    renameSync(path, `${path}.away`);
    copyFileSync(backup, path);
    expect(await server.signal(hours('ETHUSDT'))).toMatchObject({
      status: 503,
      body: { code: 'STORE_REPLACED' },
    });
    await untilHealth(503);
    expect(await server.stop()).toBe(0);
    expect(readFileSync(path).equals(readFileSync(backup))).toBe(true);

    await start();
    expect((await server.get('/v1/tasks/SOLUSDT')).status).toBe(404);
    await expectWhole();
    await restartOn(`${path}.away`);
    expect(await server.json('/v1/tasks/SOLUSDT')).toMatchObject({ status: 'completed' });
    await expectWhole();
  });

  it.each([
    ['nothing', 0],
    ['half', 0.5],
  ])(
    'refuses all work when the file is cut to %s, and has everything once a copy is in its place',
    async (_what, part) => {
      await untilHealth(200);
      truncateSync(path, Math.floor(statSync(path).size * part));
      await expectRed('STORE_CORRUPT');
      await restartOn(backup);
      await expectWhole();
    },
  );

  it('refuses all work once it meets garbage, and has everything once a copy is in its place', async () => {
    // A server that meets it while it starts ends with that error; this one has started.
    expect((await server.signal(hours('SOLUSDT'))).body).toMatchObject({ success: true });
    await server.untilOver('SOLUSDT');
    const { size } = statSync(path);
    const file = openSync(path, 'r+');
    for (let at = 8 * 4_096; at < size; at += 4_096) writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, at);
    closeSync(file);
    const query = await server.get('/v1/series/binance/BTCUSDT/kline/1h');
    expect([query.status, query.text]).toEqual([503, expect.stringContaining('STORE_CORRUPT')]);
    await expectRed('STORE_CORRUPT');
    await restartOn(backup);
    await expectWhole();
  });

  it('refuses what it cannot keep while another program holds the file, and goes on by itself afterwards', async () => {
    let asked: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => (asked = resolve));
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    venue.intercept = async ({ path: wanted }) => {
      if (!wanted.includes('klines')) return undefined;
      asked();
      await answered;
      return undefined;
    };
    expect((await server.signal(hours('SOLUSDT'))).body).toMatchObject({ success: true });
    await underWay;
    holder = spawn(process.execPath, ['-e', HOLDER, path], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
    if (holder.stdout) await once(holder.stdout, 'data');
    answer();
    const refusal = server.signal(hours('ETHUSDT'));
    await server.logged('"queue.hint_failed"', 'STORE_LOCKED');
    expect(await refusal).toMatchObject({ status: 503, body: { success: false, code: 'STORE_LOCKED' } });
    await untilHealth(503);
    expect((await server.get('/v1/tasks/BTCUSDT')).status).toBe(200);

    holder.stdin?.end();
    await once(holder, 'exit');
    await untilHealth(200);
    clock.shift += LEASE_MS;
    expect((await server.untilOver('SOLUSDT'))['status']).toBe('completed');
    const truth = await served(venue, { symbol: 'SOLUSDT', frequency: '1h', from: FROM, to: TO });
    expect(await kept(server, 'SOLUSDT', '1h')).toEqual(truth);
    await expectWhole();
  });
});
