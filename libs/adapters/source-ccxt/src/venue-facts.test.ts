import { describe, expect, it } from 'vitest';
import { hasRawKlines, klineFacts, priceOf } from './venue-facts.ts';

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

  it('gives every other venue short windows, in which any request fits', () => {
    const kraken = priceOf('kraken', { api: 'public', path: 'OHLC', params: {}, cost: 1.2 }, 1_000);
    const heavy = priceOf('venue', { api: 'public', path: 'x', params: {}, cost: 500 }, 1_000);

    expect(kraken).toEqual({ scope: { pool: 'kraken/rest', limit: 8, windowMs: 8_000 }, weight: 1.2 });
    expect(heavy.weight).toBe(heavy.scope.limit);
  });
});

describe('klineFacts', () => {
  it('claims verification for Binance spot alone', () => {
    expect(klineFacts('binance', 'spot', 1_000).verified).toBe(true);
    expect(klineFacts('binance', 'linear', 1_000)).toMatchObject({ verified: false, pageSize: 499 });
    expect(klineFacts('binanceus', 'spot', 1_000).verified).toBe(false);
  });

  it('takes the page size ccxt states for venues it does not know, within reason', () => {
    expect(klineFacts('bitfinex', 'spot', 10_000).pageSize).toBe(1_000);
    expect(klineFacts('upbit', 'spot', 200).pageSize).toBe(200);
    expect(klineFacts('upbit', 'spot', undefined).pageSize).toBe(100);
    expect(klineFacts('kraken', 'spot', 720).lookbackSlots).toBe(720);
  });

  it('reads candles raw in the Binance family only', () => {
    expect(hasRawKlines('binanceusdm', 'linear')).toBe(true);
    expect(hasRawKlines('binance', 'other')).toBe(false);
    expect(hasRawKlines('okx', 'spot')).toBe(false);
  });
});
