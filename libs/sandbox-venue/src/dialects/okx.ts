import { DAY, HOUR } from '../intervals.ts';
import type { Interval } from '../intervals.ts';
import { fromUnits, toUnits } from '../decimals.ts';
import type { Dialect } from '../dialect.ts';
import type { Kline, Listing } from '../market.ts';
import { newestBars, newestFolded } from './bars.ts';
import type { BarQuery, FoldedGrid } from './bars.ts';
import { trimmed } from './print.ts';
import { dialectOf, listingNamed, route, VenueRefusal, wholeNumber } from './table.ts';
import type { Asked, Wording } from './table.ts';

/**
 * OKX, API v5. Errors come with HTTP 200 and a code. Candles: newest first, all values text, the window
 * `before < open < after` with the newest `limit` of it; bars of six hours and more open on Hong Kong time unless the bar's name ends
 * in `utc`; the last 1,440 bars from one endpoint (300 a page), older ones from another (100 a page); a swap's volume
 * in contracts, with the base volume beside it; the last field says whether the bar is closed.
 */

/** The latest bars that `market/candles` goes back to. */
const RECENT_BARS = 1_440;
const RECENT_PAGE = 300;
const HISTORY_PAGE = 100;
const STANDARD_PAGE = 100;
/** Hong Kong midnight. */
const HONG_KONG = 16 * HOUR;

interface Bar {
  readonly interval?: Interval;
  readonly folded?: FoldedGrid;
  readonly nominal: number;
}

const onClock = (interval: Interval, nominal: number): Bar => ({ interval, nominal });
const inHongKong = (step: number, origin = HONG_KONG): Bar => ({
  folded: { base: '1h', step, origin },
  nominal: step,
});

/** Hong Kong months would follow a calendar of their own: not offered here. */
const BARS: ReadonlyMap<string, Bar> = new Map([
  ['1m', onClock('1m', HOUR / 60)],
  ['3m', onClock('3m', HOUR / 20)],
  ['5m', onClock('5m', HOUR / 12)],
  ['15m', onClock('15m', HOUR / 4)],
  ['30m', onClock('30m', HOUR / 2)],
  ['1H', onClock('1h', HOUR)],
  ['2H', onClock('2h', 2 * HOUR)],
  ['4H', onClock('4h', 4 * HOUR)],
  ['6H', inHongKong(6 * HOUR)],
  ['12H', inHongKong(12 * HOUR)],
  ['1D', inHongKong(DAY)],
  ['1W', inHongKong(7 * DAY, 3 * DAY + HONG_KONG)],
  ['6Hutc', onClock('6h', 6 * HOUR)],
  ['12Hutc', onClock('12h', 12 * HOUR)],
  ['1Dutc', onClock('1d', DAY)],
  ['3Dutc', onClock('3d', 3 * DAY)],
  ['1Wutc', onClock('1w', 7 * DAY)],
  ['1Mutc', onClock('1M', 31 * DAY)],
]);

const spotName = ({ base, quote }: Listing): string => `${base}-${quote}`;
const swapName = (listing: Listing): string => `${spotName(listing)}-SWAP`;
const isSwap = (name: string): boolean => name.endsWith('-SWAP');
/** Swaps are settled in USDT; other pairs are spot only. */
const hasSwap = ({ quote }: Listing): boolean => quote === 'USDT';

/** A contract of a swap holds so much of the base. */
const CONTRACTS: Readonly<Record<string, string>> = { BTC: '0.01', ETH: '0.1', DOGE: '1000', XRP: '100' };
const contractOf = ({ base }: Listing): string => CONTRACTS[base] ?? '1';

const ok = (data: readonly unknown[]): unknown => ({ code: '0', msg: '', data });
const refusal = (code: string, msg: string, status = 200): VenueRefusal =>
  new VenueRefusal(status, { code, msg, data: [] });

const WORDING: Wording = {
  unknownSymbol: () => refusal('51001', "Instrument ID, Instrument ID code, or Spread ID doesn't exist."),
  unknownInterval: () => refusal('51000', 'Parameter bar error'),
  notFound: () => refusal('404', 'Not Found', 404),
};

export const OKX: Dialect = dialectOf({
  id: 'okx',
  family: /^\/api\/v5\//,
  wording: WORDING,
  routes: [
    route(/^\/api\/v5\/public\/time$/, ({ statedNow }) => ok([{ ts: String(statedNow) }])),
    route(/^\/api\/v5\/public\/instruments$/, instruments),
    route(/^\/api\/v5\/market\/candles$/, (asked) => candles(asked, RECENT_PAGE, recentFrom)),
    route(/^\/api\/v5\/market\/history-candles$/, (asked) => candles(asked, HISTORY_PAGE, () => 0)),
    route(/^\/api\/v5\/market\/ticker$/, (asked) => ok([tickerOf(asked, asked.query.get('instId'))])),
    route(/^\/api\/v5\/market\/tickers$/, tickers),
  ],
});

function instrumentOf(asked: Asked, name: string | null): { listing: Listing; swap: boolean } {
  if (name === null || name === '') throw refusal('50014', 'Parameter instId can not be empty', 400);
  const swap = isSwap(name);
  const listing = listingNamed(asked, swap ? swapName : spotName, name);
  if (listing === undefined || (swap && !hasSwap(listing))) throw WORDING.unknownSymbol(asked);
  return { listing, swap };
}

