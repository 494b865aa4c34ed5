import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { batchOfColumns, KLINE, type RecordBatch } from '@kairos/domain';

/** Where the recordings lie beside the project. */
export const DATA_DIR = process.env['KAIROS_DATA_DIR'] ?? '../shared/data';

/** The recorded one-minute series, by file name under `candles/`. */
export const RECORDED_SERIES = [
  'binanceus/BTCUSD-1m',
  'binanceus/BTCUSDT-1m',
  'bybit-linear/ADAUSDT-1m',
  'bybit-linear/DOGEUSDT-1m',
  'cn/600000.SH-1m',
  'cn/IML8.CFE-1m',
  'freqtrade-testdata/XRPETH-1m',
];

/** A recorded series as one batch; quote volume and trade count were not recorded. */
export function readCandles(path: string): RecordBatch {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n').slice(1);
  const cells = lines.map((line) => line.split(','));
  const column = (place: number): string[] => cells.map((row) => row[place] ?? '');
  const ts = Float64Array.from(column(0), Number);
  return batchOfColumns(
    KLINE,
    ts,
    [1, 2, 3, 4, 5, 6, 7].map((c) => (c > 5 ? new Array<null>(ts.length).fill(null) : column(c))),
  );
}
