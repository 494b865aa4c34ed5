import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../intervals.ts';
import { fixedClock, startSandboxVenue } from '../venue.ts';
import type { SandboxVenue } from '../venue.ts';
import { DIALECTS } from './index.ts';

const NOW = Date.UTC(2024, 2, 5, 13, 37, 41, 250);
const RUNNING = NOW - (NOW % MINUTE);
const T = Date.UTC(2024, 2, 5, 12);
/** Long past the last 1,440 minutes. */
const OLD = Date.UTC(2024, 2, 1);

type Row = readonly (string | number)[];
type Answer = {
  readonly status: number;
  // Bodies are read by each test in its own venue's shape.
  readonly body: Readonly<Record<string, unknown>>;
};

const times = (rows: unknown): readonly number[] => (rows as readonly Row[]).map((row) => Number(row[0]));
const count = (from: number, step: number, n: number): readonly number[] =>
  Array.from({ length: n }, (_, i) => from + i * step);

let venue: SandboxVenue;
beforeAll(async () => {
  venue = await startSandboxVenue({
    mode: { kind: 'synthetic', seed: 'quirks', listedAt: Date.UTC(2024, 0, 1) },
    clock: fixedClock(NOW),
    dialects: DIALECTS,
  });
});
afterAll(() => venue.close());

