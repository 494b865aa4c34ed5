import { binance, binanceusdm, bybit, coinbase, coinbaseexchange, kraken, okx } from 'ccxt';
import type { Exchange } from 'ccxt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redirectOrigins } from '../redirect.ts';
import { fixedClock, startSandboxVenue } from '../venue.ts';
import type { SandboxVenue } from '../venue.ts';
import { DIALECTS } from './index.ts';

const NOW = Date.UTC(2024, 2, 5, 13, 37, 41, 250);
const MINUTE = 60_000;
const SINCE = Date.UTC(2024, 2, 5, 12);
const SECOND_EXACT = [coinbase, kraken] as readonly unknown[];

describe('unmodified ccxt classes, all over one venue', () => {
  let venue: SandboxVenue;
  beforeAll(async () => {
    venue = await startSandboxVenue({
      mode: { kind: 'synthetic', seed: 'ccxt', listedAt: Date.UTC(2024, 0, 1) },
      clock: fixedClock(NOW),
      dialects: DIALECTS,
    });
  });
  afterAll(() => venue.close());

  async function clientOf(Class: new (config: object) => Exchange): Promise<Exchange> {
    const exchange = new Class({ enableRateLimit: false });
    exchange.urls.api = redirectOrigins(exchange.urls.api, venue.url);
    exchange.milliseconds = () => NOW;
    await exchange.loadMarkets();
    return exchange;
  }

  /** The same minutes as Binance spot tells them. */
  async function truth(symbol: string): Promise<unknown> {
    const spot = await clientOf(binance);
    return spot.fetchOHLCV(symbol, '1m', SINCE, 10);
  }

  it.each([
    ['okx', okx, 'BTC/USDT'],
    ['okx', okx, 'BTC/USDT:USDT'],
    ['bybit', bybit, 'BTC/USDT'],
    ['bybit', bybit, 'BTC/USDT:USDT'],
    ['kraken', kraken, 'BTC/USDT'],
    ['kraken', kraken, 'ETH/BTC'],
    ['kraken', kraken, 'DOGE/USDT'],
    ['coinbase', coinbase, 'BTC/USDT'],
    ['coinbaseexchange', coinbaseexchange, 'BTC/USDT'],
    ['binance', binance, 'BTC/USDT:USDT'],
    ['binanceusdm', binanceusdm, 'BTC/USDT:USDT'],
  ])(
    '%s loads its markets, and reads time, ticker and the candles of the one world',
    async (_, Class, symbol) => {
      const exchange = await clientOf(Class);

      const candles = await exchange.fetchOHLCV(symbol, '1m', SINCE, 10);
      const ticker = await exchange.fetchTicker(symbol);
      const [running] = await exchange.fetchOHLCV(symbol, '1m', NOW - (NOW % MINUTE), 1);
      const [spot = ''] = symbol.split(':');

      expect(exchange.market(symbol)).toMatchObject({ active: true, symbol });
      expect(candles).toEqual(await truth(spot));
      expect(ticker.last).toBe(running?.[4]);
      const second = SECOND_EXACT.includes(Class) ? 1_000 : 1;
      expect(await exchange.fetchTime()).toBe(NOW - (NOW % second));
    },
  );

  it.each([
    ['okx', okx],
    ['bybit', bybit],
    ['kraken', kraken],
    ['coinbase', coinbase],
    ['coinbaseexchange', coinbaseexchange],
    ['binanceusdm', binanceusdm],
  ])('%s reads every timeframe it knows', async (_, Class) => {
    const exchange = await clientOf(Class);
    const symbol = exchange.id === 'binanceusdm' ? 'BTC/USDT:USDT' : 'BTC/USDT';

    for (const timeframe of Object.keys(exchange.timeframes)) {
      // Quarters are no interval of the world.
      if (timeframe === '3M' || timeframe === '1s') continue;
      const since = NOW - 3 * exchange.parseTimeframe(timeframe) * 1_000;
      expect([timeframe, (await exchange.fetchOHLCV(symbol, timeframe, since, 3)).length > 0]).toEqual([
        timeframe,
        true,
      ]);
    }
  });
});
