import { fromUnits, toUnits } from './decimals.ts';
import type { DayStatistics } from './market.ts';

const ONE = 100_000_000n;

/** The body of ticker/24hr for one symbol (Spot API, "24hr ticker price change statistics", type FULL). */
export function dayTicker(symbol: string, day: DayStatistics): Readonly<Record<string, unknown>> {
  const { bar } = day;
  const open = toUnits(bar.open);
  const change = toUnits(bar.close) - open;
  return {
    symbol,
    priceChange: fromUnits(change),
    priceChangePercent: fromUnits(percent(change, open)).slice(0, -5),
    weightedAvgPrice: fromUnits(ratio(toUnits(bar.quoteVolume), toUnits(bar.volume))),
    prevClosePrice: day.previousClose,
    lastPrice: bar.close,
    lastQty: day.lastQuantity,
    bidPrice: day.bid[0],
    bidQty: day.bid[1],
    askPrice: day.ask[0],
    askQty: day.ask[1],
    openPrice: bar.open,
    highPrice: bar.high,
    lowPrice: bar.low,
    volume: bar.volume,
    quoteVolume: bar.quoteVolume,
    openTime: bar.openTime,
    closeTime: bar.closeTime,
    firstId: day.firstId,
    lastId: day.lastId,
    count: bar.trades,
  };
}

/** a / b, eight decimals; 0 where nothing was traded. */
const ratio = (a: bigint, b: bigint): bigint => (b === 0n ? 0n : (a * ONE) / b);

const percent = (change: bigint, open: bigint): bigint => ratio(change * 100n, open);
