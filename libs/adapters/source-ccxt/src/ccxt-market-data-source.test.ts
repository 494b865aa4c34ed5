import { rowsOf } from '@kairos/domain';
import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MarketCache } from './market-shelf.ts';
import { MINUTE, openAt, rejectionOf, someCall, spotMarket, T0, tenMinutes } from './testing/bench.ts';
import { json, startStubVenue } from './testing/stub-venue.ts';

const kline = (symbol: string) => ({ symbol, dataType: 'kline' });

describe('CcxtMarketDataSource', () => {
  let venue: SandboxVenue;
  beforeAll(async () => {
    venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7 } });
  });
  beforeEach(() => {
    venue.intercept = undefined;
  });
  afterAll(() => venue.close());

  const open = (deps = {}) => openAt('binance', venue.url, { settings: { realm: venue.realm }, deps });
  const asked = (path: string): number => venue.counts().byPath[path] ?? 0;

  it('reads a bare id as spot and says so', async () => {
    const { source } = await open();

    expect(await source.resolve(kline('BTCUSDT'), someCall())).toEqual({
      instrument: 'binance:BTC/USDT',
      marketId: 'BTCUSDT',
      kind: 'spot',
      active: true,
      note: 'BTCUSDT was taken as the spot instrument BTC/USDT',
    });
    await source.close();
  });

  it('loads markets once for all who ask, spot only until a settled symbol is named', async () => {
    const before = [asked('/api/v3/exchangeInfo'), asked('/fapi/v1/exchangeInfo')];
    const { source } = await open();
    const since = () => [
      asked('/api/v3/exchangeInfo') - (before[0] ?? 0),
      asked('/fapi/v1/exchangeInfo') - (before[1] ?? 0),
    ];

    await Promise.all(['BTC/USDT', 'ETH/USDT', 'SOLUSDT'].map((s) => source.resolve(kline(s), someCall())));
    expect(since()).toEqual([1, 0]);
    const missing = await rejectionOf(source.resolve(kline('BTC/USDT:USDT'), someCall()));

    expect(missing).toMatchObject({
      code: 'SYMBOL_UNKNOWN',
      details: { nearest: expect.arrayContaining(['BTC/USDT']) },
    });
    expect(since()).toEqual([2, 1]);
    await source.close();
  });

  it('asks for a newer list once when a symbol is missing, and after an hour', async () => {
    const { source, clock } = await open();
    await rejectionOf(source.resolve(kline('NOPE/USDT'), someCall()));
    const before = asked('/api/v3/exchangeInfo');

    await rejectionOf(source.resolve(kline('NOPE/USDT'), someCall()));
    expect(asked('/api/v3/exchangeInfo')).toBe(before);
    clock.set(clock.now() + 61_000);
    await rejectionOf(source.resolve(kline('NOPE/USDT'), someCall()));
    expect(asked('/api/v3/exchangeInfo')).toBe(before + 1);
    clock.set(clock.now() + 3_600_000);
    await source.resolve(kline('BTC/USDT'), someCall());

    expect(asked('/api/v3/exchangeInfo')).toBe(before + 2);
    await source.close();
  });

  it('lets one caller leave while others wait for the list of markets', async () => {
    const { source } = await open();
    const leaving = new AbortController();

    const first = rejectionOf(source.resolve(kline('BTC/USDT'), someCall(leaving.signal)));
    const second = source.resolve(kline('ETH/USDT'), someCall());
    leaving.abort(new Error('gone'));

    expect(String(await first)).toContain('gone');
    expect((await second).marketId).toBe('ETHUSDT');
    await source.close();
  });

  it('takes markets from the cache of another process without a request', async () => {
    const kept = new Map<string, unknown>();
    const marketCache: MarketCache = {
      get: async (key) => kept.get(key),
      put: async (key, value) => void kept.set(key, JSON.parse(JSON.stringify(value))),
    };
    const first = await open({ marketCache });
    await first.source.resolve(kline('BTC/USDT'), someCall());
    const before = venue.counts().requests;

    const second = await open({ marketCache });
    const market = await second.source.resolve(kline('eth-usdt'), someCall());

    expect(market.marketId).toBe('ETHUSDT');
    expect(venue.counts().requests).toBe(before);
    expect((await second.source.fetchRange(tenMinutes(market), someCall())).batch.n).toBe(10);
    await Promise.all([first.source.close(), second.source.close()]);
  });

  it('knows the first candle and the time of the venue', async () => {
    const { source } = await open();
    const { range: _, limit: __, ...request } = tenMinutes(spotMarket('binance', 'BTC/USDT', 'BTCUSDT'));
    const at = Date.now();

    expect(await source.earliest(request, someCall())).toBe(Date.UTC(2017, 7, 17, 4));
    expect(await source.venueTime(someCall())).toBeGreaterThanOrEqual(at);
    await source.close();
  });

  it('takes zeros in columns the venue never recorded for absent values', async () => {
    const { source } = await open();
    const info = await (await fetch(`${venue.url}/api/v3/exchangeInfo`)).json();
    const body = JSON.stringify({
      ...(info as object),
      kairosColumns: ['open', 'high', 'low', 'close', 'volume'],
    });
    venue.intercept = ({ path }) => (path === '/api/v3/exchangeInfo' ? { body } : undefined);

    const page = await source.fetchRange(
      tenMinutes(spotMarket('binance', 'BTC/USDT', 'BTCUSDT')),
      someCall(),
    );

    expect([...rowsOf(page.batch)].map((r) => r.values.slice(5))).toEqual(Array(10).fill([null, null]));
    await source.close();
  });

  it('brings tickers of many markets in one request', async () => {
    const { source, clock } = await open();
    const markets = await Promise.all(
      ['BTC/USDT', 'ETH/USDT'].map((s) => source.resolve(kline(s), someCall())),
    );

    const { snapshots, weight, requests } = await source.fetchSnapshots(
      { markets, dataType: 'ticker' },
      someCall(),
    );

    expect([weight, requests]).toEqual([2, 1]);
    expect(snapshots.map((s) => s.instrument)).toEqual(['binance:BTC/USDT', 'binance:ETH/USDT']);
    expect([...(snapshots[0]?.batch.ts ?? [])]).toEqual([clock.now()]);
    expect(snapshots[0]?.batch).toMatchObject({ type: 'ticker', n: 1 });
    await source.close();
  });

  it('asks for everything when one symbol of a list is refused', async () => {
    const { source } = await open();
    const known = await source.resolve(kline('BTC/USDT'), someCall());
    venue.intercept = ({ query }) =>
      query.get('symbols')?.includes('ETHUSDT')
        ? { status: 400, body: '{"code":-1121,"msg":"Invalid symbol."}' }
        : undefined;
    const eth = await source.resolve(kline('ETH/USDT'), someCall());

    const { snapshots, requests } = await source.fetchSnapshots(
      { markets: [known, eth], dataType: 'ticker' },
      someCall(),
    );

    expect(requests).toBe(2);
    expect(snapshots.map((s) => s.instrument)).toContain('binance:BTC/USDT');
    await source.close();
  });

  it('refuses kinds of records it cannot bring', async () => {
    const { source } = await open();

    expect(
      await rejectionOf(source.resolve({ symbol: 'BTC/USDT', dataType: 'trade' }, someCall())),
    ).toMatchObject({ code: 'UNSUPPORTED' });
    await source.close();
  });

  it('states facts: verified for Binance spot, cautious elsewhere', async () => {
    const { source } = await open();
    const other = await openAt('bitstamp', venue.url);
    const ask = (s: typeof source) =>
      s.facts({ market: spotMarket(s.id, 'BTC/USD', 'btcusd'), dataType: 'kline', timeframe: '1m' });

    expect(ask(source)).toMatchObject({
      verified: true,
      pageSize: 1_000,
      pageWeight: 2,
      concurrency: 8,
      absenceMeans: 'outage',
      settleMs: 2_000,
    });
    expect(ask(other.source)).toMatchObject({
      verified: false,
      concurrency: 1,
      sparse: false,
      absenceMeans: 'unknown',
    });
    await Promise.all([source.close(), other.source.close()]);
  });
});

