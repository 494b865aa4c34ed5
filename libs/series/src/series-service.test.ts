import { countSlots, gridOf, type CoverageRun, type Row, type Series } from '@kairos/domain';
import type { Calendar, SeriesRef } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import {
  aFinding,
  anEvidence,
  aPart,
  aRunPart,
  aSeries,
  codeOf,
  FakeClock,
  forEverySource,
  klineRow,
  T0,
} from '@kairos/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { SeriesService } from './series-service.ts';

const MINUTE = 60_000;
const at = (from: number, to: number) => ({ from: T0 + from * MINUTE, to: T0 + to * MINUTE });
const row = (i: number, seed = 0): Row => klineRow(T0 + i * MINUTE, seed);

const everOpen: Calendar = {
  id: 'every-slot',
  expected: ({ range }) => [range],
  closedBefore: ({ grid, now }) => grid.openOf(grid.indexOf(now)),
};

const BTC: SeriesRef = { source: 'binance', symbol: 'BTCUSDT', dataType: 'kline', frequency: '1m' };

let store: MemorySeriesStore;
let clock: FakeClock;
let configured: string | undefined;
let service: SeriesService;
beforeEach(() => {
  store = new MemorySeriesStore(new MemoryStore());
  clock = new FakeClock({ now: T0 + 10 * MINUTE + 1 });
  configured = 'sandbox:1';
  service = new SeriesService({
    store,
    calendars: forEverySource(everOpen),
    clock,
    realmOf: () => configured,
  });
});

async function kept(over: Parameters<typeof aSeries>[0], rows: readonly Row[] = []): Promise<Series> {
  const series = await store.ensureSeries({ series: aSeries(over) });
  if (rows.length > 0) await store.commit({ series, part: aPart(series, rows) });
  return series;
}

describe('finding a series', () => {
  it.each(['BTCUSDT', 'BTC/USDT', 'btc-usdt', 'btcusdt', 'binance:BTC/USDT'])('knows %s', async (symbol) => {
    const series = await kept({});

    expect(await service.find({ ...BTC, symbol })).toEqual(series);
  });

  it('knows the name that the venue gives it', async () => {
    const series = await kept({
      instrument: 'kraken:BTC/USD',
      source: 'kraken',
      marketId: 'XXBTZUSD',
      aliases: ['XXBTZUSD'],
    });

    expect(await service.find({ ...BTC, source: 'kraken', symbol: 'XXBTZUSD' })).toEqual(series);
  });

  it.each([
    { symbol: 'ETHUSDT' },
    { symbol: 'BTC' },
    { symbol: 'BTC/USDT:USDT' },
    { source: 'okx' },
    { dataType: 'ticker' },
    { frequency: '5m' },
    { realm: 'live' },
  ])('does not know %j', async (other) => {
    await kept({});

    expect(await codeOf(service.find({ ...BTC, ...other }))).toBe('SERIES_NOT_FOUND');
  });

  it('takes a spot pair and its perpetual for two things', async () => {
    const spot = await kept({});
    const swap = await kept({ instrument: 'binance:BTC/USDT:USDT', aliases: ['BTCUSDT_PERP'] });

    expect(await service.find(BTC)).toEqual(spot);
    expect(await service.find({ ...BTC, symbol: 'BTC/USDT:USDT' })).toEqual(swap);
  });

  it('calls a name ambiguous that several series answer to, and names them', async () => {
    await kept({ instrument: 'binance:AB/C', aliases: ['ABC'] });
    await kept({ instrument: 'binance:A/BC', aliases: ['ABC'] });

    await expect(service.find({ ...BTC, symbol: 'ABC' })).rejects.toMatchObject({
      code: 'SERIES_AMBIGUOUS',
      details: { candidates: ['sandbox:1 binance:A/BC (last)', 'sandbox:1 binance:AB/C (last)'] },
    });
  });

  it('answers from the last price unless another is named', async () => {
    const last = await kept({});
    const mark = await kept({ price: 'mark' });

    expect(await service.find(BTC)).toEqual(last);
    expect(await service.find({ ...BTC, price: 'mark' })).toEqual(mark);
    await expect(service.find({ ...BTC, price: 'index' })).rejects.toMatchObject({
      code: 'SERIES_NOT_FOUND',
    });
  });

  it('prefers the name in full to what merely sounds alike', async () => {
    await kept({ instrument: 'binance:AB/C', aliases: ['ABC'] });
    const exact = await kept({ instrument: 'binance:A/BC', aliases: ['ABC'] });

    expect(await service.find({ ...BTC, symbol: 'A/BC' })).toEqual(exact);
  });

  it('looks further than one page of series', async () => {
    for (let i = 0; i < 1_005; i += 1)
      await kept({ instrument: `binance:A${String(i).padStart(5, '0')}/USDT`, aliases: [] });
    const last = await kept({ instrument: 'binance:ZZZ/USDT', aliases: [] });

    expect(await service.find({ ...BTC, symbol: 'ZZZ/USDT' })).toEqual(last);
  });
});

