import { canonicalDecimal, type Row, type Series } from '@kairos/domain';
import type { Calendar } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { aPart, aSeries, codeOf, FakeClock, forEverySource, T0 } from '@kairos/testkit';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { beforeEach, describe, expect, it } from 'vitest';
import { SeriesService } from './series-service.ts';

const MINUTE = 60_000;
const SEED = 20_261_122;

const everOpen: Calendar = {
  id: 'every-slot',
  expected: ({ range }) => (range.to > range.from ? [range] : []),
  closedBefore: ({ grid, now }) => grid.openOf(grid.indexOf(now)),
};

let store: MemorySeriesStore;
let service: SeriesService;
beforeEach(() => {
  store = new MemorySeriesStore(new MemoryStore());
  const clock = new FakeClock({ now: T0 + 1_000_000 * MINUTE });
  service = new SeriesService({
    store,
    calendars: forEverySource(everOpen),
    clock,
    realmOf: () => 'sandbox:1',
    version: '9.9',
  });
});

async function kept(rows: readonly Row[], over: Parameters<typeof aSeries>[0] = {}): Promise<Series> {
  const series = await store.ensureSeries({ series: aSeries(over) });
  if (rows.length > 0) await store.commit({ series, part: aPart(series, rows) });
  return series;
}

const candle = (i: number, values: Row['values']): Row => ({ ts: T0 + i * MINUTE, values });

type Asked = Partial<Parameters<SeriesService['export']>[0]>;
const order = (series: Series, over: Asked): Parameters<SeriesService['export']>[0] => ({
  series: {
    source: series.source,
    symbol: 'BTCUSDT',
    dataType: series.dataType,
    frequency: series.timeframe,
  },
  includeProvisional: false,
  format: 'parquet',
  ...over,
});

async function bytesOf(series: Series, over: Asked = {}): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await service.export(order(series, over))).chunks)
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return new Uint8Array(Buffer.concat(chunks)).buffer;
}

const elementsOf = (file: ArrayBuffer) =>
  Object.fromEntries(
    parquetSchema(parquetMetadata(file)).children.map(({ element }) => [element.name, element]),
  );

const factsOf = (file: ArrayBuffer): Record<string, string | undefined> =>
  Object.fromEntries((parquetMetadata(file).key_value_metadata ?? []).map(({ key, value }) => [key, value]));

/** Values as they stand in the file, unscaled: the reader's own decimals are doubles. */
async function rawRows(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  const metadata = parquetMetadata(file);
  const scales = new Map<string, number>();
  for (const element of metadata.schema)
    if (element.converted_type === 'DECIMAL') {
      scales.set(element.name, element.scale ?? 0);
      delete element.converted_type;
      delete element.logical_type;
    }
  const rows = await parquetReadObjects({ file, metadata, utf8: false });
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const scale = scales.get(name);
        if (scale === undefined || value === null) return [name, value];
        const int = typeof value === 'bigint' ? value : signed(value as Uint8Array);
        return [name, canonicalDecimal(`${int}e-${scale}`)];
      }),
    ),
  );
}

const signed = (bytes: Uint8Array): bigint =>
  BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));

