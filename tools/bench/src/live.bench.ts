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
  /** Processor time a row, which a busy machine disturbs less. */
  readonly cpuUs: number;
  /** Of writing transactions, those of compaction among them. */
  readonly p99Ms: number;
  readonly longestMs: number;
  /** The part of the time that compaction took. */
  readonly compacting: number;
  /** What it takes to read the last 240 candles of one series, most of them not folded yet. */
  readonly readMs: number;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** What making the candles left behind is swept before the clock starts, for either side. */
const sweep = (): void =>
  (globalThis as { gc?: (options: { type: 'minor' }) => void }).gc?.({ type: 'minor' });

const quantile = (xs: readonly number[], q: number): number =>
  [...xs].sort((a, b) => a - b)[Math.min(xs.length - 1, Math.floor(xs.length * q))] ?? NaN;

/** How long writing transactions took since the last call: everything between their first statement and their commit. */
const transactions = ((): (() => number[]) => {
  let began = 0;
  let took: number[] = [];
  const prepare = Database.prototype.prepare as (this: Database.Database, sql: string) => Database.Statement;
  Object.defineProperty(Database.prototype, 'prepare', {
    value(this: Database.Database, sql: string): Database.Statement {
      const statement = prepare.call(this, sql);
      const run = statement.run.bind(statement);
      if (sql === 'BEGIN IMMEDIATE')
        statement.run = () => {
          began = performance.now();
          return run();
        };
      if (sql === 'COMMIT')
        statement.run = () => {
          const result = run();
          if (began > 0) took.push(performance.now() - began);
          began = 0;
          return result;
        };
      return statement;
    },
  });
  return () => {
    const all = took;
    took = [];
    return all;
  };
})();

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
  let cpu = 0;
  for (let m = 0; m < MINUTES; m += 1) {
    const rows = Array.from({ length: SERIES }, (_, s) => candleOf(s, m));
    sweep();
    const cpuBegan = cpuMs();
    const began = performance.now();
    minute(rows);
    took.push(performance.now() - began);
    spent += performance.now() - began;
    cpu += cpuMs() - cpuBegan;
  }
  db.close();
  return {
    rowsPerS: (SERIES * MINUTES * 1_000) / spent,
    cpuUs: (cpu * 1_000) / (SERIES * MINUTES),
    p99Ms: quantile(took, 0.99),
    longestMs: Math.max(...took),
    compacting: 0,
    readMs: 0,
  };
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

async function timeOfRead(store: SeriesStore, minute: number): Promise<number> {
  const range = { from: START + (minute - 239) * STEP, to: START + (minute + 1) * STEP };
  const took: number[] = [];
  for (let s = 0; s < SERIES; s += 10) {
    const began = performance.now();
    let rows = 0;
    for await (const part of store.read({ key: seriesOf(s).key, range })) rows += part.batch.n;
    took.push(performance.now() - began);
    if (rows < Math.min(minute, 239)) throw new Error(`${rows} rows read`);
  }
  return quantile(took, 0.5);
}

async function ours(file: string): Promise<Took> {
  const { series: store, close } = await openSqliteStore({ path: file });
  const all = await Promise.all(
    Array.from({ length: SERIES }, (_, s) => store.ensureSeries({ series: seriesOf(s) })),
  );
  transactions();
  let compacting = 0;
  let readMs = NaN;
  let spent = 0;
  let cpu = 0;
  for (let m = 0; m < MINUTES; m += 1) {
    const ts = START + m * STEP;
    const parts = all.map((series, s) => ({
      series,
      part: {
        batch: batchOfRows(KLINE, [candleOf(s, m)]),
        runs: [{ from: ts, to: ts + STEP, state: 'present' as const }],
      },
    }));
    sweep();
    const cpuBegan = cpuMs();
    const began = performance.now();
    await Promise.all(parts.map((p) => store.commit(p)));
    const committed = performance.now();
    if (m % COMPACT_EVERY === COMPACT_EVERY - 1) {
      await compact(store, m);
      compacting += performance.now() - committed;
    }
    spent += performance.now() - began;
    cpu += cpuMs() - cpuBegan;
    if (m === COMPACT_EVERY - 2) readMs = await timeOfRead(store, m);
  }
  await close();
  const took = transactions();
  return {
    rowsPerS: (SERIES * MINUTES * 1_000) / spent,
    cpuUs: (cpu * 1_000) / (SERIES * MINUTES),
    p99Ms: quantile(took, 0.99),
    longestMs: Math.max(...took),
    compacting: compacting / spent,
    readMs,
  };
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
    naive_cpu_us: Number(median(took.naive, 'cpuUs').toFixed(1)),
    ours_cpu_us: Number(median(took.ours, 'cpuUs').toFixed(1)),
    cpu_ratio: Number((median(took.naive, 'cpuUs') / median(took.ours, 'cpuUs')).toFixed(2)),
    naive_tx_p99_ms: Number(median(took.naive, 'p99Ms').toFixed(1)),
    ours_tx_p99_ms: Number(median(took.ours, 'p99Ms').toFixed(1)),
    ours_tx_longest_ms: Number(median(took.ours, 'longestMs').toFixed(1)),
    ours_compaction_share: Number(median(took.ours, 'compacting').toFixed(2)),
    ours_read_240_ms: Number(median(took.ours, 'readMs').toFixed(2)),
  }),
);
