import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '@kairos/domain';

/** A market as ccxt lists it; only what is read here. */
export interface CcxtMarket {
  readonly id: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly settle?: string | undefined;
  readonly type: string;
  readonly active?: boolean | undefined;
}

/** ccxt's `fetch2` takes these in this order: path, api, method, params, headers, body, config. */
export type Fetch2Args = readonly [
  string,
  unknown,
  string,
  Readonly<Record<string, unknown>>,
  unknown,
  unknown,
  unknown,
];

/** The part of a ccxt exchange that is used here. ccxt's own types are far larger than this use of it. */
export interface CcxtExchange {
  readonly id: string;
  parseJson(body: string): unknown;
  urls: Record<string, unknown>;
  options: Record<string, unknown>;
  readonly has: Readonly<Record<string, unknown>>;
  readonly timeframes?: Readonly<Record<string, string>> | undefined;
  readonly features?: Readonly<Record<string, unknown>> | undefined;
  readonly rateLimit: number;
  markets?: Readonly<Record<string, CcxtMarket>> | undefined;
  fetchImplementation: unknown;
  quoteJsonNumbers: boolean;
  fetch(url: string, method?: string, headers?: unknown, body?: unknown): Promise<unknown>;
  fetch2(...args: Fetch2Args): Promise<unknown>;
  calculateRateLimiterCost(
    api: unknown,
    method: string,
    path: string,
    params: unknown,
    config: unknown,
  ): number;
  milliseconds(): number;
  loadMarkets(reload?: boolean): Promise<unknown>;
  setMarkets(markets: readonly unknown[]): unknown;
  fetchOHLCV(
    symbol: string,
    timeframe: string,
    since: number,
    limit: number,
    params: object,
  ): Promise<unknown>;
  fetchTicker(symbol: string): Promise<CcxtTicker>;
  fetchTickers(
    symbols: readonly string[] | undefined,
    params?: object,
  ): Promise<Readonly<Record<string, CcxtTicker>>>;
  fetchTime(): Promise<number | undefined>;
}

/** A ticker of an exchange built with `number: String`: decimals are text. */
export interface CcxtTicker {
  readonly symbol?: string | undefined;
  readonly timestamp?: number | undefined;
  readonly [name: string]: unknown;
}

type ExchangeClass = new (config: object) => CcxtExchange;

/**
 * Builds one exchange, loading its file alone: the whole package takes three times the time and twice the memory. The
 * package exports no such path, so it is found next to its entry; where that fails, the whole package is loaded.
 */
export async function createExchange(exchange: string, config: object): Promise<CcxtExchange> {
  const Exchange = (await importOne(exchange)) ?? (await importFromWhole(exchange));
  if (!Exchange) throw new ConfigError(`ccxt has no exchange ${exchange}`, { exchange });
  return new Exchange(config);
}

async function importOne(exchange: string): Promise<ExchangeClass | undefined> {
  try {
    const entry = createRequire(import.meta.url).resolve('ccxt');
    const file = join(dirname(dirname(entry)), 'js', 'src', `${exchange}.js`);
    const module: unknown = await import(pathToFileURL(file).href);
    return (module as { readonly default?: ExchangeClass }).default;
  } catch {
    return undefined;
  }
}

async function importFromWhole(exchange: string): Promise<ExchangeClass | undefined> {
  const module: unknown = await import('ccxt');
  return (module as { readonly default: Readonly<Record<string, ExchangeClass | undefined>> }).default[
    exchange
  ];
}

/** Calls an endpoint method that ccxt defines at run time, e.g. `publicGetKlines`. */
export function callEndpoint(exchange: CcxtExchange, name: string, params: object): Promise<unknown> {
  const method: unknown = Reflect.get(exchange, name);
  if (typeof method !== 'function') throw new ConfigError(`ccxt's ${exchange.id} has no endpoint ${name}`);
  return Reflect.apply(method, exchange, [params]) as Promise<unknown>;
}
