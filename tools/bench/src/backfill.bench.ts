/**
 * Backfill end to end, ours over the floor "undici + JSON.parse + prepared upsert per page", side by side in one run:
 * the same venue process, the same pages, interleaved rounds, medians. Prints rows a second and the ratio.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import { SystemClock, SystemIds } from '@kairos/clock-system';
import { collect, Tallies, type SeriesRequest } from '@kairos/collectors';
import type { VenueBudget } from '@kairos/ports';
import { createCcxtSources } from '@kairos/source-ccxt';
import { openSqliteStore } from '@kairos/store-sqlite';
import { createLogger } from '@kairos/telemetry-pino';
import Database from 'better-sqlite3';
import { Pool } from 'undici';

const ROUNDS = process.argv.includes('--quick') ? 1 : 5;
const DATA = resolve(process.env['KAIROS_DATA_DIR'] ?? '../shared/data', 'candles/binance');
/** A long series without holes: confirming an absence waits a second between reads, which is no matter of speed. */
const SERIES = [
  {
    symbol: 'APEUSDT',
    timeframe: '5m',
    from: Date.UTC(2022, 2, 17, 14, 30),
    to: Date.UTC(2022, 8, 30, 9, 15),
  },
];

async function startVenue(): Promise<{
  readonly url: string;
  readonly realm: string;
  readonly child: ChildProcess;
}> {
  const child = spawn(process.execPath, ['dist/tools/bench/venue.js', '--recording', DATA], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((done) =>
    child.stdout?.once('data', (text: Buffer) => done(text.toString())),
  );
  return { ...(JSON.parse(line) as { url: string; realm: string }), child };
}

/** The floor: one request after another, rows into a keyed table, one transaction per page. */
async function floor(url: string, file: string): Promise<number> {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    'CREATE TABLE candle(series INTEGER, ts INTEGER, o REAL, h REAL, l REAL, c REAL, v REAL, PRIMARY KEY(series, ts)) WITHOUT ROWID',
  );
  const upsert = db.prepare('INSERT OR REPLACE INTO candle VALUES (?,?,?,?,?,?,?)');
  const pool = new Pool(url, { connections: 8 });
  let rows = 0;
  const page = db.transaction((series: number, klines: readonly (readonly string[])[]) => {
    for (const k of klines)
      upsert.run(series, k[0], +(k[1] ?? 0), +(k[2] ?? 0), +(k[3] ?? 0), +(k[4] ?? 0), +(k[5] ?? 0));
  });
  for (const [i, s] of SERIES.entries()) {
    for (let from = s.from; from < s.to;) {
      const { body } = await pool.request({
        method: 'GET',
        path: `/api/v3/klines?symbol=${s.symbol}&interval=${s.timeframe}&startTime=${from}&endTime=${s.to - 1}&limit=1000`,
      });
      const klines = JSON.parse(await body.text()) as string[][];
      if (klines.length === 0) break;
      page(i, klines);
      rows += klines.length;
      from = Number(klines.at(-1)?.[0]) + 1;
    }
  }
  await pool.close();
  db.close();
  return rows;
}

const free: VenueBudget = { take: async () => undefined, observe: () => undefined, ban: () => undefined };

/** Ours: every layer from the ccxt source to coverage in chunks. */
async function ours(url: string, realm: string, file: string): Promise<number> {
  const clock = new SystemClock();
  const log = createLogger({ level: 'silent', pretty: false, secrets: [] });
  const store = await openSqliteStore({ path: file });
  const sources = createCcxtSources({
    sources: { bench: { exchange: 'binance', baseUrl: url, realm } },
    budget: free,
    clock,
    log,
  });
  const deps = { store: store.series, calendar: new AlwaysOpenCalendar(), clock, ids: new SystemIds(), log };
  const run = {
    runId: 'bench',
    deadline: Infinity,
    signal: new AbortController().signal,
    ensure: async () => undefined,
  };
  const tallies = new Tallies();
  const source = await sources.open('bench');
  for (const s of SERIES) {
    const request: SeriesRequest = {
      symbol: s.symbol,
      dataType: 'kline',
      timeframe: s.timeframe,
      price: 'last',
      from: s.from,
      to: s.to,
      batchSize: null,
      refetch: null,
    };
    await collect(deps, run, { source, requests: [request], tallies });
  }
  await sources.close();
  await store.close();
  return tallies.rows;
}

const median = (xs: readonly number[]): number =>
  [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? NaN;

async function main(): Promise<void> {
  if (!existsSync(DATA)) {
    console.log('skipped: the recorded candles are not beside the project');
    return;
  }
  const venue = await startVenue();
  const place = mkdtempSync(join(tmpdir(), 'kairos-bench-'));
  const rates = { floor: [] as number[], ours: [] as number[] };
  const measured = async (
    name: keyof typeof rates,
    work: (file: string) => Promise<number>,
    round: number,
  ): Promise<void> => {
    const start = performance.now();
    const rows = await work(join(place, `${name}-${round}.sqlite`));
    if (round > 0 || ROUNDS === 1) rates[name].push((rows / (performance.now() - start)) * 1_000);
  };
  for (let round = ROUNDS === 1 ? 1 : 0; round <= ROUNDS; round += 1) {
    await measured('floor', (file) => floor(venue.url, file), round);
    await measured('ours', (file) => ours(venue.url, venue.realm, file), round);
  }
  venue.child.kill();
  rmSync(place, { recursive: true, force: true });
  const result = {
    rounds: ROUNDS,
    floor_rows_per_s: Math.round(median(rates.floor)),
    ours_rows_per_s: Math.round(median(rates.ours)),
    ratio: Number((median(rates.ours) / median(rates.floor)).toFixed(2)),
  };
  console.log(JSON.stringify(result));
}

await main();
