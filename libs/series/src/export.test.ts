import { dataTypeOf, type Row, type Series } from '@kairos/domain';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { aPart, aSeries, T0 } from '@kairos/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { columnsOf, csvChunks, ndjsonChunks, type ExportRows } from './export.ts';

const MINUTE = 60_000;
const ALL = { from: -8.64e15, to: 8.64e15 };

describe('export', () => {
  let store: MemorySeriesStore;
  beforeEach(() => {
    store = new MemorySeriesStore(new MemoryStore());
  });

  async function kept(series: Series, rows: readonly Row[]): Promise<ExportRows> {
    await store.ensureSeries({ series });
    await store.commit({ series, part: aPart(series, rows) });
    return { store, series, span: ALL, limit: Infinity, includeProvisional: false };
  }

  const candle = (i: number, values: Row['values']): Row => ({ ts: T0 + i * MINUTE, values });
  const text = async (chunks: AsyncIterable<string>): Promise<string> => {
    let out = '';
    for await (const chunk of chunks) out += chunk;
    return out;
  };

  it('writes CSV with the time and the columns of the type, decimals as they are, absent values empty', async () => {
    const rows = await kept(aSeries(), [
      candle(0, ['0.00001', '2', '0.00001', '1.5', '123456789012345678.12345678', null, 7]),
      candle(1, ['-3', '4', '-5.25', '-1', '0', '10.1', null]),
    ]);

    expect(await text(csvChunks(rows))).toBe(
      'timestamp_ms,open,high,low,close,volume,quote_volume,trades\n' +
        `${T0},0.00001,2,0.00001,1.5,123456789012345678.12345678,,7\n` +
        `${T0 + MINUTE},-3,4,-5.25,-1,0,10.1,\n`,
    );
  });

  it('writes the header even when there is no row', async () => {
    const rows = await kept(aSeries(), []);

    expect(await text(csvChunks(rows))).toBe(`${columnsOf(rows.series).join(',')}\n`);
    expect(await text(ndjsonChunks(rows))).toBe('');
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

    expect(await text(csvChunks(rows))).toBe(`timestamp_ms,nav,acc_nav,status\n${T0},1.25,,${cell}\n`);
  });

  it('writes a list of levels as one quoted cell', async () => {
    const rows = await kept(aSeries({ dataType: 'order_book' }), [
      { ts: T0, values: [T0, T0, [['1.5', '2']], [], null] },
    ]);

    const [, line = ''] = (await text(csvChunks(rows))).split('\n');

    expect(line).toBe(`${T0},${T0},${T0},"[[""1.5"",""2""]]",[],`);
  });

  it('writes NDJSON with decimals as text, counts as numbers and absent values as null', async () => {
    const rows = await kept(aSeries(), [candle(0, ['1.10', '2', '1', '1.5', '0.5', null, 7])]);

    expect(await text(ndjsonChunks(rows))).toBe(
      `{"timestamp_ms":${T0},"open":"1.1","high":"2","low":"1","close":"1.5","volume":"0.5","quote_volume":null,"trades":7}\n`,
    );
  });

  it('writes every row once and in order, however many there are', async () => {
    const many = Array.from({ length: 2_345 }, (_, i) => candle(i, ['1', '1', '1', '1', '1', null, i]));
    const rows = await kept(aSeries(), many);

    const lines = (await text(ndjsonChunks(rows))).trim().split('\n');

    expect(lines.map((l) => (JSON.parse(l) as { trades: number }).trades)).toEqual(many.map((_, i) => i));
  });

  it.each([0, 1, 999, 1_000, 1_001])('stops after a limit of %i rows', async (limit) => {
    const many = Array.from({ length: 1_200 }, (_, i) => candle(i, ['1', '1', '1', '1', '1', null, i]));
    const rows = { ...(await kept(aSeries(), many)), limit };

    expect((await text(ndjsonChunks(rows))).split('\n').length - 1).toBe(limit);
  });

  it.each(['kline', 'ticker', 'order_book', 'trade', 'funding', 'fund_nav'])(
    'names every column of %s',
    (id) => {
      const names = columnsOf(aSeries({ dataType: id }));

      expect(names).toEqual(['timestamp_ms', ...(dataTypeOf(id)?.columns ?? []).map((c) => c.name)]);
      expect(names.length).toBeGreaterThan(2);
    },
  );
});
