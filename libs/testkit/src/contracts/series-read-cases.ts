import { describe, expect, it } from 'vitest';
import { BLOCK_SLOTS, clipRuns, type CoverageRun, type Part, type Row } from '@kairos/domain';
import {
  aFinding,
  anEvidence,
  aPart,
  aRunPart,
  aSeries,
  emptyPartOf,
  klineRow,
  klineRows,
  T0,
} from '../builders.ts';
import { codeOf, onFresh } from './bench.ts';
import {
  compactAll,
  contentOf,
  EVER,
  MINUTE,
  readAll,
  rowsIn,
  runsIn,
  type SeriesOptions,
} from './series-samples.ts';

const series = aSeries();
const { key } = series;
const at = (slot: number): number => T0 + slot * MINUTE;
const rowsOfSlots = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => klineRow(at(from + i)));

/** Blocks of the series do not begin at `T0`; this is the first slot after it that does. */
const BOUND = BLOCK_SLOTS - ((T0 / MINUTE) % BLOCK_SLOTS);

function readCases(options: SeriesOptions): void {
  describe('read', () => {
    it(
      'keeps to the range, at any bounds, in one block and over many',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(2_800) });

        for (const [from, to] of [
          [0, 1],
          [5, 9],
          [BOUND - 1, BOUND + 1],
          [BOUND, BOUND + BLOCK_SLOTS],
          [0, 2_800],
          [2_799, 5_000],
          [7, 7],
        ] as const) {
          const { rows, runs } = await contentOf(store, key, { from: at(from), to: at(to) });
          expect(rows).toEqual(rowsOfSlots(from, Math.min(to, 2_800)));
          expect(runs).toEqual(
            clipRuns([{ from: T0, to: at(2_800), state: 'present' }], { from: at(from), to: at(to) }).filter(
              (r) => r.to > r.from,
            ),
          );
        }
      }),
    );

    it(
      'joins what came in large and in small commits',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(500, at(0)) });
        for (let i = 500; i < 540; i += 1) await store.commit({ series, part: klineRows(1, at(i)) });
        await store.commit({ series, part: klineRows(3, at(1_900)) });
        await store.commit({ series, part: klineRows(900, at(900)) });

        const { rows } = await contentOf(store, key);

        expect(rows).toEqual([
          ...rowsOfSlots(0, 540),
          ...rowsOfSlots(900, 1_800),
          ...rowsOfSlots(1_900, 1_903),
        ]);
      }),
    );

    it(
      'shows what was committed before the call, also what comes late in the middle',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(600, at(0)) });
        await store.commit({ series, part: klineRows(600, at(700)) });
        await store.commit({ series, part: klineRows(100, at(600)) });

        expect((await contentOf(store, key)).rows).toEqual(rowsOfSlots(0, 1_300));
      }),
    );

    it(
      'goes on over a compaction that comes between two of its parts',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        for (let i = 0; i < 60; i += 1) await store.commit({ series, part: klineRows(30, at(i * 100)) });
        const expected = rowsIn(await readAll(store, key));

        const parts: Part[] = [];
        for await (const part of store.read({ key, range: EVER })) {
          parts.push(part);
          await store.compact({ settledBefore: EVER.to, maxRows: 200 });
        }

        expect(rowsIn(parts)).toEqual(expected);
      }),
    );

    it(
      'may be left early',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(3_000) });
        for await (const part of store.read({ key, range: EVER })) {
          expect(part.batch.n).toBeGreaterThan(0);
          break;
        }
        expect((await contentOf(store, key)).rows).toHaveLength(3_000);
      }),
    );

    it(
      'keeps series apart',
      onFresh(options, async ({ store }) => {
        const others = [aSeries({ realm: 'live' }), aSeries({ timeframe: '5m' }), aSeries({ price: 'mark' })];
        for (const [i, s] of [series, ...others].entries()) {
          await store.ensureSeries({ series: s });
          await store.commit({ series: s, part: aPart(s, [klineRow(T0, i)]) });
        }

        for (const [i, s] of [series, ...others].entries()) {
          expect((await contentOf(store, s.key)).rows).toEqual([klineRow(T0, i)]);
        }
      }),
    );

    it(
      'keeps to blocks of months',
      onFresh(options, async ({ store }) => {
        const monthly = aSeries({ timeframe: '1M' });
        await store.ensureSeries({ series: monthly });
        const months = Array.from({ length: 60 }, (_, i) => klineRow(Date.UTC(2019, i, 1)));

        await store.commit({ series: monthly, part: aPart(monthly, months) });
        await store.commit({ series: monthly, part: aPart(monthly, [klineRow(Date.UTC(2024, 0, 1))]) });
        await compactAll(store, { settledBefore: T0 * 2, maxRows: 10 });

        expect(await contentOf(store, monthly.key)).toEqual({
          rows: [...months, klineRow(T0)],
          runs: [{ from: Date.UTC(2019, 0, 1), to: Date.UTC(2024, 1, 1), state: 'present' }],
        });
      }),
    );

    it.each(['read', 'coverage', 'evidence', 'findings', 'revisions'] as const)(
      '%s refuses an unknown series',
      async (name) => {
        await onFresh(options, async ({ store }) => {
          const calls = {
            read: () => readAll(store, 'nowhere'),
            coverage: () => store.coverage({ key: 'nowhere', range: EVER }),
            evidence: () => store.evidence({ key: 'nowhere', ids: ['x'] }),
            findings: () => store.findings({ key: 'nowhere', limit: 1 }),
            revisions: () => store.revisions({ key: 'nowhere', limit: 1 }),
          };
          expect(await codeOf(calls[name]())).toBe('SERIES_NOT_FOUND');
        })();
      },
    );
  });

  describe('coverage', () => {
    it(
      'joins runs over block bounds and leaves unasked time out',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(3_000) });
        await store.commit({ series, part: klineRows(5, at(4_000)) });
        await store.commit({
          series,
          part: aRunPart(series, { from: at(3_000), to: at(3_500), state: 'empty', evidence: 'e' }),
        });

        const expected: CoverageRun[] = [
          { from: T0, to: at(3_000), state: 'present' },
          { from: at(3_000), to: at(3_500), state: 'empty', evidence: 'e' },
          { from: at(4_000), to: at(4_005), state: 'present' },
        ];
        expect(await store.coverage({ key, range: EVER })).toEqual(expected);
        expect(runsIn(await readAll(store, key))).toEqual(expected);
        expect(await store.coverage({ key, range: { from: at(3_100), to: at(4_001) } })).toEqual([
          { from: at(3_100), to: at(3_500), state: 'empty', evidence: 'e' },
          { from: at(4_000), to: at(4_001), state: 'present' },
        ]);
      }),
    );
  });
}