describe('windows of other venues', () => {
  const markets = (id: string, quote: string) => [
    {
      id,
      symbol: `BTC/${quote}`,
      base: 'BTC',
      quote,
      baseId: 'BTC',
      quoteId: quote,
      type: 'spot',
      spot: true,
      active: true,
      info: {},
    },
  ];

  it.each([
    [
      'okx',
      'BTC-USDT',
      'USDT',
      json({ code: '0', data: [] }),
      { before: String(T0 - 1), after: String(T0 + 10 * MINUTE), limit: '10' },
    ],
    [
      'bybit',
      'BTCUSDT',
      'USDT',
      json({ retCode: 0, result: { list: [] } }),
      { start: String(T0), end: String(T0 + 10 * MINUTE - 1), limit: '10' },
    ],
    [
      'kraken',
      'XXBTZUSD',
      'USD',
      json({ error: [], result: { XXBTZUSD: [], last: 1 } }),
      { since: String(T0 / 1_000 - 60) },
    ],
  ])('are asked for as %s reads them', async (exchange, id, quote, answer, expected) => {
    const venue = await startStubVenue(() => answer);
    const stored = { v: 1, at: T0 + 86_400_000, wide: false, columns: null, markets: markets(id, quote) };
    const { source, budget } = await openAt(exchange, venue.url, {
      deps: { marketCache: { get: async () => stored, put: async () => undefined } },
    });

    const page = await source.fetchRange(tenMinutes(spotMarket(exchange, `BTC/${quote}`, id)), someCall());

    expect(page.batch.n).toBe(0);
    expect(page.read).toMatchObject({ http: 200, rows: 0, first: null, last: null, from: T0 });
    const sent = Object.fromEntries(new URL(venue.asked[0] ?? '', venue.url).searchParams);
    expect(sent).toMatchObject(expected);
    expect(sent).not.toHaveProperty('until');
    expect(budget.taken[0]?.weight).toBe(page.weight);
    await source.close();
    await venue.close();
  });
});
