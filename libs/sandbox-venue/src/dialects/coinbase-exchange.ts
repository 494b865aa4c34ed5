import type { Dialect } from '../dialect.ts';
import type { Interval } from '../intervals.ts';
import type { Kline, Listing } from '../market.ts';
import { newestBars } from './bars.ts';
import { isTraded } from './coinbase.ts';
import { trimmed } from './print.ts';
import { dialectOf, listingNamed, route, VenueRefusal } from './table.ts';
import type { Asked, Wording } from './table.ts';

/**
 * Coinbase Exchange. Candles: a bounded window between two ISO instants, both inclusive, newest first, rows of JSON
 * numbers in the order time (seconds), low, high, open, close, volume; more than 300 buckets are refused; buckets
 * without a trade are left out.
 */

const LARGEST_PAGE = 300;

const INTERVALS: ReadonlyMap<string, Interval> = new Map([
  ['60', '1m'],
  ['300', '5m'],
  ['900', '15m'],
  ['3600', '1h'],
  ['21600', '6h'],
  ['86400', '1d'],
]);

const refusal = (status: number, message: string): VenueRefusal => new VenueRefusal(status, { message });

const WORDING: Wording = {
  unknownSymbol: () => refusal(404, 'NotFound'),
  unknownInterval: () => refusal(400, 'Unsupported granularity'),
  notFound: () => refusal(404, 'Route not found'),
};

const productName = ({ base, quote }: Listing): string => `${base}-${quote}`;

export const COINBASE_EXCHANGE: Dialect = dialectOf({
  id: 'coinbaseexchange',
  family: /^\/(?:time$|products(?:\/|$)|currencies(?:\/|$))/,
  wording: WORDING,
  routes: [
    route(/^\/time$/, ({ statedNow }) => ({
      iso: new Date(statedNow).toISOString(),
      epoch: statedNow / 1_000,
    })),
    route(/^\/currencies$/, currencies),
    route(/^\/products$/, ({ market, now }) => market.listings(now).map(productEntry)),
    route(/^\/products\/([^/]+)\/candles$/, candles),
    route(/^\/products\/([^/]+)\/ticker$/, ticker),
  ],
});

function currencies({ market, now }: Asked): unknown {
  const codes = new Set(market.listings(now).flatMap(({ base, quote }) => [base, quote]));
  return [...codes].map((id) => ({
    id,
    name: id,
    min_size: '0.00000001',
    status: 'online',
    message: '',
    max_precision: '0.00000001',
    convertible_to: [],
    details: { type: 'crypto' },
    supported_networks: [],
  }));
}

const productEntry = (listing: Listing): unknown => ({
  id: productName(listing),
  base_currency: listing.base,
  quote_currency: listing.quote,
  quote_increment: trimmed(listing.tickSize),
  base_increment: trimmed(listing.stepSize),
  display_name: `${listing.base}/${listing.quote}`,
  min_market_funds: '1',
  margin_enabled: false,
  fx_stablecoin: false,
  post_only: false,
  limit_only: false,
  cancel_only: false,
  trading_disabled: false,
  status: 'online',
  status_message: '',
  auction_mode: false,
});

function listingOf(asked: Asked): Listing {
  const listing = listingNamed(asked, productName, asked.parts[0]);
  if (listing === undefined) throw WORDING.unknownSymbol(asked);
  return listing;
}

function candles(asked: Asked): string {
  const { query, market, now } = asked;
  const { symbol } = listingOf(asked);
  const granularity = query.get('granularity') ?? '60';
  const interval = INTERVALS.get(granularity);
  if (interval === undefined) throw WORDING.unknownInterval(asked);
  const step = Number(granularity) * 1_000;
  const end = instantOf(query, 'end') ?? now;
  const start = instantOf(query, 'start') ?? end - (LARGEST_PAGE - 1) * step;
  if ((end - start) / step > LARGEST_PAGE)
    throw refusal(
      400,
      'granularity too small for the requested time range. Count of aggregations requested exceeds 300',
    );
  const window = { symbol, from: start, to: Math.min(end, now) + 1, limit: LARGEST_PAGE, now };
  const bars = newestBars(market, interval, window).filter(isTraded);
  return `[${bars.map(row).reverse().join()}]`;
}

/** Written out, not through a double: the venue's numbers have all their digits. */
const row = (bar: Kline): string =>
  `[${[String(bar.openTime / 1_000), ...[bar.low, bar.high, bar.open, bar.close, bar.volume].map(trimmed)].join()}]`;

/** An ISO instant or a whole number of seconds. */
function instantOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const instant = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
  if (Number.isNaN(instant)) throw refusal(400, `Invalid ${name}`);
  return instant;
}

function ticker(asked: Asked): unknown {
  const { bar, bid, ask, lastQuantity } = asked.market.day(listingOf(asked).symbol, asked.now);
  return {
    trade_id: 1,
    price: trimmed(bar.close),
    size: trimmed(lastQuantity),
    time: new Date(asked.now).toISOString(),
    bid: trimmed(bid[0]),
    ask: trimmed(ask[0]),
    volume: trimmed(bar.volume),
  };
}