async function ask(path: string, query: Readonly<Record<string, string | number>> = {}): Promise<Answer> {
  const params = new URLSearchParams(Object.entries(query).map(([k, v]): [string, string] => [k, String(v)]));
  const response = await fetch(`${venue.url}${path}?${params.toString()}`);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** What Binance spot says of the minute that opens at `open`. */
async function truthAt(open: number): Promise<Row> {
  const query = new URLSearchParams({
    symbol: 'BTCUSDT',
    interval: '1m',
    startTime: String(open),
    limit: '1',
  });
  const response = await fetch(`${venue.url}/api/v3/klines?${query.toString()}`);
  return ((await response.json()) as readonly Row[])[0] ?? [];
}

describe('paths', () => {
  const PATHS = [
    '/api/v5/market/candles',
    '/v5/market/kline',
    '/0/public/OHLC',
    '/v2/time',
    '/api/v3/brokerage/market/products/BTC-USDT/candles',
    '/products/BTC-USDT/candles',
    '/time',
    '/currencies',
    '/fapi/v1/klines',
  ];

  it.each(PATHS)('%s belongs to one dialect', (path) => {
    expect(DIALECTS.filter(({ matches }) => matches(path))).toHaveLength(1);
  });

  it.each(['/api/v3/klines', '/api/v3/time', '/sapi/v1/system/status', '/products2', '/v5'])(
    '%s belongs to none of them',
    (path) => {
      expect(DIALECTS.filter(({ matches }) => matches(path))).toEqual([]);
    },
  );
});

describe('OKX', () => {
  const candles = async (query: Readonly<Record<string, string | number>>, history = false) =>
    (await ask(`/api/v5/market/${history ? 'history-candles' : 'candles'}`, { instId: 'BTC-USDT', ...query }))
      .body;

  it('reads both ends of a window as outside of it, newest first', async () => {
    const { code, data } = await candles({ before: T, after: T + 4 * MINUTE });

    expect(code).toBe('0');
    expect(times(data)).toEqual([T + 3 * MINUTE, T + 2 * MINUTE, T + MINUTE]);
  });

  it('leaves out the start of a window that holds more than a page: 300, and 100 of the past', async () => {
    const recent = await candles({ before: T - 360 * MINUTE, after: T, limit: 500 });
    const past = await candles({ before: OLD - 1, after: OLD + 300 * MINUTE, limit: 300 }, true);

    expect(times(recent['data'])).toEqual(count(T - 300 * MINUTE, MINUTE, 300).toReversed());
    expect(times(past['data'])).toEqual(count(OLD + 200 * MINUTE, MINUTE, 100).toReversed());
  });

  it('has no more than the last 1,440 bars outside of the history', async () => {
    expect((await candles({ before: OLD - 1, after: OLD + 10 * MINUTE }))['data']).toEqual([]);
    const { data } = await candles({ before: OLD - 1, after: RUNNING - 1_430 * MINUTE });
    expect(times(data).at(-1)).toBe(RUNNING - 1_439 * MINUTE);
  });

  it('marks the bar that is still forming', async () => {
    const { data } = await candles({ limit: 2 });

    expect((data as readonly Row[]).map((row) => [Number(row[0]), row[8]])).toEqual([
      [RUNNING, '0'],
      [RUNNING - MINUTE, '1'],
    ]);
  });

  it('opens long bars on Hong Kong time unless asked for UTC', async () => {
    const [local, utc] = await Promise.all(
      ['1D', '1Dutc'].map(async (bar) => (await candles({ bar, limit: 3 }, true))['data']),
    );
    const week = (await candles({ bar: '1W', limit: 1 }, true))['data'];

    expect(times(local).map((t) => t % DAY)).toEqual([16 * HOUR, 16 * HOUR, 16 * HOUR]);
    expect(times(utc).map((t) => t % DAY)).toEqual([0, 0, 0]);
    expect(new Date(times(week)[0] ?? 0).toISOString()).toBe('2024-03-03T16:00:00.000Z');
  });

  it('makes a Hong Kong day of the hours it holds, to the last decimal', async () => {
    const [, day] = (await candles({ bar: '1D', limit: 2 }, true))['data'] as readonly Row[];
    const hours = (await candles({ bar: '1H', before: Number(day?.[0]) - 1, after: Number(day?.[0]) + DAY }))[
      'data'
    ] as readonly Row[];
    const volume = hours.reduce((sum, row) => sum + BigInt(Math.round(Number(row[5]) * 1e5)), 0n);

    expect(hours).toHaveLength(24);
    expect([day?.[1], day?.[4]]).toEqual([hours.at(-1)?.[1], hours[0]?.[4]]);
    expect(BigInt(Math.round(Number(day?.[5]) * 1e5))).toBe(volume);
  });

  it("counts a swap's volume in contracts, with the base beside it", async () => {
    const window = { before: T - 1, after: T + MINUTE };
    const [spot] = (await candles(window))['data'] as readonly Row[];
    const [swap] = (await candles({ ...window, instId: 'BTC-USDT-SWAP' }))['data'] as readonly Row[];
    const truth = await truthAt(T);

    expect(Number(spot?.[5])).toBe(Number(truth[5]));
    expect(Number(swap?.[6])).toBe(Number(truth[5]));
    expect(Number(swap?.[5])).toBeCloseTo(Number(truth[5]) * 100, 6);
    expect([spot?.[6], swap?.[7]]).toEqual([String(Number(truth[7])), String(Number(truth[7]))]);
  });

  it('refuses with HTTP 200 and a code', async () => {
    const refusals = [{ instId: 'NO-PE' }, { instId: 'ETH-BTC-SWAP' }, { instId: 'BTC-USDT', bar: '7m' }];
    const answers = await Promise.all(refusals.map((query) => ask('/api/v5/market/candles', query)));

    expect(answers.map(({ status, body }) => [status, body['code'], body['data']])).toEqual([
      [200, '51001', []],
      [200, '51001', []],
      [200, '51000', []],
    ]);
  });
});

describe('Bybit', () => {
  const list = async (query: Readonly<Record<string, string | number>>) => {
    const { body } = await ask('/v5/market/kline', {
      category: 'linear',
      symbol: 'BTCUSDT',
      interval: 1,
      ...query,
    });
    return times((body['result'] as { readonly list: unknown }).list);
  };

  it('takes a start for the bar that holds it, and an end as inside of the window', async () => {
    expect(await list({ start: T + 8_000, end: T + 2 * MINUTE })).toEqual([T + 2 * MINUTE, T + MINUTE, T]);
  });

  it('gives the newest of a window with an end, the oldest without', async () => {
    const end = T + 10 * MINUTE;

    expect(await list({ start: T, end, limit: 2 })).toEqual([end, end - MINUTE]);
    expect(await list({ start: T, limit: 2 })).toEqual([T + MINUTE, T]);
    expect(await list({ end, limit: 2 })).toEqual([end, end - MINUTE]);
    expect(await list({ limit: 1 })).toEqual([RUNNING]);
  });

  it('gives a thousand at most, 200 unasked', async () => {
    expect(await list({ start: OLD, limit: 5_000 })).toHaveLength(1_000);
    expect(await list({ start: OLD })).toHaveLength(200);
  });

  it('refuses with HTTP 200 and code 10001', async () => {
    const queries = [
      { category: 'spot', symbol: 'NOPE', interval: 1 },
      { category: 'linear', symbol: 'ETHBTC', interval: 1 },
      { category: 'spot', symbol: 'BTCUSDT', interval: 7 },
    ];
    const answers = await Promise.all(queries.map((query) => ask('/v5/market/kline', query)));

    expect(answers.map(({ status, body }) => [status, body['retCode']])).toEqual([
      [200, 10_001],
      [200, 10_001],
      [200, 10_001],
    ]);
  });
});

describe('Kraken', () => {
  const rows = async (query: Readonly<Record<string, string | number>>, pair = 'XBTUSDT') => {
    const { body } = await ask('/0/public/OHLC', { pair, ...query });
    return (body['result'] as Readonly<Record<string, unknown>>)[pair] as readonly Row[];
  };
  const seconds = (instant: number): number => instant / 1_000;

  it('goes back 720 bars, the running one among them, whatever it is asked', async () => {
    for (const query of [{}, { since: seconds(OLD) }])
      expect(times(await rows(query))).toEqual(count(seconds(RUNNING) - 719 * 60, 60, 720));
  });

  it('begins after `since`, and always shows the running bar', async () => {
    expect(times(await rows({ since: seconds(RUNNING) - 120 }))).toEqual([
      seconds(RUNNING) - 60,
      seconds(RUNNING),
    ]);
    expect(times(await rows({ since: seconds(RUNNING) + 3_600 }))).toEqual([seconds(RUNNING)]);
  });

  it('pads prices to the places of the pair, and counts weeks from the epoch', async () => {
    const [first] = await rows({ since: seconds(T) - 60 });
    const weeks = times(await rows({ interval: 10_080 }));
    const truth = await truthAt(T);

    expect(first?.[1]).toBe(String(truth[1]).slice(0, -6));
    expect(first?.[6]).toBe(truth[5]);
    expect(first?.[7]).toBe(truth[8]);
    expect(new Set(weeks.map((t) => new Date(t * 1_000).getUTCDay()))).toEqual(new Set([4]));
  });

  it('knows assets and pairs by their old names', async () => {
    const { body } = await ask('/0/public/AssetPairs');

    expect(body['result']).toMatchObject({
      XBTUSDT: { base: 'XXBT', quote: 'USDT', wsname: 'XBT/USDT' },
      XETHXXBT: { altname: 'ETHXBT' },
    });
  });

  it('refuses with HTTP 200 and a list of errors', async () => {
    expect(await ask('/0/public/OHLC', { pair: 'NOPE' })).toEqual({
      status: 200,
      body: { error: ['EQuery:Unknown asset pair'] },
    });
  });
});

describe('Coinbase', () => {
  const advanced = (query: Readonly<Record<string, string | number>>, id = 'BTC-USDT') =>
    ask(`/api/v3/brokerage/market/products/${id}/candles`, { granularity: 'ONE_MINUTE', ...query });
  const exchange = (query: Readonly<Record<string, string | number>>, id = 'BTC-USDT') =>
    ask(`/products/${id}/candles`, { granularity: 60, ...query });
  const iso = (instant: number): string => new Date(instant).toISOString();

  it('reads both ends of a window as inside of it, newest first, in seconds or in ISO', async () => {
    const { body } = await advanced({ start: T / 1_000, end: T / 1_000 + 120 });
    const starts = (body['candles'] as readonly { readonly start: string }[]).map(({ start }) =>
      Number(start),
    );
    const other = await exchange({ start: iso(T), end: iso(T + 2 * MINUTE) });

    expect(starts).toEqual([T / 1_000 + 120, T / 1_000 + 60, T / 1_000]);
    expect(times(other.body)).toEqual(starts);
  });

  it('refuses windows that are too wide', async () => {
    const wide = await advanced({ start: OLD / 1_000, end: OLD / 1_000 + 350 * 60 });
    const other = await exchange({ start: iso(OLD), end: iso(OLD + 301 * MINUTE) });

    expect([wide.status, wide.body['error']]).toEqual([400, 'INVALID_ARGUMENT']);
    expect([other.status, other.body['message']]).toEqual([400, expect.stringContaining('exceeds 300')]);
  });

  it('never sends more than 300 bars: the start of a window goes missing', async () => {
    const { body } = await advanced({ start: OLD / 1_000, end: OLD / 1_000 + 320 * 60 });

    expect(body['candles']).toHaveLength(300);
  });

  it('leaves out minutes without a trade', async () => {
    const window = { start: OLD / 1_000, end: OLD / 1_000 + 299 * 60 };
    const { body } = await advanced(window, 'ATOM-USDT');
    const other = await exchange({ start: iso(OLD), end: iso(OLD + 299 * MINUTE) }, 'ATOM-USDT');
    const candles = body['candles'] as readonly { readonly volume: string }[];

    expect(candles.length).toBeLessThan(300);
    expect(other.body).toHaveLength(candles.length);
    expect(candles.filter(({ volume }) => Number(volume) === 0)).toEqual([]);
  });

  it('refuses a product it does not know', async () => {
    const window = { start: OLD / 1_000, end: OLD / 1_000 + 60 };

    expect(await advanced(window, 'NO-PE')).toMatchObject({
      status: 400,
      body: { message: 'valid product_id is required' },
    });
    expect(await exchange({}, 'NO-PE')).toEqual({ status: 404, body: { message: 'NotFound' } });
  });
});

describe('Binance USD-M', () => {
  const klines = (query: Readonly<Record<string, string | number>>, path = 'klines') =>
    ask(`/fapi/v1/${path}`, { symbol: 'BTCUSDT', interval: '1m', ...query });

  it.each([
    [99, 1],
    [100, 2],
    [499, 2],
    [500, 5],
    [1_000, 5],
    [1_001, 10],
    [1_500, 10],
  ])('weighs %i rows as %i', async (limit, weight) => {
    const { body } = await klines({ startTime: OLD, limit });

    expect(body).toHaveLength(limit);
    expect(venue.requests().at(-1)).toMatchObject({ path: '/fapi/v1/klines', weight });
  });

  it('clamps to 1,500, and prints without padding', async () => {
    const { body } = await klines({ startTime: T, limit: 9_000 });
    const truth = await truthAt(T);
    const [first] = body as unknown as readonly Row[];

    expect((await klines({ startTime: OLD, limit: 9_000 })).body).toHaveLength(1_500);
    expect(first?.slice(1, 6)).toEqual(truth.slice(1, 6).map((v) => String(Number(v))));
    expect(first?.[8]).toBe(truth[8]);
  });

  it('has mark and index prices, at which nothing is traded', async () => {
    const mark = await klines({ startTime: T, limit: 2 }, 'markPriceKlines');
    const index = await ask('/fapi/v1/indexPriceKlines', {
      pair: 'BTCUSDT',
      interval: '1m',
      startTime: T,
      limit: 2,
    });

    expect(mark.body).toEqual(index.body);
    expect((mark.body as unknown as readonly Row[]).map((row) => row[5])).toEqual(['0', '0']);
  });

  it('refuses as Binance does', async () => {
    expect(await klines({ symbol: 'ETHBTC' })).toEqual({
      status: 400,
      body: { code: -1121, msg: 'Invalid symbol.' },
    });
  });
});
