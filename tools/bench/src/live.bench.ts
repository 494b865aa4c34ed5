/**
 * The live pattern: a thousand series, a candle each per minute, over a naive table (text keys, a row per candle), side by
 * side in one run, interleaved rounds, medians. Ours goes through `SeriesStore.commit`, coverage and all, compaction
 * included. Prints rows a second, the ratio, and how long the writing transactions took.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOfRows, KLINE, nominalMs, gridOf, seriesKey, rowAt, type Series } from '@kairos/domain';
import type { SeriesStore } from '@kairos/ports';
import { openSqliteStore } from '@kairos/store-sqlite';
import Database from 'better-sqlite3';
import { syntheticCandles, SYNTHETIC_MARKETS } from './synthetic-candles.ts';

const QUICK = process.argv.includes('--quick');
const ROUNDS = Number(process.env['R'] ?? (QUICK ? 1 : 3));
const SERIES = QUICK ? 50 : 1_000;
const MINUTES = QUICK ? 30 : 600;
/** As the server folds: what is older than this, in slices. */
const COMPACT_EVERY = 240;
const COMPACT_AGE = 10;
const COMPACT_ROWS = 4_000;
const START = 1_700_000_040_000;
const STEP = nominalMs(gridOf('1m'));

const candles = SYNTHETIC_MARKETS.map(syntheticCandles);
const candleOf = (series: number, minute: number): ReturnType<typeof rowAt> => {
  const batch = candles[series % candles.length];
  if (!batch) throw new Error('no synthetic market');
  const row = rowAt(batch, (series * 37 + minute) % batch.n);
  return { ...row, ts: START + minute * STEP };
};

interface Took {
  readonly rowsPerS: number;
  readonly p99Ms: number;
}

const quantile = (xs: readonly number[], q: number): number =>
  [...xs].sort((a, b) => a - b)[Math.min(xs.length - 1, Math.floor(xs.length * q))] ?? NaN;

/** One row per candle under a text key, one transaction a minute: what most people write first. */
async function naive(file: string): Promise<Took> {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    `CREATE TABLE candle(exchange TEXT, symbol TEXT, timeframe TEXT, ts INTEGER,
     o REAL, h REAL, l REAL, c REAL, v REAL, q REAL, n INTEGER, UNIQUE(exchange, symbol, timeframe, ts))`,
  );
  const upsert = db.prepare('INSERT OR REPLACE INTO candle VALUES (?,?,?,?,?,?,?,?,?,?,?)');
  const minute = db.transaction((rows: readonly ReturnType<typeof rowAt>[]) => {
    for (const [s, { ts, values }] of rows.entries())
      upsert.run('bench', `SYMBOL${s}USDT`, '1m', ts, ...values.map(Number));
  });
  const took: number[] = [];
  let spent = 0;
  for (let m = 0; m < MINUTES; m += 1) {
    const rows = Array.from({ length: SERIES }, (_, s) => candleOf(s, m));
    const began = performance.now();
    minute(rows);
    took.push(performance.now() - began);
    spent += performance.now() - began;
  }
  db.close();
  return { rowsPerS: (SERIES * MINUTES * 1_000) / spent, p99Ms: quantile(took, 0.99) };
}

const seriesOf = (s: number): Series => {
  const spec = {
    realm: 'sandbox:bench',
    source: 'bench',
    instrument: `bench:SYMBOL${s}/USDT`,
    dataType: 'kline',
    timeframe: '1m',
    price: 'last' as const,
    anchorMs: 0,
  };
  return {
    ...spec,
    key: seriesKey(spec),
    marketId: `SYMBOL${s}USDT`,
    aliases: [],
    volumeUnit: 'base',
    createdAt: 0,
  };
};

async function compact(store: SeriesStore, minute: number): Promise<void> {
  const settledBefore = START + (minute - COMPACT_AGE) * STEP;
  for (let more = true; more;) ({ more } = await store.compact({ settledBefore, maxRows: COMPACT_ROWS }));
}

async function ours(file: string): Promise<Took> {
  const { series: store, close } = await openSqliteStore({ path: file });
  const all = await Promise.all(
    Array.from({ length: SERIES }, (_, s) => store.ensureSeries({ series: seriesOf(s) })),
  );
  const took: number[] = [];
  let spent = 0;
  for (let m = 0; m < MINUTES; m += 1) {
    const ts = START + m * STEP;
    const parts = all.map((series, s) => ({
      series,
      part: {
        batch: batchOfRows(KLINE, [candleOf(s, m)]),
        runs: [{ from: ts, to: ts + STEP, state: 'present' as const }],
      },
    }));
    const began = performance.now();
    await Promise.all(parts.map((p) => store.commit(p)));
    took.push(performance.now() - began);
    if (m % COMPACT_EVERY === COMPACT_EVERY - 1) await compact(store, m);
    spent += performance.now() - began;
  }
  await close();
  return { rowsPerS: (SERIES * MINUTES * 1_000) / spent, p99Ms: quantile(took, 0.99) };
}

const place = mkdtempSync(join(tmpdir(), 'kairos-bench-'));
const took = { naive: [] as Took[], ours: [] as Took[] };
for (let round = 0; round < ROUNDS; round += 1) {
  took.naive.push(await naive(join(place, `naive-${round}.sqlite`)));
  took.ours.push(await ours(join(place, `ours-${round}.sqlite`)));
}
rmSync(place, { recursive: true, force: true });
const median = (xs: readonly Took[], of: keyof Took): number =>
  quantile(
    xs.map((x) => x[of]),
    0.5,
  );
console.log(
  JSON.stringify({
    series: SERIES,
    minutes: MINUTES,
    rounds: ROUNDS,
    naive_rows_per_s: Math.round(median(took.naive, 'rowsPerS')),
    ours_rows_per_s: Math.round(median(took.ours, 'rowsPerS')),
    ratio: Number((median(took.ours, 'rowsPerS') / median(took.naive, 'rowsPerS')).toFixed(2)),
    naive_minute_p99_ms: Number(median(took.naive, 'p99Ms').toFixed(1)),
    ours_minute_p99_ms: Number(median(took.ours, 'p99Ms').toFixed(1)),
  }),
);
