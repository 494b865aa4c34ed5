import { floorTo, gridOf } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { hasRawKlines, klineFacts, type MarketFamily } from './venue-facts.ts';
import { priceOf } from './venue-prices.ts';

const price = (exchange: string, api: string, path: string, cost: number, params = {}) =>
  priceOf(exchange, { api, path, params, cost }, 50);

describe('priceOf', () => {
  it.each([
    ['public', 'klines', 0.4, {}, 'binance/api', 2],
    ['public', 'exchangeInfo', 4, {}, 'binance/api', 20],
    ['public', 'time', 0.2, {}, 'binance/api', 1],
    ['public', 'ticker/24hr', 16, {}, 'binance/api', 80],
    ['public', 'ticker/24hr', 16, { symbols: '["BTCUSDT","ETHUSDT"]' }, 'binance/api', 2],
    ['public', 'ticker/24hr', 16, { symbols: Array(21).fill('"A"').join() }, 'binance/api', 40],
    ['fapiPublic', 'klines', 2, {}, 'binance/fapi', 2],
    ['dapiPublic', 'klines', 5, {}, 'binance/dapi', 5],
  ])("counts Binance's %s %s in the venue's own weight", (api, path, cost, params, pool, weight) => {
    expect(price('binance', api, path, cost, params)).toMatchObject({
      scope: { pool, windowMs: 60_000 },
      weight,
    });
    expect(price('binanceusdm', api, path, cost, params).scope.pool).toBe(pool);
  });

  it.each([
    ['okx', 'market/candles', 0.5, { pool: 'okx/market/candles', limit: 40, windowMs: 2_000 }, 1],
    [
      'okx',
      'market/history-candles',
      1,
      { pool: 'okx/market/history-candles', limit: 20, windowMs: 2_000 },
      1,
    ],
    ['bybit', 'v5/market/kline', 5, { pool: 'bybit/ip', limit: 600, windowMs: 5_000 }, 1],
    ['coinbaseexchange', 'products/{id}/candles', 1, { pool: 'coinbaseexchange/rest', windowMs: 1_000 }, 1],
  ])('counts %s %s as the venue limits it', (exchange, path, cost, scope, weight) => {
    expect(price(exchange, 'public', path, cost)).toMatchObject({ scope, weight });
  });

  it('gives every other venue short windows, in which any request fits', () => {
    const kraken = priceOf('kraken', { api: 'public', path: 'OHLC', params: {}, cost: 1.2 }, 1_000);
    const heavy = priceOf('venue', { api: 'public', path: 'x', params: {}, cost: 500 }, 1_000);

    expect(kraken).toEqual({ scope: { pool: 'kraken/rest', limit: 8, windowMs: 8_000 }, weight: 1.2 });
    expect(heavy.weight).toBe(heavy.scope.limit);
  });
});

const facts = (exchange: string, family: MarketFamily, ccxtLimit?: number, timeframe = '1m') =>
  klineFacts({ exchange, family, ccxtLimit, timeframe });

describe('klineFacts', () => {
  it('claims verification for what runs against its stand-in, and for nothing else', () => {
    const verified = ['binance', 'okx', 'bybit', 'coinbase', 'coinbaseexchange', 'kraken'];

    for (const exchange of verified) expect(facts(exchange, 'spot').verified).toBe(true);
    for (const exchange of ['binance', 'okx', 'bybit']) expect(facts(exchange, 'linear').verified).toBe(true);
    for (const exchange of ['binance', 'okx', 'bybit', 'coinbase', 'kraken'])
      expect(facts(exchange, 'inverse').verified).toBe(false);
    expect(facts('binanceus', 'spot', 1_000).verified).toBe(false);
    expect(facts('kucoin', 'spot').verified).toBe(false);
  });

  it('takes the page size ccxt states for venues it does not know, within reason', () => {
    expect(facts('bitfinex', 'spot', 10_000).pageSize).toBe(1_000);
    expect(facts('upbit', 'spot', 200).pageSize).toBe(200);
    expect(facts('upbit', 'spot').pageSize).toBe(100);
  });

  it("opens Kraken's weeks on Thursday, and every other bar on the grid of UTC", () => {
    const thursday = Date.UTC(2024, 0, 4);
    const anchorMs = facts('kraken', 'spot', undefined, '1w').anchorMs;

    expect(floorTo(gridOf('1w', anchorMs), Date.UTC(2024, 0, 9))).toBe(thursday);
    for (const exchange of ['okx', 'bybit', 'binance', 'coinbase'])
      for (const timeframe of ['1m', '1d', '1w'])
        expect(facts(exchange, 'spot', 100, timeframe).anchorMs).toBe(0);
    expect(facts('kraken', 'spot', undefined, '1d').anchorMs).toBe(0);
  });

  it('reads candles raw in the Binance family only', () => {
    expect(hasRawKlines('binanceusdm', 'linear')).toBe(true);
    expect(hasRawKlines('binance', 'other')).toBe(false);
    expect(hasRawKlines('okx', 'spot')).toBe(false);
  });
});
