import {
  batchOfColumns,
  canonicalDecimal,
  coalesceRuns,
  compareDecimals,
  floorTo,
  gridOf,
  KLINE,
  shiftSlots,
  type CoverageRun,
  type Row,
  type Series,
  type Value,
} from '@kairos/domain';
import type { Calendar, SeriesRef } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import {
  aPart,
  aRunPart,
  aSeries,
  codeOf,
  FakeClock,
  forEverySource,
  klineRow,
  slotsOf,
  T0,
  WeekdayCalendar,
} from '@kairos/testkit';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SeriesService } from './series-service.ts';

const SEED = 20_261_122;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const everOpen: Calendar = {
  id: 'every-slot',
  expected: ({ range }) => (range.to > range.from ? [range] : []),
  closedBefore: ({ grid, now }) => grid.openOf(grid.indexOf(now)),
};

interface Shop {
  readonly store: MemorySeriesStore;
  readonly service: SeriesService;
}

function shop(now: number, calendar: Calendar = everOpen): Shop {
  const store = new MemorySeriesStore(new MemoryStore());
  const clock = new FakeClock({ now });
  return {
    store,
    service: new SeriesService({
      store,
      calendars: forEverySource(calendar),
      clock,
      realmOf: () => 'sandbox:1',
    }),
  };
}

async function keep(
  store: MemorySeriesStore,
  series: Series,
  rows: readonly Row[],
  runs?: readonly CoverageRun[],
) {
  await store.ensureSeries({ series });
  await store.commit({ series, part: runs ? aPart(series, rows, runs) : aPart(series, rows) });
}

const ref = (frequency: string): SeriesRef => ({
  source: 'binance',
  symbol: 'BTCUSDT',
  dataType: 'kline',
  frequency,
});

/** All pages of a query, a few rows at a time. */
async function pages(
  service: SeriesService,
  asked: Omit<Parameters<SeriesService['query']>[0], 'limit'>,
  limit: number,
) {
  const rows: (readonly Value[])[] = [];
  let incomplete = 0;
  let provisional = 0;
  let cursor: string | undefined;
  do {
    const page = await service.query({ ...asked, limit, cursor });
    rows.push(...page.rows);
    incomplete += page.incomplete ?? 0;
    provisional += page.provisional;
    cursor = page.next;
  } while (cursor !== undefined);
  return { rows, incomplete, provisional };
}

const KINDS = {
  present: { state: 'present' },
  provisional: { state: 'provisional', at: 1 },
  empty: { state: 'empty', reason: 'no_trade' },
  unlisted: { state: 'unavailable', reason: 'before_listing' },
  unavailable: { state: 'unavailable', reason: 'look_back' },
  failed: { state: 'failed', error: 'SOURCE_UNAVAILABLE' },
  unconfirmed: { state: 'provisional', reason: 'unconfirmed' },
} as const satisfies Record<string, Omit<CoverageRun, 'from' | 'to'>>;
type Kind = keyof typeof KINDS | 'missing';
const hasRow = (kind: Kind | undefined): boolean => kind === 'present' || kind === 'provisional';

/** A candle of odd numbers of its own: other scales, here and there no quote volume or trades. */
function oddRow(ts: number): Row {
  const n = ts / MINUTE;
  const text = (int: number, scale: number): string => canonicalDecimal(`${int}e-${scale}`) ?? '0';
  return {
    ts,
    values: [
      text(10_000 + ((n * 7_919) % 5_003), n % 4),
      text(60_000 + ((n * 104_729) % 7_001), n % 3),
      text(1_000 + ((n * 1_299_709) % 997), (n + 1) % 3),
      text(10_000 + ((n * 15_485_863) % 4_999), n % 5),
      n % 11 === 0 ? '123456789012345678901.5' : text((n * 31) % 100_003, 8),
      n % 13 === 0 ? null : text((n * 37) % 1_000_003, 6),
      n % 29 === 0 ? null : n % 1_000,
    ],
  };
}

const size = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const int = BigInt(whole + fraction.padEnd(40, '0'));
  return text.startsWith('-') ? -int : int;
};
const sum = (texts: readonly (Value | undefined)[]): string | null =>
  texts.includes(null)
    ? null
    : (canonicalDecimal(`${texts.reduce((n, t) => n + size(String(t)), 0n)}e-40`) ?? '');

/** Candles as one, the long way round. */
function joined(ts: number, rows: readonly Row[]): Value[] {
  const column = (c: number): (Value | undefined)[] => rows.map((r) => r.values[c]);
  const sorted = (c: number): string[] => column(c).map(String).sort(compareDecimals);
  const trades = column(6);
  return [
    ts,
    column(0)[0] ?? null,
    sorted(1).at(-1) ?? null,
    sorted(2)[0] ?? null,
    column(3).at(-1) ?? null,
    sum(column(4)),
    sum(column(5)),
    trades.includes(null) ? null : trades.reduce<number>((n, t) => n + Number(t), 0),
  ];
}