describe('realms', () => {
  it('are kept apart: each is answered with its own rows and no others', async () => {
    await kept({ realm: 'sandbox:1' }, [row(0, 1), row(1, 1)]);
    await kept({ realm: 'live' }, [row(1, 2), row(2, 2)]);
    const rows = async (realm?: string) =>
      (await service.query({ series: { ...BTC, realm }, limit: 9, includeProvisional: false })).rows;

    expect(await rows('sandbox:1')).toEqual([row(0, 1), row(1, 1)].map((r) => [r.ts, ...r.values]));
    expect(await rows('live')).toEqual([row(1, 2), row(2, 2)].map((r) => [r.ts, ...r.values]));
    expect(await rows()).toEqual(await rows('sandbox:1'));
    configured = 'live';
    expect(await rows()).toEqual(await rows('live'));
  });

  it('do not stand in for each other: the configured one without data is not found', async () => {
    await kept({ realm: 'live' }, [row(0)]);

    expect(await codeOf(service.find(BTC))).toBe('SERIES_NOT_FOUND');
    expect(await codeOf(service.coverage({ series: BTC }))).toBe('SERIES_NOT_FOUND');
    expect(await codeOf(service.query({ series: BTC, limit: 1, includeProvisional: true }))).toBe(
      'SERIES_NOT_FOUND',
    );
    expect(await codeOf(service.export({ series: BTC, includeProvisional: true, format: 'csv' }))).toBe(
      'SERIES_NOT_FOUND',
    );
  });

  it('must be named when the source is not configured and there are several', async () => {
    await kept({ realm: 'sandbox:1' });
    const live = await kept({ realm: 'live' });
    configured = undefined;

    expect(await codeOf(service.find(BTC))).toBe('SERIES_AMBIGUOUS');
    expect(await service.find({ ...BTC, realm: 'live' })).toEqual(live);
  });

  it('are not confused by names that look like a key of another', async () => {
    await kept({ realm: 'live|binance', source: 'x' }, [row(0)]);

    expect(await codeOf(service.find({ ...BTC, realm: 'live' }))).toBe('SERIES_NOT_FOUND');
  });
});

describe('querying', () => {
  const query = (over: Partial<Parameters<SeriesService['query']>[0]> = {}) =>
    service.query({ series: BTC, limit: 100, includeProvisional: false, ...over });

  it('takes the span as half open', async () => {
    await kept(
      {},
      [0, 1, 2, 3].map((i) => row(i)),
    );

    const { rows } = await query({ from: T0 + MINUTE, to: T0 + 3 * MINUTE });

    expect(rows.map((r) => r[0])).toEqual([T0 + MINUTE, T0 + 2 * MINUTE]);
  });

  it.each([1, 2, 3, 7, 25])('gives every row once over pages of %i', async (limit) => {
    const all = Array.from({ length: 25 }, (_, i) => row(i));
    await kept({}, all);
    const got: unknown[] = [];

    let cursor: string | undefined;
    do {
      const page = await query({ limit, cursor, from: T0 + 2 * MINUTE, to: T0 + 24 * MINUTE });
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      got.push(...page.rows.map((r) => r[0]));
      cursor = page.next;
    } while (cursor !== undefined);

    expect(got).toEqual(all.slice(2, 24).map((r) => r.ts));
  });

  it.each([1, 2, 3, 4])(
    'gives every trade once over pages of %i, though many share an instant',
    async (limit) => {
      const trades = ['a', 'b', 'c.d', 'e', 'f', 'g'].map((tie, i): Row => ({
        ts: T0 + Math.floor(i / 4),
        tie,
        values: [String(i), '1', 'buy'],
      }));
      await kept({ dataType: 'trade' }, trades);
      const got: unknown[] = [];

      let cursor: string | undefined;
      do {
        const page = await query({ series: { ...BTC, dataType: 'trade' }, limit, cursor });
        got.push(...page.rows.map((r) => r[1]));
        cursor = page.next;
      } while (cursor !== undefined && got.length < 99);

      expect(got).toEqual(['0', '1', '2', '3', '4', '5']);
    },
  );

  it('tells of no next page when the last one is just full', async () => {
    await kept({}, [row(0), row(1)]);

    expect((await query({ limit: 2 })).next).toBeUndefined();
  });

  it.each(['', 'x', '1e3', '0x10', 'Infinity', ' 1', '1 or 1=1'])('refuses the cursor %j', async (cursor) => {
    await kept({}, [row(0)]);

    await expect(query({ cursor })).rejects.toMatchObject({
      code: 'VALIDATION',
      issues: [{ path: 'cursor', code: 'cursor_invalid' }],
    });
  });

  it('leaves out provisional rows unless asked, and then counts them', async () => {
    const series = await kept({}, [row(0), row(1)]);
    const open: CoverageRun = { ...at(2, 3), state: 'provisional', at: T0 };
    await store.commit({ series, part: aPart(series, [row(2)], [open]) });

    expect((await query()).provisional).toBe(0);
    expect((await query()).rows).toHaveLength(2);
    const all = await query({ includeProvisional: true });
    expect(all.rows.map((r) => r[0])).toEqual([0, 1, 2].map((i) => row(i).ts));
    expect(all.provisional).toBe(1);
  });

  it('answers an empty page for a series without rows', async () => {
    await kept({});

    expect(await query()).toMatchObject({
      rows: [],
      provisional: 0,
      columns: expect.arrayContaining(['timestamp_ms']),
    });
  });
});