function compactCases(options: SeriesOptions): void {
  describe('compact', () => {
    it.each([1, 7, 4_000])(
      'shows every reader the same between all its slices of %i rows',
      async (maxRows) => {
        await onFresh(options, async ({ store }) => {
          await store.ensureSeries({ series });
          const trades = aSeries({ dataType: 'trade' });
          await store.ensureSeries({ series: trades });
          await store.commit({ series, part: klineRows(40, at(-300)) });
          for (let i = 0; i < 24; i += 1) await store.commit({ series, part: klineRows(2, at(i * 3)) });
          const each = Array.from({ length: 24 }, (_, i) =>
            aPart(trades, [{ ts: T0 + (i >> 2), tie: `${i}`, values: ['1', String(i), null] }]),
          );
          const commitTrades = async (): Promise<boolean[]> =>
            (await Promise.all(each.map((part) => store.commit({ series: trades, part })))).map(
              (a) => a.changed,
            );
          await commitTrades();
          await store.commit({
            series,
            part: aPart(
              series,
              [klineRow(at(80))],
              [{ from: at(80), to: at(81), state: 'provisional', at: 3 }],
            ),
          });
          const before = [await contentOf(store, key), await contentOf(store, trades.key)];

          await compactAll(store, { settledBefore: EVER.to, maxRows }, async () => {
            expect([await contentOf(store, key), await contentOf(store, trades.key)]).toEqual(before);
            expect(await commitTrades()).not.toContain(true);
          });

          expect([await contentOf(store, key), await contentOf(store, trades.key)]).toEqual(before);
          expect(await store.compact({ settledBefore: EVER.to, maxRows })).toEqual({ rows: 0, more: false });
        })();
      },
    );

    it(
      'leaves alone what is not settled, and takes later writes as before',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        for (let i = 0; i < 300; i += 1) await store.commit({ series, part: klineRows(1, at(i)) });
        await compactAll(store, { settledBefore: at(290), maxRows: 4_000 });

        expect(await store.commit({ series, part: klineRows(300) })).toMatchObject({
          changed: false,
          conflicts: [],
        });
        expect((await store.commit({ series, part: klineRows(1, at(5), MINUTE, 2) })).conflicts).toHaveLength(
          1,
        );
        await store.commit({ series, part: klineRows(1, at(300)) });
        await compactAll(store, { settledBefore: at(299), maxRows: 4_000 });

        expect((await contentOf(store, key)).rows).toEqual(rowsOfSlots(0, 301));
      }),
    );

    it(
      'runs beside writers and readers',
      onFresh(options, async ({ store, second }) => {
        await store.ensureSeries({ series });
        const other = (await second?.()) ?? store;
        for (let i = 0; i < 40; i += 1) await store.commit({ series, part: klineRows(20, at(i * 20)) });

        await Promise.all([
          compactAll(other, { settledBefore: EVER.to, maxRows: 100 }),
          ...Array.from({ length: 40 }, (_, i) =>
            store.commit({ series, part: klineRows(10, at(800 + i * 10)) }),
          ),
          ...Array.from({ length: 10 }, async () =>
            expect((await contentOf(store, key, { from: T0, to: at(800) })).rows).toHaveLength(800),
          ),
        ]);

        expect((await contentOf(store, key)).rows).toEqual(rowsOfSlots(0, 1_200));
      }),
    );

    it(
      'finds nothing to do in an empty store',
      onFresh(options, async ({ store }) => {
        expect(await store.compact({ settledBefore: EVER.to, maxRows: 10 })).toEqual({
          rows: 0,
          more: false,
        });
      }),
    );
  });
}

