/**
 * Bytes per candle and speed of the chunk codec, on the recorded one-minute series and on synthetic eight-column
 * candles. `KAIROS_DATA_DIR` names the recordings; without them the script says so and ends well.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBatch, encodeBatch } from '@kairos/codec';
import { sameRow, sliceBatch, type RecordBatch } from '@kairos/domain';
import { DATA_DIR, readCandles, RECORDED_SERIES } from './recorded.ts';
import { QUICK, report, round } from './result.ts';
import { SYNTHETIC_MARKETS, syntheticCandles } from './synthetic-candles.ts';

const CHUNK = 1000;
const ROUNDS = QUICK ? 1 : 9;

interface Measure {
  readonly rows: number;
  readonly bytes: number;
  readonly encodeSeconds: number;
  readonly decodeSeconds: number;
}

const chunksOf = (whole: RecordBatch, size: number): RecordBatch[] =>
  Array.from({ length: Math.ceil(whole.n / size) }, (_, k) =>
    sliceBatch(whole, k * size, Math.min(whole.n, (k + 1) * size)),
  );

/** The best of some rounds: other programs on the machine only ever add. */
function secondsOf(work: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const from = performance.now();
    work();
    return (performance.now() - from) / 1000;
  });
  return Math.min(...times);
}

function checkEqual(before: RecordBatch, after: RecordBatch): void {
  for (let i = 0; i < before.n; i += 1) {
    if (before.ts[i] !== after.ts[i] || !sameRow(before, i, after, i))
      throw new Error(`row ${i} came back different`);
  }
}

function measure(whole: RecordBatch, size = CHUNK, level: 0 | 1 = 1): Measure {
  const chunks = chunksOf(whole, size);
  const encoded = chunks.map((chunk) => encodeBatch(chunk, { level }));
  for (const [k, chunk] of chunks.entries()) checkEqual(chunk, decodeBatch(encoded[k] ?? new Uint8Array()));
  return {
    rows: whole.n,
    bytes: encoded.reduce((sum, bytes) => sum + bytes.length, 0),
    encodeSeconds: secondsOf(() => chunks.forEach((chunk) => encodeBatch(chunk, { level }))),
    decodeSeconds: secondsOf(() => encoded.forEach((bytes) => decodeBatch(bytes))),
  };
}

const together = (measures: readonly Measure[]): Measure => ({
  rows: measures.reduce((sum, m) => sum + m.rows, 0),
  bytes: measures.reduce((sum, m) => sum + m.bytes, 0),
  encodeSeconds: measures.reduce((sum, m) => sum + m.encodeSeconds, 0),
  decodeSeconds: measures.reduce((sum, m) => sum + m.decodeSeconds, 0),
});

function printRow(name: string, { rows, bytes, encodeSeconds, decodeSeconds }: Measure): void {
  const speed = (seconds: number): string => (rows / seconds / 1e6).toFixed(2).padStart(9);
  const size = (bytes / rows).toFixed(2).padStart(9);
  console.log(
    `${name.padEnd(40)}${String(rows).padStart(8)}${size}${speed(encodeSeconds)}${speed(decodeSeconds)}`,
  );
}

function main(): void {
  const path = (name: string): string => join(DATA_DIR, 'candles', `${name}.csv.gz`);
  const missing = RECORDED_SERIES.filter((name) => !existsSync(path(name)));
  console.log(`${'series'.padEnd(40)}    rows B/candle  enc M/s  dec M/s`);
  if (missing.length > 0) {
    console.log(`recordings left out: ${missing.map(path).join(', ')} not found; set KAIROS_DATA_DIR`);
  } else {
    const series = RECORDED_SERIES.map((name) => ({ name, batch: readCandles(path(name)) }));
    const measures = series.map(({ name, batch }) => {
      const one = measure(batch);
      printRow(name, one);
      return one;
    });
    printRow(`together, chunks of ${CHUNK}`, together(measures));
    const each = round(together(measures).bytes / together(measures).rows);
    const worst = round(Math.max(...measures.map((m) => m.bytes / m.rows)));
    report({
      name: 'bytes per recorded candle in chunks',
      figures: { bytes: each, worst_series: worst },
      target: '≤ 6.5, none above 10',
      met: each <= 6.5 && worst <= 10,
    });
    for (const size of [60, 240, 1440]) {
      printRow(`together, chunks of ${size}`, together(series.map(({ batch }) => measure(batch, size))));
    }
    printRow('together, level 0', together(series.map(({ batch }) => measure(batch, CHUNK, 0))));
  }
  const synthetic = SYNTHETIC_MARKETS.map((market) => {
    const one = measure(syntheticCandles(market));
    printRow(`synthetic ${market.name}, 8 columns`, one);
    return one.bytes / one.rows;
  });
  const worst = round(Math.max(...synthetic));
  report({
    name: 'bytes per synthetic candle, all columns',
    figures: { worst_market: worst },
    target: '≤ 15',
    met: worst <= 15,
  });
}

main();
