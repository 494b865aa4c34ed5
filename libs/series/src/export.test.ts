import { dataTypeOf, type Row, type Series } from '@kairos/domain';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { aPart, aSeries, T0 } from '@kairos/testkit';
import type { Calendar, ExportProgress } from '@kairos/ports';
import { beforeEach, describe, expect, it } from 'vitest';
import { columnsOf, exportOf, type ExportOrder } from './export.ts';
import { EVER, readingOf } from './reading.ts';

const MINUTE = 60_000;

const everOpen: Calendar = {
  id: 'every-slot',
  expected: ({ range }) => [range],
  closedBefore: ({ now }) => now,
};

describe('export', () => {
  let store: MemorySeriesStore;
  beforeEach(() => {
    store = new MemorySeriesStore(new MemoryStore());
  });

  async function kept(series: Series, rows: readonly Row[]): Promise<ExportOrder> {
    await store.ensureSeries({ series });
    await store.commit({ series, part: aPart(series, rows) });
    return {
      reading: readingOf({ series, finer: undefined }, { store, calendar: everOpen, now: T0 }),
      span: EVER,
      limit: Infinity,
      includeProvisional: false,
      format: 'csv',
      coverage: () => Promise.reject(new Error('text carries no coverage')),
    };
  }

  const candle = (i: number, values: Row['values']): Row => ({ ts: T0 + i * MINUTE, values });
  const text = async (order: ExportOrder): Promise<string> => {
    let out = '';
    for await (const chunk of exportOf(order).chunks) out += String(chunk);
    return out;
  };
  const csv = (order: ExportOrder): Promise<string> => text(order);
  const ndjson = (order: ExportOrder): Promise<string> => text({ ...order, format: 'ndjson' });

  it('writes CSV with the time and the columns of the type, decimals as they are, absent values empty', async () => {
    const rows = await kept(aSeries(), [
      candle(0, ['0.00001', '2', '0.00001', '1.5', '123456789012345678.12345678', null, 7]),
      candle(1, ['-3', '4', '-5.25', '-1', '0', '10.1', null]),
    ]);

    expect(await csv(rows)).toBe(
      'timestamp_ms,open,high,low,close,volume,quote_volume,trades\n' +
        `${T0},0.00001,2,0.00001,1.5,123456789012345678.12345678,,7\n` +
        `${T0 + MINUTE},-3,4,-5.25,-1,0,10.1,\n`,
    );
  });

  it('writes the header even when there is no row', async () => {
    const rows = await kept(aSeries(), []);

    expect(await csv(rows)).toBe(`${columnsOf(rows.reading.series).join(',')}\n`);
    expect(await ndjson(rows)).toBe('');
  });

  it.each([
    ['plain', 'plain'],
    ['交易', '交易'],
    ['a,b', '"a,b"'],
    ['say "so"', '"say ""so"""'],
    ['two\nlines', '"two\nlines"'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['=1+1', "'=1+1"],
    ['+cmd', "'+cmd"],
    ['-cmd', "'-cmd"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\rx', '"\'\rx"'],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ['-1.5', '-1.5'],
    ['+1', '+1'],
    ['1=1', '1=1'],
    ['', ''],
  ])('writes the text %j as the cell %j', async (value, cell) => {
    const rows = await kept(aSeries({ dataType: 'fund_nav', timeframe: '1d' }), [
      { ts: T0, values: ['1.25', null, value] },
    ]);

    expect(await csv(rows)).toBe(`timestamp_ms,nav,acc_nav,status\n${T0},1.25,,${cell}\n`);
  });

  it('writes a list of levels as one quoted cell', async () => {
    const rows = await kept(aSeries({ dataType: 'order_book' }), [
      { ts: T0, values: [T0, T0, [['1.5', '2']], [], null] },
    ]);

    const [, line = ''] = (await csv(rows)).split('\n');

    expect(line).toBe(`${T0},${T0},${T0},"[[""1.5"",""2""]]",[],`);
  });

  it('writes NDJSON with decimals as text, counts as numbers and absent values as null', async () => {
    const rows = await kept(aSeries(), [candle(0, ['1.10', '2', '1', '1.5', '0.5', null, 7])]);

    expect(await ndjson(rows)).toBe(
      `{"timestamp_ms":${T0},"open":"1.1","high":"2","low":"1","close":"1.5","volume":"0.5","quote_volume":null,"trades":7}\n`,
    );
  });

  it('writes every row once and in order, however many there are', async () => {
    const many = Array.from({ length: 2_345 }, (_, i) => candle(i, ['1', '1', '1', '1', '1', null, i]));
    const rows = await kept(aSeries(), many);

    const lines = (await ndjson(rows)).trim().split('\n');

    expect(lines.map((l) => (JSON.parse(l) as { trades: number }).trades)).toEqual(many.map((_, i) => i));
  });

  it.each([0, 1, 999, 1_000, 1_001])('stops after a limit of %i rows', async (limit) => {
    const many = Array.from({ length: 1_200 }, (_, i) => candle(i, ['1', '1', '1', '1', '1', null, i]));
    const rows = { ...(await kept(aSeries(), many)), limit };

    expect((await ndjson(rows)).split('\n').length - 1).toBe(limit);
  });

  it.each(['kline', 'ticker', 'order_book', 'trade', 'funding', 'fund_nav'])(
    'names every column of %s',
    (id) => {
      const names = columnsOf(aSeries({ dataType: id }));

      expect(names).toEqual(['timestamp_ms', ...(dataTypeOf(id)?.columns ?? []).map((c) => c.name)]);
      expect(names.length).toBeGreaterThan(2);
    },
  );

  it('tells how far it is: rows, the share of the known span, and the end', async () => {
    const many = Array.from({ length: 2_500 }, (_, i) => candle(i, ['1', '1', '1', '1', '1', null, i]));
    const told: ExportProgress[] = [];
    const order = await kept(aSeries(), many);

    await csv({ ...order, onProgress: (progress) => told.push(progress) });

    expect(told.length).toBeGreaterThan(2);
    expect(told.map((t) => t.rows)).toEqual(told.map((t) => t.rows).sort((a, b) => a - b));
    expect(told.map((t) => t.share)).toEqual(told.map((t) => t.share).sort((a, b) => a - b));
    expect(told[0]?.share).toBeGreaterThan(0);
    expect(told[0]?.share).toBeLessThan(1);
    expect(told.at(-1)).toEqual({ phase: 'writing', rows: 2_500, share: 1, incomplete: 0 });
  });

  it('names the file by what is in it', async () => {
    const order = await kept(aSeries({ price: 'mark' }), []);

    expect(exportOf(order)).toMatchObject({
      fileName: 'binance-BTCUSDT-kline-mark-1m.csv',
      mediaType: 'text/csv; charset=utf-8',
    });
    expect(exportOf({ ...order, format: 'parquet' })).toMatchObject({
      fileName: 'binance-BTCUSDT-kline-mark-1m.parquet',
      mediaType: 'application/vnd.apache.parquet',
    });
  });
});
