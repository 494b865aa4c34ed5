import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixedClock, startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildCommand, buildServer, kairos, launch, startServer, type Ended } from './support.ts';

const NOW = Date.UTC(2024, 5, 1);
const SPAN = ['--from', '2024-05-01', '--to', '2024-05-11'];
/** Ten days of minutes. */
const ROWS = 14_400;
const root = mkdtempSync(join(tmpdir(), 'kairos-cli-'));
let venue: SandboxVenue;
let folders = 0;

function folder(): string {
  const dir = join(root, String((folders += 1)));
  mkdirSync(dir);
  return dir;
}

const mirror = (): string[] => ['--base-url', venue.url, '--realm', venue.realm];
const fetched = (dir: string, ...more: string[]): Promise<Ended> =>
  kairos(dir, 'backfill', 'binance', 'BTC/USDT', '1m', ...SPAN, ...mirror(), ...more);

/** A port that nobody holds, so that no server is found by chance. */
const freePort = (): Promise<number> =>
  new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

function configure(dir: string, p: { readonly port: number; readonly store?: string }): string {
  const file = join(dir, 'kairos.yaml');
  const store = p.store ?? join(dir, 'kairos.sqlite');
  writeFileSync(
    file,
    `task_store: { path: '${store}' }\nhttp: { port: ${p.port} }\ntick_ms: 100\nsources: { binance: { base_url: '${venue.url}', realm: '${venue.realm}' } }\n`,
  );
  return file;
}

/** Resolves once the venue has been asked so often from now on. */
const requests = (n: number): Promise<void> =>
  new Promise((done) => {
    let seen = 0;
    const forget = venue.onRequest(({ path }) => {
      if (path.includes('klines')) seen += 1;
      if (seen < n) return;
      forget();
      done();
    });
  });

beforeAll(async () => {
  buildCommand();
  buildServer();
  venue = await startSandboxVenue({
    mode: { kind: 'synthetic', seed: 'cli' },
    clock: fixedClock(NOW),
    limits: { weightPerMinute: 'off' },
  });
});
afterEach(() => {
  venue.faults = undefined;
  venue.setLatency(0);
});
afterAll(async () => {
  await venue.close();
  rmSync(root, { recursive: true, force: true });
});

