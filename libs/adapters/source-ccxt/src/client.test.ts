import { gzipSync } from 'node:zlib';
import { FakeClock } from '@kairos/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newCall, runRequest } from './call-context.ts';
import { HttpClient } from './client.ts';
import { NotingBudget, openAt, rejectionOf, someCall, spotMarket, T0, tenMinutes } from './testing/bench.ts';
import { json, startStubVenue, type StubAnswer, type StubVenue } from './testing/stub-venue.ts';

const BTC = spotMarket('binance', 'BTC/USDT', 'BTCUSDT');
const ROW = [T0, '1.5', '2', '1', '1.75', '10', T0 + 59_999, '17.5', 3, '5', '8', '0'];
const INFO = {
  symbols: [
    {
      symbol: 'BTCUSDT',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      status: 'TRADING',
      filters: [],
      permissionSets: [['SPOT']],
    },
  ],
};
const TINY_BOMB = gzipSync(Buffer.alloc(40 * 1024 * 1024, 32));

describe('the way out', () => {
  let venue: StubVenue;
  beforeAll(async () => {
    venue = await startStubVenue(() => ({}));
  });
  afterAll(() => venue.close());

  /** Candles from a venue that knows its markets and answers klines so. */
  async function ask(answer: StubAnswer, settings = {}) {
    venue.answer = (url) => (url.pathname.endsWith('exchangeInfo') ? json(INFO) : answer);
    const opened = await openAt('binance', venue.url, { settings });
    const outcome = await opened.source
      .fetchRange(tenMinutes(BTC), someCall())
      .catch((error: unknown) => error);
    await opened.source.close();
    return { outcome, ...opened };
  }

  it('reads packed answers', async () => {
    const packed = { body: gzipSync(JSON.stringify([ROW])), headers: { 'content-encoding': 'gzip' } };

    expect((await ask(packed)).outcome).toMatchObject({
      batch: { n: 1 },
      weight: 2,
      read: { rows: 1, first: T0 },
    });
  });

  it('refuses a body that inflates beyond 32 MB', async () => {
    const { outcome } = await ask({ body: TINY_BOMB, headers: { 'content-encoding': 'gzip' } });

    expect(outcome).toMatchObject({ code: 'SOURCE_BAD_DATA', retryable: false });
  });

  it('refuses a packing nobody asked for, and one that is broken', async () => {
    const odd = await ask({ body: '[]', headers: { 'content-encoding': 'compress' } });
    const broken = await ask({ body: 'not gzip', headers: { 'content-encoding': 'gzip' } });

    expect(odd.outcome).toMatchObject({ code: 'SOURCE_BAD_DATA' });
    expect(broken.outcome).toMatchObject({ code: 'SOURCE_BAD_DATA' });
  });

  it('keeps one deadline over the whole answer', async () => {
    const { outcome } = await ask({ hang: true }, { timeoutMs: 50 });

    expect(outcome).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true });
    expect(String(outcome)).toContain('within 50 ms');
  });

  it('takes a connection cut in the body for no answer', async () => {
    expect((await ask({ body: '[[1,', cut: true })).outcome).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('follows no redirect', async () => {
    const elsewhere = await startStubVenue(() => json([ROW]));

    const { outcome } = await ask({ status: 301, headers: { location: `${elsewhere.url}/api/v3/klines` } });

    expect(outcome).toMatchObject({ code: 'SOURCE_BAD_DATA', status: 301 });
    expect(elsewhere.asked).toEqual([]);
    await elsewhere.close();
  });

  it('wants the mark of the world from a sandbox and a recording', async () => {
    const unmarked = await ask(json([ROW]), { realm: 'recording:abc' });
    const foreign = await ask(
      { ...json([ROW]), headers: { 'x-kairos-realm': 'sandbox:7' } },
      { realm: 'custom:mirror' },
    );

    expect(unmarked.outcome).toMatchObject({ code: 'SOURCE_REALM', scope: 'venue', retryable: false });
    expect(String(unmarked.outcome)).toContain('recording:abc');
    expect(String(foreign.outcome)).toMatch(/sandbox:7.*custom:mirror/);
  });

  it('passes the used weight on to the budget, under a pool of its own', async () => {
    const { budget } = await ask({ ...json([ROW]), headers: { 'x-mbx-used-weight-1m': '57' } });

    const pool = `binance/api@${new URL(venue.url).host}`;
    expect(budget.observed).toEqual([{ scope: { pool, limit: 6_000, windowMs: 60_000 }, used: 57 }]);
    expect(budget.taken.map((t) => [t.scope.pool, t.weight])).toEqual([
      [pool, 20],
      [pool, 2],
    ]);
  });

  it('sends no key to a foreign address unless told to, and never shows one', async () => {
    const credentials = { apiKey: 'KEY-canary', secret: 'SECRET-canary' };
    const refusal = { status: 400, body: '{"code":-1,"msg":"KEY-canary and signature=abc123def are wrong"}' };

    const silent = await ask(refusal, { credentials });
    const sentUnasked = JSON.stringify([venue.headers, venue.asked]);
    const trusted = await ask(refusal, { credentials, sendCredentials: true });

    expect(sentUnasked).not.toContain('canary');
    expect(String(silent.outcome)).not.toContain('abc123def');
    expect(String(trusted.outcome)).not.toMatch(/canary|abc123def/);
    expect(String((trusted.outcome as Error).cause)).not.toMatch(/canary|abc123def/);
  });

  it('keeps to its own origin, whatever ccxt would call', async () => {
    const options = {
      realm: 'custom:x',
      timeoutMs: 1_000,
      budget: new NotingBudget(),
      clock: new FakeClock(),
    };
    const client = new HttpClient({ ...options, origin: new URL(venue.url) });
    const before = venue.asked.length;
    const scope = { pool: 'x', limit: 1, windowMs: 1_000 };
    const request = { call: newCall(someCall()), scope, weight: 1 };

    const stray = await rejectionOf(runRequest(request, () => client.send('https://127.0.0.1:1/api', {})));
    const metadata = await rejectionOf(runRequest(request, () => client.send('http://169.254.169.254/', {})));

    expect(stray).toMatchObject({ code: 'CONFIG', message: expect.stringContaining('is bound to') });
    expect(metadata).toMatchObject({ code: 'CONFIG' });
    expect(venue.asked.length).toBe(before);
    expect(options.budget.taken).toEqual([]);
    await client.close();
  });

  it('lets nothing out that belongs to no call', async () => {
    const client = new HttpClient({
      realm: 'live',
      origin: undefined,
      timeoutMs: 1,
      budget: new NotingBudget(),
      clock: new FakeClock(),
    });

    expect(String(await rejectionOf(client.send('https://api.binance.com', {})))).toContain(
      'outside of a call',
    );
    await client.close();
  });
});