const segments = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant<Kind>('present') },
      { weight: 2, arbitrary: fc.constantFrom<Kind>('empty', 'unlisted') },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Kind>('provisional', 'unavailable', 'failed', 'unconfirmed', 'missing'),
      },
    ),
    fc.integer({ min: 1, max: 90 }),
  ),
  { minLength: 1, maxLength: 12 },
);

describe('derived candles', () => {
  it.each([
    ['1m', '5m', everOpen],
    ['1m', '1h', everOpen],
    ['1h', '4h', new WeekdayCalendar()],
    ['1h', '1d', new WeekdayCalendar()],
    ['4h', '1w', everOpen],
    ['1d', '1w', new WeekdayCalendar()],
    ['1d', '1M', everOpen],
  ] as const)(
    'of %s in %s are the plain sum of their slots, given only where every slot is settled',
    async (fineName, coarseName, calendar) => {
      const [fine, coarse] = [gridOf(fineName), gridOf(coarseName)];
      await fc.assert(
        fc.asyncProperty(
          segments,
          fc.nat(200),
          fc.integer({ min: 1, max: 7 }),
          fc.boolean(),
          async (list, late, limit, more) => {
            const from = shiftSlots(fine, T0, late);
            const kinds = new Map<number, Kind>();
            let at = from;
            const runs: CoverageRun[] = [];
            for (const [kind, n] of list) {
              const to = shiftSlots(fine, at, n);
              for (const range of calendar.expected({ grid: fine, range: { from: at, to } })) {
                for (const slot of slotsOf(fine, range)) kinds.set(slot, kind);
                if (kind !== 'missing') runs.push({ ...KINDS[kind], ...range });
              }
              at = to;
            }
            const known = [...kinds].filter(([, kind]) => kind !== 'missing').map(([ts]) => ts);
            fc.pre(known.length > 0);
            const rows = known.filter((ts) => hasRow(kinds.get(ts))).map(oddRow);
            const { store, service } = shop(at + 40 * 86_400_000, calendar);
            await keep(store, aSeries({ timeframe: fineName }), rows, coalesceRuns(runs));

            const expected: Value[][] = [];
            let incomplete = 0;
            let provisional = 0;
            const end = Math.max(...known);
            for (
              let open = floorTo(coarse, Math.min(...known));
              open <= end;
              open = shiftSlots(coarse, open, 1)
            ) {
              const range = { from: open, to: shiftSlots(coarse, open, 1) };
              const slots = calendar.expected({ grid: fine, range }).flatMap((r) => [...slotsOf(fine, r)]);
              if (slots.length === 0) continue;
              const of = slots.map((slot) => kinds.get(slot) ?? 'missing');
              const bars = rows.filter((r) => r.ts >= range.from && r.ts < range.to);
              const whole = of.every((kind) => kind === 'present' || kind === 'empty' || kind === 'unlisted');
              if (!whole) incomplete += 1;
              if (bars.length === 0 || !(whole || more)) continue;
              expected.push(joined(open, bars));
              if (!whole) provisional += 1;
            }
            const asked = { series: ref(coarseName), includeProvisional: more, derive: true };
            expect(await pages(service, asked, limit)).toEqual({ rows: expected, incomplete, provisional });

            const report = await service.coverage({
              series: ref(coarseName),
              derive: true,
              to: shiftSlots(coarse, end, 1),
            });
            expect(report.derivedFrom).toBe(fineName);
            expect(report.incomplete).toBe(incomplete);
            expect(report.counts.present + report.counts.provisional).toBeGreaterThanOrEqual(expected.length);
            if (!more) expect(report.counts.present).toBe(expected.length);
          },
        ),
        { seed: SEED, numRuns: 60 },
      );
    },
  );

  it('are the same for any span that begins and ends at their opens', async () => {
    const { store, service } = shop(T0 + 40 * HOUR);
    await keep(
      store,
      aSeries(),
      Array.from({ length: 30 * 60 }, (_, i) => oddRow(T0 + i * MINUTE)),
    );
    const asked = { series: ref('1h'), includeProvisional: false, derive: '1m', limit: 1_000 };
    const all = (await service.query(asked)).rows;

    expect(all).toHaveLength(30);
    const part = await service.query({ ...asked, from: T0 + 2 * HOUR - 1, to: T0 + 5 * HOUR + 1 });
    expect(part.rows).toEqual(all.slice(2, 6));
    expect((await service.query({ ...asked, from: T0 + 1, to: T0 + HOUR })).rows).toEqual([]);
  });

  it('of the hour that has not closed are no hole, and provisional on demand', async () => {
    const { store, service } = shop(T0 + 90 * MINUTE);
    await keep(
      store,
      aSeries(),
      Array.from({ length: 90 }, (_, i) => oddRow(T0 + i * MINUTE)),
    );
    const asked = { series: ref('1h'), derive: true, limit: 10 };

    const settled = await service.query({ ...asked, includeProvisional: false });
    expect(settled).toMatchObject({ incomplete: 0, provisional: 0, derivedFrom: '1m' });
    expect(settled.rows.map(([ts]) => ts)).toEqual([T0]);
    const soFar = await service.query({ ...asked, includeProvisional: true });
    expect(soFar).toMatchObject({ incomplete: 0, provisional: 1 });
    expect(soFar.rows.map(([ts]) => ts)).toEqual([T0, T0 + HOUR]);
  });

  it('tell in coverage why a stretch is left out', async () => {
    const { store, service } = shop(T0 + 100 * HOUR);
    const series = aSeries();
    const at = (from: number, to: number) => ({ from: T0 + from * HOUR, to: T0 + to * HOUR });
    await keep(
      store,
      series,
      Array.from({ length: 60 }, (_, i) => klineRow(T0 + HOUR + i * MINUTE)),
    );
    await store.commit({
      series,
      part: aRunPart(
        series,
        { ...at(0, 1), state: 'unavailable', reason: 'before_listing' },
        { ...at(2, 4), state: 'empty', reason: 'outage', evidence: 'e1' },
        { ...at(4, 4.5), state: 'empty', reason: 'outage' },
        { ...at(4.5, 5), state: 'failed', error: 'SOURCE_UNAVAILABLE', attempts: 2 },
        { ...at(5, 6), state: 'unavailable', reason: 'look_back' },
        { ...at(6, 6.5), state: 'empty', reason: 'outage' },
      ),
    });

    const report = await service.coverage({ series: ref('1h'), derive: '1m', to: T0 + 8 * HOUR });

    expect(report.ranges).toEqual([
      expect.objectContaining({ ...at(0, 1), state: 'unavailable', reason: 'before_listing' }),
      expect.objectContaining({ ...at(1, 2), state: 'present' }),
      expect.objectContaining({ ...at(2, 4), state: 'empty', evidence: 'e1' }),
      expect.objectContaining({ ...at(4, 5), state: 'failed', error: 'SOURCE_UNAVAILABLE', attempts: 2 }),
      expect.objectContaining({ ...at(5, 6), state: 'unavailable', reason: 'finer_unavailable' }),
      { ...at(6, 8), state: 'missing' },
    ]);
    expect(report).toMatchObject({ expected: 8, incomplete: 4, series: { timeframe: '1h' } });
  });
});

