import { illegal, invalidSymbol } from './refusal.ts';
import type { World } from './dialect.ts';
import type { Listing } from './market.ts';
import { selectionOf } from './query.ts';
import type { Query } from './query.ts';

const OTHER_LIMITS = [
  { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
  { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200_000 },
  { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 61_000 },
] as const;

/**
 * The body of exchangeInfo (Spot API, "Exchange information"), with the realm and the market's own notes added at top
 * level. An empty `symbols` list or an unknown symbol is refused.
 */
export function exchangeInfo(world: World, query: Query): Readonly<Record<string, unknown>> {
  return {
    ...frame(world),
    kairosRealm: world.market.realm,
    ...world.market.notes,
    symbols: chosen(world, query).map(entryOf),
  };
}

/** The exchangeInfo of a venue without contracts: this one trades spot only. */
export const emptyExchangeInfo = (world: World): Readonly<Record<string, unknown>> => ({
  ...frame(world),
  symbols: [],
  optionSymbols: [],
});

const frame = ({ statedNow, weightPerMinute: limit }: World): Readonly<Record<string, unknown>> => ({
  timezone: 'UTC',
  serverTime: statedNow,
  rateLimits: [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit },
    ...OTHER_LIMITS,
  ],
  exchangeFilters: [],
});

function chosen({ market, now }: World, query: Query): readonly Listing[] {
  const listings = market.listings(now);
  const selection = selectionOf(query);
  if (selection === undefined) return listings;
  const names = 'one' in selection ? [selection.one] : selection.many;
  if (names.length === 0) throw illegal('symbols', '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,})\\]$');
  return names.map((name) => {
    const listing = listings.find(({ symbol }) => symbol === name);
    if (listing === undefined) throw invalidSymbol();
    return listing;
  });
}

const entryOf = (listing: Listing): Readonly<Record<string, unknown>> => ({
  symbol: listing.symbol,
  status: listing.status ?? 'TRADING',
  baseAsset: listing.base,
  baseAssetPrecision: 8,
  quoteAsset: listing.quote,
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  baseCommissionPrecision: 8,
  quoteCommissionPrecision: 8,
  orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET'],
  icebergAllowed: true,
  ocoAllowed: true,
  quoteOrderQtyMarketAllowed: true,
  isSpotTradingAllowed: true,
  isMarginTradingAllowed: false,
  filters: [
    {
      filterType: 'PRICE_FILTER',
      minPrice: listing.tickSize,
      maxPrice: '1000000.00000000',
      tickSize: listing.tickSize,
    },
    {
      filterType: 'LOT_SIZE',
      minQty: listing.stepSize,
      maxQty: '9000000.00000000',
      stepSize: listing.stepSize,
    },
    { filterType: 'NOTIONAL', minNotional: '5.00000000', applyMinToMarket: true },
  ],
  permissions: [],
  permissionSets: [['SPOT']],
});