describe('kairos backfill', () => {
  it('fetches into a new store and a file, needs nothing the second time, and is seen by the rest', async () => {
    const dir = folder();

    const first = await fetched(dir, '--out', 'out.csv');
    const again = await fetched(dir, '--json');

    expect({ code: first.code, err: first.err.includes('→ data/kairos.sqlite') }).toEqual({
      code: 0,
      err: true,
    });
    expect(first.out).toMatch(/BTC\/USDT 1m {2}complete +14,400 +14,400 +0/);
    expect(readFileSync(join(dir, 'out.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(ROWS + 1);
    expect(JSON.parse(again.out)).toMatchObject({
      interrupted: false,
      series: [{ state: 'complete', expected: ROWS, present: ROWS, rows: 0, requests: 0 }],
    });

    const [drawn, exported, odd] = await Promise.all([
      kairos(
        dir,
        'coverage',
        'binance',
        'BTC/USDT',
        '1m',
        '--realm',
        venue.realm,
        '--to',
        '2024-05-12',
        '--lang',
        'zh',
      ),
      kairos(
        dir,
        'export',
        'binance',
        'BTCUSDT',
        '1h',
        '--derive',
        '--realm',
        venue.realm,
        '--format',
        'ndjson',
        '--out',
        '-',
      ),
      kairos(dir, 'findings', 'binance', 'BTCUSDT', '1m', '--realm', venue.realm, '--json'),
    ]);
    expect(drawn.out).toMatch(/2024-05-10 +█{48} +100 %\n2024-05-11 +_{48} +0 %/);
    expect(drawn.out).toMatch(/█ 已有 +14,400 +90\.9 %/);
    expect(exported.out.trimEnd().split('\n')).toHaveLength(240);
    expect(JSON.parse(odd.out)).toMatchObject({ findings: [], total: 0 });
  });

  it('stops on Ctrl-C with what was committed, and goes on from there', async () => {
    const dir = folder();
    venue.setLatency(40);
    const seen = requests(4);
    const running = launch(dir, ['backfill', 'binance', 'BTC/USDT', '1m', ...SPAN, ...mirror()]);
    await seen;
    running.child.kill('SIGINT');
    const interrupted = await running.ended;
    venue.setLatency(0);
    const rest = JSON.parse((await fetched(dir, '--json')).out) as {
      series: { rows: number; present: number }[];
    };

    expect(interrupted.code).toBe(130);
    expect(interrupted.err).toContain('stopping after what is under way');
    expect(interrupted.out).toContain('the same command again goes on from there');
    expect(rest.series[0]?.present).toBe(ROWS);
    expect(rest.series[0]?.rows).toBeGreaterThan(0);
    expect(rest.series[0]?.rows).toBeLessThan(ROWS);
  });

  it('goes on after a kill, with nothing lost and nothing twice', async () => {
    const dir = folder();
    venue.setLatency(40);
    const seen = requests(6);
    const running = launch(dir, ['backfill', 'binance', 'BTC/USDT', '1m', ...SPAN, ...mirror()]);
    await seen;
    running.child.kill('SIGKILL');
    await running.ended;
    venue.setLatency(0);

    const rest = await fetched(dir, '--json', '--out', 'all.ndjson');
    const sound = await kairos(dir, 'doctor', '--fsck', '--store', 'data/kairos.sqlite', '--json');

    expect(JSON.parse(rest.out)).toMatchObject({ series: [{ state: 'complete', present: ROWS }] });
    const stamps = readFileSync(join(dir, 'all.ndjson'), 'utf8').trimEnd().split('\n');
    expect(
      new Set(stamps.map((line) => (JSON.parse(line) as { timestamp_ms: number }).timestamp_ms)).size,
    ).toBe(ROWS);
    expect(stamps).toHaveLength(ROWS);
    expect(JSON.parse(sound.out)).toMatchObject({ errors: 0 });
  });

  it('takes several symbols and timeframes, names a file for each, and lets an unknown symbol fail alone', async () => {
    const dir = folder();
    const { code, out, err } = await kairos(
      dir,
      'backfill',
      'binance',
      'BTC/USDT',
      'ETHUSDT',
      'NOPE/USDT',
      '1h,1d',
      ...SPAN,
      ...mirror(),
      '--out',
      'c.csv',
    );

    expect(code).toBe(4);
    expect(out).toMatch(/BTC\/USDT 1h +complete +240/);
    expect(out).toMatch(/ETH\/USDT 1d +complete +10/);
    expect(out).toMatch(/NOPE\/USDT 1d +failed/);
    expect(out).toContain('SYMBOL_UNKNOWN');
    expect(err).not.toContain('Error');
    expect(
      readdirSync(dir)
        .filter((name) => name.endsWith('.csv'))
        .sort(),
    ).toEqual(['c-BTC-USDT-1d.csv', 'c-BTC-USDT-1h.csv', 'c-ETHUSDT-1d.csv', 'c-ETHUSDT-1h.csv']);
  });

  it('tells a refused region, and where else the data are', async () => {
    venue.faults = { rules: [{ kind: 'status-451' }] };
    const [en, zh] = await Promise.all([fetched(folder()), fetched(folder(), '--lang', 'zh')]);

    expect([en.code, zh.code]).toEqual([4, 4]);
    expect(en.err).toMatch(/SOURCE_FORBIDDEN[\s\S]*data-api\.binance\.vision/);
    expect(zh.err).toMatch(/交易所拒绝本地区[\s\S]*data-api\.binance\.vision/);
  });

  it.each([
    ['a source nobody knows', ['bnance', 'BTC/USDT', '1m'], /no source bnance; did you mean .*binance/],
    ['a timeframe in the wrong place', ['binance', '1m', 'BTC/USDT'], /BTC\/USDT is no timeframe/],
    ['a timeframe the source lacks', ['binance', 'BTC/USDT', '7m'], /binance gives no 7m candles/],
    ['no symbol', ['binance', '1m'], /at least one symbol/],
    ['a mistyped option', ['binance', 'BTC/USDT', '1m', '--dys', '3'], /did you mean --days\?/],
    ['a file of no kind', ['binance', 'BTC/USDT', '1m', '--out', 'x.txt'], /--out x\.txt/],
    [
      'an address that is not safe',
      ['binance', 'BTC/USDT', '1m', '--base-url', 'http://example.org'],
      /base_url/,
    ],
  ])('refuses %s with exit code 2 and touches nothing', async (_what, args, says) => {
    const dir = folder();
    const { code, err } = await kairos(dir, 'backfill', ...args);

    expect([code, says.test(err) ? 'said' : err]).toEqual([2, 'said']);
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('kairos tasks, without a server', () => {
  it('makes, works, shows and forgets a task in the store itself', async () => {
    const dir = folder();
    const config = configure(dir, { port: await freePort() });
    const cli = (...args: string[]): Promise<Ended> => kairos(dir, ...args, '--config', config);

    const made = await cli(
      'tasks',
      'create',
      'binance',
      'BTC/USDT',
      '1h',
      '--id',
      'one',
      '--start',
      '2024-05-01',
      '--end',
      '2024-05-03',
    );
    const listed = await cli('tasks', 'list', '-v');
    const worked = await cli('tasks', 'run', 'one');
    const [shown, runs] = await Promise.all([
      cli('tasks', 'show', 'one', '--json'),
      cli('runs', 'one', '--lang', 'zh'),
    ]);
    const gone = await cli('tasks', 'delete', 'one');
    const missing = await cli('tasks', 'show', 'one', '--lang', 'zh');

    expect([made.code, made.err.includes('no server runs')]).toEqual([0, true]);
    expect(listed.out).toMatch(/^one +running +ok +binance +BTC\/USDT +1h/m);
    expect(listed.err).toContain('no server answers; opening the store');
    expect(worked.code).toBe(0);
    expect(worked.out).toMatch(/BTC\/USDT .* 100 % +48 +48/);
    expect(JSON.parse(shown.out)).toMatchObject({
      status: 'completed',
      progress: [{ present: 48, missing: 0 }],
    });
    expect(runs.out).toMatch(/手动 +成功/);
    expect([gone.code, missing.code]).toEqual([0, 1]);
    expect(missing.err).toContain('one');
  });

  it('sends signals as they are, several at once, and tells the worst', async () => {
    const dir = folder();
    const config = configure(dir, { port: await freePort() });
    const text = JSON.stringify([{ action: 'list_tasks' }, { action: 'dance' }]);
    const { code, out } = await launch(dir, ['signal', '-', '--config', config], { input: text }).ended;

    expect(code).toBe(1);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { success: boolean }).success),
    ).toEqual([true, false]);
  });
});

describe('kairos beside a server', () => {
  it('asks the server of the store, refuses another’s, and backfills beside it', async () => {
    const dir = folder();
    const port = await freePort();
    const config = configure(dir, { port });
    const other = configure(folder(), { port });
    const server = await startServer(dir, config);
    try {
      const cli = (...args: string[]): Promise<Ended> => kairos(dir, ...args, '--config', config);
      const made = await cli(
        'tasks',
        'create',
        'binance',
        'BTC/USDT',
        '1h',
        '--id',
        'one',
        '--start',
        '2024-05-01',
        '--end',
        '2024-05-03',
        '-v',
      );
      const beside = await cli('backfill', 'binance', 'ETH/USDT', '1h', ...SPAN);
      const byPath = await cli('tasks', 'list', '--store', join(dir, 'kairos.sqlite'), '-v');
      const [refused, named, exported] = await Promise.all([
        kairos(dir, 'tasks', 'list', '--config', other),
        kairos(dir, 'tasks', 'list', '--config', other, '--server', server.url, '--json'),
        cli('export', 'binance', 'ETH/USDT', '1h', '--out', join(dir, 'eth.parquet')),
      ]);

      expect([made.code, made.err]).toEqual([0, `asking the server at ${server.url}\n`]);
      expect(beside.code).toBe(0);
      expect(beside.err).toContain(`pid ${server.pid}`);
      expect(byPath.err).toContain(server.url);
      expect([refused.code, refused.err.includes('works on another store')]).toEqual([5, true]);
      expect(JSON.parse(named.out)).toMatchObject({ tasks: [{ task_id: 'one' }], total: 1 });
      expect(exported.code).toBe(0);
      expect(existsSync(join(dir, 'eth.parquet'))).toBe(true);
    } finally {
      await server.stop();
    }
    const gone = await kairos(dir, 'tasks', 'list', '--config', config, '--server', server.url);
    expect([gone.code, gone.err.includes('no Kairos server answers')]).toEqual([5, true]);
  });
});

describe('kairos doctor', () => {
  it('finds nothing wrong where nothing is, and makes no store', async () => {
    const dir = folder();
    const { code, out } = await kairos(dir, 'doctor', '--json');

    expect(JSON.parse(out)).toMatchObject({ ok: true, failed: 0 });
    expect([code, existsSync(join(dir, 'data'))]).toEqual([0, false]);
  });

  it('tells a refused region, a proxy that is away and a wrong configuration, each with its remedy', async () => {
    const dir = folder();
    const config = configure(dir, { port: await freePort() });
    venue.faults = { rules: [{ kind: 'status-451' }] };
    const region = await kairos(dir, 'doctor', '--config', config);
    venue.faults = undefined;
    const env = { HTTPS_PROXY: 'http://user:hush@127.0.0.1:9', KAIROS_HTTP__PROT: '1' };
    const wrong = await launch(dir, ['doctor', '--config', config], { env }).ended;
    const proxy = await launch(dir, ['doctor', '--config', config, '--lang', 'zh', '--offline'], {
      env: { HTTPS_PROXY: env.HTTPS_PROXY },
    }).ended;

    expect(region.code).toBe(4);
    expect(region.out).toMatch(/✗ binance +SOURCE_FORBIDDEN[\s\S]*→[\s\S]*data-api\.binance\.vision/);
    expect(wrong.code).toBe(2);
    expect(wrong.out).toMatch(/did you mean KAIROS_HTTP__PORT/);
    expect(proxy.code).toBe(1);
    expect(proxy.out).toMatch(/✗ 代理 .*127\.0\.0\.1:9 无法连接（ECONNREFUSED）/);
    expect(proxy.out + proxy.err).not.toContain('hush');
  });

  it('tells how far the clock is off', async () => {
    const dir = folder();
    const config = configure(dir, { port: await freePort() });
    venue.clock = { now: () => Date.now() };
    venue.faults = { rules: [{ kind: 'clock-skew', skewMs: 90_000 }] };
    const { out } = await kairos(dir, 'doctor', '--config', config);
    venue.clock = fixedClock(NOW);

    expect(out).toMatch(/✗ binance clock +this clock is 1:\d\d behind/);
    expect(out).toMatch(/timedatectl/);
  });
});

describe('kairos', () => {
  it('helps in both languages, and tells a wrong word', async () => {
    const dir = folder();
    const [en, zh, wrong, none] = await Promise.all([
      kairos(dir, 'tasks', 'create', '--help'),
      kairos(dir, '--help', '--lang', 'zh'),
      kairos(dir, 'bakfill', '--lang', 'zh'),
      kairos(dir),
    ]);

    expect([en.code, zh.code, wrong.code, none.code]).toEqual([0, 0, 2, 2]);
    expect(en.out).toMatch(/Usage: kairos tasks create SOURCE SYMBOL\.\.\. TIMEFRAME/);
    expect(zh.out).toMatch(/用法：[\s\S]*一次性获取历史/);
    expect(wrong.err).toMatch(/没有命令 bakfill；是否要用 backfill？/);
  });
});