function instruments({ market, query, now }: Asked): unknown {
  const listings = market.listings(now);
  switch (query.get('instType')) {
    case 'SPOT':
      return ok(listings.map(spotEntry));
    case 'SWAP':
      return ok(listings.filter(hasSwap).map(swapEntry));
    case 'FUTURES':
    case 'OPTION':
      return ok([]);
    default:
      throw refusal('51000', 'Parameter instType error');
  }
}

const BLANK = { alias: '', category: '1', expTime: '', optType: '', stk: '', state: 'live', listTime: '' };

const spotEntry = (listing: Listing): unknown => ({
  ...BLANK,
  instType: 'SPOT',
  instId: spotName(listing),
  baseCcy: listing.base,
  quoteCcy: listing.quote,
  settleCcy: '',
  ctMult: '',
  ctType: '',
  ctVal: '',
  ctValCcy: '',
  lever: '',
  lotSz: trimmed(listing.stepSize),
  minSz: trimmed(listing.stepSize),
  tickSz: trimmed(listing.tickSize),
  uly: '',
});

const swapEntry = (listing: Listing): unknown => ({
  ...BLANK,
  instType: 'SWAP',
  instId: swapName(listing),
  instFamily: spotName(listing),
  baseCcy: '',
  quoteCcy: '',
  settleCcy: listing.quote,
  ctMult: '1',
  ctType: 'linear',
  ctVal: contractOf(listing),
  ctValCcy: listing.base,
  lever: '100',
  lotSz: '0.01',
  minSz: '0.01',
  tickSz: trimmed(listing.tickSize),
  uly: spotName(listing),
});

function recentFrom(bar: Bar, now: number): number {
  const origin = bar.folded?.origin ?? 0;
  return Math.floor((now - origin) / bar.nominal - RECENT_BARS + 1) * bar.nominal + origin;
}

function candles(asked: Asked, page: number, horizon: (bar: Bar, now: number) => number): unknown {
  const { query, market, now } = asked;
  const { listing, swap } = instrumentOf(asked, query.get('instId'));
  const bar = BARS.get(query.get('bar') ?? '1m');
  if (bar === undefined) throw WORDING.unknownInterval(asked);
  const wanted: BarQuery = {
    symbol: listing.symbol,
    from: Math.max((wholeNumber(query, 'before') ?? -1) + 1, horizon(bar, now)),
    to: Math.min(wholeNumber(query, 'after') ?? Infinity, now + 1),
    limit: Math.min(wholeNumber(query, 'limit') ?? STANDARD_PAGE, page),
    now,
  };
  const bars = bar.interval
    ? newestBars(market, bar.interval, wanted)
    : newestFolded(market, bar.folded ?? { base: '1h', step: DAY, origin: HONG_KONG }, wanted);
  const print = (kline: Kline): unknown => candleRow(kline, swap ? contractOf(listing) : undefined, now);
  return ok(bars.map(print).reverse());
}

/** Spot: base volume, then quote volume twice. Swap: contracts, base volume, quote volume. */
function candleRow(bar: Kline, contract: string | undefined, now: number): readonly string[] {
  const quote = trimmed(bar.quoteVolume);
  const volumes =
    contract === undefined
      ? [trimmed(bar.volume), quote, quote]
      : [contractsOf(bar.volume, contract), trimmed(bar.volume), quote];
  const prices = [bar.open, bar.high, bar.low, bar.close].map(trimmed);
  return [String(bar.openTime), ...prices, ...volumes, bar.closeTime < now ? '1' : '0'];
}

const ONE = 100_000_000n;

/** A volume in contracts. Contract sizes are powers of ten, so nothing is lost above a hundred-millionth of one. */
const contractsOf = (volume: string, contract: string): string =>
  trimmed(fromUnits((toUnits(volume) * ONE) / toUnits(contract)));

function tickers(asked: Asked): unknown {
  const { market, query, now } = asked;
  const kind = query.get('instType');
  if (kind !== 'SPOT' && kind !== 'SWAP') throw refusal('51000', 'Parameter instType error');
  const listings = market.listings(now).filter((listing) => kind === 'SPOT' || hasSwap(listing));
  return ok(listings.map((listing) => tickerOf(asked, (kind === 'SPOT' ? spotName : swapName)(listing))));
}

function tickerOf(asked: Asked, name: string | null): unknown {
  const { listing, swap } = instrumentOf(asked, name);
  const { bar, bid, ask, lastQuantity } = asked.market.day(listing.symbol, asked.now);
  const size = (volume: string): string =>
    swap ? contractsOf(volume, contractOf(listing)) : trimmed(volume);
  return {
    instType: swap ? 'SWAP' : 'SPOT',
    instId: name,
    last: trimmed(bar.close),
    lastSz: size(lastQuantity),
    askPx: trimmed(ask[0]),
    askSz: size(ask[1]),
    bidPx: trimmed(bid[0]),
    bidSz: size(bid[1]),
    open24h: trimmed(bar.open),
    high24h: trimmed(bar.high),
    low24h: trimmed(bar.low),
    vol24h: size(bar.volume),
    volCcy24h: trimmed(swap ? bar.volume : bar.quoteVolume),
    ts: String(asked.now),
  };
}
