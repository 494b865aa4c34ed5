/**
 * Bytes per candle of the recorded one-minute series in a SQLite file: all together, less the file of an empty schema.
 * `KAIROS_DATA_DIR` names the recordings; without them the script says so and ends well.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gridOf, layoutOf, nominalMs, seriesKey, sliceBatch, type Part, type Series } from '@kairos/domain';
import { openSqliteStore } from '@kairos/store-sqlite';
import { DATA_DIR, readCandles, RECORDED_SERIES } from './recorded.ts';
import { report, round } from './result.ts';

const PAGE = 1_000;

function seriesOf(name: string): Series {
  const spec = {
    realm: 'recording:bench',
    source: 'bench',
    instrument: `bench:${name}`,
    dataType: 'kline',
    timeframe: '1m',
    price: 'last' as const,
    anchorMs: 0,
  };
  return { ...spec, key: seriesKey(spec), marketId: name, aliases: [], volumeUnit: 'base', createdAt: 0 };
}

async function store(file: string, names: readonly string[]): Promise<number> {
  const opened = await openSqliteStore({ path: file });
  let rows = 0;
  for (const name of names) {
    const series = await opened.series.ensureSeries({ series: seriesOf(name) });
    const batch = readCandles(join(DATA_DIR, 'candles', `${name}.csv.gz`));
    const step = nominalMs(gridOf('1m'));
    const { blockOf } = layoutOf(series);
    for (let from = 0; from < batch.n;) {
      let to = Math.min(batch.n, from + PAGE);
      while (to > from + 1 && blockOf(batch.ts[to - 1] ?? 0) !== blockOf(batch.ts[from] ?? 0)) to -= 1;
      const page = sliceBatch(batch, from, to);
      const part: Part = {
        batch: page,
        runs: Array.from(page.ts, (ts) => ({ from: ts, to: ts + step, state: 'present' as const })),
      };
      await opened.series.commit({ series, part: { ...part, runs: joined(part.runs) } });
      from = to;
    }
    rows += batch.n;
  }
  for (let more = true; more;)
    ({ more } = await opened.series.compact({ settledBefore: Infinity, maxRows: 100_000 }));
  await opened.close();
  return rows;
}

function joined(runs: Part['runs']): Part['runs'] {
  const out: Part['runs'][number][] = [];
  for (const run of runs) {
    const last = out.at(-1);
    if (last?.to === run.from) out[out.length - 1] = { ...last, to: run.to };
    else out.push(run);
  }
  return out;
}

if (!existsSync(join(DATA_DIR, 'candles'))) {
  console.log('skipped: the recorded candles are not beside the project');
} else {
  const place = mkdtempSync(join(tmpdir(), 'kairos-bench-'));
  await store(join(place, 'empty.sqlite'), []);
  const rows = await store(join(place, 'full.sqlite'), RECORDED_SERIES);
  const [empty, full] = ['empty', 'full'].map((name) => statSync(join(place, `${name}.sqlite`)).size);
  rmSync(place, { recursive: true, force: true });
  const each = round(((full ?? 0) - (empty ?? 0)) / rows);
  report({
    name: 'bytes per recorded candle in the file',
    figures: {
      series: RECORDED_SERIES.length,
      candles: rows,
      bytes: each,
      file_bytes: full ?? 0,
      empty_schema_bytes: empty ?? 0,
    },
    target: '≤ 7.5',
    met: each <= 7.5,
  });
}
