import { ConfigError, type Realm } from '@kairos/domain';
import { isLoopbackHost, originOf } from './addresses.ts';
import { catalogEntry } from './catalog.ts';
import { proxyRoute, type ProxyRoute } from './proxy.ts';

/** Keys of an account, read by the application from its environment. */
export interface CcxtCredentials {
  readonly apiKey?: string | undefined;
  readonly secret?: string | undefined;
  readonly password?: string | undefined;
}

/** What an operator may say of one source. Everything has a default; an empty object is the live venue. */
export interface CcxtSourceSettings {
  /** ccxt's id of the exchange. Default: the source's own id. */
  readonly exchange?: string | undefined;
  /** An origin that stands in for the venue: all of its addresses lead there, their paths kept. */
  readonly baseUrl?: string | undefined;
  /**
   * Another machine to go out through, `http://…`, `https://…` or `socks5://…`; `none`: directly, even where there is a
   * default. Never used for this machine itself.
   */
  readonly proxy?: string | undefined;
  /** Default: `live`; with a `baseUrl`, `custom:<host>`. */
  readonly realm?: Realm | undefined;
  /** Deadline of one request from connecting to the last byte. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** The part of the venue's limit that is ours. Read by the budget, through `budgetShares`. */
  readonly budgetShare?: number | undefined;
  readonly credentials?: CcxtCredentials | undefined;
  /** Sends the credentials to a `baseUrl` too. Default false. */
  readonly sendCredentials?: boolean | undefined;
  /** ccxt's market types to load at first, e.g. `['spot']`. Default: spot, and the others when a symbol asks for them. */
  readonly fetchMarketTypes?: readonly string[] | undefined;
}

/** Settings checked and with their defaults. */
export interface ResolvedSettings {
  readonly id: string;
  readonly exchange: string;
  readonly origin: URL | undefined;
  readonly proxy: ProxyRoute | undefined;
  readonly realm: Realm;
  readonly timeoutMs: number;
  /** Those that are really sent. */
  readonly credentials: CcxtCredentials;
  /** Those that must not be shown, sent or not. */
  readonly secrets: CcxtCredentials;
  readonly fetchMarketTypes: readonly string[] | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const LONGEST_TIMEOUT_MS = 300_000;

/** `proxy`: of sources that name none. @throws ConfigError naming the key that is wrong. */
export function resolveSettings(
  id: string,
  settings: CcxtSourceSettings,
  proxy?: ProxyRoute,
): ResolvedSettings {
  const exchange = settings.exchange ?? id;
  const key = `sources.${id}`;
  if (!catalogEntry(exchange))
    throw new ConfigError(`${key}.exchange: ccxt has no exchange ${exchange}`, { key: `${key}.exchange` });
  const origin = settings.baseUrl === undefined ? undefined : originOf(settings.baseUrl, `${key}.baseUrl`);
  const trusted = origin === undefined || settings.sendCredentials === true;
  return {
    id,
    exchange,
    origin,
    proxy: proxyOf(settings, proxy, key),
    realm: realmOf(settings, origin, key),
    timeoutMs: timeoutOf(settings, key),
    credentials: trusted ? (settings.credentials ?? {}) : {},
    secrets: settings.credentials ?? {},
    fetchMarketTypes: settings.fetchMarketTypes,
  };
}

function proxyOf(
  { proxy }: CcxtSourceSettings,
  fallback: ProxyRoute | undefined,
  key: string,
): ProxyRoute | undefined {
  if (proxy === undefined) return fallback;
  return proxy === 'none' ? undefined : proxyRoute({ url: proxy }, `${key}.proxy`);
}

function realmOf(settings: CcxtSourceSettings, origin: URL | undefined, key: string): Realm {
  if (origin === undefined) return settings.realm ?? 'live';
  const realm = settings.realm ?? `custom:${origin.host}`;
  // A stand-in may be called live only on the operator's word, and never when it runs on this machine.
  if (realm === 'live' && isLoopbackHost(origin.hostname)) {
    throw new ConfigError(
      `${key}.realm: data from ${origin.origin} are not live; give it a realm of its own`,
      {
        key: `${key}.realm`,
      },
    );
  }
  return realm;
}

function timeoutOf(settings: CcxtSourceSettings, key: string): number {
  const ms = settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (Number.isInteger(ms) && ms > 0 && ms <= LONGEST_TIMEOUT_MS) return ms;
  throw new ConfigError(`${key}.timeoutMs must be a whole number from 1 to ${LONGEST_TIMEOUT_MS}`, {
    key: `${key}.timeoutMs`,
  });
}
