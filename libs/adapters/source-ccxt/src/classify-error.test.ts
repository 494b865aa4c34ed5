import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MarketCache } from './market-shelf.ts';
import { openAt, rejectionOf, spotMarket, T0, tenMinutes } from './testing/bench.ts';
import { json, startStubVenue, type StubAnswer, type StubVenue } from './testing/stub-venue.ts';

type Venue = 'binance' | 'okx' | 'bybit' | 'coinbase' | 'coinbaseexchange' | 'kraken';

/** What the caller must do, by venue and answer. Every row is a whole request through unmodified ccxt. */
const VENUES: Readonly<Record<Venue, readonly [string, string]>> = {
  binance: ['BTC/USDT', 'BTCUSDT'],
  okx: ['BTC/USDT', 'BTC-USDT'],
  bybit: ['BTC/USDT', 'BTCUSDT'],
  coinbase: ['BTC/USD', 'BTC-USD'],
  coinbaseexchange: ['BTC/USD', 'BTC-USD'],
  kraken: ['BTC/USD', 'XXBTZUSD'],
};

const BAD = { code: 'SOURCE_BAD_DATA', scope: 'call', retryable: true };
const LIMITED = { code: 'SOURCE_RATE_LIMITED', scope: 'call', retryable: true };
const DOWN = { code: 'SOURCE_UNAVAILABLE', scope: 'call', retryable: true };
const FORBIDDEN = { code: 'SOURCE_FORBIDDEN', scope: 'venue', retryable: false };
const AUTH = { code: 'SOURCE_AUTH', scope: 'venue', retryable: false };
const UNKNOWN = { code: 'SYMBOL_UNKNOWN', scope: 'series', retryable: false };
const REFUSED_SERIES = { code: 'SERIES_REFUSED', scope: 'series', retryable: false };
const REFUSED = { code: 'SOURCE_REFUSED', scope: 'call', retryable: true };

const EVERYWHERE: readonly (readonly [string, StubAnswer, object])[] = [
  [
    '200 and a page of HTML',
    { body: '<!DOCTYPE html><html>hi</html>', headers: { 'content-type': 'text/html' } },
    BAD,
  ],
  ['200 and nothing', { body: '' }, BAD],
  ['200 and a cut list', { body: '[[1704067200000,"1","2"' }, BAD],
  ['200 and a list cut behind a bracket', { body: '{"a":[[1,2],[3,4]' }, BAD],
  ['200 and text', { body: 'pong' }, BAD],
  ['429 and nothing', { status: 429 }, LIMITED],
  ['429 and foreign JSON', { status: 429, body: '{"error":"rate limit exceeded"}' }, LIMITED],
  ['418', { status: 418, body: '{}' }, LIMITED],
  ['451', { status: 451 }, FORBIDDEN],
  ['403 over the region', { status: 403, body: 'We block access from your country.' }, FORBIDDEN],
  ['401', { status: 401, body: '{}' }, AUTH],
  ['500', { status: 500, body: 'oops' }, DOWN],
  ['503', { status: 503 }, DOWN],
  ['302', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, BAD],
];

