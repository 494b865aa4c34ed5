import { ConfigError, UnsupportedError, type Realm } from '@kairos/domain';
import type { Clock, Logger, MarketDataSource, VenueBudget } from '@kairos/ports';
import { isLoopbackHost } from './addresses.ts';
import type { CcxtExchange } from './ccxt-exchange.ts';
import { CcxtMarketDataSource } from './ccxt-market-data-source.ts';
import { OUR_WAY } from './instrumented-exchange.ts';
import { proxyRoute, type ProxyRoute } from './proxy.ts';
import type { CcxtCredentials } from './settings.ts';
import { ThrottledBudget } from './throttled-budget.ts';

/** An exchange object of ccxt, as `new ccxt.binance()` makes it. */
export interface CcxtInstance {
  readonly id: string;
  readonly urls: object;
  readonly options: object;
  readonly has: object;
}

/** What may be said of a source made from an exchange object. */
export interface CcxtSourceOptions {
  /** Default: the exchange's id. Part of the identity of every series. */
  readonly id?: string | undefined;
  /** Default: `live`; `custom:<host>` for an exchange whose addresses are not ccxt's own (sandbox mode, a stand-in). */
  readonly realm?: Realm | undefined;
  /** Paces the requests in place of ccxt's throttle, which is slower than most venues allow. */
  readonly budget?: VenueBudget | undefined;
  /** Default: the exchange's own. */
  readonly clock?: Clock | undefined;
  /** Default: silent. */
  readonly log?: Logger | undefined;
}

/** What an exchange object is taken at its word for, beside its addresses and options. */
const CARRIED = ['apiKey', 'secret', 'password', 'uid', 'hostname', 'headers', 'userAgent', 'rateLimit'];
/** Ways out that our client does not go. */
const REFUSED = ['agent', 'httpAgent', 'httpsAgent', 'proxyUrl', 'proxyUrlCallback'];
const REFUSED_PROXIES = ['httpProxyCallback', 'httpsProxyCallback', 'socksProxyCallback'];
const PROXIES = ['httpsProxy', 'httpProxy', 'socksProxy'];

const quiet = (): void => undefined;
const SILENT: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => SILENT };

/**
 * An exchange object as a source of candles. The object itself is left as it is: a twin of the same class takes over its
 * addresses, options, keys, proxy and time-out, and sends through Kairos' own client, which sees every answer whole.
 * Requests keep ccxt's own throttle unless there is a `budget`. @throws ConfigError for an agent, a proxy by prefix or by
 * callback; for no pace at all; for a stand-in on this machine that is called live
 */
export function ccxtSource(exchange: CcxtInstance, options: CcxtSourceOptions = {}): MarketDataSource {
  const key = `ccxt ${exchange.id}`;
  refuseForeignWays(exchange, key);
  const clock = options.clock ?? clockOf(exchange);
  const paced = Reflect.get(exchange, 'enableRateLimit') !== false;
  if (!options.budget && !paced)
    throw new ConfigError(`${key}: its throttle is off (enableRateLimit); leave it on, or give a budget`, {
      key: 'enableRateLimit',
    });
  const { twin, home } = twinOf(exchange, options.budget === undefined);
  const credentials = credentialsOf(exchange);
  const id = options.id ?? exchange.id;
  const settings = {
    id,
    exchange: exchange.id,
    origin: undefined,
    proxy: proxyOf(exchange, key),
    realm: realmOf(options.realm, home, key),
    timeoutMs: Number(Reflect.get(exchange, 'timeout')) || 10_000,
    credentials,
    secrets: credentials,
    fetchMarketTypes: undefined,
  };
  const budget = options.budget ?? new ThrottledBudget(clock);
  return CcxtMarketDataSource.around(twin, settings, { budget, clock, log: options.log ?? SILENT });
}

type ExchangeClass = new (config: object) => CcxtExchange;

