import { BadSourceDataError, ceilTo, gridOf, shiftSlots, type RecordBatch } from '@kairos/domain';
import type { RangeRequest, SourceFacts, SourceMarket } from '@kairos/ports';
import { holdsList } from './body-check.ts';
import type { CallContext } from './call-context.ts';
import { callEndpoint, type CcxtExchange } from './ccxt-exchange.ts';
import {
  BINANCE_INVERSE_ROW,
  BINANCE_ROW,
  CCXT_ROW,
  klineBatch,
  onlyColumns,
  type KlineShape,
} from './kline-rows.ts';
import { scanKlines } from './kline-text.ts';
import { hasRawKlines, windowRules, type MarketFamily } from './venue-facts.ts';

/** A request for candles, with what is known around it. */
export interface KlineRequest {
  readonly exchange: CcxtExchange;
  readonly request: Omit<RangeRequest, 'range'> & {
    readonly since: number;
    readonly until: number | undefined;
  };
  /** Columns the venue announces as real. */
  readonly columns: readonly string[] | undefined;
  readonly facts: SourceFacts;
  readonly what: string;
}

/** The unified symbol of an instrument of this source. */
export const unifiedSymbol = (market: SourceMarket): string =>
  market.instrument.slice(market.instrument.indexOf(':') + 1);

/** What a market is settled in, by its unified name: `BTC/USDT:USDT` is linear, `BTC/USD:BTC` inverse. */
export function familyOf(market: SourceMarket): MarketFamily {
  const match = /^([^/]+)\/([^:]+)(?::([^-]+))?/.exec(unifiedSymbol(market));
  if (!match) return 'other';
  const [, base, quote, settle] = match;
  if (settle === undefined) return market.kind === 'spot' ? 'spot' : 'other';
  if (market.kind === 'option') return 'other';
  return settle === quote ? 'linear' : settle === base ? 'inverse' : 'other';
}

/** Whether candles of this request can be read without knowing the venue's list of markets. */
export const isRaw = (
  exchange: CcxtExchange,
  { market, price }: Pick<RangeRequest, 'market' | 'price'>,
): boolean => price === 'last' && hasRawKlines(exchange.id, familyOf(market));

/** Candles from one request. Within a call's context. */
export async function fetchKlines(p: KlineRequest, call: CallContext): Promise<RecordBatch> {
  return isRaw(p.exchange, p.request) ? fetchRaw(p, call) : fetchUnified(p, call);
}

const ENDPOINTS: Readonly<Record<string, { readonly name: string; readonly shape: KlineShape }>> = {
  spot: { name: 'publicGetKlines', shape: BINANCE_ROW },
  linear: { name: 'fapiPublicGetKlines', shape: BINANCE_ROW },
  inverse: { name: 'dapiPublicGetKlines', shape: BINANCE_INVERSE_ROW },
};

/** Binance's own rows: ccxt would drop quote volume and trade count. Both bounds are inclusive. */
async function fetchRaw(
  { exchange, request, columns, what }: KlineRequest,
  call: CallContext,
): Promise<RecordBatch> {
  const endpoint = ENDPOINTS[familyOf(request.market)] ?? { name: '', shape: BINANCE_ROW };
  const shape = onlyColumns(endpoint.shape, columns);
  let scanned: RecordBatch | undefined;
  call.read = (body) => {
    scanned = scanKlines(body, shape);
    return scanned && [];
  };
  const rows = await callEndpoint(exchange, endpoint.name, {
    symbol: request.market.marketId,
    interval: intervalOf(exchange, request.timeframe),
    startTime: request.since,
    ...(request.until === undefined ? {} : { endTime: request.until - 1 }),
    limit: request.limit,
  });
  return scanned ?? klineBatch(rows, shape, what);
}

/**
 * What ccxt brings, cut to the window that was asked for: venues read its end in three ways, or not at all, and most give
 * the newest rows of a window that holds more than the limit. So the window never holds more.
 */
async function fetchUnified(
  { exchange, request, columns, facts, what }: KlineRequest,
  call: CallContext,
): Promise<RecordBatch> {
  const { market, timeframe, since, price } = request;
  const limit = Math.min(request.limit, facts.pageSize);
  const end = endOf(request, limit, facts.anchorMs);
  const until = untilParam(exchange.id, end);
  const params = price === 'last' ? until : { ...until, price };
  const rows = await exchange.fetchOHLCV(unifiedSymbol(market), timeframe, since, limit, params);
  if (Array.isArray(rows) && rows.length === 0 && !holdsList(call.traces.at(-1)?.parsed)) {
    throw new BadSourceDataError(`${what}: the answer holds no list of candles, not even an empty one`);
  }
  // A mark or index price has no volume of its own: nothing is traded at it.
  const shape = price === 'last' ? CCXT_ROW : { ...CCXT_ROW, absentVolume: '0' };
  return klineBatch(beforeEnd(rows, end), onlyColumns(shape, columns), what);
}

function endOf(
  { timeframe, since, until }: KlineRequest['request'],
  limit: number,
  anchorMs: number,
): number {
  const grid = gridOf(timeframe, anchorMs);
  return Math.min(until ?? Infinity, shiftSlots(grid, ceilTo(grid, since), limit));
}

function untilParam(exchange: string, end: number): { readonly until?: number } {
  const rule = windowRules(exchange).until;
  return rule === 'none' ? {} : { until: rule === 'exclusive' ? end : end - 1 };
}

/** Rows of the window; those whose time cannot be read stay, to be complained of. */
const beforeEnd = (rows: unknown, end: number): unknown =>
  Array.isArray(rows) ? rows.filter((row: unknown) => !(Array.isArray(row) && Number(row[0]) >= end)) : rows;

const intervalOf = (exchange: CcxtExchange, timeframe: string): string =>
  exchange.timeframes?.[timeframe] ?? timeframe;
