import { BadSourceDataError } from '@kairos/domain';
import type { Clock } from '@kairos/ports';
import { blame, currentCall, currentRequest, runRequest, type RequestContext } from './call-context.ts';
import { createExchange, type CcxtExchange } from './ccxt-exchange.ts';
import type { FetchParams, HttpClient } from './client.ts';
import { redirectUrls } from './redirect-urls.ts';
import type { ResolvedSettings } from './settings.ts';
import type { StatedLimits } from './stated-limits.ts';
import { isBinanceFamily } from './venue-facts.ts';
import { priceOf } from './venue-prices.ts';

export interface ExchangeParts {
  readonly client: HttpClient;
  readonly clock: Clock;
  /** Told what the venue says of its limits, and asked for it before each request. */
  readonly limits: StatedLimits;
}

/**
 * An unmodified ccxt exchange whose requests go out through our client. Its own throttle and retries are off: weight is
 * taken from the shared budget, and retrying is the caller's. Its clock is ours.
 */
export async function instrumentedExchange(
  settings: ResolvedSettings,
  parts: ExchangeParts,
): Promise<CcxtExchange> {
  const config = { ...settings.credentials, ...OUR_WAY, enableRateLimit: false };
  return instrument(await createExchange(settings.exchange, config), settings, parts);
}

/** How an exchange is built that is to be instrumented. */
export const OUR_WAY = {
  number: String,
  enableLastHttpResponse: false,
  enableLastJsonResponse: false,
  enableLastResponseHeaders: false,
  // Never reached: the client keeps the deadline, and waiting for the budget is not part of it.
  timeout: 2_147_483_647,
} as const;

/** Puts our client, clock and accounts under a fresh exchange that was built `OUR_WAY`; answers the same object. */
export function instrument(
  exchange: CcxtExchange,
  settings: Pick<ResolvedSettings, 'origin' | 'fetchMarketTypes'>,
  { client, clock, limits }: ExchangeParts,
): CcxtExchange {
  exchange.options['maxRetriesOnFailure'] = 0;
  exchange.milliseconds = () => clock.now();
  exchange.fetchImplementation = (url: string, params: FetchParams) => client.send(url, params);
  priceRequests(exchange, settings.origin, limits);
  keepParsed(exchange);
  letCallsRead(exchange);
  narrowMarkets(exchange, settings.fetchMarketTypes);
  if (settings.origin) exchange.urls['api'] = redirectUrls(exchange.urls['api'], settings.origin.origin);
  if (isBinanceFamily(exchange.id)) {
    // Asks private endpoints as soon as there are keys, and gives nothing that is needed here.
    exchange.options['fetchCurrencies'] = false;
    // A search of every answer for whole numbers beyond 2^53. Binance sends all amounts as text.
    exchange.quoteJsonNumbers = false;
  }
  return exchange;
}

/**
 * `fetch2` is the last place where ccxt knows which endpoint a request is for, and so what it costs. A stand-in has pools
 * of its own: what is asked there uses up nothing at the venue, and its bans are not the venue's.
 */
function priceRequests(exchange: CcxtExchange, origin: URL | undefined, limits: StatedLimits): void {
  const fetch2 = exchange.fetch2.bind(exchange);
  exchange.fetch2 = async (...args) => {
    const [path, api, method, params, , , config] = args;
    const cost = exchange.calculateRateLimiterCost(api, method, path, params, config);
    const price = priceOf(exchange.id, { api, path, params, cost }, exchange.rateLimit);
    const scope = origin ? { ...price.scope, pool: `${price.scope.pool}@${origin.host}` } : price.scope;
    const request: RequestContext = {
      call: currentCall(),
      scope: limits.applied(scope),
      weight: price.weight,
    };
    const answer = await runRequest(request, () => fetch2(...args));
    if (isBinanceFamily(exchange.id)) limits.learn(scope, answer);
    return answer;
  };
}

/** ccxt hands a body it could not parse on as text, and then finds no records in it. */
function keepParsed(exchange: CcxtExchange): void {
  const fetch = exchange.fetch.bind(exchange);
  exchange.fetch = async (...args) => {
    const request = currentRequest();
    const parsed = await fetch(...args).catch((error: unknown) => {
      blame(error, request.trace);
      throw error;
    });
    const { trace } = request;
    if (typeof parsed === 'string') {
      throw new BadSourceDataError(`the answer of ${trace?.url ?? exchange.id} is not valid JSON`, {
        status: trace?.status,
      });
    }
    if (trace) trace.parsed = parsed;
    return parsed;
  };
}

function letCallsRead(exchange: CcxtExchange): void {
  const parse = exchange.parseJson.bind(exchange);
  exchange.parseJson = (body) => currentCall().read?.(body) ?? parse(body);
}

/** What the exchange would load if it were not narrowed. */
const ALL_TYPES = new WeakMap<CcxtExchange, readonly string[]>();

/** Makes the first load of markets fetch spot only, where the exchange keeps a list of types to choose from. */
function narrowMarkets(exchange: CcxtExchange, wanted: readonly string[] | undefined): void {
  const all = marketTypes(exchange);
  if (!all) return;
  const first = wanted ?? (all.includes('spot') ? ['spot'] : all);
  setMarketTypes(exchange, first);
  ALL_TYPES.set(exchange, [...new Set([...first, ...all])]);
}

/** Lets the next load fetch every type. False when that is so already. */
export function widenMarkets(exchange: CcxtExchange): boolean {
  const all = ALL_TYPES.get(exchange);
  if (!all) return false;
  ALL_TYPES.delete(exchange);
  setMarketTypes(exchange, all);
  return true;
}

function marketTypes(exchange: CcxtExchange): readonly string[] | undefined {
  const option = exchange.options['fetchMarkets'];
  const types: unknown =
    typeof option === 'object' && option !== null && 'types' in option ? option.types : undefined;
  return Array.isArray(types) ? types.filter((t) => typeof t === 'string') : undefined;
}

/** ccxt shares the table of options between calls, and some of its methods add to the list: always a new one. */
function setMarketTypes(exchange: CcxtExchange, types: readonly string[]): void {
  const option = exchange.options['fetchMarkets'] as object;
  exchange.options['fetchMarkets'] = { ...option, types: [...types] };
}