const OWN: readonly (readonly [Venue, string, StubAnswer, object])[] = [
  ['binance', '403', { status: 403, body: '<html>no</html>' }, FORBIDDEN],
  ['kraken', '403', { status: 403 }, FORBIDDEN],
  ['bybit', '403, which it documents as too many visits', { status: 403 }, LIMITED],
  ['binance', '200 {}', json({}), BAD],
  ['coinbase', '200 {}', json({}), BAD],
  ['kraken', '200 with a list of errors only', json({ error: [] }), BAD],
  ['okx', '200 {}', json({}), REFUSED],
  ['bybit', '200 {}', json({}), REFUSED],
  ['binance', '-1121', { status: 400, ...json({ code: -1121, msg: 'Invalid symbol.' }) }, UNKNOWN],
  ['binance', '-1120', { status: 400, ...json({ code: -1120, msg: 'Invalid interval.' }) }, REFUSED_SERIES],
  ['binance', '-1003', { status: 429, ...json({ code: -1003, msg: 'Too many requests.' }) }, LIMITED],
  ['okx', '50011', json({ code: '50011', msg: 'Too Many Requests', data: [] }), LIMITED],
  ['okx', '51001', json({ code: '51001', msg: 'Instrument ID does not exist', data: [] }), UNKNOWN],
  ['okx', '50001', json({ code: '50001', msg: 'Service temporarily unavailable', data: [] }), DOWN],
  ['bybit', '10006', json({ retCode: 10006, retMsg: 'Too many visits!', result: {} }), LIMITED],
  ['bybit', '403 access too frequent', { status: 403, body: '403, access too frequent' }, LIMITED],
  ['kraken', 'EAPI:Rate limit exceeded', json({ error: ['EAPI:Rate limit exceeded'] }), LIMITED],
  ['kraken', 'EQuery:Unknown asset pair', json({ error: ['EQuery:Unknown asset pair'] }), UNKNOWN],
];

const market = (venue: Venue) => {
  const [symbol, id] = VENUES[venue];
  const [base = '', quote = ''] = symbol.split('/');
  return {
    id,
    symbol,
    base,
    quote,
    baseId: base,
    quoteId: quote,
    type: 'spot',
    spot: true,
    active: true,
    info: {},
  };
};

/** Spares the test each venue's own list of markets. */
const cacheOf = (venue: Venue): MarketCache => ({
  get: async () => ({ v: 1, at: T0 + 86_400_000, wide: false, columns: null, markets: [market(venue)] }),
  put: async () => undefined,
});

describe('a refusal of the venue', () => {
  let venue: StubVenue;
  beforeAll(async () => {
    venue = await startStubVenue(() => ({}));
  });
  afterAll(() => venue.close());

  async function meet(id: Venue, answer: StubAnswer) {
    venue.answer = () => answer;
    const { source, budget } = await openAt(id, venue.url, { deps: { marketCache: cacheOf(id) } });
    const request = tenMinutes(spotMarket(id, ...VENUES[id]));
    const call = { signal: new AbortController().signal, priority: 'backfill' } as const;
    const error = await rejectionOf(source.fetchRange(request, call));
    await source.close();
    return { error, budget };
  }

  describe.each(Object.keys(VENUES) as Venue[])('of %s', (id) => {
    it.each(EVERYWHERE)('is told apart: %s', async (_, answer, expected) => {
      expect((await meet(id, answer)).error).toMatchObject(expected);
    });
  });

  it.each(OWN)('of %s is told apart by its own words: %s', async (id, _, answer, expected) => {
    expect((await meet(id, answer)).error).toMatchObject(expected);
  });

  it('says how long to stay away, and bans the pool so long', async () => {
    const { error, budget } = await meet('binance', { status: 429, headers: { 'retry-after': '42' } });

    expect(error).toMatchObject({ retryAfterMs: 42_000, status: 429 });
    expect(budget.bans).toMatchObject([{ until: T0 + 86_400_000 + 42_000 }]);
  });

  it('reads the end of a ban out of the words of the venue', async () => {
    const until = T0 + 86_400_000 + 123_456;
    const body = `{"code":-1003,"msg":"Way too many requests; IP(1.2.3.4) banned until ${until}."}`;

    const { error } = await meet('binance', { status: 418, body });

    expect(error).toMatchObject({ retryAfterMs: 123_456 });
  });

  it('bans nothing over other failures', async () => {
    expect((await meet('okx', { status: 503 })).budget.bans).toEqual([]);
  });

  it('names a remedy where the region is refused', async () => {
    const { error } = await meet('bybit', { status: 451 });

    expect(String(error)).toContain('set base_url');
  });
});
