import type { Dialect } from '../dialect.ts';
import { closeTimeOf, openOf } from '../intervals.ts';
import type { Interval } from '../intervals.ts';
import type { Kline, Listing } from '../market.ts';
import { newestBars, oldestBars } from './bars.ts';
import { riseOf, trimmed } from './print.ts';
import { dialectOf, route, VenueRefusal, wholeNumber } from './table.ts';
import type { Asked, Wording } from './table.ts';

/**
 * Bybit, API v5, spot and linear. Errors come with HTTP 200 and a `retCode`. Candles: newest first, all values text;
 * `start` means the bar that holds it, `end` is inclusive; with both, or with `end` alone, the newest `limit` of the
 * window, with `start` alone the oldest. Volume in base, then turnover in quote.
 */

const LARGEST_PAGE = 1_000;
const STANDARD_PAGE = 200;

const INTERVALS: ReadonlyMap<string, Interval> = new Map([
  ['1', '1m'],
  ['3', '3m'],
  ['5', '5m'],
  ['15', '15m'],
  ['30', '30m'],
  ['60', '1h'],
  ['120', '2h'],
  ['240', '4h'],
  ['360', '6h'],
  ['720', '12h'],
  ['D', '1d'],
  ['W', '1w'],
  ['M', '1M'],
]);

const said = (retCode: number, retMsg: string, result: unknown, time: number): unknown => ({
  retCode,
  retMsg,
  result,
  retExtInfo: {},
  time,
});
const refusal = (retMsg: string, { statedNow }: Asked): VenueRefusal =>
  new VenueRefusal(200, said(10_001, retMsg, {}, statedNow));

const WORDING: Wording = {
  unknownSymbol: (asked) =>
    refusal(categoryOf(asked) === 'spot' ? 'Not supported symbols' : 'params error: Symbol Invalid', asked),
  unknownInterval: (asked) => refusal('Invalid period!', asked),
  notFound: () => new VenueRefusal(404, { retCode: 404, retMsg: 'Not Found', result: {} }),
};

export const BYBIT: Dialect = dialectOf({
  id: 'bybit',
  family: /^\/v5\//,
  wording: WORDING,
  routes: [
    route(/^\/v5\/market\/time$/, time),
    route(/^\/v5\/market\/instruments-info$/, instruments),
    route(/^\/v5\/market\/kline$/, klines),
    route(/^\/v5\/market\/tickers$/, tickers),
  ],
});

const ok = (result: unknown, { statedNow }: Asked): unknown => said(0, 'OK', result, statedNow);

type Category = 'spot' | 'linear' | 'inverse' | 'option';

function categoryOf(asked: Asked): Category {
  const text = asked.query.get('category') ?? 'linear';
  if (text === 'spot' || text === 'linear' || text === 'inverse' || text === 'option') return text;
  throw refusal('params error: Category is invalid', asked);
}

/** Perpetuals are settled in USDT; there are no inverse contracts and no options. */
function listed(asked: Asked, category: Category): readonly Listing[] {
  const listings = asked.market.listings(asked.now);
  if (category === 'spot') return listings;
  return category === 'linear' ? listings.filter(({ quote }) => quote === 'USDT') : [];
}

function listingOf(asked: Asked, category: Category): Listing {
  const name = asked.query.get('symbol');
  const listing = listed(asked, category).find(({ symbol }) => symbol === name);
  if (listing === undefined) throw WORDING.unknownSymbol(asked);
  return listing;
}

function time(asked: Asked): unknown {
  const { statedNow } = asked;
  return ok({ timeSecond: String(Math.floor(statedNow / 1_000)), timeNano: `${statedNow}000000` }, asked);
}

function instruments(asked: Asked): unknown {
  const category = categoryOf(asked);
  const list = asked.query.get('status') === 'PreLaunch' ? [] : listed(asked, category);
  const entries = list.map(category === 'spot' ? spotEntry : linearEntry);
  return ok({ category, list: entries, ...(category === 'spot' ? {} : { nextPageCursor: '' }) }, asked);
}

