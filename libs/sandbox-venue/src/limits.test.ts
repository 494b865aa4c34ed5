import { binance } from 'ccxt';
import { afterEach, describe, expect, it } from 'vitest';
import { BINANCE_SPOT } from './binance-spot.ts';
import type { Metering } from './dialect.ts';
import { WeightMeter } from './limits.ts';
import type { VenueLimits } from './limits.ts';
import { redirectOrigins } from './redirect.ts';
import { startSandboxVenue } from './venue.ts';
import type { SandboxVenue } from './venue.ts';

const START = Date.UTC(2024, 2, 5, 13, 37);
const MINUTE = 60_000;
const open: SandboxVenue[] = [];

async function start(limits: VenueLimits) {
  const time = { now: START + 15_500 };
  const weightClock = { now: () => time.now };
  const venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 1 }, weightClock, limits });
  open.push(venue);
  const get = (path: string) => fetch(`${venue.url}/api/v3/${path}`);
  return { venue, time, get };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((venue) => venue.close()));
});

describe('the weight limit over HTTP', () => {
  it('lets 6,000 a minute through unless told otherwise', async () => {
    const { venue, get } = await start({});
    const info: unknown = await (await get('exchangeInfo')).json();

    expect(info).toMatchObject({
      rateLimits: expect.arrayContaining([
        { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6_000 },
      ]),
    });
    expect(venue.counts().windows).toEqual([
      { pool: 'binance', address: expect.any(String), start: START, used: 20, refused: 0 },
    ]);
  });

  it('refuses with 429 what would exceed the limit, and says when the minute ends', async () => {
    const { venue, time, get } = await start({ weightPerMinute: 25 });
    await get('exchangeInfo');
    await get('ticker/24hr?symbol=BTCUSDT');

    const refused = await get('aggTrades?symbol=BTCUSDT');

    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('45');
    expect(refused.headers.get('x-mbx-used-weight-1m')).toBe('26');
    expect(await refused.json()).toEqual({
      code: -1003,
      msg: expect.stringContaining('current limit is 25 request weight'),
    });
    expect((await get('ping')).status).toBe(200);
    time.now = START + MINUTE;
    expect((await get('aggTrades?symbol=BTCUSDT')).status).toBe(200);
    expect(venue.counts()).toMatchObject({
      refused429: 1,
      refused418: 0,
      windows: [
        { start: START, used: 23, refused: 1 },
        { start: START + MINUTE, used: 4, refused: 0 },
      ],
    });
  });

  it('states its own limit in exchangeInfo', async () => {
    const { get } = await start({ weightPerMinute: 240 });

    expect(await (await get('exchangeInfo')).json()).toMatchObject({
      rateLimits: expect.arrayContaining([expect.objectContaining({ limit: 240 })]),
    });
  });

  it('bans with 418 who does not stop, and gives ccxt the errors it knows', async () => {
    const { venue, get } = await start({ weightPerMinute: 20, patience: 1 });
    const exchange = new binance({ enableRateLimit: false, options: { fetchMarkets: { types: ['spot'] } } });
    exchange.urls.api = redirectOrigins(exchange.urls.api, venue.url);
    await exchange.loadMarkets();

    await expect(exchange.fetchTime()).rejects.toMatchObject({ name: 'DDoSProtection' });
    await expect(exchange.fetchTime()).rejects.toMatchObject({ name: 'DDoSProtection' });
    const banned = await get('time');
    expect(banned.status).toBe(418);
    expect(banned.headers.get('retry-after')).toBe('120');
    expect(await banned.json()).toMatchObject({ msg: expect.stringContaining(`until ${START + 135_500}`) });
    expect(venue.requests().map(({ status }) => status)).toEqual([200, 429, 418, 418]);
  });

  it('counts and refuses nothing when off', async () => {
    const { venue, get } = await start({ weightPerMinute: 'off' });
    for (let count = 0; count < 25; count += 1) await get('depth?symbol=BTCUSDT&limit=5000');

    expect(venue.counts()).toMatchObject({ refused429: 0, windows: [{ used: 6_250, refused: 0 }] });
  });
});

describe('WeightMeter', () => {
  const { metering } = BINANCE_SPOT;

  function meterAt(limits: VenueLimits) {
    const time = { now: START };
    const meter = new WeightMeter({ now: () => time.now }, limits);
    const admit = (weight: number, address = 'a', pool = 'binance') =>
      metering && meter.admit({ ...metering, pool } satisfies Metering, address, weight).refusal;
    return { meter, time, admit };
  }

  it('doubles each ban up to three days', () => {
    const { time, admit } = meterAt({ weightPerMinute: 1, patience: 0 });
    const bans = Array.from({ length: 13 }, () => {
      admit(1);
      const until = admit(1)?.bannedUntil ?? 0;
      const length = until - time.now;
      time.now = until + MINUTE;
      return length / MINUTE;
    });

    expect(bans).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 4_320]);
  });

  it('lengthens a ban that is ignored', () => {
    const { admit } = meterAt({ weightPerMinute: 1, patience: 2 });
    admit(1);

    const until = Array.from({ length: 7 }, () => admit(1)?.bannedUntil);

    expect(until.map((at) => at && (at - START) / MINUTE)).toEqual([undefined, undefined, 2, 2, 2, 4, 4]);
  });

  it('forgets refusals of those who waited, within their next minute', () => {
    const { meter, time, admit } = meterAt({ weightPerMinute: 2, patience: 1 });
    for (let minute = 0; minute < 5; minute += 1) {
      time.now = START + minute * MINUTE;
      admit(2);
      admit(2);
    }

    expect(meter.counts()).toMatchObject({ refused429: 5, refused418: 0 });
  });

  it('counts each address and each pool apart', () => {
    const { meter, admit } = meterAt({ weightPerMinute: 2 });

    expect([admit(2, 'a'), admit(2, 'b'), admit(2, 'a', 'futures')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(meter.counts().windows).toHaveLength(3);
  });

  it('refuses a limit of nothing', () => {
    expect(() => meterAt({ weightPerMinute: 0 })).toThrow('above zero');
  });
});