describe('what candles are derived from', () => {
  async function twoFiner(): Promise<Shop> {
    const s = shop(T0 + 100 * HOUR);
    await keep(s.store, aSeries({ timeframe: '1m' }), [klineRow(T0, 1)]);
    await keep(s.store, aSeries({ timeframe: '15m' }), [klineRow(T0, 2)]);
    await keep(s.store, aSeries({ timeframe: '4h' }), [klineRow(T0, 3)]);
    return s;
  }
  const asked = { includeProvisional: true, limit: 10 };

  it('is the longest stored timeframe that divides theirs, or the one that is named', async () => {
    const { service } = await twoFiner();
    const from = async (frequency: string, derive: boolean | string) =>
      (await service.query({ ...asked, series: ref(frequency), derive })).derivedFrom;

    expect(await from('1h', true)).toBe('15m');
    expect(await from('1d', true)).toBe('4h');
    expect(await from('5m', true)).toBe('1m');
    expect(await from('1d', '1m')).toBe('1m');
    expect(await from('4h', true)).toBeUndefined();
    expect(await from('4h', '15m')).toBe('15m');
  });

  it('is told when they were asked for without', async () => {
    const { service } = await twoFiner();

    await expect(service.query({ ...asked, series: ref('1h') })).rejects.toMatchObject({
      code: 'SERIES_NOT_FOUND',
      message: 'series binance/BTCUSDT/kline/1h does not exist; it can be derived from 15m: ask with derive',
      details: { derivableFrom: '15m, 1m' },
    });
    await expect(service.query({ ...asked, series: ref('7m'), derive: '5m' })).rejects.toMatchObject({
      code: 'VALIDATION',
      issues: [{ path: 'derive', code: 'derive_not_finer', params: { got: '5m', frequency: '7m' } }],
    });
    expect(await codeOf(service.query({ ...asked, series: ref('1h'), derive: '5m' }))).toBe(
      'SERIES_NOT_FOUND',
    );
    expect(
      await codeOf(service.query({ ...asked, series: { ...ref('1h'), symbol: 'X' }, derive: true })),
    ).toBe('SERIES_NOT_FOUND');
    expect(
      await codeOf(service.query({ ...asked, series: { ...ref('1h'), dataType: 'ticker' }, derive: '1m' })),
    ).toBe('UNSUPPORTED');
  });

  it('is of the same realm and the same kind of price', async () => {
    const { store, service } = await twoFiner();
    await keep(store, aSeries({ timeframe: '30m', realm: 'live' }), [klineRow(T0)]);
    await keep(store, aSeries({ timeframe: '30m', price: 'mark' }), [klineRow(T0)]);

    expect((await service.query({ ...asked, series: ref('1h'), derive: true })).derivedFrom).toBe('15m');
    const mark = { ...ref('1h'), price: 'mark' as const };
    expect((await service.query({ ...asked, series: mark, derive: true })).derivedFrom).toBe('30m');
  });

  it('is refused when the symbol fits several', async () => {
    const { store, service } = shop(T0);
    await keep(store, aSeries({ instrument: 'binance:AB/C', aliases: ['ABC'] }), []);
    await keep(store, aSeries({ instrument: 'binance:A/BC', aliases: ['ABC'], timeframe: '5m' }), []);

    expect(
      await codeOf(service.query({ ...asked, series: { ...ref('1h'), symbol: 'ABC' }, derive: true })),
    ).toBe('SERIES_AMBIGUOUS');
  });

  it('stands in the name of an exported file', async () => {
    const { service } = await twoFiner();

    expect(
      await service.export({ series: ref('1d'), derive: '1m', includeProvisional: false, format: 'csv' }),
    ).toMatchObject({ derivedFrom: '1m', fileName: 'binance-BTCUSDT-kline-1d-from-1m.csv' });
  });
});