describe('exporting', () => {
  const exported = async (over: Partial<Parameters<SeriesService['export']>[0]> = {}) => {
    const { chunks } = await service.export({
      series: BTC,
      includeProvisional: false,
      format: 'csv',
      ...over,
    });
    let text = '';
    for await (const chunk of chunks) text += chunk;
    return text
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',')[0]));
  };

  it('holds to the span, the limit and the wish for provisional rows', async () => {
    const series = await kept(
      {},
      [0, 1, 2, 3].map((i) => row(i)),
    );
    await store.commit({
      series,
      part: aPart(series, [row(4)], [{ ...at(4, 5), state: 'provisional', at: T0 }]),
    });

    expect(await exported()).toEqual([0, 1, 2, 3].map((i) => row(i).ts));
    expect(await exported({ from: T0 + MINUTE, to: T0 + 3 * MINUTE })).toEqual([1, 2].map((i) => row(i).ts));
    expect(await exported({ limit: 2 })).toEqual([0, 1].map((i) => row(i).ts));
    expect(await exported({ includeProvisional: true })).toHaveLength(5);
  });

  it('is refused before the first byte when there is no such series', async () => {
    expect(await codeOf(service.export({ series: BTC, includeProvisional: false, format: 'ndjson' }))).toBe(
      'SERIES_NOT_FOUND',
    );
  });
});

