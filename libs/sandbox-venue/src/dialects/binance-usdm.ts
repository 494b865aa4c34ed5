import { jsonAnswer } from '../answer.ts';
import type { Answer, VenueRequest } from '../answer.ts';
import { refusalAnswer, refuseWeight, usedWeightHeaders } from '../binance-spot.ts';
import { dayTicker } from '../day-ticker.ts';
import type { Dialect, World } from '../dialect.ts';
import type { Kline, Listing } from '../market.ts';
import { intervalOf, limitOf, numberOf, symbolOf } from '../query.ts';
import type { Query } from '../query.ts';
import { invalidSymbol, missing, Refusal } from '../refusal.ts';
import { placesOf, trimmed } from './print.ts';

/**
 * Binance USD-M futures: a perpetual for each pair in USDT, BUSD or USDC, at the price of the pair. Unlike spot: up to 1,500 bars
 * a page, weighed by what was asked for (1, 2, 5, 10), prices and volumes printed with the contract's own places, a pool of
 * 2,400 weight a minute of its own, no seconds.
 */

const LARGEST_PAGE = 1_500;
const STANDARD_PAGE = 500;
const MARGINS = new Set(['USDT', 'USDC', 'BUSD']);
/** What the venue writes for a contract that never ends. */
const NEVER = 4_133_404_800_000;

interface FuturesRoute {
  weight(query: Query): number;
  answer(world: World, query: Query): unknown;
}

const fixed = (weight: number, answer: FuturesRoute['answer']): FuturesRoute => ({
  weight: () => weight,
  answer,
});

const ROUTES: ReadonlyMap<string, FuturesRoute> = new Map([
  ['/fapi/v1/ping', fixed(1, () => ({}))],
  ['/fapi/v1/time', fixed(1, ({ statedNow }) => ({ serverTime: statedNow }))],
  ['/fapi/v1/exchangeInfo', fixed(1, exchangeInfo)],
  ['/fapi/v1/klines', { weight: klineWeight, answer: klines }],
  ['/fapi/v1/markPriceKlines', { weight: klineWeight, answer: priceKlines('symbol') }],
  ['/fapi/v1/indexPriceKlines', { weight: klineWeight, answer: priceKlines('pair') }],
  ['/fapi/v1/ticker/24hr', { weight: (query) => (query.has('symbol') ? 1 : 40), answer: tickers }],
]);

export const BINANCE_USDM: Dialect = {
  id: 'binanceusdm',
  matches: (path) => path.startsWith('/fapi/'),
  answer,
  metering: {
    pool: 'binanceusdm',
    weightPerMinute: 2_400,
    weight: (path, query) => ROUTES.get(path)?.weight(query) ?? 1,
    headers: usedWeightHeaders,
    refuse: refuseWeight,
  },
};

function answer(request: VenueRequest, world: World): Answer {
  const route = ROUTES.get(request.path);
  if (route === undefined) return jsonAnswer({ code: -5000, msg: `Path ${request.path} is invalid` }, 404);
  try {
    return jsonAnswer(route.answer(world, request.query));
  } catch (error) {
    if (error instanceof Refusal) return refusalAnswer(error);
    throw error;
  }
}

/** Futures API, "Kline/Candlestick Data", weight by limit. */
export function klineWeight(query: Query): number {
  const limit = Number(query.get('limit') ?? STANDARD_PAGE);
  if (limit > 1_000) return 10;
  if (limit >= 500) return 5;
  return limit >= 100 ? 2 : 1;
}

const contracts = ({ market, now }: World): readonly Listing[] =>
  market.listings(now).filter(({ quote }) => MARGINS.has(quote));

function exchangeInfo(world: World): unknown {
  return {
    timezone: 'UTC',
    serverTime: world.statedNow,
    futuresType: 'U_MARGINED',
    rateLimits: [
      {
        rateLimitType: 'REQUEST_WEIGHT',
        interval: 'MINUTE',
        intervalNum: 1,
        limit: world.weightPerMinute,
      },
    ],
    exchangeFilters: [],
    assets: [],
    kairosRealm: world.market.realm,
    ...world.market.notes,
    symbols: contracts(world).map(entryOf),
  };
}

const entryOf = ({ symbol, base, quote, tickSize, stepSize, status }: Listing): unknown => ({
  symbol,
  pair: symbol,
  contractType: 'PERPETUAL',
  deliveryDate: NEVER,
  status: status === 'BREAK' ? 'SETTLING' : 'TRADING',
  baseAsset: base,
  quoteAsset: quote,
  marginAsset: quote,
  pricePrecision: placesOf(tickSize),
  quantityPrecision: placesOf(stepSize),
  baseAssetPrecision: 8,
  quotePrecision: 8,
  underlyingType: 'COIN',
  underlyingSubType: [],
  filters: [
    {
      filterType: 'PRICE_FILTER',
      minPrice: trimmed(tickSize),
      maxPrice: '1000000',
      tickSize: trimmed(tickSize),
    },
    { filterType: 'LOT_SIZE', minQty: trimmed(stepSize), maxQty: '9000000', stepSize: trimmed(stepSize) },
    { filterType: 'MIN_NOTIONAL', notional: '5' },
  ],
  orderTypes: ['LIMIT', 'MARKET'],
  timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
});

function contractNamed(world: World, symbol: string): Listing {
  const listing = contracts(world).find((candidate) => candidate.symbol === symbol);
  if (listing === undefined) throw invalidSymbol();
  return listing;
}

function barsOf(world: World, query: Query, symbol: string): readonly Kline[] {
  const { now, market } = world;
  return market.klines({
    symbol: contractNamed(world, symbol).symbol,
    interval: intervalOf(query),
    startTime: numberOf(query, 'startTime'),
    endTime: numberOf(query, 'endTime'),
    limit: limitOf(query, STANDARD_PAGE, LARGEST_PAGE),
    now,
  });
}

function klines(world: World, query: Query): unknown {
  return barsOf(world, query, symbolOf(query)).map((bar) => [
    bar.openTime,
    ...[bar.open, bar.high, bar.low, bar.close, bar.volume].map(trimmed),
    bar.closeTime,
    trimmed(bar.quoteVolume),
    bar.trades,
    trimmed(bar.takerBase),
    trimmed(bar.takerQuote),
    '0',
  ]);
}

/** Mark and index prices are the pair's; nothing is traded at them, so every amount is a zero. */
function priceKlines(name: 'symbol' | 'pair'): FuturesRoute['answer'] {
  return (world, query) => {
    const symbol = query.get(name);
    if (symbol === null || symbol === '') throw missing(name);
    return barsOf(world, query, symbol).map((bar) => [
      bar.openTime,
      ...[bar.open, bar.high, bar.low, bar.close].map(trimmed),
      '0',
      bar.closeTime,
      '0',
      0,
      '0',
      '0',
      '0',
    ]);
  };
}

/** One object for `symbol`, a list of everything without. Futures state no best bid and ask here. */
function tickers(world: World, query: Query): unknown {
  const entry = (symbol: string): unknown => {
    const {
      bidPrice: _,
      bidQty: __,
      askPrice: ___,
      askQty: ____,
      prevClosePrice: _____,
      ...rest
    } = dayTicker(symbol, world.market.day(symbol, world.now));
    return rest;
  };
  if (query.has('symbol')) return entry(contractNamed(world, symbolOf(query)).symbol);
  return contracts(world).map(({ symbol }) => entry(symbol));
}
