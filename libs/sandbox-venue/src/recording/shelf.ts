import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { INTERVALS, isInterval } from '../intervals.ts';
import type { Interval } from '../intervals.ts';
import { CandleFile } from './candle-file.ts';

/** A file of recorded bars: `timestamp_ms,open,high,low,close,volume`, plain or gzipped. */
export interface RecordingFile {
  readonly symbol: string;
  readonly timeframe: string;
  readonly path: string;
}

/** Served as it was recorded, outages included. Either a list of files or a folder of `SYMBOL-timeframe.csv.gz`. */
export interface RecordingMode {
  readonly kind: 'recording';
  readonly id: string;
  readonly files?: readonly RecordingFile[];
  readonly dir?: string;
}

const FILE_NAME = /^([A-Z0-9]+)-(\d+[a-zA-Z])\.csv(?:\.gz)?$/;

/** The recorded files of a venue by symbol and interval, each read when first asked for. */
export class Shelf {
  readonly #paths = new Map<string, Map<Interval, string>>();
  readonly #files = new Map<string, CandleFile>();

  /** Throws if a timeframe is not one of the venue's, or if there is nothing to serve. */
  constructor(mode: RecordingMode) {
    for (const file of [...(mode.files ?? []), ...(mode.dir === undefined ? [] : filesIn(mode.dir))]) {
      if (!isInterval(file.timeframe)) throw new Error(`${file.path}: unknown timeframe ${file.timeframe}`);
      const known = this.#paths.get(file.symbol) ?? new Map<Interval, string>();
      this.#paths.set(file.symbol, known.set(file.timeframe, file.path));
    }
    if (this.#paths.size === 0) throw new Error(`Recording ${mode.id} has no files`);
  }

  get symbols(): readonly string[] {
    return [...this.#paths.keys()].sort();
  }

  /** The recorded intervals of a symbol, shortest first. */
  intervals(symbol: string): readonly Interval[] {
    const known = this.#paths.get(symbol);
    return INTERVALS.filter((interval) => known?.has(interval));
  }

  file(symbol: string, interval: Interval): CandleFile | undefined {
    const path = this.#paths.get(symbol)?.get(interval);
    if (path === undefined) return undefined;
    const file = this.#files.get(path) ?? CandleFile.read(path);
    this.#files.set(path, file);
    return file;
  }
}

function filesIn(dir: string): RecordingFile[] {
  return readdirSync(dir).flatMap((name) => {
    const [, symbol, timeframe] = FILE_NAME.exec(name) ?? [];
    return symbol === undefined || timeframe === undefined
      ? []
      : [{ symbol, timeframe, path: join(dir, name) }];
  });
}
