import type { Interval } from './intervals.ts';

/** What the wire layer asks of a world, synthetic or recorded. Values are decimal text ready to print. */
export interface VenueMarket {
  /** The realm every answer is marked with. */
  readonly realm: string;
  /** Further top-level fields of exchangeInfo, which tell a client what kind of world this is. */
  readonly notes: Readonly<Record<string, unknown>>;
  /** The symbols tradable at `now`, in a stable order. */
  listings(now: number): readonly Listing[];
  /** Ascending bars by the venue's window rules. Throws `Refusal` for an unknown symbol or interval. */
  klines(query: KlineQuery): readonly Kline[];
  /** The rolling day that ends at `now`. Throws `Refusal` for an unknown symbol. */
  day(symbol: string, now: number): DayStatistics;
  /** The price of the last trade at or before `now`. */
  lastPrice(symbol: string, now: number): string;
  /** Ascending aggregate trades, none later than `now`. */
  aggTrades(query: AggTradeQuery): readonly AggTrade[];
  /** The order book at `now`, at most `limit` levels a side, best first. */
  depth(symbol: string, limit: number, now: number): Depth;
}

export interface Listing {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tickSize: string;
  readonly stepSize: string;
  /** `BREAK` while trading is halted; default `TRADING`. */
  readonly status?: 'TRADING' | 'BREAK';
}

export interface KlineQuery {
  readonly symbol: string;
  readonly interval: Interval;
  /** Inclusive, on the open time. */
  readonly startTime: number | undefined;
  /** Inclusive, on the open time. */
  readonly endTime: number | undefined;
  readonly limit: number;
  readonly now: number;
}

export interface Kline {
  readonly openTime: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly closeTime: number;
  readonly quoteVolume: string;
  readonly trades: number;
  readonly takerBase: string;
  readonly takerQuote: string;
}

export interface DayStatistics {
  readonly bar: Kline;
  readonly previousClose: string;
  readonly bid: Level;
  readonly ask: Level;
  readonly lastQuantity: string;
  /** -1 where trades are not known, as the venue says for an empty day. */
  readonly firstId: number;
  readonly lastId: number;
}

/** Price and quantity. */
export type Level = readonly [string, string];

export interface Depth {
  readonly lastUpdateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export interface AggTradeQuery {
  readonly symbol: string;
  readonly fromId: number | undefined;
  readonly startTime: number | undefined;
  readonly endTime: number | undefined;
  readonly limit: number;
  readonly now: number;
}

export interface AggTrade {
  readonly id: number;
  readonly price: string;
  readonly quantity: string;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
  readonly time: number;
  readonly buyerIsMaker: boolean;
}