describe('coverage', () => {
  const coverage = (from?: number, to?: number) =>
    service.coverage({
      series: BTC,
      ...(from === undefined ? {} : { from: T0 + from * MINUTE }),
      ...(to === undefined ? {} : { to: T0 + to * MINUTE }),
    });

  it('tells each stretch with its state, reason and evidence, what was never asked for, and what is not closed', async () => {
    const series = await kept({}, [row(0), row(1)]);
    const evidence = anEvidence({ id: 'e1', reason: 'outage' });
    const runs: CoverageRun[] = [
      { ...at(2, 3), state: 'empty', reason: 'outage', evidence: 'e1', grade: 1 },
      { ...at(4, 5), state: 'failed', error: 'SOURCE_UNAVAILABLE', attempts: 2, at: T0, nextTryAt: T0 + 9 },
    ];
    await store.commit({ series, part: aRunPart(series, ...runs), evidence: [evidence] });

    expect(await coverage(0, 12)).toEqual({
      series,
      expected: 10,
      counts: { present: 2, empty: 1, unavailable: 0, provisional: 0, failed: 1, missing: 6 },
      evidence: [evidence],
      findings: {},
      ranges: [
        { ...at(0, 2), state: 'present' },
        { ...at(2, 3), state: 'empty', reason: 'outage', evidence: 'e1' },
        { ...at(3, 4), state: 'missing' },
        { ...at(4, 5), state: 'failed', error: 'SOURCE_UNAVAILABLE', attempts: 2, nextTryAt: T0 + 9 },
        { ...at(5, 10), state: 'missing' },
        { ...at(10, 12), state: 'pending', reason: 'not_closed' },
      ],
    });
  });

  it('without bounds goes from the first record known to now', async () => {
    await kept({}, [row(3), row(4)]);

    const { ranges } = await coverage();

    expect(ranges).toMatchObject([
      { ...at(3, 5), state: 'present' },
      { ...at(5, 10), state: 'missing' },
      { ...at(10, 11), state: 'pending' },
    ]);
  });

  it('of a series that was never asked for has nothing to tell but the open slot', async () => {
    await kept({});

    expect(await coverage()).toMatchObject({ ranges: [], expected: 0 });
  });

  it('of a span that lies wholly ahead is pending', async () => {
    await kept({}, [row(0)]);

    expect(await coverage(20, 30)).toMatchObject({
      expected: 0,
      ranges: [{ ...at(20, 30), state: 'pending' }],
    });
  });

  it('is not told of event types yet', async () => {
    await kept({ dataType: 'trade' });

    expect(await codeOf(service.coverage({ series: { ...BTC, dataType: 'trade' } }))).toBe('UNSUPPORTED');
  });

  it('tiles any asked span: ordered, without gap or overlap, every expected slot counted once', async () => {
    const series = await kept({});
    const states = ['present', 'empty', 'unavailable', 'failed'] as const;
    for (const [i, state] of [...states, ...states].entries()) {
      const run: CoverageRun = {
        ...at(i * 3, i * 3 + 2),
        state,
        ...(state === 'failed' ? { error: 'X', at: T0 } : {}),
      };
      const rows = state === 'present' ? [row(i * 3), row(i * 3 + 1)] : [];
      await store.commit({ series, part: aPart(series, rows, [run]) });
    }
    clock.set(T0 + 20 * MINUTE);
    const grid = gridOf('1m');

    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -5, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        async (from, length) => {
          const span = at(from, from + length);
          const { ranges, expected, counts } = await service.coverage({ series: BTC, ...span });
          const tiles = ranges.map((r) => [r.from, r.to]);
          const bounds = [span.from, ...ranges.map((r) => r.to)];
          expect(tiles).toEqual(length === 0 ? [] : ranges.map((_, i) => [bounds[i], bounds[i + 1]]));
          expect(bounds.at(-1)).toBe(span.to);
          const told = ranges
            .filter((r) => r.state !== 'pending')
            .reduce((n, r) => n + countSlots(grid, r), 0);
          expect([told, Object.values(counts).reduce((a, b) => a + b, 0)]).toEqual([expected, expected]);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('listing', () => {
  it('goes through all series of all realms, in order', async () => {
    for (const realm of ['live', 'sandbox:1', 'sandbox:2']) await kept({ realm });

    const first = await service.list({ limit: 2 });
    const rest = await service.list({ limit: 2, cursor: first.next });

    expect([...first.items, ...rest.items].map((s) => s.realm)).toEqual(['live', 'sandbox:1', 'sandbox:2']);
    expect(rest.next).toBeUndefined();
  });
});

describe('findings', () => {
  it('are counted over the span, and listed by kind', async () => {
    const series = await kept({}, [row(0)]);
    const findings = [
      aFinding({ ts: T0 }),
      aFinding({ ts: T0 + 3 * MINUTE, at: T0 + 1 }),
      aFinding({ ts: T0 + 3 * MINUTE, at: T0 + 2, code: 'clock_skew' }),
    ];
    await store.commit({ series, part: aRunPart(series), findings });
    const [grid, late, skew] = findings;

    expect(await service.findings({ series: BTC, limit: 2 })).toMatchObject({
      series,
      items: [skew, late],
      counts: { off_grid: 2, clock_skew: 1 },
      total: 3,
    });
    expect(await service.findings({ series: BTC, code: 'off_grid', to: T0 + 1, limit: 2 })).toEqual({
      series,
      items: [grid],
      counts: { off_grid: 1 },
      total: 1,
    });
    expect(await service.findings({ series: BTC, code: 'none', from: T0 + 1, limit: 2 })).toEqual({
      series,
      items: [],
      counts: { off_grid: 1, clock_skew: 1 },
      total: 0,
    });
    const { findings: counted } = await service.coverage({ series: BTC, from: T0 + 1 });
    expect(counted).toEqual({ off_grid: 1, clock_skew: 1 });
  });
});
