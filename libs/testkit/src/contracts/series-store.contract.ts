import { describe, expect, it } from 'vitest';
import type { SeriesStore } from '@kairos/ports';
import { aFinding, anEvidence, aSeries, klineRows, T0 } from '../builders.ts';
import { codeOf, onFresh } from './bench.ts';
import { seriesCommitCases } from './series-commit-cases.ts';
import { seriesModelCases } from './series-model-cases.ts';
import { seriesReadCases } from './series-read-cases.ts';
import { contentOf, EVER, readAll, type SeriesOptions } from './series-samples.ts';

const series = aSeries();
const { key } = series;

function registryCases(options: SeriesOptions): void {
  describe('ensureSeries', () => {
    it(
      'registers a series and answers it',
      onFresh(options, async ({ store }) => {
        expect(await store.ensureSeries({ series })).toEqual(series);
        expect(await store.getSeries({ key })).toEqual(series);
        expect(await store.getSeries({ key: 'other' })).toBeUndefined();
      }),
    );

    it(
      'adds new aliases last, and changes nothing else',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });

        const again = aSeries({ aliases: ['BTC/USDT', 'BTCUSDT'], createdAt: T0 + 5, marketId: 'other' });
        const answer = await store.ensureSeries({ series: again });

        expect(answer).toEqual({ ...series, aliases: ['BTCUSDT', 'BTC/USDT'] });
        expect(await store.getSeries({ key })).toEqual(answer);
      }),
    );

    it(
      'makes one series of many concurrent calls',
      onFresh(options, async ({ store, second }) => {
        const other = (await second?.()) ?? store;

        await Promise.all(
          ['a', 'b', 'c', 'd'].map((alias, i) =>
            (i % 2 ? other : store).ensureSeries({ series: aSeries({ aliases: [alias] }) }),
          ),
        );

        const all = await store.listSeries({ filter: {}, limit: 10 });
        expect(all.items).toHaveLength(1);
        expect([...(all.items[0]?.aliases ?? [])].sort()).toEqual(['a', 'b', 'c', 'd']);
      }),
    );

    it(
      'refuses an unknown data type',
      onFresh(options, async ({ store }) => {
        expect(await codeOf(store.ensureSeries({ series: aSeries({ dataType: 'tea_leaves' }) }))).toBe(
          'STORE_BAD_INPUT',
        );
      }),
    );
  });

  describe('listSeries', () => {
    it(
      'orders by key, pages, filters',
      onFresh(options, async ({ store }) => {
        const many = ['1m', '5m', '1h', '1d'].flatMap((timeframe) => [
          aSeries({ timeframe }),
          aSeries({ timeframe, source: 'okx', realm: 'live' }),
          aSeries({ timeframe, dataType: 'ticker' }),
        ]);
        for (const s of many) await store.ensureSeries({ series: s });
        const keys: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.listSeries({ filter: {}, limit: 5, cursor });
          keys.push(...page.items.map((s) => s.key));
          cursor = page.next;
        } while (cursor !== undefined);

        expect(keys).toEqual(many.map((s) => s.key).sort());
        const count = async (filter: Parameters<SeriesStore['listSeries']>[0]['filter']): Promise<number> =>
          (await store.listSeries({ filter, limit: 100 })).items.length;
        expect(await count({ realm: 'live' })).toBe(4);
        expect(await count({ source: 'binance', dataType: 'ticker' })).toBe(4);
        expect(await count({ timeframe: '1h', dataType: 'kline', realm: 'sandbox:1' })).toBe(1);
        expect(await count({ realm: 'nowhere' })).toBe(0);
      }),
    );
  });
}

function traitCases(options: SeriesOptions): void {
  const calls: Readonly<Record<string, (s: SeriesStore) => Promise<unknown>>> = {
    ensureSeries: (s) => s.ensureSeries({ series }),
    getSeries: (s) => s.getSeries({ key }),
    listSeries: (s) => s.listSeries({ filter: {}, limit: 1 }),
    commit: (s) => s.commit({ series, part: klineRows(1) }),
    coverage: (s) => s.coverage({ key, range: EVER }),
    read: (s) => readAll(s, key),
    evidence: (s) => s.evidence({ key, ids: ['x'] }),
    findings: (s) => s.findings({ key, limit: 1 }),
    listFindings: (s) => s.listFindings({ key, filter: {}, limit: 1 }),
    countFindings: (s) => s.countFindings({ key, filter: {} }),
    revisions: (s) => s.revisions({ key, limit: 1 }),
    compact: (s) => s.compact({ settledBefore: T0, maxRows: 1 }),
  };

  describe('closed', () => {
    it.each(Object.keys(calls))('%s rejects with STORE_CLOSED', async (name) => {
      await onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.close();
        expect(await codeOf(calls[name]?.(store) ?? Promise.resolve())).toBe('STORE_CLOSED');
      })();
    });

    it(
      'may be closed twice',
      onFresh(options, async ({ store }) => {
        await store.close();
        await expect(store.close()).resolves.toBeUndefined();
      }),
    );
  });

  describe('empty', () => {
    it(
      'has a series without rows, runs or reports',
      onFresh(options, async ({ store }) => {
        expect(await store.listSeries({ filter: {}, limit: 10 })).toEqual({ items: [] });
        await store.ensureSeries({ series });
        expect(await contentOf(store, key)).toEqual({ rows: [], runs: [] });
        expect(await store.findings({ key, limit: 10 })).toEqual([]);
        expect(await store.revisions({ key, limit: 10 })).toEqual([]);
      }),
    );
  });

  describe('durable', () => {
    it(
      'remembers over a restart what was acknowledged, where it says so',
      onFresh(options, async (bench) => {
        if (!bench.store.capabilities.durable) return;
        await bench.store.ensureSeries({ series });
        await bench.store.commit({
          series,
          part: klineRows(1_005),
          evidence: [anEvidence()],
          findings: [aFinding()],
        });
        const before = await contentOf(bench.store, key);
        expect(bench.reopen).toBeDefined();

        const store = (await bench.reopen?.()) ?? bench.store;

        expect(await contentOf(store, key)).toEqual(before);
        expect(await store.evidence({ key, ids: ['evidence-1'] })).toEqual([anEvidence()]);
        expect(await store.findings({ key, limit: 5 })).toEqual([aFinding()]);
      }),
    );
  });
}

/** The law of `SeriesStore`, for any adapter. */
export function seriesStoreContract(name: string, options: SeriesOptions): void {
  describe(`SeriesStore: ${name}`, () => {
    registryCases(options);
    seriesCommitCases(options);
    seriesReadCases(options);
    seriesModelCases(options);
    traitCases(options);
  });
}
