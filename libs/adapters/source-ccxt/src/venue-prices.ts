import type { BudgetScope } from '@kairos/ports';
import { isBinanceFamily } from './venue-facts.ts';

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
 * OKX limits each endpoint apart: so many requests in two seconds, of which ccxt's cost is the inverse. Bybit counts all
 * requests of an address together. Coinbase allows ten a second, and hardly more in a burst.
 */
const POOLS: Readonly<Record<string, (request: RequestShape, rateLimitMs: number) => Price>> = {
  okx: ({ path, cost }) => ({
    scope: { pool: `okx/${path}`, limit: Math.max(1, Math.floor(20 / cost)), windowMs: 2_000 },
    weight: 1,
  }),
  bybit: () => ({ scope: { pool: 'bybit/ip', limit: 600, windowMs: 5_000 }, weight: 1 }),
  coinbase: ({ cost }, rateLimitMs) => restPrice('coinbase', cost, rateLimitMs, 1_000),
  coinbaseexchange: ({ cost }, rateLimitMs) => restPrice('coinbaseexchange', cost, rateLimitMs, 1_000),
};

/**
 * A window short enough that using it up at its start is no burst a venue with a rolling limit would punish, long enough
 * for several requests to fit in.
 */
const assumedPrice = (exchange: string, cost: number, rateLimitMs: number): Price =>
  restPrice(exchange, cost, rateLimitMs, Math.max(2_000, Math.ceil(8 * Math.max(1, rateLimitMs))));

function restPrice(exchange: string, cost: number, rateLimitMs: number, windowMs: number): Price {
  const limit = windowMs / Math.max(1, rateLimitMs);
  return { scope: { pool: `${exchange}/rest`, limit, windowMs }, weight: Math.min(Math.max(0, cost), limit) };
}

/** What a request costs, and from which pool. */
export function priceOf(exchange: string, request: RequestShape, rateLimitMs: number): Price {
  if (isBinanceFamily(exchange)) return binancePrice(exchange, request);
  return POOLS[exchange]?.(request, rateLimitMs) ?? assumedPrice(exchange, request.cost, rateLimitMs);
}

/** The pools of an exchange all begin with this. */
export const poolPrefix = (exchange: string): string =>
  `${isBinanceFamily(exchange) && exchange !== 'binanceus' ? 'binance' : exchange}/`;
