import { fixedClock, startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MarketCache } from './market-shelf.ts';
import { openAt, rejectionOf, someCall, T0 } from './testing/bench.ts';

const HOUR = 3_600_000;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'ATOMUSDT', 'ETHBTC'];
const SPOT = { kinds: ['spot'], turnover: true } as const;
const TICKERS = '/api/v3/ticker/24hr';

describe('the turnover of markets', () => {
  let venue: SandboxVenue;
  beforeAll(async () => {
    const mode = { kind: 'synthetic', seed: 7, symbols: SYMBOLS, listedAt: T0 } as const;
    venue = await startSandboxVenue({ mode, clock: fixedClock(T0 + 24 * HOUR) });
  });
  beforeEach(() => {
    venue.intercept = undefined;
  });
  afterAll(() => venue.close());

  const open = (deps = {}) => openAt('binance', venue.url, { settings: { realm: venue.realm }, deps });
  const asked = (): number => venue.counts().byPath[TICKERS] ?? 0;

  it('is told as the venue has it, in one request whose weight was taken', async () => {
    const { source, budget } = await open();
    const before = asked();

    const listed = (await source.markets?.(SPOT, someCall())) ?? [];

    const response = await fetch(`${venue.url}${TICKERS}`);
    const truth = (await response.json()) as readonly { symbol: string; quoteVolume: string }[];
    expect(listed.map((m) => m.marketId).sort()).toEqual([...SYMBOLS].sort());
    for (const { symbol, quoteVolume } of truth)
      expect(Number(listed.find((m) => m.marketId === symbol)?.turnover)).toBe(Number(quoteVolume));
    expect(listed.every((m) => Number(m.turnover) > 0)).toBe(true);
    expect(budget.taken.map((t) => t.weight)).toEqual([20, 80]);
    expect(asked()).toBe(before + 2);
    await source.close();
  });

  it('is not asked for where nobody wants it', async () => {
    const { source } = await open();
    const before = asked();

    const listed = (await source.markets?.({ ...SPOT, turnover: false }, someCall())) ?? [];

    expect(listed.map((m) => m.turnover)).toEqual(SYMBOLS.map(() => undefined));
    expect(asked()).toBe(before);
    await source.close();
  });

  it('is asked for once by all who want it, and again after an hour', async () => {
    const { source, clock } = await open();
    const before = asked();

    await Promise.all([1, 2, 3].map(async () => source.markets?.(SPOT, someCall())));
    clock.set(clock.now() + HOUR - 1);
    await source.markets?.(SPOT, someCall());
    expect(asked()).toBe(before + 1);
    clock.set(clock.now() + 1);
    await source.markets?.(SPOT, someCall());

    expect(asked()).toBe(before + 2);
    await source.close();
  });

  it('survives the process in the cache', async () => {
    const kept = new Map<string, unknown>();
    const marketCache: MarketCache = {
      get: async (key) => kept.get(key),
      put: async (key, value) => void kept.set(key, JSON.parse(JSON.stringify(value))),
    };
    const first = await open({ marketCache });
    const told = await first.source.markets?.(SPOT, someCall());
    await first.source.close();
    const before = venue.counts().requests;

    const second = await open({ marketCache });

    expect(await second.source.markets?.(SPOT, someCall())).toEqual(told);
    expect(venue.counts().requests).toBe(before);
    await second.source.close();
  });

  it('that cannot be had is an error, never an empty ranking, and is asked for anew', async () => {
    const { source } = await open();
    for (const body of ['[]', '{}', '[{"symbol":"BTC']) {
      venue.intercept = ({ path }) => (path === TICKERS ? { status: 200, body } : undefined);
      const failed = await rejectionOf(source.markets?.(SPOT, someCall()) ?? Promise.resolve());
      expect(failed).toMatchObject({ retryable: true, scope: 'call' });
    }
    venue.intercept = undefined;

    const listed = await source.markets?.(SPOT, someCall());

    expect(listed?.every((m) => m.turnover !== undefined)).toBe(true);
    await source.close();
  });

  it('is needed for no list without it: a failing ticker spoils no pattern', async () => {
    const { source } = await open();
    venue.intercept = ({ path }) => (path === TICKERS ? { status: 503, body: '' } : undefined);

    expect(await source.markets?.({ ...SPOT, turnover: false }, someCall())).toHaveLength(SYMBOLS.length);
    await source.close();
  });
});
