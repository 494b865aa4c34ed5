import { describe, expect, it } from 'vitest';
import type { Series } from '@kairos/domain';
import { aPart, aRunPart, aSeries, klineRow, klineRows, T0 } from '@kairos/testkit';
import { Bench } from './bench.test-support.ts';
import type { SqliteSeriesStore } from './sqlite-series-store.ts';

const MINUTE = 60_000;
const series = aSeries();
const at = (slot: number): number => T0 + slot * MINUTE;

async function withStore(
  test: (store: SqliteSeriesStore, count: (table: string) => number) => Promise<void>,
): Promise<void> {
  const bench = new Bench();
  const store = (await bench.open()).series;
  await store.ensureSeries({ series });
  try {
    await test(store, (table) => bench.dump()[table]?.length ?? NaN);
  } finally {
    await bench.close();
  }
}

const addAll = async (store: SqliteSeriesStore, many: readonly Series[], slot: number): Promise<void> => {
  await Promise.all(many.map((s) => store.commit({ series: s, part: klineRows(1, at(slot)) })));
};

describe('SqliteSeriesStore tiers', () => {
  it('packs a page into chunks at once', () =>
    withStore(async (store, count) => {
      await store.commit({ series, part: klineRows(1_500) });

      expect([count('hot'), count('span')]).toEqual([0, 0]);
      expect(count('chunk')).toBeGreaterThanOrEqual(2);
    }));

  it('gathers records that follow one another in a page, which tells their own coverage', () =>
    withStore(async (store, count) => {
      for (let slot = 0; slot < 20; slot += 1) await store.commit({ series, part: klineRows(1, at(slot)) });

      expect(['hot_page', 'hot', 'span', 'chunk'].map(count)).toEqual([1, 0, 0, 0]);
      expect(await store.coverage({ key: series.key, range: { from: at(-9), to: at(99) } })).toEqual([
        { from: at(0), to: at(20), state: 'present' },
      ]);
    }));

  it('writes one page for what arrives together of neighbouring series', () =>
    withStore(async (store, count) => {
      const many = [series, aSeries({ instrument: 'binance:ETH/USDT' })];
      for (const s of many) await store.ensureSeries({ series: s });
      await addAll(store, many, 0);

      expect(count('hot_page')).toBe(1);
    }));

  it('keeps records that do not follow one by one, with a span', () =>
    withStore(async (store, count) => {
      for (let slot = 9; slot >= 0; slot -= 1) await store.commit({ series, part: klineRows(1, at(slot)) });

      expect(['hot_page', 'hot', 'span', 'chunk'].map(count)).toEqual([1, 10, 1, 0]);
      expect(await store.compact({ settledBefore: at(100_000), maxRows: 100 })).toEqual({
        rows: 10,
        more: false,
      });
      expect(['hot_page', 'hot', 'span', 'chunk'].map(count)).toEqual([0, 0, 0, 1]);
    }));

  it('keeps the open candle hot when its page goes into a chunk', () =>
    withStore(async (store, count) => {
      const rows = Array.from({ length: 60 }, (_, i) => klineRow(at(i)));
      const runs = [
        { from: at(0), to: at(59), state: 'present' as const },
        { from: at(59), to: at(60), state: 'provisional' as const, at: at(59) },
      ];
      await store.commit({ series, part: aPart(series, rows, runs) });
      await store.commit({ series, part: klineRows(1, at(59)) });
      await store.commit({ series, part: klineRows(1, at(60)) });

      expect(['hot_page', 'hot', 'chunk'].map(count)).toEqual([1, 1, 1]);
    }));

  it('keeps a run over years as one span', () =>
    withStore(async (store, count) => {
      const years = {
        from: T0 - 5_000_000 * MINUTE,
        to: T0,
        state: 'unavailable' as const,
        reason: 'before_listing',
      };
      await store.commit({ series, part: aRunPart(series, years) });

      expect([count('span'), count('chunk'), count('hot')]).toEqual([1, 0, 0]);
    }));

  it('empties the hot tier of settled blocks, and of running ones when it is worth it', () =>
    withStore(async (store, count) => {
      const many = [series, aSeries({ instrument: 'binance:ETH/USDT' })];
      for (const s of many) await store.ensureSeries({ series: s });
      for (let slot = 0; slot < 260; slot += 1) await addAll(store, many, slot);

      const early = await store.compact({ settledBefore: at(100), maxRows: 4_000 });
      const worth = await store.compact({ settledBefore: at(255), maxRows: 4_000 });
      expect([early.rows, worth.rows, count('hot_page')]).toEqual([0, 510, 1]);

      const rest = await store.compact({ settledBefore: at(100_000), maxRows: 4_000 });
      expect([rest.rows, count('hot_page'), count('span')]).toEqual([10, 0, 0]);
    }));

  it('folds no open candle', () =>
    withStore(async (store, count) => {
      const open = [{ from: at(0), to: at(1), state: 'provisional' as const, at: 1 }];
      await store.commit({ series, part: aPart(series, [klineRow(at(0))], open) });

      expect(await store.compact({ settledBefore: at(100_000), maxRows: 10 })).toEqual({
        rows: 0,
        more: false,
      });
      expect(count('hot')).toBe(1);
    }));

  it('keeps off-grid rows out, as no slot would find them again', () =>
    withStore(async (store) => {
      const run = { from: T0, to: at(2), state: 'present' as const };
      await expect(
        store.commit({ series, part: aPart(series, [klineRow(T0 + 1)], [run]) }),
      ).rejects.toMatchObject({
        code: 'STORE_BAD_INPUT',
      });
    }));
});
