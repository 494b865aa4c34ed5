import { afterEach, describe, expect, it } from 'vitest';
import { fixedClock, startSandboxVenue } from './venue.ts';
import type { SandboxVenue, SandboxVenueOptions } from './venue.ts';

const NOW = Date.UTC(2024, 2, 5, 13, 37, 41, 250);
const open: SandboxVenue[] = [];

async function start(options: Partial<SandboxVenueOptions> = {}): Promise<SandboxVenue> {
  const mode = { kind: 'synthetic', seed: 'test' } as const;
  const venue = await startSandboxVenue({
    mode,
    clock: fixedClock(NOW),
    weightClock: fixedClock(NOW),
    ...options,
  });
  open.push(venue);
  return venue;
}

async function get(venue: SandboxVenue, path: string): Promise<{ response: Response; body: unknown }> {
  const response = await fetch(venue.url + path);
  return { response, body: await response.json() };
}

const KLINES = '/api/v3/klines?symbol=BTCUSDT&interval=1m';

async function opens(venue: SandboxVenue, rest: string): Promise<unknown[]> {
  const { body } = await get(venue, KLINES + rest);
  return Array.isArray(body) ? body.map((row: unknown) => (Array.isArray(row) ? row[0] : row)) : [];
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((venue) => venue.close()));
});

