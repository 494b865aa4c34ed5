import type { VolumeUnit } from '@kairos/domain';
import type { BudgetScope, SourceFacts } from '@kairos/ports';

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
  readonly absenceMeans: SourceFacts['absenceMeans'];
  readonly volumeUnit: VolumeUnit;
  readonly settleMs: number;
}

interface VenueRow {
  readonly klines: Partial<Record<MarketFamily, KlineRow>>;
  readonly until: UntilRule;
  /** Rows asked for beyond the limit, where a venue loses the last one. */
  readonly extraRows: number;
}

const ASSUMED: KlineRow = {
  verified: false,
  pageSize: 100,
  pageWeight: 1,
  concurrency: 1,
  absenceMeans: 'unknown',
  volumeUnit: 'unknown',
  settleMs: 5_000,
};
const ASSUMED_SPOT: KlineRow = { ...ASSUMED, volumeUnit: 'base' };

const assumed = (spot: Partial<KlineRow>, rest: Partial<Omit<VenueRow, 'klines'>> = {}): VenueRow => ({
  klines: { spot: { ...ASSUMED_SPOT, ...spot } },
  until: 'inclusive',
  extraRows: 0,
  ...rest,
});

/** Emits a bar of zero volume for a minute without trades, so a missing bar is the venue's own failure. */
const BINANCE_SPOT: KlineRow = {
  verified: true,
  pageSize: 1_000,
  pageWeight: 2,
  concurrency: 8,
  absenceMeans: 'outage',
  volumeUnit: 'base',
  settleMs: 2_000,
};
/** 499 rows weigh 2, 1,000 weigh 5: the smaller page brings more rows per weight. */
const BINANCE_LINEAR: KlineRow = {
  ...BINANCE_SPOT,
  verified: false,
  pageSize: 499,
  concurrency: 4,
  absenceMeans: 'unknown',
};
const BINANCE_INVERSE: KlineRow = { ...BINANCE_LINEAR, volumeUnit: 'contracts' };
const BINANCE: VenueRow = {
  klines: { spot: BINANCE_SPOT, linear: BINANCE_LINEAR, inverse: BINANCE_INVERSE },
  until: 'inclusive',
  extraRows: 0,
};

const VENUES: Readonly<Record<string, VenueRow>> = {
  binance: BINANCE,
  binanceusdm: BINANCE,
  binancecoinm: BINANCE,
  binanceus: {
    ...BINANCE,
    klines: { spot: { ...BINANCE_SPOT, verified: false, concurrency: 2, absenceMeans: 'unknown' } },
  },
  // ccxt allows 300, others say the history endpoint caps at 100 and then leaves out the start of the window.
  okx: assumed({ pageSize: 100 }, { until: 'exclusive' }),
  bybit: assumed({ pageSize: 1_000 }),
  coinbase: assumed({ pageSize: 299 }),
  coinbaseexchange: assumed({ pageSize: 299 }, { extraRows: 1 }),
  // Always the newest 720, whatever is asked; `until` would go out as a stray parameter.
  kraken: assumed({ pageSize: 720, lookbackSlots: 720 }, { until: 'none' }),
};

const OTHERS: VenueRow = { klines: {}, until: 'inclusive', extraRows: 0 };

const isBinanceFamily = (exchange: string): boolean => exchange.startsWith('binance');

/** Exchanges whose candles are read raw, to keep quote volume and trade count. */
export const hasRawKlines = (exchange: string, family: MarketFamily): boolean =>
  isBinanceFamily(exchange) && family !== 'other';

export const windowRules = (exchange: string): { readonly until: UntilRule; readonly extraRows: number } =>
  VENUES[exchange] ?? OTHERS;

/** Facts of candles. `ccxtLimit`: the page size ccxt states for an exchange that the table does not name. */
export function klineFacts(
  exchange: string,
  family: MarketFamily,
  ccxtLimit: number | undefined,
): SourceFacts {
  const known = VENUES[exchange]?.klines[family];
  const fallback = family === 'spot' ? ASSUMED_SPOT : ASSUMED;
  const row = known ?? { ...fallback, pageSize: Math.min(ccxtLimit ?? ASSUMED.pageSize, 1_000) };
  return { ...row, sparse: false, anchorMs: 0 };
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

/** One request as ccxt is about to send it. `cost` is in ccxt's units, of which one takes `rateLimitMs`. */
export interface RequestShape {
  readonly api: unknown;
  readonly path: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly cost: number;
}

export interface Price {
  readonly scope: BudgetScope;
  readonly weight: number;
}

const MINUTE = 60_000;

/** ccxt counts Binance spot in fifths of the venue's weight, and its futures as they are. */
const BINANCE_POOLS = {
  api: { limit: 6_000, perCost: 5 },
  fapi: { limit: 2_400, perCost: 1 },
  dapi: { limit: 2_400, perCost: 1 },
  eapi: { limit: 400, perCost: 1 },
  papi: { limit: 6_000, perCost: 1 },
} as const;

function binancePrice(exchange: string, { api, path, params, cost }: RequestShape): Price {
  const family = /^(fapi|dapi|eapi|papi)/.exec(String(api))?.[1] as keyof typeof BINANCE_POOLS | undefined;
  const name = family ?? 'api';
  const { limit, perCost } = BINANCE_POOLS[name];
  const venue = exchange === 'binanceus' ? 'binanceus' : 'binance';
  const many = name === 'api' && path === 'ticker/24hr' && typeof params['symbols'] === 'string';
  const weight = many ? tickerListWeight(String(params['symbols'])) : Math.ceil(cost * perCost - 1e-9);
  return { scope: { pool: `${venue}/${name}`, limit, windowMs: MINUTE }, weight };
}

function tickerListWeight(symbols: string): number {
  const count = symbols.split(',').length;
  return count <= 20 ? 2 : count <= 100 ? 40 : 80;
}

/**
 * A window short enough that using it up at its start is no burst a venue with a rolling limit would punish, long enough
 * for several requests to fit in.
 */
function assumedPrice(exchange: string, cost: number, rateLimitMs: number): Price {
  const perRequest = Math.max(1, rateLimitMs);
  const windowMs = Math.max(2_000, Math.ceil(8 * perRequest));
  const limit = windowMs / perRequest;
  return { scope: { pool: `${exchange}/rest`, limit, windowMs }, weight: Math.min(Math.max(0, cost), limit) };
}

/** What a request costs, and from which pool. */
export function priceOf(exchange: string, request: RequestShape, rateLimitMs: number): Price {
  return isBinanceFamily(exchange)
    ? binancePrice(exchange, request)
    : assumedPrice(exchange, request.cost, rateLimitMs);
}

/** The pools of an exchange all begin with this. */
export const poolPrefix = (exchange: string): string =>
  `${isBinanceFamily(exchange) && exchange !== 'binanceus' ? 'binance' : exchange}/`;