/** `home`: the first address that is not ccxt's own; undefined when all are. */
function twinOf(
  exchange: CcxtInstance,
  throttle: boolean,
): { readonly twin: CcxtExchange; readonly home: string | undefined } {
  const Exchange = exchange.constructor as ExchangeClass;
  const carried = Object.fromEntries(CARRIED.map((name) => [name, Reflect.get(exchange, name) as unknown]));
  const known = Object.entries(carried).filter(([, value]) => value !== undefined);
  const twin = new Exchange({ ...Object.fromEntries(known), ...OUR_WAY, enableRateLimit: throttle });
  const home = firstDifference(exchange, new Exchange({}));
  twin.urls = copyOf(exchange.urls);
  twin.options = copyOf(exchange.options);
  const sandboxed: unknown = Reflect.get(exchange, 'isSandboxModeEnabled');
  Reflect.set(twin, 'isSandboxModeEnabled', sandboxed === true);
  return { twin, home };
}

/** A copy of plain objects all the way down; what else there is (lists, functions) is shared. */
function copyOf(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [
      name,
      isPlain(inner) ? copyOf(inner) : Array.isArray(inner) ? [...(inner as unknown[])] : inner,
    ]),
  );
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function firstDifference(exchange: CcxtInstance, pristine: CcxtExchange): string | undefined {
  const host = (of: object): string => String(Reflect.get(of, 'hostname') ?? '');
  const known = new Set(addressesOf(pristine.urls['api'], host(pristine)));
  return addressesOf(Reflect.get(exchange.urls, 'api'), host(exchange)).find((a) => !known.has(a));
}

function addressesOf(addresses: unknown, hostname: string): string[] {
  if (typeof addresses === 'string') return [addresses.replaceAll('{hostname}', hostname)];
  if (typeof addresses !== 'object' || addresses === null) return [];
  return Object.values(addresses).flatMap((inner) => addressesOf(inner, hostname));
}

function realmOf(asked: Realm | undefined, home: string | undefined, key: string): Realm {
  if (home === undefined) return asked ?? 'live';
  const url = URL.canParse(home) ? new URL(home) : undefined;
  if (asked === 'live' && url && isLoopbackHost(url.hostname))
    throw new ConfigError(`${key}: data from ${url.origin} are not live; give it a realm of its own`, {
      key: 'realm',
    });
  return asked ?? `custom:${url?.host ?? 'unknown'}`;
}

function refuseForeignWays(exchange: CcxtInstance, key: string): void {
  for (const name of [...REFUSED, ...REFUSED_PROXIES]) {
    const value: unknown = Reflect.get(exchange, name);
    if (value !== undefined && value !== null && value !== '')
      throw new ConfigError(`${key}: ${name} is not supported; set httpsProxy or socksProxy to an address`, {
        key: name,
      });
  }
}

function proxyOf(exchange: CcxtInstance, key: string): ProxyRoute | undefined {
  const given = PROXIES.flatMap((name) => {
    const url: unknown = Reflect.get(exchange, name);
    return typeof url === 'string' && url !== '' ? [{ name, url }] : [];
  })[0];
  return given && proxyRoute({ url: given.url }, `${key}: ${given.name}`);
}

function credentialsOf(exchange: CcxtInstance): CcxtCredentials {
  const read = (name: string): string | undefined => {
    const value: unknown = Reflect.get(exchange, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return { apiKey: read('apiKey'), secret: read('secret'), password: read('password') };
}

/** The exchange's own time, which may be set apart from the machine's. A source never waits. */
function clockOf(exchange: CcxtInstance): Clock {
  const tell: unknown = Reflect.get(exchange, 'milliseconds');
  if (typeof tell !== 'function')
    throw new ConfigError(`${exchange.id} is no exchange object of ccxt`, { key: 'exchange' });
  return {
    now: () => Number(Reflect.apply(tell, exchange, [])),
    sleep: () => Promise.reject(new UnsupportedError('this clock only tells the time')),
  };
}