const spotEntry = ({ symbol, base, quote, tickSize, stepSize }: Listing): unknown => ({
  symbol,
  baseCoin: base,
  quoteCoin: quote,
  innovation: '0',
  status: 'Trading',
  marginTrading: 'none',
  lotSizeFilter: {
    basePrecision: trimmed(stepSize),
    quotePrecision: '0.00000001',
    minOrderQty: trimmed(stepSize),
    maxOrderQty: '9000000',
    minOrderAmt: '1',
    maxOrderAmt: '2000000',
  },
  priceFilter: { tickSize: trimmed(tickSize) },
});

const linearEntry = ({ symbol, base, quote, tickSize, stepSize }: Listing): unknown => ({
  symbol,
  contractType: 'LinearPerpetual',
  status: 'Trading',
  baseCoin: base,
  quoteCoin: quote,
  settleCoin: quote,
  deliveryTime: '0',
  deliveryFeeRate: '',
  priceScale: '2',
  leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
  priceFilter: { minPrice: trimmed(tickSize), maxPrice: '1999999.80', tickSize: trimmed(tickSize) },
  lotSizeFilter: { maxOrderQty: '9000000', minOrderQty: trimmed(stepSize), qtyStep: trimmed(stepSize) },
  unifiedMarginTrade: true,
  fundingInterval: 480,
});

function klines(asked: Asked): unknown {
  const { query, market, now } = asked;
  const category = categoryOf(asked);
  const { symbol } = listingOf(asked, category);
  const interval = INTERVALS.get(query.get('interval') ?? '');
  if (interval === undefined) throw WORDING.unknownInterval(asked);
  const start = wholeNumber(query, 'start');
  const end = wholeNumber(query, 'end');
  const window = {
    symbol,
    from: start === undefined ? 0 : openOf(interval, start),
    to: Math.min(end ?? now, now) + 1,
    limit: Math.min(Math.max(1, wholeNumber(query, 'limit') ?? STANDARD_PAGE), LARGEST_PAGE),
    now,
  };
  const oldest = start !== undefined && end === undefined;
  const bars = (oldest ? oldestBars : newestBars)(market, interval, window);
  return ok({ category, symbol, list: bars.map(row).reverse() }, asked);
}

const row = (bar: Kline): readonly string[] => [
  String(bar.openTime),
  ...[bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quoteVolume].map(trimmed),
];

function tickers(asked: Asked): unknown {
  const category = categoryOf(asked);
  const wanted = asked.query.has('symbol') ? [listingOf(asked, category)] : listed(asked, category);
  return ok({ category, list: wanted.map(({ symbol }) => tickerOf(asked, symbol, category)) }, asked);
}

function tickerOf({ market, now }: Asked, symbol: string, category: Category): unknown {
  const { bar, bid, ask } = market.day(symbol, now);
  const last = trimmed(bar.close);
  return {
    symbol,
    bid1Price: trimmed(bid[0]),
    bid1Size: trimmed(bid[1]),
    ask1Price: trimmed(ask[0]),
    ask1Size: trimmed(ask[1]),
    lastPrice: last,
    prevPrice24h: trimmed(bar.open),
    price24hPcnt: riseOf(bar.open, bar.close, 4),
    highPrice24h: trimmed(bar.high),
    lowPrice24h: trimmed(bar.low),
    turnover24h: trimmed(bar.quoteVolume),
    volume24h: trimmed(bar.volume),
    ...(category === 'spot'
      ? {}
      : {
          indexPrice: last,
          markPrice: last,
          openInterest: '0',
          openInterestValue: '0',
          nextFundingTime: String(closeTimeOf('8h', openOf('8h', now)) + 1),
          deliveryTime: '0',
        }),
  };
}
