import { fromUnits, padDecimal, toUnits, ZERO } from '../decimals.ts';
import { closeTimeOf, DAY, nextOpen } from '../intervals.ts';
import type { Interval } from '../intervals.ts';
import type { DayStatistics, Depth, AggTrade, Kline, KlineQuery, Listing, VenueMarket } from '../market.ts';
import { invalidInterval, invalidSymbol, unsupported } from '../refusal.ts';
import { splitSymbol } from '../synthetic/symbols.ts';
import type { CandleFile, RecordedBar } from './candle-file.ts';
import { Shelf } from './shelf.ts';
import type { RecordingMode } from './shelf.ts';

/** The smallest grid the wire can state: the recording does not say what the venue's was. */
const FINEST = '0.00000001';

/**
 * Replays recorded candles. Only open, high, low, close and volume were recorded: the other columns of a row are zeros
 * because the wire has to have something there, and trades and books are refused rather than made up.
 */
export class RecordingMarket implements VenueMarket {
  readonly realm: string;
  readonly notes = { kairosColumns: ['open', 'high', 'low', 'close', 'volume'] } as const;
  readonly #shelf: Shelf;

  constructor(mode: RecordingMode) {
    this.realm = `recording:${mode.id}`;
    this.#shelf = new Shelf(mode);
  }

  /** Two days after the close of the latest recorded bar: everything recorded is past, and old enough that nothing is still on its way. */
  endsAt(): number {
    const ends = this.#shelf.symbols.flatMap((symbol) =>
      this.#shelf.intervals(symbol).flatMap((interval) => {
        const last = this.#shelf.file(symbol, interval)?.lastTime;
        return last === undefined ? [] : [nextOpen(interval, last)];
      }),
    );
    return ends.reduce((latest, end) => Math.max(latest, end), 0) + 2 * DAY;
  }

  listings(): readonly Listing[] {
    return this.#shelf.symbols.map((symbol) => ({
      symbol,
      ...splitSymbol(symbol),
      tickSize: FINEST,
      stepSize: FINEST,
    }));
  }

  klines({ symbol, interval, startTime, endTime, limit, now }: KlineQuery): readonly Kline[] {
    if (!this.#shelf.symbols.includes(symbol)) throw invalidSymbol();
    const file = this.#shelf.file(symbol, interval);
    if (file === undefined) throw invalidInterval();
    const end = file.rowsBefore(Math.min(endTime ?? now, now) + 1);
    const from = startTime === undefined ? Math.max(0, end - limit) : file.rowsBefore(startTime);
    return file.rows(from, Math.min(end, from + limit)).map((bar) => klineOf(bar, interval));
  }

  /** Computed from the finest recorded bars that opened within the last day; flat if there is none. */
  day(symbol: string, now: number): DayStatistics {
    const file = this.#finest(symbol);
    const end = file.rowsBefore(now + 1);
    const start = file.rowsBefore(now - DAY + 1);
    const [before] = file.rows(Math.max(0, start - 1), Math.max(1, start));
    if (end === 0 || before === undefined) throw invalidSymbol();
    return {
      bar: dayBar(file.rows(start, end), before, now),
      previousClose: padDecimal(before.close),
      bid: [ZERO, ZERO],
      ask: [ZERO, ZERO],
      lastQuantity: ZERO,
      firstId: -1,
      lastId: -1,
    };
  }

  lastPrice(symbol: string, now: number): string {
    return this.day(symbol, now).bar.close;
  }

  aggTrades(): readonly AggTrade[] {
    throw unsupported();
  }

  depth(): Depth {
    throw unsupported();
  }

  #finest(symbol: string): CandleFile {
    const [interval] = this.#shelf.intervals(symbol);
    const file = interval === undefined ? undefined : this.#shelf.file(symbol, interval);
    if (file === undefined) throw invalidSymbol();
    return file;
  }
}

const UNKNOWN = { quoteVolume: ZERO, trades: 0, takerBase: ZERO, takerQuote: ZERO } as const;

const klineOf = (bar: RecordedBar, interval: Interval): Kline => ({
  openTime: bar.openTime,
  open: padDecimal(bar.open),
  high: padDecimal(bar.high),
  low: padDecimal(bar.low),
  close: padDecimal(bar.close),
  volume: padDecimal(bar.volume),
  closeTime: closeTimeOf(interval, bar.openTime),
  ...UNKNOWN,
});

function dayBar(bars: readonly RecordedBar[], before: RecordedBar, now: number): Kline {
  const prices = bars.flatMap((bar) => [toUnits(bar.low), toUnits(bar.high)]);
  const edge = toUnits(before.close);
  const [lowest = edge] = prices.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  return {
    openTime: now - DAY,
    open: padDecimal(bars[0]?.open ?? before.close),
    high: fromUnits(prices.reduce((highest, price) => (price > highest ? price : highest), lowest)),
    low: fromUnits(lowest),
    close: padDecimal(bars.at(-1)?.close ?? before.close),
    volume: fromUnits(bars.reduce((sum, bar) => sum + toUnits(bar.volume), 0n)),
    closeTime: now,
    ...UNKNOWN,
  };
}
