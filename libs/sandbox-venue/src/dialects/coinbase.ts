import type { Dialect } from '../dialect.ts';
import type { Interval } from '../intervals.ts';
import type { Kline, Listing } from '../market.ts';
import { newestBars } from './bars.ts';
import { isoSeconds, riseOf, trimmed } from './print.ts';
import { dialectOf, listingNamed, route, VenueRefusal, wholeNumber } from './table.ts';
import type { Asked, Wording } from './table.ts';

/**
 * Coinbase, Advanced Trade, with what its clients ask of the v2 interface. Candles: a bounded window in seconds, both
 * ends inclusive, newest first; more than 350 buckets are refused, more than 300 bars never sent; buckets without a
 * trade are left out.
 */

const LARGEST_PAGE = 300;
const TOO_MANY = 350;

interface Granularity {
  readonly interval: Interval;
  readonly seconds: number;
}

const GRANULARITIES: ReadonlyMap<string, Granularity> = new Map([
  ['ONE_MINUTE', { interval: '1m', seconds: 60 }],
  ['FIVE_MINUTE', { interval: '5m', seconds: 300 }],
  ['FIFTEEN_MINUTE', { interval: '15m', seconds: 900 }],
  ['THIRTY_MINUTE', { interval: '30m', seconds: 1_800 }],
  ['ONE_HOUR', { interval: '1h', seconds: 3_600 }],
  ['TWO_HOUR', { interval: '2h', seconds: 7_200 }],
  ['FOUR_HOUR', { interval: '4h', seconds: 14_400 }],
  ['SIX_HOUR', { interval: '6h', seconds: 21_600 }],
  ['ONE_DAY', { interval: '1d', seconds: 86_400 }],
]);

const refusal = (status: number, error: string, details: string): VenueRefusal =>
  new VenueRefusal(status, { error, error_details: details, message: details });
const illegal = (what: string): VenueRefusal => refusal(400, 'INVALID_ARGUMENT', what);

const WORDING: Wording = {
  unknownSymbol: () => illegal('valid product_id is required'),
  unknownInterval: () => illegal('granularity argument is invalid'),
  notFound: () => refusal(404, 'NOT_FOUND', 'Not Found'),
};

const productName = ({ base, quote }: Listing): string => `${base}-${quote}`;

export const COINBASE: Dialect = dialectOf({
  id: 'coinbase',
  family: /^\/(?:v2|api\/v3\/brokerage)\//,
  wording: WORDING,
  routes: [
    route(/^\/v2\/time$/, ({ statedNow }) => ({
      data: { iso: isoSeconds(statedNow), epoch: epoch(statedNow) },
    })),
    route(/^\/v2\/currencies$/, () => ({ data: [] })),
    route(/^\/v2\/currencies\/crypto$/, currencies),
    route(/^\/v2\/exchange-rates$/, () => ({ data: { currency: 'USD', rates: {} } })),
    route(/^\/api\/v3\/brokerage\/time$/, time),
    route(/^\/api\/v3\/brokerage\/market\/products$/, products),
    route(/^\/api\/v3\/brokerage\/market\/products\/([^/]+)$/, product),
    route(/^\/api\/v3\/brokerage\/market\/products\/([^/]+)\/candles$/, candles),
    route(/^\/api\/v3\/brokerage\/market\/products\/([^/]+)\/ticker$/, ticker),
  ],
});

const epoch = (instant: number): number => Math.floor(instant / 1_000);

function time({ statedNow }: Asked): unknown {
  return {
    iso: isoSeconds(statedNow),
    epochSeconds: String(epoch(statedNow)),
    epochMillis: String(statedNow),
  };
}

function currencies({ market, now }: Asked): unknown {
  const codes = new Set(market.listings(now).flatMap(({ base, quote }) => [base, quote]));
  return {
    data: [...codes].map((code) => ({ asset_id: code, code, name: code, exponent: 8, type: 'crypto' })),
  };
}

/** There are no futures: their list is empty. */
function products(asked: Asked): unknown {
  const futures = asked.query.get('product_type') === 'FUTURE';
  const listings = futures ? [] : asked.market.listings(asked.now);
  return {
    products: listings.map((listing) => productEntry(asked, listing)),
    num_products: listings.length,
  };
}

function product(asked: Asked): unknown {
  return productEntry(asked, listingOf(asked));
}

function listingOf(asked: Asked): Listing {
  const listing = listingNamed(asked, productName, asked.parts[0]);
  if (listing === undefined) throw WORDING.unknownSymbol(asked);
  return listing;
}

function productEntry({ market, now }: Asked, listing: Listing): unknown {
  const { bar } = market.day(listing.symbol, now);
  return {
    product_id: productName(listing),
    price: trimmed(bar.close),
    price_percentage_change_24h: riseOf(bar.open, bar.close, 8),
    volume_24h: trimmed(bar.volume),
    base_increment: trimmed(listing.stepSize),
    quote_increment: trimmed(listing.tickSize),
    price_increment: trimmed(listing.tickSize),
    quote_min_size: '1',
    quote_max_size: '150000000',
    base_min_size: trimmed(listing.stepSize),
    base_max_size: '9000000',
    base_name: listing.base,
    quote_name: listing.quote,
    is_disabled: false,
    status: 'online',
    trading_disabled: false,
    product_type: 'SPOT',
    quote_currency_id: listing.quote,
    base_currency_id: listing.base,
    alias: '',
    alias_to: [],
    view_only: false,
    display_name: productName(listing),
    product_venue: 'CBE',
  };
}

function candles(asked: Asked): unknown {
  const { query, market, now } = asked;
  const { symbol } = listingOf(asked);
  const granularity = GRANULARITIES.get(query.get('granularity') ?? '');
  if (granularity === undefined) throw WORDING.unknownInterval(asked);
  const start = wholeNumber(query, 'start');
  const end = wholeNumber(query, 'end');
  if (start === undefined || end === undefined || end < start)
    throw illegal('start and end argument is invalid');
  if ((end - start) / granularity.seconds >= TOO_MANY)
    throw illegal('start and end argument is invalid - number of candles requested should be less than 350 ');
  const window = {
    symbol,
    from: start * 1_000,
    to: Math.min(end * 1_000, now) + 1,
    limit: LARGEST_PAGE,
    now,
  };
  const bars = newestBars(market, granularity.interval, window);
  return { candles: bars.filter(isTraded).map(entry).reverse() };
}

/** A recording does not know the number of trades, but every trade has a volume. */
export const isTraded = ({ volume }: Kline): boolean => !/^[0.]+$/.test(volume);

const entry = (bar: Kline): unknown => ({
  start: String(epoch(bar.openTime)),
  low: trimmed(bar.low),
  high: trimmed(bar.high),
  open: trimmed(bar.open),
  close: trimmed(bar.close),
  volume: trimmed(bar.volume),
});

function ticker(asked: Asked): unknown {
  const listing = listingOf(asked);
  const { bar, bid, ask, lastQuantity } = asked.market.day(listing.symbol, asked.now);
  const last = {
    trade_id: '1',
    product_id: productName(listing),
    price: trimmed(bar.close),
    size: trimmed(lastQuantity),
    time: new Date(asked.now).toISOString(),
    side: 'BUY',
    bid: '',
    ask: '',
  };
  return { trades: [last], best_bid: trimmed(bid[0]), best_ask: trimmed(ask[0]) };
}
