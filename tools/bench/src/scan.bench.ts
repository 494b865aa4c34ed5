/**
 * A range scan of a million candles through `SeriesStore.read`, over row arrays (`.raw().all()`) out of a row table; and
 * a second ingest of the same candles, which must change nothing and not take longer than the first.
 */
import {
  gridOf,
  nominalMs,
  seriesKey,
  sliceBatch,
  type Part,
  type RecordBatch,
  type Series,
} from '@kairos/domain';
import { openSqliteStore, type SqliteStore } from '@kairos/store-sqlite';
import { openRows } from './floor.ts';
import { scratch } from './processes.ts';
import { QUICK, report, round } from './result.ts';
import { interleave, type Measure } from './rounds.ts';
import { PAGE } from './spans.ts';
import { SYNTHETIC_MARKETS, syntheticCandles } from './synthetic-candles.ts';

const ROWS = QUICK ? 20_000 : 1_000_000;
const STEP = nominalMs(gridOf('1m'));
const FROM = Math.floor(Date.UTC(2022, 0, 1) / (PAGE * STEP)) * PAGE * STEP;
const VOLUME = 4;

const spec = {
  realm: 'sandbox:bench',
  source: 'bench',
  instrument: 'bench:BTC/USDT',
  dataType: 'kline',
  timeframe: '1m',
  price: 'last' as const,
  anchorMs: 0,
};
const SERIES: Series = {
  ...spec,
  key: seriesKey(spec),
  marketId: 'BTCUSDT',
  aliases: [],
  volumeUnit: 'base',
  createdAt: 0,
};

/** Synthetic candles over and over, a block to a page. */
function* pages(): Generator<RecordBatch> {
  const [market] = SYNTHETIC_MARKETS;
  if (!market) throw new Error('no synthetic market');
  const whole = syntheticCandles(market);
  for (let at = 0; at < ROWS; at += PAGE) {
    const page = sliceBatch(whole, at % whole.n, (at % whole.n) + PAGE);
    yield { ...page, ts: Float64Array.from(page.ts, (_, i) => FROM + (at + i) * STEP) };
  }
}

const PAGES = [...pages()];
const PARTS = PAGES.map((batch): Part => {
  const from = batch.ts[0] ?? 0;
  return { batch, runs: [{ from, to: from + PAGE * STEP, state: 'present' }] };
});

async function ingest(
  store: SqliteStore,
  series: Series,
): Promise<{ readonly changed: number; readonly ms: number }> {
  const began = performance.now();
  let changed = 0;
  for (const part of PARTS)
    if ((await store.series.commit({ series, part })).changed) changed += part.batch.n;
  return { changed, ms: performance.now() - began };
}

/** As numbers, which is what a scan is for. */
function numbersOf({ columns }: RecordBatch, c: number): Float64Array {
  const column = columns[c];
  if (column?.kind !== 'decimal' || !(column.ints instanceof Float64Array))
    throw new Error('not plain decimals');
  return column.ints;
}

async function scanOurs(store: SqliteStore): Promise<Measure> {
  const began = performance.now();
  let rows = 0;
  let volume = 0;
  for await (const { batch } of store.series.read({ key: SERIES.key, range: { from: FROM, to: Infinity } })) {
    for (const value of numbersOf(batch, VOLUME)) volume += value;
    rows += batch.n;
  }
  if (rows !== ROWS || volume === 0) throw new Error(`${rows} rows came back`);
  return { perS: (rows / (performance.now() - began)) * 1_000 };
}

function scanRows(db: ReturnType<typeof openRows>['db']): Measure {
  const began = performance.now();
  const all = db
    .prepare('SELECT * FROM candle WHERE series = ? AND ts >= ?')
    .raw()
    .all(0, FROM) as number[][];
  let volume = 0;
  for (const row of all) volume += row[6] ?? 0;
  if (all.length !== ROWS || volume === 0) throw new Error(`${all.length} rows came back`);
  return { perS: (all.length / (performance.now() - began)) * 1_000 };
}

const place = scratch();
const store = await openSqliteStore({ path: place.file('ours.sqlite') });
const series = await store.series.ensureSeries({ series: SERIES });
await ingest(store, series);
const table = openRows(place.file('rows.sqlite'));
for (const { n, ts } of PAGES)
  table.put(
    0,
    Array.from({ length: n }, (_, i) => [ts[i] ?? 0, 1.25, 1.5, 1.125, 1.375, 12.5, 0, 17.25, 42]),
  );
const scans = await interleave({ rows: () => scanRows(table.db), ours: () => scanOurs(store) }, 7);
table.db.close();
await store.close();
const ratio = round(scans.ratio('ours', 'rows', 'perS'));
report({
  name: 'range scan of a million candles',
  figures: {
    rows_table_per_s: Math.round(scans.of('rows', 'perS')),
    ours_per_s: Math.round(scans.of('ours', 'perS')),
    spread: scans.spread('ours', 'perS'),
  },
  ratio,
  floor: 'row arrays: .raw().all() of a row table',
  target: '≥ 6',
  met: ratio >= 6,
});

let changedAgain = 0;
const ingests = await interleave(
  {
    both: async (n) => {
      const one = await openSqliteStore({ path: place.file(`ingest-${n}.sqlite`) });
      const own = await one.series.ensureSeries({ series: SERIES });
      const first = await ingest(one, own);
      const again = await ingest(one, own);
      changedAgain += again.changed;
      await one.close();
      return {
        first: (ROWS / first.ms) * 1_000,
        again: (ROWS / again.ms) * 1_000,
        ratio: first.ms / again.ms,
      };
    },
  },
  3,
);
place.remove();
const second = round(ingests.of('both', 'ratio'));
report({
  name: 'second ingest of the same candles',
  figures: {
    first_rows_per_s: Math.round(ingests.of('both', 'first')),
    again_rows_per_s: Math.round(ingests.of('both', 'again')),
    rows_changed_again: changedAgain,
  },
  ratio: second,
  floor: 'the first ingest',
  target: '≥ 1, 0 rows changed',
  met: second >= 1 && changedAgain === 0,
});
