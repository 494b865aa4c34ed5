import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { RECORDINGS } from './harness.ts';

/** The lines of a recorded series: `timestamp_ms,open,high,low,close,volume`. */
export const recorded = (symbol: string, timeframe: string): string[] =>
  gunzipSync(readFileSync(join(RECORDINGS, `${symbol}-${timeframe}.csv.gz`)))
    .toString()
    .trim()
    .split('\n')
    .slice(1);

/** The same columns of an exported CSV, which may have more. */
export const exported = (csv: string): string[] =>
  csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').slice(0, 6).join(','));

export const openOf = (line: string | undefined): number => Number(line?.slice(0, line.indexOf(',')));
