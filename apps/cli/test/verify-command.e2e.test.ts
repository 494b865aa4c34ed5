import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from '@kairos/store-sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collected, DAY, MINUTE, world, type World } from './lying-venue.ts';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
const NOW = Date.UTC(2024, 5, 1);
const FROM = NOW - 3 * DAY;
const at = (minute: number): number => FROM + minute * MINUTE;
const dir = mkdtempSync(join(tmpdir(), 'kairos-verify-'));
const config = join(dir, 'kairos.yaml');
const path = join(dir, 'kairos.sqlite');
const LIES = [
  { kind: 'hidden', symbol: 'BTCUSDT', interval: '1m', openTime: at(61) },
  { kind: 'altered', field: 'volume', symbol: 'BTCUSDT', interval: '1m', openTime: at(203) },
  { kind: 'altered', field: 'close', symbol: 'BTCUSDT', interval: '1m', openTime: at(402) },
] as const;

let w: World;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built command, beside this process: the venue lives here. `then`: told the child once it runs. */
function node(
  args: readonly string[],
  then?: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAIROS_')));
  const child = spawn(process.execPath, args, { cwd: ROOT, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  then?.((signal) => void child.kill(signal));
  return new Promise((done) => void child.once('close', (code) => done({ code, out, err })));
}

const kairos = (...args: readonly string[]): Promise<Ended> =>
  node(['apps/cli/bin/kairos.mjs', 'verify', '--config', config, ...args]);

function configure(sources: string): void {
  writeFileSync(config, `task_store: { type: sqlite, path: ${path} }\nlocale: en\nsources: { ${sources} }\n`);
}

const lying = (): string => `binance: { base_url: '${w.venue.url}', realm: '${w.venue.realm}' }`;
const mirror = (): string =>
  `mirror: { exchange: binance, base_url: '${w.truth.url}', realm: '${w.truth.realm}' }`;

beforeAll(async () => {
  expect(await node(['apps/cli/build.mjs'])).toMatchObject({ code: 0 });
  const store = await openSqliteStore({ path });
  w = await world({ kind: 'synthetic', seed: 'command' }, NOW, LIES, store.series);
  await collected(w, { symbol: 'BTCUSDT', timeframe: '1m', from: FROM, to: at(600) });
  await store.close();
  configure(lying());
});
afterAll(async () => {
  await w.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('kairos verify', () => {
  it('tells what the longer bars contradict, keeps it, and finds the same again', async () => {
    const first = await kairos('binance', 'BTCUSDT', '1m');

    expect({ code: first.code, err: first.err }).toEqual({ code: 1, err: '' });
    expect(first.out).toMatch(/599 bars and 1 absences/);
    expect(first.out).toMatch(/against longer bars 5m: 600 slots compared\n/);
    expect(first.out).toMatch(
      /absence_contradicted {2}2024-05-29T01:01:00\.000Z\n {2}stored as absent.*\n {2}the 1s bars at .*: volume [\d.]+, here 0; /,
    );
    expect(first.out).toMatch(/quote_volume_differs {2}2024-05-29T03:23:00\.000Z\n/);
    expect(first.out).toMatch(/2 findings/);

    const again = await kairos('--json');
    const report = JSON.parse(again.out) as {
      findings: number;
      series: { findings: { new: boolean; code: string; accounts: unknown[] }[] }[];
    };
    expect(again.code).toBe(1);
    expect(report.findings).toBe(2);
    expect(report.series[0]?.findings.map((f) => [f.code, f.new])).toEqual([
      ['absence_contradicted', false],
      ['quote_volume_differs', false],
    ]);
    const store = await openSqliteStore({ path, readOnly: true });
    const [series] = (await store.series.listSeries({ filter: {}, limit: 10 })).items;
    const kept = await store.series.findings({ key: series?.key ?? '', limit: 10 });
    await store.close();
    expect(kept.map((f) => f.ts).sort()).toEqual([at(61), at(203)]);
  });

  it('finds a wrong close too with the shorter bars, or with a mirror of the exchange', async () => {
    const deep = await kairos('binance', 'BTC/USDT', '1m', '--deep', '--to', '2024-05-29T10:00:00Z');
    configure(`${lying()}, ${mirror()}`);
    const mirrored = await kairos('--lang', 'zh');
    configure(lying());

    expect(deep.out).toMatch(/finer_differs {2}2024-05-29T06:42:00\.000Z\n.*\n {2}the 1s bars .*: close /);
    expect(mirrored.code).toBe(1);
    expect(mirrored.out).toMatch(/second_source_differs {2}2024-05-29T06:42:00\.000Z\n {2}第二来源/);
  });

  it('takes its weight from the budget of the store', async () => {
    const store = await openSqliteStore({ path, readOnly: true });
    const item = await store.budget.get({ scope: `default|binance/api@${new URL(w.venue.url).host}` });
    await store.close();

    expect(item?.v).toBeGreaterThan(0);
  });

  it('passes over what its sources do not tell of, and says so', async () => {
    configure(`binance: { base_url: '${w.venue.url}', realm: 'custom:other' }`);
    const { code, out } = await kairos();
    configure(lying());

    expect(code).toBe(0);
    expect(out).toMatch(/skipped: its source now tells of another realm/);
  });

  it('has exit code 4 where the venue cannot be reached', async () => {
    configure(`binance: { base_url: 'http://127.0.0.1:9', realm: '${w.venue.realm}' }`);
    const { code, out } = await kairos();
    configure(lying());

    expect(code).toBe(4);
    expect(out).toMatch(/SOURCE_UNAVAILABLE: /);
  });

  it('ends in order when it is interrupted, with exit code 130', async () => {
    let stop: (signal: NodeJS.Signals) => void = () => undefined;
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((done) => (arrive = done));
    const slow = w.venue.onRequest(() => {
      w.venue.setLatency(60_000);
      arrive();
    });
    const ended = node(['apps/cli/bin/kairos.mjs', 'verify', '--config', config], (kill) => (stop = kill));
    await arrived;
    stop('SIGINT');
    const { code, out } = await ended;
    slow();
    w.venue.setLatency(0);

    expect(code).toBe(130);
    expect(out).toMatch(/interrupted/);
  });

  it.each([
    ['half a series', ['binance', 'BTCUSDT'], /source, symbol and timeframe/],
    ['a series that is not stored', ['binance', 'ETHUSDT', '1m'], /no candles of binance ETHUSDT 1m/],
    ['a time without a zone', ['--from', '2024-01-01T00:00'], /--from/],
    ['a span that ends before it begins', ['--from', '2024-01-02', '--to', '2024-01-01'], /--from must/],
    ['a source that nobody knows', ['--against', 'nowhere'], /--against nowhere/],
  ])('refuses %s with exit code 2', async (_what, args, says) => {
    const { code, err } = await kairos(...args);

    expect(code).toBe(2);
    expect(err).toMatch(says);
  });
});
