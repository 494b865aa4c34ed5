import type { Row } from '@kairos/domain';
import type { Calendar } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { aPart, aSeries, FakeClock, forEverySource, T0 } from '@kairos/testkit';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { SeriesService } from './series-service.ts';

const PYTHON = process.env['KAIROS_PYTHON'] ?? 'python3';
const SCRIPT = fileURLToPath(new URL('../../../docs/examples/read_parquet.py', import.meta.url));
const WANTED = 'import duckdb, pandas, pyarrow';
const ready = spawnSync(PYTHON, ['-c', WANTED]).status === 0;
if (!ready)
  console.log(
    `The example for DuckDB and pandas is not run: ${PYTHON} cannot "${WANTED}". pip install duckdb pandas pyarrow, or name a Python that can in KAIROS_PYTHON.`,
  );

const everOpen: Calendar = {
  id: 'every-slot',
  expected: ({ range }) => (range.to > range.from ? [range] : []),
  closedBefore: ({ grid, now }) => grid.openOf(grid.indexOf(now)),
};

const MINUTE = 60_000;
const MINUTES = 3_000;

/** Candles with fine, coarse, negative and very wide values, and some that are absent. */
const rows: Row[] = Array.from({ length: MINUTES }, (_, i) => ({
  ts: T0 + i * MINUTE,
  values: [
    `${40_000 + (i % 997)}.${i % 10}1`,
    `${42_000 + (i % 991)}.00000001`,
    i === 1_500 ? '-0.25' : `${39_000 - (i % 983)}`,
    `${40_000 + (i % 977)}.5`,
    i === 7 ? '98765432109876543210.00000001' : `${i % 89}.${1 + (i % 9)}`,
    i % 5 === 0 ? null : `${i * 1_000_003}.123456`,
    i % 7 === 0 ? null : i,
  ],
}));

describe.skipIf(!ready)('docs/examples/read_parquet.py', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-parquet-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function exported(format: 'csv' | 'parquet', frequency: string): Promise<string> {
    const store = new MemorySeriesStore(new MemoryStore());
    const series = aSeries();
    await store.ensureSeries({ series });
    await store.commit({ series, part: aPart(series, rows) });
    const clock = new FakeClock({ now: T0 + 10_000 * MINUTE });
    const service = new SeriesService({
      store,
      calendars: forEverySource(everOpen),
      clock,
      realmOf: () => 'sandbox:1',
    });
    const { chunks, fileName } = await service.export({
      series: { source: 'binance', symbol: 'BTCUSDT', dataType: 'kline', frequency },
      includeProvisional: false,
      derive: true,
      format,
    });
    const pieces: Buffer[] = [];
    for await (const chunk of chunks) pieces.push(Buffer.from(chunk));
    const path = join(folder, fileName);
    writeFileSync(path, Buffer.concat(pieces));
    return path;
  }

  const run = (...paths: readonly string[]): string =>
    execFileSync(PYTHON, [SCRIPT, ...paths], { encoding: 'utf8' });

  it('reads decimals as decimals with both, and the same values as in the CSV', async () => {
    const text = run(await exported('parquet', '1m'), await exported('csv', '1m'));

    expect(text).toContain('kairos.realm = sandbox:1');
    expect(text).toContain('timestamp: TIMESTAMP WITH TIME ZONE');
    expect(text).toContain('high: DECIMAL(18,8)');
    expect(text).toContain('volume: DECIMAL(38,8)');
    expect(text).toContain('trades: BIGINT');
    expect(text).toContain('volume: Decimal, 0 absent');
    expect(text).toContain('quote_volume: Decimal, 600 absent');
    expect(text).toContain('DuckDB and pandas agree: True');
    expect(text).toContain(`equal rows: ${MINUTES} of ${MINUTES} (${MINUTES} in Parquet)`);
  });

  it('reads derived candles, which say what they are made of', async () => {
    const text = run(await exported('parquet', '1h'), await exported('csv', '1h'));

    expect(text).toContain('kairos.derived_from = 1m');
    expect(text).toContain('kairos.incomplete = 0');
    expect(text).toContain('DuckDB and pandas agree: True');
    expect(text).toContain('equal rows: 50 of 50 (50 in Parquet)');
  });
});