describe('the venue over HTTP', () => {
  it.each([
    ['/api/v3/klines?interval=1m', 400, -1102],
    ['/api/v3/klines?symbol=BTCUSDT', 400, -1102],
    ['/api/v3/klines?symbol=NONE&interval=1m', 400, -1121],
    ['/api/v3/klines?symbol=btc&interval=1m', 400, -1100],
    ['/api/v3/klines?symbol=BTCUSDT&interval=7m', 400, -1120],
    ['/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=soon', 400, -1100],
    ['/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=0', 400, -1130],
    ['/api/v3/ticker/24hr?symbols=[BTCUSDT]', 400, -1100],
    ['/api/v3/ticker/24hr?symbol=BTCUSDT&symbols=["ETHUSDT"]', 400, -1128],
    ['/api/v3/exchangeInfo?symbol=NONE', 400, -1121],
    ['/api/v3/depth', 400, -1102],
  ])('refuses %s with %i and code %i', async (path, status, code) => {
    const { response, body } = await get(await start(), path);

    expect(response.status).toBe(status);
    expect(body).toMatchObject({ code, msg: expect.any(String) });
  });

  it('answers 404 on unknown paths and 405 to other methods', async () => {
    const venue = await start();

    expect((await fetch(`${venue.url}/api/v3/nothing`)).status).toBe(404);
    expect((await fetch(`${venue.url}/api/v3/time`, { method: 'POST', body: '{}' })).status).toBe(405);
  });

  it('marks every answer with the realm, the used weight and the venue time', async () => {
    const venue = await start();
    const used = async (path: string) => (await fetch(venue.url + path)).headers.get('x-mbx-used-weight-1m');

    expect(await used('/api/v3/ping')).toBe('1');
    expect(await used('/api/v3/exchangeInfo')).toBe('21');
    expect(await used(KLINES)).toBe('23');
    expect(await used('/api/v3/ticker/24hr?symbol=BTCUSDT')).toBe('25');
    expect(await used('/api/v3/ticker/24hr')).toBe('105');
    expect(await used('/api/v3/depth?symbol=BTCUSDT&limit=5000')).toBe('355');
    expect(await used('/api/v3/aggTrades?symbol=BTCUSDT')).toBe('359');
    const { headers } = await fetch(`${venue.url}/api/v3/nothing`);
    expect(headers.get('x-kairos-realm')).toBe('sandbox:test');
    expect(headers.get('date')).toBe('Tue, 05 Mar 2024 13:37:41 GMT');
    expect(headers.get('content-type')).toContain('application/json');
    expect(venue.counts()).toMatchObject({ requests: 8, weight: 360, byPath: { '/api/v3/klines': 1 } });
    expect(venue.requests().at(-1)).toMatchObject({
      path: '/api/v3/nothing',
      status: 404,
      weight: 1,
      at: NOW,
    });
  });

  it('cuts kline windows as Binance does', async () => {
    const venue = await start();
    const forming = NOW - (NOW % 60_000);
    const minutes = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => from + index * 60_000);
    const start0 = forming - 600 * 60_000;

    expect(await opens(venue, '')).toEqual(minutes(forming - 499 * 60_000, 500));
    expect(await opens(venue, '&limit=5000')).toEqual(minutes(forming - 999 * 60_000, 1_000));
    expect(await opens(venue, `&startTime=${start0}&limit=3`)).toEqual(minutes(start0, 3));
    expect(await opens(venue, `&startTime=${start0 - 1}&endTime=${start0}`)).toEqual([start0]);
    expect(await opens(venue, `&startTime=${start0 + 1}&limit=1`)).toEqual([start0 + 60_000]);
    expect(await opens(venue, `&endTime=${start0 - 1}&limit=2`)).toEqual(minutes(start0 - 120_000, 2));
    expect(await opens(venue, `&startTime=${NOW}`)).toEqual([]);
    expect(await opens(venue, '&startTime=0&limit=1')).toEqual([Date.UTC(2017, 7, 17, 4)]);
  });

  it('prints rows of twelve elements with eight decimals', async () => {
    const { body } = await get(await start(), `${KLINES}&limit=1`);
    const decimal = expect.stringMatching(/^\d+\.\d{8}$/);
    const prices = [decimal, decimal, decimal, decimal, decimal];

    expect(body).toEqual([
      [
        NOW - (NOW % 60_000),
        ...prices,
        expect.any(Number),
        decimal,
        expect.any(Number),
        decimal,
        decimal,
        '0',
      ],
    ]);
  });

  it('answers 24 hour tickers for one, some and all', async () => {
    const venue = await start();
    const one = await get(venue, '/api/v3/ticker/24hr?symbol=ETHUSDT');
    const some = await get(venue, '/api/v3/ticker/24hr?symbols=["ETHUSDT","BTCUSDT"]');
    const all = await get(venue, '/api/v3/ticker/24hr');

    expect(some.body).toMatchObject([one.body, { symbol: 'BTCUSDT' }]);
    expect(all.body).toHaveLength(14);
  });

  it('compresses long answers only for those who accept it', async () => {
    const venue = await start();
    const encoding = async (accept: string) =>
      (await fetch(venue.url + KLINES, { headers: { 'accept-encoding': accept } })).headers.get(
        'content-encoding',
      );

    expect(await encoding('gzip')).toBe('gzip');
    expect(await encoding('identity')).toBe(null);
  });

  it('lets an intercept replace, cut or drop an answer, and leaves the rest alone', async () => {
    const venue = await start();
    const fetched = () => fetch(venue.url + KLINES).then((response) => response.text());

    venue.intercept = () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' });
    const html = await fetch(venue.url + KLINES);
    expect([html.status, html.headers.get('content-type'), await html.text()]).toEqual([
      200,
      'text/html',
      '<html>',
    ]);
    expect(html.headers.get('x-kairos-realm')).toBe('sandbox:test');
    venue.intercept = () => ({ truncateAt: 40 });
    await expect(fetched()).rejects.toThrow();
    venue.intercept = () => ({ destroy: true });
    await expect(fetched()).rejects.toThrow();
    venue.intercept = async ({ query }) => (query.get('interval') === '1m' ? { body: '[]' } : undefined);
    expect(await fetched()).toBe('[]');
    venue.intercept = undefined;
    expect(await fetched()).toContain('[[');
    expect(venue.requests().map(({ status }) => status)).toEqual([200, 200, 0, 200, 200]);
  });

  it('follows a clock that is set, and tells hooks of requests until they leave', async () => {
    const venue = await start();
    const seen: string[] = [];
    const leave = venue.onRequest(({ path }) => seen.push(path));

    venue.clock = fixedClock(NOW + 1);
    expect((await get(venue, '/api/v3/time')).body).toEqual({ serverTime: NOW + 1 });
    leave();
    await get(venue, '/api/v3/ping');
    expect(seen).toEqual(['/api/v3/time']);
  });

  it('waits for its latency before it answers', async () => {
    const asked: number[] = [];
    const venue = await start({ latencyMs: () => asked.push(1) });

    await get(venue, '/api/v3/ping');
    expect(asked).toHaveLength(1);
  });
});
