import { describe, expect, it } from 'vitest';
import { fromUnits, toUnits } from '../decimals.ts';
import { DAY, HOUR, MINUTE, nextOpen, openOf } from '../intervals.ts';
import type { Interval } from '../intervals.ts';
import type { Kline } from '../market.ts';
import { SyntheticMarket } from './synthetic-market.ts';

const NOW = Date.UTC(2024, 2, 5, 13, 37, 41, 250);
const LISTED = Date.UTC(2017, 7, 17, 4);
const market = new SyntheticMarket({ kind: 'synthetic', seed: 7 });

const klines = (symbol: string, interval: Interval, startTime: number, endTime: number, now = NOW) =>
  market.klines({ symbol, interval, startTime, endTime, limit: 100_000, now });

function joined(bars: readonly Kline[]): Partial<Kline> {
  const sum = (pick: (bar: Kline) => string): string =>
    fromUnits(bars.reduce((total, bar) => total + toUnits(pick(bar)), 0n));
  const sorted = (pick: (bar: Kline) => string): string[] =>
    bars.map(pick).sort((a, b) => Number(toUnits(a) - toUnits(b)));
  return {
    open: bars[0]?.open ?? '',
    high: sorted((bar) => bar.high).at(-1) ?? '',
    low: sorted((bar) => bar.low)[0] ?? '',
    close: bars.at(-1)?.close ?? '',
    volume: sum((bar) => bar.volume),
    quoteVolume: sum((bar) => bar.quoteVolume),
    trades: bars.reduce((total, bar) => total + bar.trades, 0),
    takerBase: sum((bar) => bar.takerBase),
    takerQuote: sum((bar) => bar.takerQuote),
  };
}

