import type { Dialect } from '../dialect.ts';
import { DAY } from '../intervals.ts';
import type { Interval } from '../intervals.ts';
import type { Kline, Listing } from '../market.ts';
import { newestBars, newestFolded } from './bars.ts';
import type { BarQuery, FoldedGrid } from './bars.ts';
import { placesOf, ratio, withPlaces } from './print.ts';
import { dialectOf, listingNamed, route, VenueRefusal } from './table.ts';
import type { Asked, Wording } from './table.ts';

/**
 * Kraken, REST. Errors come with HTTP 200 and a list of them. Candles: the newest 720, the one still forming among
 * them, whatever `since` says, which only leaves out those at or before it (the last one never); times in seconds; prices padded
 * to the pair's places. Intervals count from the epoch, so weeks begin on a Thursday and 21600 is fifteen days. Assets
 * and pairs of the first years go by old names (`XXBT`, `XXBTZUSD`), younger ones by their own.
 */

const LOOK_BACK = 720;

const INTERVALS: ReadonlyMap<string, Interval | FoldedGrid> = new Map<string, Interval | FoldedGrid>([
  ['1', '1m'],
  ['5', '5m'],
  ['15', '15m'],
  ['30', '30m'],
  ['60', '1h'],
  ['240', '4h'],
  ['1440', '1d'],
  ['10080', { base: '1d', step: 7 * DAY, origin: 0 }],
  ['21600', { base: '1d', step: 15 * DAY, origin: 0 }],
]);

const ALT: Readonly<Record<string, string>> = { BTC: 'XBT', DOGE: 'XDG' };
const OLD_COINS = new Set(['XBT', 'XDG', 'ETH', 'LTC', 'XRP', 'XLM', 'XMR', 'ZEC', 'ETC', 'REP', 'MLN']);
const OLD_MONEY = new Set(['USD', 'EUR', 'GBP', 'CAD', 'JPY']);

const altOf = (asset: string): string => ALT[asset] ?? asset;

/** `BTC` is `XXBT`, `USD` is `ZUSD`, `USDT` is itself. */
function assetName(asset: string): string {
  const alt = altOf(asset);
  if (OLD_COINS.has(alt)) return `X${alt}`;
  return OLD_MONEY.has(alt) ? `Z${alt}` : alt;
}

const altName = ({ base, quote }: Listing): string => altOf(base) + altOf(quote);

/** Old names only where both assets have one: `XXBTZUSD`, but `XBTUSDT`. */
function pairName(listing: Listing): string {
  const base = assetName(listing.base);
  const quote = assetName(listing.quote);
  const old = base !== altOf(listing.base) && quote !== altOf(listing.quote);
  return old ? base + quote : altName(listing);
}

const refusal = (text: string, status = 200): VenueRefusal => new VenueRefusal(status, { error: [text] });

const WORDING: Wording = {
  unknownSymbol: () => refusal('EQuery:Unknown asset pair'),
  unknownInterval: () => refusal('EGeneral:Invalid arguments:interval'),
  notFound: () => refusal('EGeneral:Unknown method', 404),
};

const ok = (result: unknown): unknown => ({ error: [], result });

export const KRAKEN: Dialect = dialectOf({
  id: 'kraken',
  family: /^\/0\/(?:public|private)\//,
  wording: WORDING,
  routes: [
    route(/^\/0\/public\/Time$/, time),
    route(/^\/0\/public\/SystemStatus$/, status),
    route(/^\/0\/public\/Assets$/, assets),
    route(/^\/0\/public\/AssetPairs$/, pairs),
    route(/^\/0\/public\/OHLC$/, ohlc),
    route(/^\/0\/public\/Ticker$/, tickers),
  ],
});

const seconds = (instant: number): number => Math.floor(instant / 1_000);

function time({ statedNow }: Asked): unknown {
  return ok({ unixtime: seconds(statedNow), rfc1123: new Date(statedNow).toUTCString() });
}

function status({ statedNow }: Asked): unknown {
  return ok({ status: 'online', timestamp: new Date(statedNow).toISOString() });
}

