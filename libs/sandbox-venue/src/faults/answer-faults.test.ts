import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { get as httpGet } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { OKX } from '../dialects/index.ts';
import { fixedClock, startSandboxVenue } from '../venue.ts';
import type { SandboxVenue } from '../venue.ts';
import { gzipBomb } from '../gzip-bomb.ts';
import type { FaultPlan, FaultRule } from './plan.ts';

const NOW = Date.UTC(2024, 2, 5, 13, 37, 41, 250);
const KLINES = '/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=5';
const open: SandboxVenue[] = [];

async function start(faults: FaultPlan): Promise<SandboxVenue> {
  const mode = { kind: 'synthetic', seed: 'test' } as const;
  const venue = await startSandboxVenue({ mode, clock: fixedClock(NOW), faults });
  open.push(venue);
  return venue;
}

const lastOpen = async (venue: SandboxVenue): Promise<unknown> => {
  const page: unknown = await (await fetch(venue.url + KLINES)).json();
  const row: unknown = Array.isArray(page) ? page.at(-1) : undefined;
  return Array.isArray(row) ? row[0] : row;
};

const with1 = (rule: FaultRule): Promise<SandboxVenue> => start({ rules: [rule] });

afterEach(async () => {
  await Promise.all(open.splice(0).map((venue) => venue.close()));
});

