import type { Timeframe, VolumeUnit } from '@kairos/domain';
import type { SourceFacts } from '@kairos/ports';

/**
 * What is known of venues, in one table. `verified`: tried against the venue or its faithful stand-in. Everything else
 * is an assumption on the safe side: pages no larger than ccxt says, one request at a time, no absence ever taken as
 * proof of anything.
 */
export type MarketFamily = 'spot' | 'linear' | 'inverse' | 'other';

/** How a venue reads the end of a window that is given to `fetchOHLCV` as `until`. */
export type UntilRule = 'inclusive' | 'exclusive' | 'none';

interface KlineRow {
  readonly verified: boolean;
  readonly pageSize: number;
  readonly pageWeight: number;
  readonly concurrency: number;
  readonly lookbackSlots?: number;
  readonly sparse: boolean;
  readonly absenceMeans: SourceFacts['absenceMeans'];
  readonly volumeUnit: VolumeUnit;
  readonly settleMs: number;
}

interface VenueRow {
  readonly klines: Partial<Record<MarketFamily, KlineRow>>;
  readonly until: UntilRule;
  /** Goes back to the first bar, through windows that may be empty: so the first one can be searched for. */
  readonly wholeHistory: boolean;
  /** Timeframes whose bars open elsewhere than on ours, and by how much. */
  readonly anchors?: Readonly<Record<Timeframe, number>>;
}

const DAY = 86_400_000;

const ASSUMED: KlineRow = {
  verified: false,
  pageSize: 100,
  pageWeight: 1,
  concurrency: 1,
  sparse: false,
  absenceMeans: 'unknown',
  volumeUnit: 'unknown',
  settleMs: 5_000,
};
const ASSUMED_SPOT: KlineRow = { ...ASSUMED, volumeUnit: 'base' };
const VERIFIED: KlineRow = { ...ASSUMED_SPOT, verified: true };

/** Emits a bar of zero volume for a minute without trades, so a missing bar is the venue's own failure. */
const BINANCE_SPOT: KlineRow = {
  ...VERIFIED,
  pageSize: 1_000,
  pageWeight: 2,
  concurrency: 8,
  absenceMeans: 'outage',
  settleMs: 2_000,
};
/** 499 rows weigh 2, 1,000 weigh 5: the smaller page brings more rows per weight. */
const BINANCE_LINEAR: KlineRow = {
  ...BINANCE_SPOT,
  pageSize: 499,
  concurrency: 4,
  absenceMeans: 'unknown',
};
const BINANCE_INVERSE: KlineRow = { ...BINANCE_LINEAR, verified: false, volumeUnit: 'contracts' };
const BINANCE: VenueRow = {
  klines: { spot: BINANCE_SPOT, linear: BINANCE_LINEAR, inverse: BINANCE_INVERSE },
  until: 'inclusive',
  wholeHistory: false,
};

/** A hundred is what the history endpoint gives at least; ccxt reads a swap's base volume, not its contracts. */
const OKX_SPOT: KlineRow = { ...VERIFIED, pageSize: 100, concurrency: 2 };
const BYBIT_SPOT: KlineRow = { ...VERIFIED, pageSize: 1_000, concurrency: 4 };
/** Leaves out bars without trades. */
const COINBASE_SPOT: KlineRow = {
  ...VERIFIED,
  pageSize: 300,
  concurrency: 2,
  sparse: true,
  absenceMeans: 'no_trade',
};
/**
 * Always the newest 720, the running bar among them, whatever is asked. One slot less than the 719 closed ones, because
 * a bar may close between the plan and the answer.
 */
const KRAKEN_SPOT: KlineRow = { ...VERIFIED, pageSize: 720, lookbackSlots: 718 };

const VENUES: Readonly<Record<string, VenueRow>> = {
  binance: BINANCE,
  binanceusdm: BINANCE,
  binancecoinm: BINANCE,
  binanceus: {
    ...BINANCE,
    klines: { spot: { ...BINANCE_SPOT, verified: false, concurrency: 2, absenceMeans: 'unknown' } },
  },
  okx: {
    klines: { spot: OKX_SPOT, linear: OKX_SPOT },
    until: 'exclusive',
    wholeHistory: true,
  },
  bybit: { klines: { spot: BYBIT_SPOT, linear: BYBIT_SPOT }, until: 'inclusive', wholeHistory: true },
  coinbase: {
    klines: { spot: { ...COINBASE_SPOT, pageWeight: 3 } },
    until: 'inclusive',
    wholeHistory: true,
  },
  coinbaseexchange: { klines: { spot: COINBASE_SPOT }, until: 'inclusive', wholeHistory: true },
  kraken: {
    klines: { spot: { ...KRAKEN_SPOT, pageWeight: 1.2 } },
    // It would go out as a stray parameter.
    until: 'none',
    wholeHistory: false,
    // Counted in weeks from the epoch, which was a Thursday.
    anchors: { '1w': 3 * DAY },
  },
};

const OTHERS: VenueRow = { klines: {}, until: 'inclusive', wholeHistory: false };

const venueRow = (exchange: string): VenueRow => VENUES[exchange] ?? OTHERS;

export const isBinanceFamily = (exchange: string): boolean => exchange.startsWith('binance');

/** Exchanges whose candles are read raw, to keep quote volume and trade count. */
export const hasRawKlines = (exchange: string, family: MarketFamily): boolean =>
  isBinanceFamily(exchange) && family !== 'other';

export const windowRules = (exchange: string): Pick<VenueRow, 'until' | 'wholeHistory'> => venueRow(exchange);

/** What ccxt lists as a timeframe and is none: Kraken's `2w` are bars of fifteen days. */
const MISNAMED: Readonly<Record<string, readonly Timeframe[]>> = { kraken: ['2w'] };

export const isMisnamed = (exchange: string, timeframe: Timeframe): boolean =>
  MISNAMED[exchange]?.includes(timeframe) ?? false;

export interface KlineKind {
  readonly exchange: string;
  readonly family: MarketFamily;
  readonly timeframe: Timeframe;
  /** The page size ccxt states for an exchange that the table does not name. */
  readonly ccxtLimit: number | undefined;
}

/** Facts of candles. */
export function klineFacts({ exchange, family, timeframe, ccxtLimit }: KlineKind): SourceFacts {
  const venue = venueRow(exchange);
  const fallback = family === 'spot' ? ASSUMED_SPOT : ASSUMED;
  const row = venue.klines[family] ?? {
    ...fallback,
    pageSize: Math.min(ccxtLimit ?? ASSUMED.pageSize, 1_000),
  };
  return { ...row, anchorMs: venue.anchors?.[timeframe] ?? 0 };
}

/** Symbols of one ticker request where the venue takes a list. Binance: 2 for up to 20 symbols, 40 up to 100, else 80. */
export const TICKER_BATCH = 100;

/** Facts of ticker snapshots: `pageSize` counts symbols. */
export function tickerFacts(exchange: string): SourceFacts {
  const binance = exchange === 'binance';
  return {
    verified: binance,
    pageSize: binance ? 20 : TICKER_BATCH,
    pageWeight: binance ? 2 : 1,
    concurrency: 1,
    sparse: false,
    absenceMeans: 'unknown',
    anchorMs: 0,
    volumeUnit: 'base',
    settleMs: 0,
  };
}