function assets({ market, now }: Asked): unknown {
  const known = new Set(market.listings(now).flatMap(({ base, quote }) => [base, quote]));
  const entry = (asset: string): unknown => ({
    aclass: 'currency',
    altname: altOf(asset),
    decimals: 10,
    display_decimals: 5,
    status: 'enabled',
  });
  return ok(Object.fromEntries([...known].map((asset) => [assetName(asset), entry(asset)])));
}

function pairs({ market, now }: Asked): unknown {
  return ok(
    Object.fromEntries(market.listings(now).map((listing) => [pairName(listing), pairEntry(listing)])),
  );
}

const pairEntry = (listing: Listing): unknown => ({
  altname: altName(listing),
  wsname: `${altOf(listing.base)}/${altOf(listing.quote)}`,
  aclass_base: 'currency',
  base: assetName(listing.base),
  aclass_quote: 'currency',
  quote: assetName(listing.quote),
  lot: 'unit',
  pair_decimals: placesOf(listing.tickSize),
  lot_decimals: 8,
  lot_multiplier: 1,
  leverage_buy: [],
  leverage_sell: [],
  fees: [[0, 0.26]],
  fees_maker: [[0, 0.16]],
  fee_volume_currency: 'ZUSD',
  ordermin: listing.stepSize,
  tick_size: withPlaces(listing.tickSize, placesOf(listing.tickSize)),
  status: 'online',
});

/** Pairs may be written by either name. */
function listingOf(asked: Asked, name: string | null): Listing {
  const listing = listingNamed(asked, pairName, name) ?? listingNamed(asked, altName, name);
  if (listing === undefined) throw WORDING.unknownSymbol(asked);
  return listing;
}

function ohlc(asked: Asked): unknown {
  const { query, market, now } = asked;
  if (!query.has('pair')) throw refusal('EGeneral:Invalid arguments');
  const listing = listingOf(asked, query.get('pair'));
  const interval = INTERVALS.get(query.get('interval') ?? '1');
  if (interval === undefined) throw WORDING.unknownInterval(asked);
  const window: BarQuery = { symbol: listing.symbol, from: 0, to: now + 1, limit: LOOK_BACK, now };
  const bars =
    typeof interval === 'string'
      ? newestBars(market, interval, window)
      : newestFolded(market, interval, window);
  const since = Number(query.get('since') ?? '0') * 1_000;
  const running = bars.filter(({ closeTime }) => closeTime >= now);
  const closed = bars.filter(({ closeTime }) => closeTime < now);
  const shown = [...closed.filter(({ openTime }) => openTime > since), ...running];
  const last = seconds(closed.at(-1)?.openTime ?? 0);
  return ok({ [pairName(listing)]: shown.map((bar) => row(bar, placesOf(listing.tickSize))), last });
}

const row = (bar: Kline, places: number): readonly (string | number)[] => [
  seconds(bar.openTime),
  ...[bar.open, bar.high, bar.low, bar.close, ratio(bar.quoteVolume, bar.volume)].map((price) =>
    withPlaces(price, places),
  ),
  withPlaces(bar.volume, 8),
  bar.trades,
];

function tickers(asked: Asked): unknown {
  const named = asked.query.get('pair');
  const wanted =
    named === null
      ? asked.market.listings(asked.now)
      : named.split(',').map((name) => listingOf(asked, name));
  return ok(Object.fromEntries(wanted.map((listing) => [pairName(listing), tickerOf(asked, listing)])));
}

/** Each pair of numbers is of today and of the last 24 hours; here both, and the opening price, are of the latter. */
function tickerOf({ market, now }: Asked, { symbol, tickSize }: Listing): unknown {
  const { bar, bid, ask, lastQuantity } = market.day(symbol, now);
  const price = (text: string): string => withPlaces(text, placesOf(tickSize));
  const twice = <T>(value: T): readonly T[] => [value, value];
  return {
    a: [price(ask[0]), '1', withPlaces(ask[1], 3)],
    b: [price(bid[0]), '1', withPlaces(bid[1], 3)],
    c: [price(bar.close), withPlaces(lastQuantity, 8)],
    v: twice(withPlaces(bar.volume, 8)),
    p: twice(price(ratio(bar.quoteVolume, bar.volume))),
    t: twice(bar.trades),
    l: twice(price(bar.low)),
    h: twice(price(bar.high)),
    o: price(bar.open),
  };
}
