import { batchOfRows, KLINE, rowsOf, TICKER, type Row } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOfVersion1 } from './bench.test-support.ts';
import { fitsPage, HotPage, PageBuilder } from './hot-page.ts';
import { batchOfPageRows, runsOfRows, type PageRow } from './page-rows.ts';
import { gridOf } from '@kairos/domain';

const MINUTE = 60_000;

/** What a builder took and a reader finds of one series. */
function readBack(body: Uint8Array, series: number): PageRow[] {
  const page = new HotPage(body);
  return Array.from({ length: page.rows }, (_, row) => ({ ts: page.tsOf(row), page, row })).filter(
    ({ row }) => page.seriesOf(row) === series,
  );
}

const decimal = fc
  .tuple(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), fc.integer({ min: 0, max: 8 }))
  .map(([int, scale]) => (int / 10 ** scale).toFixed(scale));
const values = fc.tuple(decimal, decimal, decimal, decimal, decimal, fc.option(decimal), fc.option(fc.nat()));

describe('HotPage', () => {
  it('reads what format 4 wrote, and copies it', () => {
    const rows = [
      { series: 3, ts: 7 * MINUTE, ints: [12_345] },
      { series: 9, ts: 2 * MINUTE, ints: [-(2 ** 50)] },
    ];
    const old = new HotPage(pageOfVersion1(1, rows));
    const builder = new PageBuilder(1);
    for (let row = 0; row < old.rows; row += 1) builder.copy(old, row);
    for (const page of [old, new HotPage(builder.page().body)]) {
      const found = rows.map((_, row) => [
        page.seriesOf(row),
        page.tsOf(row),
        page.scaleOf(row, 0),
        page.intOf(row, 0),
      ]);
      expect(found).toEqual(rows.map(({ series, ts, ints }) => [series, ts, 2, ...ints]));
    }
  });

  it('takes half as many bytes for a number or a time that needs no more', () => {
    const sizeOf = (ts: number, value: string): number => {
      const builder = new PageBuilder(KLINE.columns.length);
      for (const at of [0, ts]) {
        const values = [value, value, value, value, '0', null, null];
        builder.add(1, batchOfRows(KLINE, [{ ts: at, values }]), 0);
      }
      return builder.page().body.length;
    };
    expect(sizeOf(1, '3000000000') - sizeOf(1, '2000000000')).toBe(4 * 2 * 4);
    expect(sizeOf(2 ** 32, '1') - sizeOf(2 ** 30, '1')).toBe(2 * 4);
  });

  it('gives back every value of every series, whatever their scales', () => {
    const law = fc.property(fc.array(values, { minLength: 1, maxLength: 40 }), (all) => {
      const rows: Row[] = all.map((v, i) => ({ ts: i * MINUTE, values: v }));
      const builder = new PageBuilder(KLINE.columns.length);
      const wanted = rows.filter((row) => {
        const batch = batchOfRows(KLINE, [row]);
        if (!fitsPage(batch)) return false;
        builder.add(7, batch, 0);
        builder.add(8, batch, 0);
        return true;
      });
      const read = batchOfPageRows(KLINE, readBack(builder.page().body, 7));
      expect([...rowsOf(read)]).toEqual([...rowsOf(batchOfRows(KLINE, wanted))]);
    });
    fc.assert(law, { numRuns: 200, seed: 4 });
  });

  it('is empty again once cleared, and knows the stretch of its rows', () => {
    const builder = new PageBuilder(KLINE.columns.length);
    const batch = batchOfRows(
      KLINE,
      [5, 2].map((minute) => ({ ts: minute * MINUTE, values: ['1', '1', '1', '1', '0', null, null] })),
    );
    builder.add(1, batch, 0);
    builder.add(2, batch, 1);

    expect(builder.page()).toMatchObject({ from: 2 * MINUTE, to: 5 * MINUTE + 1 });
    builder.clear();
    expect(builder.rows).toBe(0);
  });

  it('refuses bytes that changed, anywhere', () => {
    const builder = new PageBuilder(TICKER.columns.length);
    builder.add(
      1,
      batchOfRows(TICKER, [{ ts: 0, values: [1, 2, ...TICKER.columns.slice(2).map(() => '3')] }]),
      0,
    );
    const body = Uint8Array.from(builder.page().body);

    expect(new HotPage(body).rows).toBe(1);
    for (let i = 0; i < body.length; i += 1) {
      const bad = Uint8Array.from(body);
      bad[i] = (bad[i] ?? 0) ^ 1;
      expect(() => new HotPage(bad)).toThrow(/damaged/);
    }
    expect(() => new HotPage(body.subarray(0, 3))).toThrow(/damaged/);
  });

  it('tells one run for rows that follow one another', () => {
    const page = new HotPage(new PageBuilder(1).page().body);
    const rows = [0, 1, 2, 5].map((slot) => ({ ts: slot * MINUTE, page, row: 0 }));

    expect(runsOfRows(gridOf('1m'), rows)).toEqual([
      { from: 0, to: 3 * MINUTE, state: 'present' },
      { from: 5 * MINUTE, to: 6 * MINUTE, state: 'present' },
    ]);
  });
});