const DATA =
  process.env['KAIROS_DATA_DIR'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const recording = (name: string): string => `${DATA}/candles/binance/${name}.csv.gz`;
const recorded = existsSync(recording('BTCUSDT-1h'));

function recordedRows(name: string): Row[] {
  const lines = gunzipSync(readFileSync(recording(name)))
    .toString()
    .trim()
    .split('\n')
    .slice(1);
  const fields = lines.map((line) => line.split(','));
  const ts = Float64Array.from(fields, (f) => Number(f[0]));
  const batch = batchOfColumns(
    KLINE,
    ts,
    [1, 2, 3, 4, 5].map((c) => fields.map((f) => f[c])),
  );
  return fields.map((f, i) => ({
    ts: batch.ts[i] ?? 0,
    values: [...f.slice(1, 6).map((t) => canonicalDecimal(t) ?? ''), null, null],
  }));
}

describe.skipIf(!recorded)('candles derived from those recorded at Binance', () => {
  it.each([
    ['BTCUSDT', '1h', '1d', 1_800],
    ['ETHUSDT', '1h', '1d', 1_800],
    ['BNBUSDT', '1h', '1d', 1_700],
    ['SOLUSDT', '15m', '1h', 18_000],
  ])('equal the recorded ones: %s of %s in %s', async (symbol, fineName, coarseName, atLeast) => {
    const [fine, coarse] = [gridOf(fineName), gridOf(coarseName)];
    const rows = recordedRows(`${symbol}-${fineName}`);
    const first = floorTo(coarse, rows[0]?.ts ?? 0);
    const end = shiftSlots(fine, rows.at(-1)?.ts ?? 0, 1);
    const { store, service } = shop(end + 100 * 86_400_000);
    const series = aSeries({ timeframe: fineName });
    const present = rows.map((r) => ({
      from: r.ts,
      to: shiftSlots(fine, r.ts, 1),
      state: 'present' as const,
    }));
    await keep(store, series, rows, coalesceRuns(present));
    // What the recording lacks are the venue's outages, and the hours before the listing.
    const lacking = aRunPart(series, { from: first, to: end, state: 'empty', reason: 'outage' });
    await store.commit({ series, part: lacking });

    const asked = { series: ref(coarseName), includeProvisional: false, derive: true };
    const derived = await pages(service, asked, 10_000);

    const theirs = new Map(recordedRows(`${symbol}-${coarseName}`).map((r) => [r.ts, r.values]));
    const both = derived.rows.filter(([ts]) => theirs.has(Number(ts)));
    expect(both.length).toBeGreaterThan(atLeast);
    expect(both.map(([ts, ...values]) => [ts, values])).toEqual(
      both.map(([ts]) => [ts, theirs.get(Number(ts))]),
    );
  });
});