describe('faults of whole answers', () => {
  it.each([
    ['status-500', 500],
    ['status-502', 502],
    ['status-503', 503],
    ['status-504', 504],
    ['status-451', 451],
    ['maintenance', 503],
  ] as const)('%s answers %i, marked with the realm', async (kind, status) => {
    const venue = await with1({ kind });
    const response = await fetch(venue.url + KLINES);

    expect(response.status).toBe(status);
    expect(response.headers.get('x-kairos-realm')).toBe('sandbox:test');
    expect(venue.faultLog()).toEqual([
      { kind, at: NOW, path: '/api/v3/klines', symbol: 'BTCUSDT', interval: '1m', openTimes: [] },
    ]);
  });

  it.each([
    ['html', /^<!doctype html>/],
    ['truncated-json', /^\[\[\d+,".*[^\]]$/],
    ['empty-body', /^$/],
    ['empty-object', /^\{\}$/],
  ] as const)('%s answers 200 with something that is no page', async (kind, body) => {
    const response = await fetch((await with1({ kind })).url + KLINES);

    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(body);
  });

  it('says when maintenance ends, and is back after it', async () => {
    const during = { from: NOW - 1_000, to: NOW + 60_000 };
    const venue = await with1({ kind: 'maintenance', during });

    expect((await fetch(venue.url + KLINES)).headers.get('retry-after')).toBe('60');
    venue.clock = fixedClock(during.to);
    expect((await fetch(venue.url + KLINES)).status).toBe(200);
    venue.clock = fixedClock(during.from - 1);
    expect((await fetch(venue.url + KLINES)).status).toBe(200);
  });

  it('resets the connection before or after the headers', async () => {
    const venue = await with1({ kind: 'reset' });
    const cause = await fetch(venue.url + KLINES).catch((error: Error) => error.cause);
    expect(cause).toMatchObject({ code: 'ECONNRESET' });

    venue.faults = { rules: [{ kind: 'reset-after-headers' }] };
    const text = fetch(venue.url + KLINES).then((response) => response.text());
    await expect(text).rejects.toThrow();
    expect(venue.requests().map(({ status }) => status)).toEqual([0, 200]);
  });

  it('never answers a request that times out, and lets its client go', async () => {
    const venue = await with1({ kind: 'timeout' });
    const controller = new AbortController();
    venue.onRequest(() => controller.abort());

    await expect(fetch(venue.url + KLINES, { signal: controller.signal })).rejects.toThrow('abort');
    expect(venue.requests()).toMatchObject([{ status: 0 }]);
  });

  it('falls silent in the middle of a half-open answer', async () => {
    const venue = await with1({ kind: 'half-open' });
    const seen = await new Promise<string>((resolve, reject) => {
      httpGet(venue.url + KLINES, (response) => {
        response.once('data', (chunk) => resolve(`${response.complete} ${chunk}`));
        response.once('end', () => reject(new Error('It ended')));
        response.once('error', () => undefined);
      });
    });

    expect(seen).toMatch(/^false \[\[/);
  });

  it('drips byte by byte, and what has dripped is the true answer', async () => {
    const venue = await with1({ kind: 'slow-drip', everyMs: 0 });
    const lengths: number[] = [];
    const body = await new Promise<string>((resolve) => {
      httpGet(`${venue.url}/api/v3/time`, (response) => {
        const chunks: string[] = [];
        response.on('data', (chunk: Uint8Array) => {
          lengths.push(chunk.length);
          chunks.push(String(chunk));
        });
        response.on('end', () => resolve(chunks.join('')));
      });
    });

    expect(JSON.parse(body)).toEqual({ serverTime: NOW });
    expect(lengths.length).toBeGreaterThan(2);
  });

  it('sends a gzip bomb of little weight that inflates to what was asked', async () => {
    const venue = await with1({ kind: 'gzip-bomb', megabytes: 64 });
    const wire = await new Promise<number>((resolve) => {
      httpGet(venue.url + KLINES, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Uint8Array) => (bytes += chunk.length));
        response.on('end', () => resolve(bytes));
      });
    });
    const response = await fetch(venue.url + KLINES);
    let inflated = 0;
    for await (const chunk of response.body ?? []) inflated += chunk.length;

    expect(wire).toBeLessThan(200_000);
    expect(inflated).toBe(64 * 1_048_576);
  });

  it('makes bombs that are valid gzip, checksum and length included', async () => {
    const gunzip = Readable.from(gzipBomb(3)).pipe(createGunzip());
    let inflated = 0;
    for await (const chunk of gunzip) inflated += Buffer.from(chunk).length;

    expect(inflated).toBe(3 * 1_048_576);
  });

  it('states a skewed time in body and header while the bars stay where they are', async () => {
    const venue = await with1({ kind: 'clock-skew', skewMs: 90_000 });
    const time = await fetch(`${venue.url}/api/v3/time`);

    expect(await time.json()).toEqual({ serverTime: NOW + 90_000 });
    expect(time.headers.get('date')).toBe('Tue, 05 Mar 2024 13:39:11 GMT');
    expect(await lastOpen(venue)).toBe(NOW - (NOW % 60_000));
  });
});

describe('a symbol that is delisted and listed again', () => {
  const during = { from: NOW - 150_000, to: NOW + 60_000 };
  const info = async (venue: SandboxVenue): Promise<unknown> =>
    (await fetch(`${venue.url}/api/v3/exchangeInfo`)).json();

  it('is refused and not listed while it is gone', async () => {
    const venue = await with1({ kind: 'delisted', symbol: 'BTCUSDT', during });

    const refused = await fetch(venue.url + KLINES);
    expect([refused.status, await refused.json()]).toEqual([400, { code: -1121, msg: 'Invalid symbol.' }]);
    expect((await fetch(venue.url + KLINES.replace('BTC', 'ETH'))).status).toBe(200);
    expect(JSON.stringify(await info(venue))).not.toContain('"BTCUSDT"');
    venue.clock = fixedClock(during.to);
    expect((await fetch(venue.url + KLINES)).status).toBe(200);
    expect(JSON.stringify(await info(venue))).toContain('"BTCUSDT"');
  });

  it('is listed as BREAK and stands still while it is halted', async () => {
    const venue = await with1({ kind: 'delisted', symbol: 'BTCUSDT', during, as: 'break' });
    expect(await info(venue)).toMatchObject({
      symbols: expect.arrayContaining([
        expect.objectContaining({ symbol: 'BTCUSDT', status: 'BREAK' }),
        expect.objectContaining({ symbol: 'ETHUSDT', status: 'TRADING' }),
      ]),
    });
    expect(await lastOpen(venue)).toBe(during.from - (during.from % 60_000));
  });
});

describe('faults in another dialect', () => {
  it('spoil its pages and speak of the symbol as the market knows it', async () => {
    const venue = await startSandboxVenue({
      mode: { kind: 'synthetic', seed: 'test' },
      clock: fixedClock(NOW),
      dialects: [OKX],
      faults: { rules: [{ kind: 'empty-page', symbol: 'BTCUSDT', times: 1 }] },
    });
    open.push(venue);
    const rows = async (instrument: string): Promise<number> => {
      const url = `${venue.url}/api/v5/market/candles?instId=${instrument}&bar=1m&limit=5`;
      const body: unknown = await (await fetch(url)).json();
      return typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data)
        ? body.data.length
        : -1;
    };

    expect([await rows('ETH-USDT'), await rows('BTC-USDT'), await rows('BTC-USDT')]).toEqual([5, 0, 5]);
    expect(venue.faultLog()).toMatchObject([{ kind: 'empty-page', symbol: 'BTCUSDT', interval: '1m' }]);
  });
});
