import { dayTicker } from './day-ticker.ts';
import { emptyExchangeInfo, exchangeInfo } from './exchange-info.ts';
import type { World } from './dialect.ts';
import type { AggTrade, Kline } from './market.ts';
import { intervalOf, limitOf, numberOf, selectionOf, symbolOf } from './query.ts';
import type { Query } from './query.ts';
import { invalidCombination, invalidValue } from './refusal.ts';
import { dayTickerWeight, depthWeight, priceTickerWeight } from './weights.ts';

/** What one path costs and answers. `answer` returns the JSON value of the body, or throws `Refusal`. */
export interface Route {
  weight(query: Query): number;
  answer(world: World, query: Query): unknown;
}

const fixed = (weight: number, answer: Route['answer']): Route => ({ weight: () => weight, answer });

/** All paths of the venue, with the weights of the Spot API's endpoint pages. */
export const ROUTES: ReadonlyMap<string, Route> = new Map([
  ['/api/v3/ping', fixed(1, () => ({}))],
  ['/api/v3/time', fixed(1, ({ statedNow }) => ({ serverTime: statedNow }))],
  ['/api/v3/exchangeInfo', fixed(20, exchangeInfo)],
  ['/api/v3/klines', fixed(2, klines)],
  ['/api/v3/uiKlines', fixed(2, klines)],
  ['/api/v3/aggTrades', fixed(4, aggTrades)],
  ['/api/v3/depth', { weight: depthWeight, answer: depth }],
  ['/api/v3/ticker/24hr', { weight: dayTickerWeight, answer: dayTickers }],
  ['/api/v3/ticker/price', { weight: priceTickerWeight, answer: priceTickers }],
  ['/fapi/v1/exchangeInfo', fixed(1, noContracts)],
  ['/dapi/v1/exchangeInfo', fixed(1, noContracts)],
  ['/eapi/v1/exchangeInfo', fixed(1, noContracts)],
  ['/sapi/v1/system/status', fixed(1, () => ({ status: 0, msg: 'normal' }))],
  ['/sapi/v1/capital/config/getall', fixed(10, () => [])],
  ['/sapi/v1/margin/allPairs', fixed(1, () => [])],
  ['/sapi/v1/margin/isolated/allPairs', fixed(10, () => [])],
]);

function noContracts(world: World): unknown {
  return emptyExchangeInfo(world);
}

/** Bars open on UTC; another `timeZone` is refused rather than overlooked. */
function klines({ market, now }: World, query: Query): unknown {
  const zone = query.get('timeZone') ?? '0';
  if (!['0', '+0', '0:00', '00:00', '+00:00'].includes(zone)) throw invalidValue('timeZone');
  const bars = market.klines({
    symbol: symbolOf(query),
    interval: intervalOf(query),
    startTime: numberOf(query, 'startTime'),
    endTime: numberOf(query, 'endTime'),
    limit: limitOf(query, 500, 1_000),
    now,
  });
  return bars.map(klineRow);
}

const klineRow = (bar: Kline): readonly (string | number)[] => [
  bar.openTime,
  bar.open,
  bar.high,
  bar.low,
  bar.close,
  bar.volume,
  bar.closeTime,
  bar.quoteVolume,
  bar.trades,
  bar.takerBase,
  bar.takerQuote,
  '0',
];

function aggTrades({ market, now }: World, query: Query): unknown {
  const asked = {
    symbol: symbolOf(query),
    fromId: numberOf(query, 'fromId'),
    startTime: numberOf(query, 'startTime'),
    endTime: numberOf(query, 'endTime'),
    limit: limitOf(query, 500, 1_000),
    now,
  };
  const timed = asked.startTime !== undefined || asked.endTime !== undefined;
  if (asked.fromId !== undefined && timed) throw invalidCombination();
  return market.aggTrades(asked).map(tradeEntry);
}

const tradeEntry = (trade: AggTrade): unknown => ({
  a: trade.id,
  p: trade.price,
  q: trade.quantity,
  f: trade.firstTradeId,
  l: trade.lastTradeId,
  T: trade.time,
  m: trade.buyerIsMaker,
  M: true,
});

function depth({ market, now }: World, query: Query): unknown {
  return market.depth(symbolOf(query), limitOf(query, 100, 5_000), now);
}

function dayTickers(world: World, query: Query): unknown {
  const { market, now } = world;
  return each(world, query, (symbol) => dayTicker(symbol, market.day(symbol, now)));
}

function priceTickers(world: World, query: Query): unknown {
  const { market, now } = world;
  return each(world, query, (symbol) => ({ symbol, price: market.lastPrice(symbol, now) }));
}

/** One object for `symbol`, a list for `symbols`, a list of everything for neither. */
function each({ market, now }: World, query: Query, entry: (symbol: string) => unknown): unknown {
  const selection = selectionOf(query);
  if (selection === undefined) return market.listings(now).map(({ symbol }) => entry(symbol));
  return 'one' in selection ? entry(selection.one) : selection.many.map(entry);
}
