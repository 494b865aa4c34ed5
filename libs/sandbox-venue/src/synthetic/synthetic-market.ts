import { formatUnits } from '../decimals.ts';
import { closeTimeOf, DAY, MINUTE, nextOpen, openOf, opensBackward, opensForward } from '../intervals.ts';
import type {
  AggTrade,
  AggTradeQuery,
  DayStatistics,
  Depth,
  Kline,
  KlineQuery,
  Level,
  Listing,
  VenueMarket,
} from '../market.ts';
import { invalidSymbol } from '../refusal.ts';
import type { Bar } from './bar.ts';
import { bookAround } from './book.ts';
import type { BookLevel } from './book.ts';
import { History } from './history.ts';
import { DEFAULT_SYMBOLS, symbolNamed } from './symbols.ts';
import type { SyntheticSymbol } from './symbols.ts';
import { Tape } from './tape.ts';
import type { Print } from './tape.ts';

/** A made-up world. The same seed gives the same trades at the same times, in every process and for ever. */
export interface SyntheticMode {
  readonly kind: 'synthetic';
  readonly seed: string | number;
  /** Names (known or made up) or full descriptions; default: a dozen majors and two quiet pairs. */
  readonly symbols?: readonly (string | SyntheticSymbol)[];
  /** One listing instant for all symbols, rounded down to the hour; default: each symbol's own, 2017 to 2021. */
  readonly listedAt?: number;
}

/** Serves a seeded world, alive at whatever `now` it is asked for. A symbol is unknown before its listing. */
export class SyntheticMarket implements VenueMarket {
  readonly realm: string;
  readonly notes = { kairosSynthetic: true } as const;
  readonly #histories: ReadonlyMap<string, History>;

  constructor(mode: SyntheticMode) {
    this.realm = `sandbox:${mode.seed}`;
    this.#histories = new Map(
      (mode.symbols ?? DEFAULT_SYMBOLS).map((entry) => {
        const known = typeof entry === 'string' ? symbolNamed(entry) : entry;
        const spec = { ...known, listedAt: mode.listedAt ?? known.listedAt };
        return [spec.symbol, new History(new Tape(mode.seed, spec))];
      }),
    );
  }

  listings(now: number): readonly Listing[] {
    const listed = [...this.#histories.values()].filter((history) => history.listedAt <= now);
    return listed.map(({ tape: { spec } }) => ({
      symbol: spec.symbol,
      base: spec.base,
      quote: spec.quote,
      tickSize: formatUnits(1, spec.tickDecimals),
      stepSize: formatUnits(1, spec.stepDecimals),
    }));
  }

  klines({ symbol, interval, startTime, endTime, limit, now }: KlineQuery): readonly Kline[] {
    const history = this.#history(symbol, now);
    const first = openOf(interval, history.listedAt);
    const last = Math.min(endTime ?? now, now);
    const opens =
      startTime === undefined
        ? opensBackward(interval, first, last, limit)
        : opensForward(interval, Math.max(startTime, first), last, limit);
    return opens.map((open) => {
      const bar = history.bar(open, Math.min(nextOpen(interval, open), now + 1));
      return klineOf(history.tape.spec, bar, open, closeTimeOf(interval, open));
    });
  }

  /** The rolling day begins on the minute, as wide as 24 hours and the part of a minute that has passed. */
  day(symbol: string, now: number): DayStatistics {
    const history = this.#history(symbol, now);
    const { spec } = history.tape;
    const from = Math.max(history.listedAt, Math.floor((now - DAY) / MINUTE) * MINUTE);
    const last = history.lastPrint(now);
    const before = history.lastPrint(Math.max(from - 1, history.listedAt));
    const firstPrint = from === history.listedAt ? 0 : before.id + 1;
    const book = bookAround(last.id, last.price, last.quantity, 1);
    return {
      bar: klineOf(spec, history.bar(from, now + 1), now - DAY, now),
      previousClose: formatUnits(before.price, spec.tickDecimals),
      bid: bestOf(spec, book.bids),
      ask: bestOf(spec, book.asks),
      lastQuantity: formatUnits(last.quantity, spec.stepDecimals),
      firstId: history.tape.firstTradeId(firstPrint),
      lastId: history.tape.firstTradeId(last.id + 1) - 1,
    };
  }

  lastPrice(symbol: string, now: number): string {
    const history = this.#history(symbol, now);
    return formatUnits(history.lastPrint(now).price, history.tape.spec.tickDecimals);
  }

  aggTrades(query: AggTradeQuery): readonly AggTrade[] {
    const history = this.#history(query.symbol, query.now);
    const until = Math.min(query.endTime ?? query.now, query.now);
    if (until < history.listedAt) return [];
    const prints = history.printsFrom(firstPrintOf(history, query, until), query.limit, until);
    return prints.map((print) => aggTradeOf(history.tape, print));
  }

  depth(symbol: string, limit: number, now: number): Depth {
    const history = this.#history(symbol, now);
    const last = history.lastPrint(now);
    const book = bookAround(last.id, last.price, last.quantity, limit);
    const print = (level: BookLevel): Level => levelOf(history.tape.spec, level);
    return { lastUpdateId: last.id + 1, bids: book.bids.map(print), asks: book.asks.map(print) };
  }

  #history(symbol: string, now: number): History {
    const history = this.#histories.get(symbol);
    if (history === undefined || history.listedAt > now) throw invalidSymbol();
    return history;
  }
}

function firstPrintOf(history: History, query: AggTradeQuery, until: number): number {
  if (query.fromId !== undefined) return query.fromId;
  if (query.startTime === undefined) return Math.max(0, history.lastPrint(until).id - query.limit + 1);
  return query.startTime <= history.listedAt ? 0 : history.lastPrint(query.startTime - 1).id + 1;
}

const aggTradeOf = (tape: Tape, print: Print): AggTrade => ({
  id: print.id,
  price: formatUnits(print.price, tape.spec.tickDecimals),
  quantity: formatUnits(print.quantity, tape.spec.stepDecimals),
  firstTradeId: tape.firstTradeId(print.id),
  lastTradeId: tape.firstTradeId(print.id + 1) - 1,
  time: print.time,
  buyerIsMaker: !print.buyerTakes,
});

function klineOf(spec: SyntheticSymbol, bar: Bar, openTime: number, closeTime: number): Kline {
  const price = (ticks: number): string => formatUnits(ticks, spec.tickDecimals);
  const money = (units: bigint): string => formatUnits(units, spec.tickDecimals + spec.stepDecimals);
  return {
    openTime,
    open: price(bar.open),
    high: price(bar.high),
    low: price(bar.low),
    close: price(bar.close),
    volume: formatUnits(bar.volume, spec.stepDecimals),
    closeTime,
    quoteVolume: money(bar.quote),
    trades: bar.trades,
    takerBase: formatUnits(bar.takerBase, spec.stepDecimals),
    takerQuote: money(bar.takerQuote),
  };
}

const levelOf = (spec: SyntheticSymbol, level: BookLevel): Level => [
  formatUnits(level.price, spec.tickDecimals),
  formatUnits(level.quantity, spec.stepDecimals),
];

const bestOf = (spec: SyntheticSymbol, levels: readonly BookLevel[]): Level =>
  levelOf(spec, levels[0] ?? { price: 0, quantity: 0 });