function listCases(options: SeriesOptions): void {
  describe('evidence and findings', () => {
    it(
      'keeps evidence once and gives it by id',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const part = emptyPartOf(series);
        const first = anEvidence({ id: 'a', bracket: [T0, T0 + 5] });

        expect(
          (await store.commit({ series, part, evidence: [first, anEvidence({ id: 'b' })] })).changed,
        ).toBe(true);
        expect(
          (await store.commit({ series, part, evidence: [anEvidence({ id: 'a', reason: 'other' })] }))
            .changed,
        ).toBe(false);

        expect(await store.evidence({ key, ids: ['b', 'nothing', 'a'] })).toEqual([
          anEvidence({ id: 'b' }),
          first,
        ]);
        expect(await store.evidence({ key, ids: [] })).toEqual([]);
      }),
    );

    it(
      'keeps each finding once, newest first',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const part = emptyPartOf(series);
        const [early, late] = [aFinding({ at: T0 }), aFinding({ at: T0 + 9, code: 'clock_skew' })];

        await store.commit({ series, part, findings: [late, early] });
        await store.commit({ series, part, findings: [early] });

        expect(await store.findings({ key, limit: 10 })).toEqual([late, early]);
        expect(await store.findings({ key, limit: 1 })).toEqual([late]);
      }),
    );

    it(
      'keeps the first of findings that say the same, whichever run found them again',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const part = emptyPartOf(series);
        const first = aFinding({ detail: 'quote " and 中文' });
        await store.commit({ series, part, findings: [first] });
        const again = { ...first, at: T0 + 60_000, runId: 'another' };
        const others = [
          { ...again, detail: 'other' },
          { ...again, ts: T0 + 1 },
          { ...again, code: 'clock_skew' as const },
        ];

        expect((await store.commit({ series, part, findings: [again] })).changed).toBe(false);
        expect((await store.commit({ series, part, findings: others })).changed).toBe(true);

        expect(await store.findings({ key, limit: 10 })).toEqual([...others.reverse(), first]);
      }),
    );

    it(
      'lists findings by code and span, page by page, while others come',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const part = emptyPartOf(series);
        const found = Array.from({ length: 9 }, (_, i) =>
          aFinding({ ts: T0 + i, at: T0 + (i >> 1), code: i % 3 ? 'off_grid' : 'clock_skew' }),
        );
        await store.commit({ series, part, findings: found });
        const seen: number[] = [];
        let cursor: string | undefined;
        let later = 100;
        do {
          const page = await store.listFindings({ key, filter: { code: 'off_grid' }, limit: 2, cursor });
          seen.push(...page.items.map((f) => f.ts - T0));
          cursor = page.next;
          later += 1;
          await store.commit({ series, part, findings: [aFinding({ ts: T0 + later, at: T0 + later })] });
        } while (cursor !== undefined);

        expect(seen).toEqual([8, 7, 5, 4, 2, 1]);
        const filter = { from: T0 + 3, to: T0 + 7 };
        const span = await store.listFindings({ key, filter, limit: 4 });
        expect(span.items.map((f) => f.ts - T0)).toEqual([6, 5, 4, 3]);
        expect(span.next).toBeUndefined();
        expect(await store.countFindings({ key, filter })).toEqual({ off_grid: 2, clock_skew: 2 });
        expect(await store.countFindings({ key, filter: { ...filter, code: 'off_grid' } })).toEqual({
          off_grid: 2,
        });
        expect(await store.countFindings({ key, filter: { code: 'nothing' } })).toEqual({});
      }),
    );

    it(
      'refuses a cursor of findings it never gave',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const list = store.listFindings({ key, filter: {}, limit: 1, cursor: 'nonsense' });
        expect(await codeOf(list)).toBe('STORE_BAD_INPUT');
      }),
    );
  });
}

/** What readers see, whatever the store does meanwhile. */
export function seriesReadCases(options: SeriesOptions): void {
  readCases(options);
  compactCases(options);
  listCases(options);
}