describe('Parquet', () => {
  it('keeps decimals as decimals, times in UTC milliseconds, counts as integers and absent values as null', async () => {
    const series = await kept([
      candle(0, ['0.00001', '2', '0.00001', '1.5', '12.25', null, 7]),
      candle(1, ['-3', '4', '-5.25', '-1', '0', '10.1', null]),
    ]);

    const file = await bytesOf(series);

    expect(elementsOf(file)).toMatchObject({
      timestamp: {
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
        repetition_type: 'REQUIRED',
      },
      open: {
        type: 'INT64',
        converted_type: 'DECIMAL',
        precision: 18,
        scale: 5,
        repetition_type: 'REQUIRED',
      },
      volume: { type: 'INT64', converted_type: 'DECIMAL', precision: 18, scale: 2 },
      quote_volume: { converted_type: 'DECIMAL', scale: 1, repetition_type: 'OPTIONAL' },
      trades: { type: 'INT64', repetition_type: 'OPTIONAL' },
    });
    expect(await rawRows(file)).toEqual([
      {
        timestamp: new Date(T0),
        open: '0.00001',
        high: '2',
        low: '0.00001',
        close: '1.5',
        volume: '12.25',
        quote_volume: null,
        trades: 7n,
      },
      {
        timestamp: new Date(T0 + MINUTE),
        open: '-3',
        high: '4',
        low: '-5.25',
        close: '-1',
        volume: '0',
        quote_volume: '10.1',
        trades: null,
      },
    ]);
  });

  it('says of itself whose data it holds, and how complete they are', async () => {
    const series = await kept([
      candle(0, ['1', '1', '1', '1', '1', null, 1]),
      candle(3, ['1', '1', '1', '1', '1', null, 1]),
    ]);

    const facts = factsOf(await bytesOf(series, { from: T0, to: T0 + 6 * MINUTE }));

    expect(facts).toMatchObject({
      'kairos.version': '9.9',
      'kairos.realm': 'sandbox:1',
      'kairos.source': 'binance',
      'kairos.instrument': 'binance:BTC/USDT',
      'kairos.frequency': '1m',
      'kairos.price': 'last',
      'kairos.volume_unit': 'base',
      'kairos.rows': '2',
      'kairos.first': '2024-01-01T00:00:00.000Z',
      'kairos.last': '2024-01-01T00:03:00.000Z',
    });
    expect(facts).not.toHaveProperty('kairos.derived_from');
    expect(JSON.parse(facts['kairos.coverage'] ?? '{}')).toMatchObject({
      expected: 6,
      present: 4,
      missing: 2,
    });
  });

  it('widens a column beyond 18 digits, and writes beyond 38 as text', async () => {
    const wide = '12345678901234567890123.12345678';
    const wider = '1234567890123456789012345678901234567.25';
    const series = await kept([
      candle(0, ['1', '1', '1', '1', wide, wider, 1]),
      candle(1, ['1', '1', '1', '1', '-0.5', '3', 1]),
    ]);

    const file = await bytesOf(series);

    expect(elementsOf(file)).toMatchObject({
      volume: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, precision: 38, scale: 8 },
      quote_volume: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
    });
    expect(factsOf(file)['kairos.text_decimals']).toBe('quote_volume');
    const rows = await rawRows(file);
    expect(rows.map((r) => r['volume'])).toEqual([wide, '-0.5']);
    expect(rows.map((r) => String(Buffer.from(r['quote_volume'] as Uint8Array)))).toEqual([wider, '3']);
  });

  it('gives back any decimals, wherever blocks change their scale', async () => {
    const decimal = fc
      .tuple(fc.bigInt(-(10n ** 25n), 10n ** 25n), fc.integer({ min: 0, max: 12 }))
      .map(([int, scale]) => canonicalDecimal(`${int}e-${scale}`) ?? '0');
    const small = fc
      .tuple(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: 0, max: 10 }))
      .map(([int, scale]) => canonicalDecimal(`${int}e-${scale}`) ?? '0');
    const one = fc.oneof({ weight: 4, arbitrary: small }, { weight: 1, arbitrary: decimal });
    const row = fc.tuple(small, one, small, one, one, fc.option(one), fc.option(fc.nat()));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(row, fc.integer({ min: 1, max: 700 })), { minLength: 1, maxLength: 30 }),
        async (list) => {
          store = new MemorySeriesStore(new MemoryStore());
          const clock = new FakeClock({ now: T0 });
          service = new SeriesService({
            store,
            calendars: forEverySource(everOpen),
            clock,
            realmOf: () => 'sandbox:1',
          });
          let place = 0;
          const rows = list.map(([values, step]) => candle((place += step), values));
          const got = await rawRows(await bytesOf(await kept(rows)));
          expect(
            got.map((r) => [r['open'], r['high'], r['low'], r['close'], r['volume'], r['quote_volume']]),
          ).toEqual(rows.map((r) => r.values.slice(0, 6)));
          expect(got.map((r) => r['timestamp'])).toEqual(rows.map((r) => new Date(r.ts)));
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('is a whole file without any row, and with a column of nothing but nulls', async () => {
    const none = await bytesOf(await kept([]));
    expect(parquetMetadata(none).num_rows).toBe(0n);
    expect(await rawRows(none)).toEqual([]);

    const nulls = await bytesOf(await kept([candle(0, ['1', '1', '1', '1', '1', null, null])]));
    expect(await rawRows(nulls)).toMatchObject([{ quote_volume: null, trades: null }]);
  });

  it('cuts long series into row groups, holds to the limit and leaves provisional rows out', async () => {
    const rows = Array.from({ length: 120_500 }, (_, i) => candle(i, ['1', '1', '1', '1', '1', null, i]));
    const series = await kept(rows);
    await store.commit({
      series,
      part: aPart(
        series,
        [candle(120_500, ['1', '1', '1', '1', '1.123', null, 1])],
        [{ from: T0 + 120_500 * MINUTE, to: T0 + 120_501 * MINUTE, state: 'provisional', at: T0 }],
      ),
    });
    const sizes = async (over: Asked): Promise<number[]> =>
      parquetMetadata(await bytesOf(series, over)).row_groups.map((g) => Number(g.num_rows));
    const sum = (n: number[]): number => n.reduce((a, b) => a + b, 0);

    const groups = await sizes({});
    expect(groups).toHaveLength(2);
    expect(sum(groups)).toBe(120_500);
    expect(sum(await sizes({ includeProvisional: true }))).toBe(120_501);
    expect(sum(await sizes({ limit: 1_234 }))).toBe(1_234);
    expect(sum(await sizes({ from: T0 + 10 * MINUTE, to: T0 + 20 * MINUTE }))).toBe(10);
  });

  it('writes text, flags and levels of other types', async () => {
    const funds = await kept([{ ts: T0, values: ['1.25', null, '=1+1'] }], {
      dataType: 'fund_nav',
      timeframe: '1d',
    });
    const [fund] = await rawRows(await bytesOf(funds));
    expect(fund).toMatchObject({ nav: '1.25', acc_nav: null });
    expect(String(Buffer.from(fund?.['status'] as Uint8Array))).toBe('=1+1');

    const books = await kept([{ ts: T0, values: [T0, T0, [['1.50', '2']], [], null] }], {
      dataType: 'order_book',
    });
    expect((await parquetReadObjects({ file: await bytesOf(books) }))[0]).toMatchObject({
      bids: [['1.5', '2']],
      asks: [],
    });
  });

  it('refuses to write a value that was revised meanwhile and no longer fits', async () => {
    const series = await kept([candle(0, ['1', '1', '1', '1', '1', null, 1])]);
    const { chunks } = await service.export(
      order(series, {
        onProgress: ({ phase, share }) => {
          if (phase !== 'measuring' || share < 1) return;
          const from = candle(0, ['1', '1', '1', '1', '1', null, 1]);
          const to = candle(0, ['1', '1', '1', '1', '1.001', null, 1]);
          const part = { batch: aPart(series, []).batch, runs: [] };
          void store.commit({ series, part, revisions: [{ from, to, reason: 'test', at: T0 }] });
        },
      }),
    );
    const all = async (): Promise<void> => {
      for await (const _ of chunks);
    };

    expect(await codeOf(all())).toBe('EXPORT_CHANGED');
  });
});
