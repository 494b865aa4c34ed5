import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOfRows, KLINE, rowsOf, type Row, type TimeRange } from '@kairos/domain';
import type { MarketDataSource, SourceMarket } from '@kairos/ports';
import { DIALECTS, fixedClock, startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotingBudget, someCall } from './testing/bench.ts';
import { LISTED, minutesBack, NOW, openVenue, slotsBack, startVenues, truthOf } from './testing/venues.ts';

const VENUES = [
  { exchange: 'okx', symbol: 'BTC/USDT' },
  { exchange: 'okx', symbol: 'BTC/USDT:USDT' },
  { exchange: 'bybit', symbol: 'BTC/USDT' },
  { exchange: 'bybit', symbol: 'BTC/USDT:USDT' },
  { exchange: 'kraken', symbol: 'BTC/USDT' },
  { exchange: 'coinbase', symbol: 'BTC/USDT' },
  { exchange: 'coinbaseexchange', symbol: 'BTC/USDT' },
  { exchange: 'binance', symbol: 'BTC/USDT:USDT' },
  { exchange: 'binanceusdm', symbol: 'BTC/USDT:USDT' },
] as const;
const canonical = (rows: readonly Row[]): Row[] => [...rowsOf(batchOfRows(KLINE, rows))];

let venue: SandboxVenue;
beforeAll(async () => {
  venue = await startVenues();
});
afterAll(() => venue.close());

interface Opened {
  readonly source: MarketDataSource;
  readonly market: SourceMarket;
  readonly budget: NotingBudget;
}

/** What a source answers for a range, as it stands in the batch. */
async function fetched({ source, market }: Opened, range: TimeRange, timeframe = '1m', limit?: number) {
  const facts = source.facts({ market, dataType: 'kline', timeframe });
  return source.fetchRange(
    { market, dataType: 'kline', timeframe, price: 'last', range, limit: limit ?? facts.pageSize },
    someCall(),
  );
}

async function open(exchange: string, symbol: string): Promise<Opened> {
  const budget = new NotingBudget();
  const { source } = await openVenue(exchange, venue, budget);
  const market = await source.resolve({ symbol, dataType: 'kline' }, someCall());
  return { source, market, budget };
}

describe.each(VENUES)('the facts of $exchange $symbol', ({ exchange, symbol }) => {
  const full = exchange.startsWith('binance');
  const truth = async (range: TimeRange, interval = '1m') =>
    canonical(await truthOf(venue, { ...range, interval, full }));
  let opened: Opened;
  beforeAll(async () => {
    opened = await open(exchange, symbol);
  });
  afterAll(() => opened.source.close());
  const facts = (timeframe = '1m') =>
    opened.source.facts({ market: opened.market, dataType: 'kline', timeframe });

  it('are verified: by what follows', () => {
    expect(facts().verified).toBe(true);
    expect(facts().volumeUnit).toBe('base');
  });

  it('hold for a full page: every bar of it, in one request, for the weight that is stated', async () => {
    const { pageSize, pageWeight, lookbackSlots = Infinity } = facts();
    const range = minutesBack(Math.min(pageSize, lookbackSlots));
    const before = opened.budget.taken.length;

    const page = await fetched(opened, range);

    expect(canonical([...rowsOf(page.batch)])).toEqual(await truth(range));
    expect(opened.budget.taken.slice(before).map((t) => t.weight)).toEqual([pageWeight]);
    expect(page.weight).toBe(pageWeight);
  });

  it('hold in the past: every bar of a page, or none where the venue does not go back', async () => {
    const { pageSize, lookbackSlots } = facts();
    const range = minutesBack(pageSize, 50_000);

    const page = await fetched(opened, range);

    expect([...rowsOf(page.batch)]).toEqual(lookbackSlots === undefined ? await truth(range) : []);
  });

  it.each([0, 1, 7])('hold for windows of %i slots, and bring nothing from outside', async (slots) => {
    for (const back of [0, 3, 600]) {
      const range = minutesBack(Math.max(1, slots), back);

      const page = await fetched(opened, range);

      expect([...rowsOf(page.batch)].toSorted((a, b) => a.ts - b.ts)).toEqual(await truth(range));
    }
  });

  it('begin at the start of a window that holds more than the limit, or than a page', async () => {
    const range = minutesBack(facts().lookbackSlots ?? 1_200);
    const wanted = await truth(range);

    const few = await fetched(opened, range, '1m', 3);
    const many = await fetched(opened, range, '1m', 5_000);

    expect([...rowsOf(few.batch)]).toEqual(wanted.slice(0, 3));
    const rows = [...rowsOf(many.batch)];
    expect(rows.length).toBeGreaterThanOrEqual(Math.min(wanted.length, facts().pageSize));
    expect(rows).toEqual(wanted.slice(0, rows.length));
  });

  it.each(['1h', '6h', '1d', '1w', '1M'])('open bars of %s where ours open', async (timeframe) => {
    const offered = venueHas(exchange, timeframe);
    if (!offered) return expect(offered).toBe(false);
    const { anchorMs } = facts(timeframe);
    const range = slotsBack(timeframe, 3, 1, anchorMs);

    const page = await fetched(opened, range, timeframe);

    if (anchorMs === 0) expect([...rowsOf(page.batch)]).toEqual(await truth(range, timeframe));
    expect(page.batch.n).toBe(3);
    expect(page.read.first).toBe(range.from);
  });

  it.each(['1m', '1h', '1d'])('find the first bar of %s, if the venue goes back to it', async (timeframe) => {
    const { source, market } = opened;
    const before = venue.counts().requests;

    const first = await source.earliest({ market, dataType: 'kline', timeframe, price: 'last' }, someCall());

    const [truly] = await truth({ from: LISTED - 86_400_000, to: LISTED + 86_400_000 }, timeframe);
    expect(first).toBe(facts().lookbackSlots === undefined ? truly?.ts : undefined);
    expect(venue.counts().requests - before).toBeLessThan(25);
  });

  it('tell the time', async () => {
    const time = (await opened.source.venueTime(someCall())) ?? 0;

    expect(NOW - time).toBeGreaterThanOrEqual(0);
    expect(NOW - time).toBeLessThan(1_000);
  });
});

