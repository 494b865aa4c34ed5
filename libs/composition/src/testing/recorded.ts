import {
  batchOfColumns,
  KLINE,
  sliceBatch,
  sliceRange,
  SourceError,
  UnsupportedError,
  type InstrumentId,
  type Realm,
  type RecordBatch,
} from '@kairos/domain';
import type {
  MarketDataSource,
  RangeRequest,
  SourceFacts,
  SourceMarket,
  SourcePage,
  SourceSnapshot,
} from '@kairos/ports';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const DATA =
  process.env['KAIROS_DATA_DIR'] ?? resolve(fileURLToPath(import.meta.url), '../../../../../../shared/data');

/** Where the recorded candles of Binance lie, if they are beside the project. */
export const RECORDINGS = join(DATA, 'candles/binance');
export const hasRecordings = existsSync(RECORDINGS);

/** Recorded candles of Chinese exchanges lie beside them. */
const CN_RECORDINGS = join(DATA, 'candles/cn');
export const hasCnRecordings = existsSync(CN_RECORDINGS);

const linesOf = (folder: string, name: string): readonly string[] =>
  gunzipSync(readFileSync(join(folder, `${name}.csv.gz`)))
    .toString()
    .trim()
    .split('\n')
    .slice(1);

/** The lines of one recording, without its heading: open time and five decimals. */
export const recordedLines = (symbol: string, timeframe: string): readonly string[] =>
  linesOf(RECORDINGS, `${symbol}-${timeframe}`);

/** The same as one batch. */
export const recordedBatch = (symbol: string, timeframe: string): RecordBatch =>
  batchOf(recordedLines(symbol, timeframe));

/** One recording of a Chinese exchange, by its file's name: `600000.SH-1m`. */
export const recordedCnBatch = (name: string): RecordBatch => batchOf(linesOf(CN_RECORDINGS, name));

function batchOf(lines: readonly string[]): RecordBatch {
  const fields = lines.map((line) => line.split(','));
  const ts = Float64Array.from(fields, (f) => Number(f[0]));
  const columns = [1, 2, 3, 4, 5].map((c) => fields.map((f) => f[c]));
  return batchOfColumns(KLINE, ts, columns);
}

const FACTS: SourceFacts = {
  verified: true,
  pageSize: 1_000,
  pageWeight: 2,
  concurrency: 4,
  sparse: false,
  absenceMeans: 'outage',
  anchorMs: 0,
  volumeUnit: 'base',
  settleMs: 2_000,
};

export interface BatchSourceOptions {
  readonly id: string;
  readonly realm: Realm;
  /** What the venue holds, by instrument: `binance:BTC/USDT`. */
  readonly truth: ReadonlyMap<InstrumentId, RecordBatch>;
  readonly facts?: Partial<SourceFacts> | undefined;
  readonly venueNow: () => number;
}

/** A venue that answers slices of whole batches: quick enough to be read a thousand times over. */
export class BatchSource implements MarketDataSource {
  readonly id: string;
  readonly realm: Realm;
  readonly #options: BatchSourceOptions;

  constructor(options: BatchSourceOptions) {
    this.id = options.id;
    this.realm = options.realm;
    this.#options = options;
  }

  async resolve(p: { readonly symbol: string }): Promise<SourceMarket> {
    const marketOf = (instrument: InstrumentId): string => instrument.replace(/^[^:]*:/, '').replace('/', '');
    const instrument = [...this.#options.truth.keys()].find((one) => marketOf(one) === p.symbol);
    if (instrument === undefined)
      throw new SourceError('SYMBOL_UNKNOWN', `${this.id} has no instrument ${p.symbol}`, {
        scope: 'series',
      });
    return { instrument, marketId: p.symbol, kind: 'spot', active: true };
  }

  facts(): SourceFacts {
    return { ...FACTS, ...this.#options.facts };
  }

  async venueTime(): Promise<number> {
    return this.#options.venueNow();
  }

  async earliest(p: Pick<RangeRequest, 'market'>): Promise<number | null> {
    return this.#of(p.market).ts[0] ?? null;
  }

  async fetchRange(p: RangeRequest): Promise<SourcePage> {
    const at = this.#options.venueNow();
    const { from, to } = p.range;
    const all = sliceRange(this.#of(p.market), { from, to: Math.min(to, at + 1) });
    const batch = sliceBatch(all, 0, Math.min(all.n, p.limit));
    const [first, last] = [batch.ts[0] ?? null, batch.ts[batch.n - 1] ?? null];
    return {
      batch,
      read: { from, to, at, http: 200, rows: batch.n, first, last, sha256: '' },
      weight: this.facts().pageWeight,
    };
  }

  async fetchSnapshots(): Promise<{
    readonly snapshots: readonly SourceSnapshot[];
    readonly weight: number;
    readonly requests: number;
  }> {
    throw new UnsupportedError('a venue of ranges has no snapshots');
  }

  async close(): Promise<void> {
    return;
  }

  #of(market: SourceMarket): RecordBatch {
    const batch = this.#options.truth.get(market.instrument);
    if (!batch) throw new SourceError('SYMBOL_UNKNOWN', `no ${market.instrument}`, { scope: 'series' });
    return batch;
  }
}
