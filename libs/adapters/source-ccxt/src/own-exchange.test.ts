import ccxt from 'ccxt';
import { SourceError } from '@kairos/domain';
import { fixedClock, redirectOrigins, startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import type { VenueBudget } from '@kairos/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ccxtSource } from './own-exchange.ts';

const NOW = Date.UTC(2026, 0, 10);
const HOUR = 3_600_000;
const call = { signal: new AbortController().signal, priority: 'backfill' as const };

let venue: SandboxVenue;
beforeAll(async () => {
  venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7 }, clock: fixedClock(NOW) });
});
afterAll(async () => venue.close());

function pointed(more: object = {}): InstanceType<typeof ccxt.binance> {
  const exchange = new ccxt.binance(more);
  exchange.urls['api'] = redirectOrigins(exchange.urls['api'], venue.url);
  return exchange;
}

const candles = async (source: ReturnType<typeof ccxtSource>): Promise<number> => {
  const market = await source.resolve({ symbol: 'BTC/USDT', dataType: 'kline' }, call);
  const range = { from: NOW - 100 * HOUR, to: NOW - 50 * HOUR };
  const request = { market, dataType: 'kline', timeframe: '1h', price: 'last' as const, range, limit: 1_000 };
  return (await source.fetchRange(request, call)).batch.n;
};

describe('ccxtSource', () => {
  it('fetches candles as the exchange object is pointed', async () => {
    const source = ccxtSource(pointed(), { realm: venue.realm });
    expect(source).toMatchObject({ id: 'binance', realm: venue.realm });
    expect(await candles(source)).toBe(50);
    await source.close();
  });

  it('leaves the exchange object as it was', async () => {
    const exchange = pointed();
    const before = { ...exchange, urls: structuredClone(exchange.urls) };
    const source = ccxtSource(exchange, { realm: venue.realm });
    await candles(source);
    await source.close();
    expect(exchange).toMatchObject(before);
    expect(exchange.markets).toBeUndefined();
  });

  it('keeps the throttle of ccxt, and drops it for a budget that is given', async () => {
    const taken: number[] = [];
    const budget: VenueBudget = {
      take: async ({ weight }) => void taken.push(weight),
      observe: () => undefined,
      ban: () => undefined,
    };
    const source = ccxtSource(pointed({ enableRateLimit: false }), { realm: venue.realm, budget });
    expect(await candles(source)).toBe(50);
    expect(taken.length).toBeGreaterThan(0);
    await source.close();
    expect(() => ccxtSource(pointed({ enableRateLimit: false }))).toThrow(/throttle is off/);
  });

  it('is live only with the addresses of ccxt, and of its own realm otherwise', () => {
    expect(ccxtSource(new ccxt.binance()).realm).toBe('live');
    expect(ccxtSource(pointed()).realm).toBe(`custom:${new URL(venue.url).host}`);
    const sandboxed = new ccxt.binance();
    sandboxed.setSandboxMode(true);
    expect(ccxtSource(sandboxed).realm).toMatch(/^custom:/);
    expect(() => ccxtSource(pointed(), { realm: 'live' })).toThrow(/are not live/);
  });

  it('refuses answers of another world than it was told', async () => {
    const source = ccxtSource(pointed(), { realm: 'sandbox:8' });
    await expect(candles(source)).rejects.toMatchObject({ code: 'SOURCE_REALM' });
    await source.close();
  });

  it('goes quiet while the venue asks for a pause', async () => {
    const source = ccxtSource(pointed(), { realm: venue.realm });
    await candles(source);
    venue.intercept = () => ({
      status: 429,
      headers: { 'retry-after': '60' },
      body: '{"code":-1003,"msg":"slow"}',
    });
    await expect(candles(source)).rejects.toBeInstanceOf(SourceError);
    const asked = venue.requests().length;
    await expect(candles(source)).rejects.toMatchObject({ code: 'SOURCE_RATE_LIMITED' });
    expect(venue.requests().length).toBe(asked);
    venue.intercept = undefined;
    await source.close();
  });

  it.each([
    ['an agent', { httpsAgent: {} }, /httpsAgent is not supported/],
    ['a proxy by prefix', { proxyUrl: 'https://x/?' }, /proxyUrl is not supported/],
    ['a proxy that is no address', { httpsProxy: 'nowhere' }, /httpsProxy is not a URL/],
  ])('refuses %s', (_, config, message) => {
    expect(() => ccxtSource(new ccxt.binance(config))).toThrow(message);
  });

  it('refuses what is no exchange object', () => {
    expect(() => ccxtSource({ id: 'binance', urls: {}, options: {}, has: {} })).toThrow(/no exchange object/);
  });
});
