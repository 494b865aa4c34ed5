import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { FakeClock, silentLogger } from '@kairos/testkit';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isProxied, proxyDispatcher, proxyRoute, type ProxyRoute } from './proxy.ts';
import { createCcxtSources, type CcxtSourcesOptions } from './registry.ts';
import { NotingBudget, openAt, rejectionOf, someCall, spotMarket, tenMinutes } from './testing/bench.ts';
import { startConnectProxy, startSocksProxy, type TestProxy } from './testing/proxies.ts';

const BTC = spotMarket('binance', 'BTC/USDT', 'BTCUSDT');

let venue: SandboxVenue;
let venuePort: number;
beforeAll(async () => {
  venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7 } });
  venuePort = Number(new URL(venue.url).port);
});
afterAll(() => venue.close());

const route = (url: string, except: readonly string[] = []): ProxyRoute =>
  proxyRoute({ url, except }, 'proxy');

/** What a host that only the proxy knows says, read through it. */
async function readThrough(proxy: TestProxy, url: string): Promise<number> {
  const dispatcher = proxyDispatcher(route(url));
  const { statusCode, body } = await request('http://venue.example/api/v3/time', { dispatcher });
  await body.json();
  await Promise.all([dispatcher.destroy(), proxy.close()]);
  return statusCode;
}

describe('the way out through a proxy', () => {
  it('is a tunnel of an HTTP proxy, with its user and password', async () => {
    const proxy = await startConnectProxy(venuePort);

    expect(await readThrough(proxy, `http://me:s%40fe@127.0.0.1:${proxy.port}`)).toBe(200);
    expect(proxy.asked).toEqual([`venue.example:80 Basic ${Buffer.from('me:s@fe').toString('base64')}`]);
  });

  it.each(['socks5', 'socks5h'])('is a tunnel of a %s proxy, which looks the name up', async (scheme) => {
    const proxy = await startSocksProxy(venuePort);

    expect(await readThrough(proxy, `${scheme}://127.0.0.1:${proxy.port}`)).toBe(200);
    expect(proxy.asked).toEqual(['venue.example:80']);
  });

  it('tells a SOCKS proxy its user and password', async () => {
    const proxy = await startSocksProxy(venuePort);

    expect(await readThrough(proxy, `socks5://me:s%40fe@127.0.0.1:${proxy.port}`)).toBe(200);
    expect(proxy.asked).toEqual(['venue.example:80 me:s@fe']);
  });
});

describe('a source behind a proxy', () => {
  /** Asks for candles of a source that is set up so. */
  async function ask(options: Pick<CcxtSourcesOptions, 'sources' | 'proxy'>): Promise<unknown> {
    const clock = new FakeClock();
    const registry = createCcxtSources({ ...options, budget: new NotingBudget(), clock, log: silentLogger });
    const source = await registry.open('binance');
    const error = await rejectionOf(source.fetchRange(tenMinutes(BTC), someCall()));
    await registry.close();
    return error;
  }

  it('reaches its venue through it alone, and says so when the proxy refuses', async () => {
    const proxy = await startConnectProxy(undefined);
    const url = `http://me:secret@127.0.0.1:${proxy.port}`;

    const own = await ask({ sources: { binance: { proxy: url } } });
    const common = await ask({ proxy: { url } });

    expect(proxy.asked.map((line) => line.split(' ')[0])).toEqual([
      'api.binance.com:443',
      'api.binance.com:443',
    ]);
    for (const error of [own, common]) {
      expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true });
      expect(String(error)).toContain('through the proxy (Proxy response (403)');
      expect(JSON.stringify(error) + String(error)).not.toContain('secret');
    }
    await proxy.close();
  });

  it('leaves it aside where it says so itself, or the list of exceptions does', async () => {
    const proxy = await startConnectProxy(undefined);
    const url = `http://127.0.0.1:${proxy.port}`;
    // A name that leads nowhere: what matters is that the proxy is not asked for it.
    const baseUrl = 'https://venue.invalid';

    await ask({ proxy: { url }, sources: { binance: { baseUrl, proxy: 'none' } } });
    await ask({ proxy: { url, except: ['.invalid'] }, sources: { binance: { baseUrl } } });

    expect(proxy.asked).toEqual([]);
    await proxy.close();
  });

  it('never uses it for a venue on this machine', async () => {
    const proxy = await startConnectProxy(undefined);
    const settings = { realm: venue.realm, proxy: `http://127.0.0.1:${proxy.port}` };
    const { source } = await openAt('binance', venue.url, { settings });

    expect((await source.fetchRange(tenMinutes(BTC), someCall())).batch.n).toBe(10);
    expect(proxy.asked).toEqual([]);
    await Promise.all([source.close(), proxy.close()]);
  });

  it.each([
    ['ftp://127.0.0.1:21', 'scheme'],
    ['socks4://127.0.0.1:1080', 'scheme'],
    ['http://127.0.0.1:3128/path', 'without a path'],
    ['http://169.254.169.254', 'metadata'],
    ['me:secret@nowhere', 'scheme'],
    ['//secret', 'is not a URL'],
  ])('is refused when it is %s, naming the key and no value', (proxy, why) => {
    const options = { budget: new NotingBudget(), clock: new FakeClock(), log: silentLogger };
    const tries = [
      () => createCcxtSources({ ...options, sources: { binance: { proxy } } }),
      () => createCcxtSources({ ...options, proxy: { url: proxy } }),
    ];

    for (const attempt of tries) {
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining(why) }),
      );
      expect(attempt).not.toThrow(/secret/);
    }
  });
});

describe('the exceptions from a proxy', () => {
  it.each([
    ['*', 'https://api.venue.example', false],
    ['venue.example', 'https://venue.example', false],
    ['venue.example', 'https://api.venue.example', false],
    ['.venue.example', 'https://api.venue.example', false],
    ['*.venue.example', 'https://api.venue.example', false],
    ['VENUE.example ', 'https://api.venue.example', false],
    ['venue.example', 'https://myvenue.example', true],
    ['venue.example:443', 'https://venue.example', false],
    ['venue.example:8443', 'https://venue.example', true],
    ['10.0.0.7', 'https://10.0.0.7', false],
    ['', 'https://venue.example', true],
    ['other.example', 'https://venue.example', true],
    ['other.example', 'http://localhost:1234', false],
    ['other.example', 'http://[::1]:1234', false],
  ])('%j and %s', (entry, url, proxied) => {
    expect(isProxied(route('http://127.0.0.1:3128', [entry]), new URL(url))).toBe(proxied);
  });
});