const HAS_NOT: Readonly<Record<string, readonly string[]>> = {
  kraken: ['6h', '1M'],
  coinbase: ['1w', '1M'],
  coinbaseexchange: ['1w', '1M'],
};
const venueHas = (exchange: string, timeframe: string): boolean =>
  !(HAS_NOT[exchange] ?? []).includes(timeframe);

describe('what the facts leave out', () => {
  it('Kraken: the oldest bar of the look-back is there, the one before it is not', async () => {
    const opened = await open('kraken', 'BTC/USDT');
    const { lookbackSlots = 0 } = opened.source.facts({
      market: opened.market,
      dataType: 'kline',
      timeframe: '1m',
    });

    // 719 closed bars: one more than is promised, for the bar that may close meanwhile.
    const reach = await fetched(opened, minutesBack(720));

    expect(reach.batch.n).toBe(lookbackSlots + 1);
    expect(reach.read).toMatchObject({
      first: minutesBack(lookbackSlots + 1).from,
      last: minutesBack(1).from,
    });
    await opened.source.close();
  });

  it.each(['coinbase', 'coinbaseexchange'])('%s: a minute without a trade has no bar', async (exchange) => {
    const opened = await open(exchange, 'ATOM/USDT');
    const range = minutesBack(300, 5);
    const { sparse } = opened.source.facts({ market: opened.market, dataType: 'kline', timeframe: '1m' });
    const truth = canonical(await truthOf(venue, { ...range, symbol: 'ATOMUSDT' }));

    const { batch } = await fetched(opened, range);

    expect(sparse).toBe(true);
    expect(batch.n).toBeLessThan(300);
    expect([...rowsOf(batch)]).toEqual(truth.filter(({ values }) => values[4] !== '0'));
    await opened.source.close();
  });

  it.each(['okx', 'bybit', 'kraken', 'binance'])('%s: it has one', async (exchange) => {
    const symbol = exchange === 'binance' ? 'ATOM/USDT:USDT' : 'ATOM/USDT';
    const opened = await open(exchange, symbol);
    const { sparse } = opened.source.facts({ market: opened.market, dataType: 'kline', timeframe: '1m' });

    expect(sparse).toBe(false);
    expect((await fetched(opened, minutesBack(60, 5))).batch.n).toBe(60);
    await opened.source.close();
  });

  it.each(['okx', 'bybit', 'kraken', 'coinbase', 'coinbaseexchange', 'binance'])(
    '%s: a symbol that was delisted since ends its series',
    async (exchange) => {
      const opened = await open(exchange, exchange === 'binance' ? 'BTC/USDT:USDT' : 'BTC/USDT');
      // As if the list of markets were older than the venue's mind: the request itself meets the refusal.
      const gone = await startVenues();
      const market = { ...opened.market };
      venue.intercept = ({ path, query }) => refusalOf(gone, path, query);

      const error = await fetched({ ...opened, market }, minutesBack(5)).catch((e: unknown) => e);
      venue.intercept = undefined;

      expect(error).toMatchObject({ scope: 'series', retryable: false });
      await Promise.all([opened.source.close(), gone.close()]);
    },
  );
});

/** What the venue answers to the same question about a symbol it does not know. */
async function refusalOf(gone: SandboxVenue, path: string, query: URLSearchParams) {
  const swap = (text: string): string => text.replace(/BTC|XBT/g, 'NOPE');
  const response = await fetch(`${gone.url}${swap(path)}?${swap(query.toString())}`);
  return { status: response.status, body: await response.text() };
}

describe('a recording behind another exchange', () => {
  it('tells nothing of the first bar when it lacks the longer timeframes, and keeps the series', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kairos-recording-'));
    const rows = Array.from({ length: 5 }, (_, i) => `${Date.UTC(2024, 2, 5, i)},1,2,0.5,1.5,10`);
    await writeFile(
      join(dir, 'BTCUSDT-1h.csv'),
      `timestamp_ms,open,high,low,close,volume\n${rows.join('\n')}\n`,
    );
    const recording = await startSandboxVenue({
      mode: { kind: 'recording', id: 'few', dir },
      clock: fixedClock(NOW),
      dialects: DIALECTS,
    });
    const { source } = await openVenue('okx', recording);
    const market = await source.resolve({ symbol: 'BTC/USDT', dataType: 'kline' }, someCall());
    const range = { from: Date.UTC(2024, 2, 5), to: Date.UTC(2024, 2, 5, 5) };
    const asked = { market, dataType: 'kline', timeframe: '1h', price: 'last' } as const;

    expect(await source.earliest(asked, someCall())).toBeUndefined();
    expect((await source.fetchRange({ ...asked, range, limit: 5 }, someCall())).batch.n).toBe(5);
    await Promise.all([source.close(), recording.close(), rm(dir, { recursive: true })]);
  });
});