describe('SyntheticMarket', () => {
  it.each([
    ['1m', '1s'],
    ['5m', '1m'],
    ['1h', '1m'],
    ['4h', '15m'],
    ['1d', '1h'],
    ['3d', '12h'],
    ['1w', '1d'],
    ['1M', '1d'],
  ] as const)('makes each %s bar of its %s bars, to the last decimal', (long, short) => {
    for (const symbol of ['BTCUSDT', 'ATOMUSDT', 'ETHBTC']) {
      const from = openOf(long, NOW - 20 * DAY);
      for (const bar of klines(symbol, long, from, from).concat(
        klines(symbol, long, openOf(long, NOW), NOW),
      )) {
        const parts = klines(symbol, short, bar.openTime, bar.closeTime);
        expect(bar).toMatchObject(joined(parts));
      }
    }
  });

  it('joins the listing bar of what was traded since the listing only', () => {
    const [day] = klines('BTCUSDT', '1d', 0, LISTED);

    expect(day?.openTime).toBe(Date.UTC(2017, 7, 17));
    expect(day).toMatchObject(joined(klines('BTCUSDT', '1m', 0, Date.UTC(2017, 7, 18) - 1)));
    expect(klines('BTCUSDT', '1m', 0, Date.UTC(2017, 7, 18) - 1)[0]?.openTime).toBe(LISTED);
  });

  it('is a function of seed, symbol and time, whatever was asked before', () => {
    const same = new SyntheticMarket({ kind: 'synthetic', seed: 7 });
    const other = new SyntheticMarket({ kind: 'synthetic', seed: 8 });
    const query = {
      symbol: 'ETHUSDT',
      interval: '1m',
      startTime: NOW - HOUR,
      endTime: NOW,
      limit: 50,
      now: NOW,
    } as const;

    market.klines({ ...query, interval: '1d', startTime: undefined });
    expect(same.klines(query)).toEqual(market.klines(query));
    expect(other.klines(query)).not.toEqual(market.klines(query));
    expect(same.klines({ ...query, now: NOW + 400 * DAY })).toEqual(market.klines(query));
  });

  it('keeps bars valid: low and high enclose, quote volume agrees with prices, trades go with volume', () => {
    for (const { symbol } of market.listings(NOW)) {
      for (const bar of klines(symbol, '1m', NOW - 6 * HOUR, NOW - MINUTE)) {
        const [open, high, low, close, volume] = [bar.open, bar.high, bar.low, bar.close, bar.volume].map(
          toUnits,
        );
        if (!open || !high || !low || !close || volume === undefined)
          throw new Error(`${symbol}: a price of zero`);
        const quote = toUnits(bar.quoteVolume) * 100_000_000n;
        const valid = low <= open && low <= close && high >= open && high >= close;
        expect(valid && quote >= low * volume && quote <= high * volume).toBe(true);
        expect(bar.trades === 0).toBe(volume === 0n);
      }
    }
  });

  it('repeats the previous close in minutes without a trade, of which only quiet symbols have some', () => {
    const quiet = klines('ATOMUSDT', '1m', NOW - 12 * HOUR, NOW);
    const empty = quiet.flatMap((bar, index) =>
      bar.trades === 0 && index > 0 ? [[quiet[index - 1], bar]] : [],
    );

    expect(empty.length).toBeGreaterThan(0);
    for (const [before, bar] of empty) {
      expect([bar?.open, bar?.high, bar?.low, bar?.close]).toEqual(Array(4).fill(before?.close));
    }
    expect(klines('BTCUSDT', '1m', NOW - 12 * HOUR, NOW).every((bar) => bar.trades > 0)).toBe(true);
  });

  it('lets the forming bar grow until it is the closed one', () => {
    const open = openOf('1m', NOW);
    const states = [0, 9_000, 31_000, 59_999, 2 * DAY].map(
      (wait) => klines('BTCUSDT', '1m', open, open, open + wait)[0],
    );
    const volumes = states.map((bar) => toUnits(bar?.volume ?? '0'));

    expect(volumes).toEqual([...volumes].sort((a, b) => Number(a - b)));
    expect(volumes[0]).not.toBe(volumes[3]);
    expect(states[3]).toEqual(states[4]);
    expect(nextOpen('1m', open) - 1).toBe(states[0]?.closeTime);
  });

  it('tells one price everywhere at one instant', () => {
    for (const symbol of ['BTCUSDT', 'ATOMUSDT']) {
      const [forming] = klines(symbol, '1m', openOf('1m', NOW), NOW);
      const price = forming?.close;
      const trades = market.aggTrades({
        symbol,
        fromId: undefined,
        startTime: undefined,
        endTime: undefined,
        limit: 5,
        now: NOW,
      });

      expect(market.lastPrice(symbol, NOW)).toBe(price);
      expect(market.day(symbol, NOW).bar.close).toBe(price);
      expect(trades.at(-1)?.price).toBe(price);
      expect(market.depth(symbol, 5, NOW).bids[0]?.[0]).toBe(price);
    }
  });

  it('lists aggregate trades with contiguous identifiers that add up to the bar', () => {
    const open = openOf('1h', NOW - DAY);
    const [hour] = klines('BTCUSDT', '1h', open, open);
    const window = { symbol: 'BTCUSDT', startTime: open, endTime: open + HOUR - 1, limit: 1_000, now: NOW };
    const trades = market.aggTrades({ ...window, fromId: undefined });

    trades.slice(1).forEach((trade, index) => {
      expect([trade.id, trade.firstTradeId]).toEqual([
        (trades[index]?.id ?? 0) + 1,
        (trades[index]?.lastTradeId ?? 0) + 1,
      ]);
      expect(trade.time).toBeGreaterThanOrEqual(trades[index]?.time ?? 0);
    });
    const sum = (pick: (trade: (typeof trades)[number]) => bigint): bigint =>
      trades.reduce((all, one) => all + pick(one), 0n);
    expect(fromUnits(sum((trade) => toUnits(trade.quantity)))).toBe(hour?.volume);
    expect(fromUnits(sum((trade) => (toUnits(trade.quantity) * toUnits(trade.price)) / 100_000_000n))).toBe(
      hour?.quoteVolume,
    );
    expect(sum((trade) => BigInt(trade.lastTradeId - trade.firstTradeId + 1))).toBe(
      BigInt(hour?.trades ?? 0),
    );
    expect(trades[0]?.time).toBe(open);
    const again = market.aggTrades({
      ...window,
      fromId: trades[7]?.id,
      startTime: undefined,
      endTime: undefined,
    });
    expect(again[0]).toEqual(trades[7]);
    expect(again).toHaveLength(1_000);
  });

  it('knows a symbol from its listing on, and makes up those it is asked to', () => {
    const many = new SyntheticMarket({
      kind: 'synthetic',
      seed: 1,
      symbols: ['AAAUSDT', 'BBBBTC'],
      listedAt: LISTED,
    });

    expect(many.listings(LISTED - 1)).toEqual([]);
    expect(many.listings(LISTED).map(({ symbol }) => symbol)).toEqual(['AAAUSDT', 'BBBBTC']);
    expect(() => many.lastPrice('AAAUSDT', LISTED - 1)).toThrow('Invalid symbol.');
    expect(toUnits(many.lastPrice('BBBBTC', LISTED))).toBeGreaterThan(0n);
  });
});
