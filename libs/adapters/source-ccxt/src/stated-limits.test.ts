import { startSandboxVenue } from '@kairos/sandbox-venue';
import { describe, expect, it } from 'vitest';
import type { MarketCache } from './market-shelf.ts';
import { StatedLimits } from './stated-limits.ts';
import { openAt, someCall } from './testing/bench.ts';

const TABLE = { pool: 'binance/api', limit: 6_000, windowMs: 60_000 };

const weight = (limit: unknown, intervalNum: unknown = 1) => ({
  rateLimits: [
    null,
    { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: 100 },
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum, limit },
  ],
});

const limitAfter = (...answers: readonly unknown[]): number => {
  const limits = new StatedLimits();
  for (const answer of answers) limits.learn(TABLE, answer);
  return limits.applied(TABLE).limit;
};

describe('StatedLimits', () => {
  it("takes a venue's word for more and for less, the latest for true", () => {
    expect(limitAfter()).toBe(6_000);
    expect(limitAfter(weight(1_200))).toBe(1_200);
    expect(limitAfter(weight(12_000))).toBe(12_000);
    expect(limitAfter(weight(12_000), weight(240))).toBe(240);
  });

  it.each([0, -6_000, 59, 60_001, 1e15, 1_200.5, NaN, '1200', null, undefined, {}])(
    'keeps what it knew when a venue states a limit of %s',
    (limit) => {
      expect(limitAfter(weight(limit))).toBe(6_000);
      expect(limitAfter(weight(1_200), weight(limit))).toBe(1_200);
    },
  );

  it.each([undefined, null, 'text', [], {}, { rateLimits: {} }, { rateLimits: [] }, weight(1_200, 5)])(
    'learns nothing from %j',
    (answer) => {
      expect(limitAfter(answer)).toBe(6_000);
    },
  );

  it('keeps pools apart, and speaks of weight in a minute only', () => {
    const limits = new StatedLimits();
    limits.learn(TABLE, weight(1_200));
    limits.learn({ pool: 'okx/candles', limit: 600, windowMs: 2_000 }, weight(300));

    expect(limits.applied({ ...TABLE, pool: 'binance/fapi', limit: 2_400 }).limit).toBe(2_400);
    expect(limits.kept()).toEqual({ 'binance/api': 1_200 });
  });

  it('believes a cache no more than a venue, and not against one', () => {
    const limits = new StatedLimits();
    for (const spoiled of [undefined, 'x', { 'binance/api': '7' }, { 'binance/api': 7 }]) {
      limits.restore(spoiled);
      expect(limits.applied(TABLE).limit).toBe(6_000);
    }
    limits.learn(TABLE, weight(1_200));
    limits.restore({ 'binance/api': 240 });

    expect(limits.applied(TABLE).limit).toBe(1_200);
  });
});

describe('a source', () => {
  const kline = (symbol: string) => ({ symbol, dataType: 'kline' });

  it('asks within the limit that exchangeInfo states, from the next request on, with the list in a cache too', async () => {
    const venue = await startSandboxVenue({
      mode: { kind: 'synthetic', seed: 7 },
      limits: { weightPerMinute: 240 },
    });
    const kept = new Map<string, unknown>();
    const marketCache: MarketCache = {
      get: async (key) => kept.get(key),
      put: async (key, value) => void kept.set(key, JSON.parse(JSON.stringify(value))),
    };
    const open = () =>
      openAt('binance', venue.url, { settings: { realm: venue.realm }, deps: { marketCache } });
    const [first, second] = [await open(), await open()];
    for (const { source } of [first, second]) {
      await source.resolve(kline('BTC/USDT'), someCall());
      await source.venueTime(someCall());
    }

    expect(first.budget.taken.map((t) => t.scope.limit)).toEqual([6_000, 240]);
    expect(second.budget.taken.map((t) => t.scope.limit)).toEqual([240]);
    await Promise.all([first.source.close(), second.source.close(), venue.close()]);
  });
});
