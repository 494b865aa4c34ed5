import { binance } from 'ccxt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redirectOrigins } from './redirect.ts';
import { fixedClock, startSandboxVenue } from './venue.ts';
import type { SandboxVenue } from './venue.ts';

const NOW = Date.UTC(2024, 2, 5, 13, 37, 41, 250);
const MINUTE = 60_000;

function client(venue: SandboxVenue, types: readonly string[] = ['spot']): binance {
  const exchange = new binance({ enableRateLimit: false, options: { fetchMarkets: { types } } });
  exchange.urls.api = redirectOrigins(exchange.urls.api, venue.url);
  return exchange;
}

describe('unmodified ccxt binance', () => {
  let venue: SandboxVenue;
  let exchange: binance;

  beforeAll(async () => {
    venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 'ccxt' }, clock: fixedClock(NOW) });
    exchange = client(venue);
    await exchange.loadMarkets();
  });
  afterAll(() => venue.close());

  it('loads the spot markets, with nothing but exchangeInfo', () => {
    expect(exchange.symbols).toContain('BTC/USDT');
    expect(exchange.market('BTC/USDT')).toMatchObject({
      active: true,
      spot: true,
      precision: { price: 0.01 },
    });
    expect(Object.keys(venue.counts().byPath)).toEqual(['/api/v3/exchangeInfo']);
  });

  it('loads with its default market types too, finding no contracts', async () => {
    const other = client(venue, ['spot', 'linear', 'inverse']);

    expect(Object.keys(await other.loadMarkets())).toEqual(Object.keys(exchange.markets ?? {}));
  });

  it('pages forward over candles without a hole or a repeat', async () => {
    const from = NOW - (NOW % MINUTE) - 2_500 * MINUTE;
    const times: number[] = [];
    for (let since = from; since <= NOW; since = (times.at(-1) ?? NOW) + MINUTE) {
      const page = await exchange.fetchOHLCV('ETH/USDT', '1m', since, 1_000);
      times.push(...page.map(([time]) => Number(time)));
    }

    expect(times).toEqual(Array.from({ length: 2_501 }, (_, index) => from + index * MINUTE));
  });

  it('reads every timeframe it knows', async () => {
    for (const timeframe of Object.keys(exchange.timeframes)) {
      expect(await exchange.fetchOHLCV('BTC/USDT', timeframe, undefined, 3)).toHaveLength(3);
    }
  });

  it('reads time, tickers, book and trades that agree with the candle', async () => {
    const [candle] = await exchange.fetchOHLCV('BTC/USDT', '1m', undefined, 1);
    const ticker = await exchange.fetchTicker('BTC/USDT');
    const tickers = await exchange.fetchTickers(['BTC/USDT', 'ETH/USDT']);
    const book = await exchange.fetchOrderBook('BTC/USDT', 20);
    const trades = await exchange.fetchTrades('BTC/USDT', undefined, 50);

    expect(await exchange.fetchTime()).toBe(NOW);
    expect(ticker.last).toBe(candle?.[4]);
    expect(tickers['BTC/USDT']?.last).toBe(ticker.last);
    expect(book.bids).toHaveLength(20);
    expect(book.bids[0]?.[0]).toBeLessThan(Number(book.asks[0]?.[0]));
    expect(trades).toHaveLength(50);
    expect(trades.at(-1)?.price).toBe(ticker.last);
    expect(venue.counts().byPath['/api/v3/aggTrades']).toBe(1);
  });

  it('meets the errors it knows', async () => {
    venue.intercept = () => ({ status: 400, body: '{"code":-1121,"msg":"Invalid symbol."}' });
    await expect(exchange.fetchOHLCV('BTC/USDT', '1m')).rejects.toMatchObject({ name: 'BadSymbol' });
    venue.intercept = () => ({ status: 500, body: '' });
    await expect(exchange.fetchOHLCV('BTC/USDT', '1m')).rejects.toMatchObject({
      name: 'ExchangeNotAvailable',
    });
    venue.intercept = undefined;
  });
});
