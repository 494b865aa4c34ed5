import { describe, expect, it } from 'vitest';
import { BLOCK_SLOTS, emptyPart, KLINE, type CoverageRun } from '@kairos/domain';
import {
  aDue,
  aFinding,
  aPart,
  aRunPart,
  aSeries,
  aTask,
  anEvidence,
  klineRow,
  klineRows,
  T0,
} from '../builders.ts';
import { codeOf, onFresh } from './bench.ts';
import { contentOf, firstRow, MINUTE, SAMPLES, type SeriesOptions } from './series-samples.ts';

const series = aSeries();
const { key } = series;
const at = (slot: number): number => T0 + slot * MINUTE;
const run = (
  from: number,
  to: number,
  state: CoverageRun['state'],
  more: Partial<CoverageRun> = {},
): CoverageRun => ({
  from: at(from),
  to: at(to),
  state,
  ...more,
});

function mergeCases(options: SeriesOptions): void {
  describe('commit', () => {
    it(
      'refuses a series it does not know',
      onFresh(options, async ({ store }) => {
        expect(await codeOf(store.commit({ series, part: klineRows(1) }))).toBe('SERIES_NOT_FOUND');
      }),
    );

    it.each([1, 40, 3 * BLOCK_SLOTS + 7])('keeps %i rows and their run', async (n) => {
      await onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const part = klineRows(n);

        expect(await store.commit({ series, part })).toEqual({ changed: true, conflicts: [], revised: [] });

        const { rows, runs } = await contentOf(store, key);
        expect(rows).toEqual(Array.from({ length: n }, (_, i) => klineRow(at(i))));
        expect(runs).toEqual(part.runs);
      })();
    });

    it.each(SAMPLES.map((s) => [s.series.dataType, s] as const))(
      'brings %s records back value for value',
      async (_, { series: own, row }) => {
        await onFresh(options, async ({ store }) => {
          await store.ensureSeries({ series: own });
          const rows = Array.from({ length: 90 }, (_unused, i) => row(i));

          for (const slice of [rows.slice(0, 2), rows.slice(2, 70), rows.slice(70)]) {
            await store.commit({ series: own, part: aPart(own, slice) });
          }
          await store.compact({ settledBefore: T0 * 2, maxRows: 1_000 });

          expect((await contentOf(store, own.key)).rows).toEqual(rows);
        })();
      },
    );

    it.each([5, 700, 2_500])('changes nothing the second time (%i rows)', async (n) => {
      await onFresh(options, async ({ store, dump }) => {
        await store.ensureSeries({ series });
        const request = {
          series,
          part: {
            batch: klineRows(n).batch,
            runs: [run(0, n, 'present'), run(n, n + 9, 'empty', { evidence: 'evidence-1', grade: 1 })],
          },
          evidence: [anEvidence()],
          findings: [aFinding()],
        };
        await store.commit(request);
        const before = await dump?.();

        const again = await store.commit(request);

        expect(again).toEqual({ changed: false, conflicts: [], revised: [] });
        expect(await dump?.()).toEqual(before);
      })();
    });

    it.each([1, 50])('keeps what is final and reports what differs (%i rows)', async (n) => {
      await onFresh(options, async ({ store, dump }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(n) });
        const before = await dump?.();

        const answer = await store.commit({ series, part: klineRows(n, T0, MINUTE, 1) });

        expect(answer.changed).toBe(false);
        expect(answer.conflicts).toEqual(
          Array.from({ length: n }, (_, i) => ({ stored: klineRow(at(i)), incoming: klineRow(at(i), 1) })),
        );
        expect(await dump?.()).toEqual(before);
        expect((await contentOf(store, key)).rows).toEqual(
          Array.from({ length: n }, (_, i) => klineRow(at(i))),
        );
      })();
    });

    it(
      'takes new rows beside reported conflicts',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(3) });

        const answer = await store.commit({ series, part: klineRows(5, T0, MINUTE, 1) });

        expect(answer.changed).toBe(true);
        expect(answer.conflicts).toHaveLength(3);
        expect((await contentOf(store, key)).rows.map((r) => r.values)).toEqual(
          [0, 1, 2, 3, 4].map((i) => klineRow(at(i), i < 3 ? 0 : 1).values),
        );
      }),
    );

    it(
      'replaces a provisional row by a later one, and by the final one',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const open = (seed: number, readAt: number) =>
          aPart(series, [klineRow(T0, seed)], [run(0, 1, 'provisional', { at: readAt })]);

        await store.commit({ series, part: open(1, 10) });
        await store.commit({ series, part: open(2, 20) });
        expect(await store.commit({ series, part: open(3, 15) })).toMatchObject({
          changed: false,
          conflicts: [],
        });
        const provisional = await contentOf(store, key);
        expect(provisional).toEqual({
          rows: [klineRow(T0, 2)],
          runs: [run(0, 1, 'provisional', { at: 20 })],
        });

        await store.commit({ series, part: klineRows(1) });
        expect(await store.commit({ series, part: open(4, 30) })).toMatchObject({
          changed: false,
          conflicts: [],
        });

        expect(await contentOf(store, key)).toEqual({ rows: [klineRow(T0)], runs: [run(0, 1, 'present')] });
      }),
    );

    it(
      'makes a provisional row final when the same values come as final',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const rows = Array.from({ length: 50 }, (_, i) => klineRow(at(i)));
        await store.commit({
          series,
          part: aPart(series, rows, [run(0, 49, 'present'), run(49, 50, 'provisional', { at: 5 })]),
        });
        await store.commit({ series, part: aPart(series, rows.slice(49)) });

        expect(await contentOf(store, key)).toEqual({ rows, runs: [run(0, 50, 'present')] });
      }),
    );

    it(
      'keeps rows and states of one commit or nothing at all',
      onFresh(options, async ({ store, dump }) => {
        await store.ensureSeries({ series });
        const before = await dump?.();

        expect(
          await codeOf(
            store.commit({
              series,
              part: aPart(series, [klineRow(at(1)), klineRow(T0)], [run(0, 1, 'present')]),
            }),
          ),
        ).toBe('STORE_BAD_INPUT');

        expect(await dump?.()).toEqual(before);
        expect(await contentOf(store, key)).toEqual({ rows: [], runs: [] });
      }),
    );

    it.each([
      [
        'unsorted rows',
        { ...klineRows(2), batch: { ...klineRows(2).batch, ts: Float64Array.of(at(1), at(0)) } },
      ],
      [
        'rows of another type',
        aPart(aSeries({ dataType: 'trade' }), [{ ts: T0, tie: 'a', values: ['1', '1', null] }]),
      ],
      ['rows in a run that says there are none', aPart(series, [klineRow(T0)], [run(0, 1, 'empty')])],
      ['runs out of order', aRunPart(series, run(5, 6, 'failed'), run(0, 1, 'failed'))],
      ['runs that overlap', aRunPart(series, run(0, 6, 'failed'), run(5, 7, 'empty'))],
    ])('refuses %s', async (_, part) => {
      await onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        expect(await codeOf(store.commit({ series, part }))).toBe('STORE_BAD_INPUT');
      })();
    });

    it(
      'keeps both of two handles writing at once',
      onFresh(options, async ({ store, second }) => {
        await store.ensureSeries({ series });
        const other = (await second?.()) ?? store;

        await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            (i % 2 ? other : store).commit({ series, part: klineRows(70, at(i * 60)) }),
          ),
        );

        expect((await contentOf(store, key)).rows).toEqual(
          Array.from({ length: 1_210 }, (_, i) => klineRow(at(i))),
        );
      }),
    );
  });
}

function stateCases(options: SeriesOptions): void {
  describe('commit of states without rows', () => {
    it(
      'keeps every state and what is known of it',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        const runs = [
          run(0, 2, 'unavailable', { reason: 'before_listing', evidence: 'e1' }),
          run(2, 3, 'empty', { reason: 'no_trade', evidence: 'e2', grade: 3 }),
          run(5, 6, 'failed', { error: 'SOURCE_UNAVAILABLE', attempts: 2, at: 7, nextTryAt: 99 }),
          run(6, 8, 'provisional', { reason: 'unconfirmed', attempts: 1, at: 8, evidence: 'e3' }),
        ];

        await store.commit({ series, part: aRunPart(series, ...runs) });

        expect(await contentOf(store, key)).toEqual({ rows: [], runs });
      }),
    );

    it(
      'lets the stronger state stand, whichever came first',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: aRunPart(series, run(0, 10, 'failed', { attempts: 1, at: 1 })) });
        await store.commit({ series, part: aRunPart(series, run(4, 6, 'empty', { evidence: 'e' })) });
        expect(
          await store.commit({ series, part: aRunPart(series, run(4, 6, 'failed', { attempts: 2, at: 2 })) }),
        ).toMatchObject({ changed: false });

        await store.commit({ series, part: klineRows(1, at(5)) });

        expect((await contentOf(store, key)).runs).toEqual([
          run(0, 4, 'failed', { attempts: 1, at: 1 }),
          run(4, 5, 'empty', { evidence: 'e' }),
          run(5, 6, 'present'),
          run(6, 10, 'failed', { attempts: 1, at: 1 }),
        ]);
      }),
    );

    it(
      'takes a run over years, under rows that were there and rows that come',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(600, at(50)) });
        const years: CoverageRun = {
          from: T0 - 2_000_000 * MINUTE,
          to: at(2_000_000),
          state: 'unavailable',
          reason: 'look_back',
        };

        await store.commit({ series, part: aRunPart(series, years) });
        expect(await store.commit({ series, part: aRunPart(series, years) })).toMatchObject({
          changed: false,
        });
        await store.commit({ series, part: klineRows(600, at(-5_000)) });

        expect((await contentOf(store, key)).runs).toEqual([
          { ...years, to: at(-5_000) },
          run(-5_000, -4_400, 'present'),
          { ...years, from: at(-4_400), to: at(50) },
          run(50, 650, 'present'),
          { ...years, from: at(650) },
        ]);
      }),
    );

    it(
      'keeps an event stretch without events as present',
      onFresh(options, async ({ store }) => {
        const trades = aSeries({ dataType: 'trade' });
        await store.ensureSeries({ series: trades });
        const day = { from: T0, to: T0 + 86_400_000, state: 'present' as const };
        const row = { ts: T0 + 5_000_000, tie: 'x', values: ['1', '2', null] };

        await store.commit({ series: trades, part: aRunPart(trades, day) });
        await store.commit({
          series: trades,
          part: aPart(trades, [row], [{ ...day, from: T0 + 4_000_000, to: T0 + 6_000_000 }]),
        });

        expect(await contentOf(store, trades.key)).toEqual({ rows: [row], runs: [day] });
      }),
    );
  });
}

function fenceCases(options: SeriesOptions): void {
  describe('commit under a fence', () => {
    it(
      'refuses a run that is not the newest, where it checks',
      onFresh(options, async ({ store, tasks }) => {
        if (store.capabilities.fencing === 'ignored') return;
        expect(tasks).toBeDefined();
        await store.ensureSeries({ series });
        const task = aTask();
        const { uid } = task;
        await tasks?.create({ task, due: aDue({ fence: 4 }) });
        const commit = (fence: number, name = uid) =>
          store.commit({ series, part: klineRows(1), fence: { uid: name, fence }, evidence: [anEvidence()] });

        expect(await codeOf(commit(3))).toBe('LEASE_LOST');
        expect(await codeOf(commit(5))).toBe('LEASE_LOST');
        expect(await codeOf(commit(4, 'nobody'))).toBe('LEASE_LOST');
        expect(await contentOf(store, key)).toEqual({ rows: [], runs: [] });
        expect(await store.evidence({ key, ids: ['evidence-1'] })).toEqual([]);

        expect((await commit(4)).changed).toBe(true);
        await tasks?.remove({ uid });
        expect(await codeOf(commit(4))).toBe('LEASE_LOST');
      }),
    );

    it(
      'lets each of many concurrent commits stand or fall alone',
      onFresh(options, async ({ store, tasks }) => {
        if (store.capabilities.fencing === 'ignored') return;
        await store.ensureSeries({ series });
        await tasks?.create({ task: aTask(), due: aDue({ fence: 1 }) });

        const answers = await Promise.allSettled(
          [0, 1, 2, 3].map((i) =>
            store.commit({ series, part: klineRows(1, at(i)), fence: { uid: 'aaaaaaaaaaaa', fence: i % 2 } }),
          ),
        );

        expect(answers.map((a) => a.status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
        expect((await contentOf(store, key)).rows.map((r) => r.ts)).toEqual([at(1), at(3)]);
      }),
    );
  });
}

function revisionCases(options: SeriesOptions): void {
  describe('commit of revisions', () => {
    const revision = (ts: number, from: number, to: number) => ({
      from: klineRow(ts, from),
      to: klineRow(ts, to),
      reason: 'venue_restated',
      at: T0 + 5,
    });

    it.each([3, 700])('replaces the old value, logs it, once (%i rows)', async (n) => {
      await onFresh(options, async ({ store, dump }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(n) });
        const wanted = revision(at(1), 0, 9);

        const answer = await store.commit({ series, part: emptyPart(KLINE), revisions: [wanted] });
        const before = await dump?.();
        const again = await store.commit({ series, part: emptyPart(KLINE), revisions: [wanted] });

        expect(answer).toEqual({ changed: true, conflicts: [], revised: [wanted] });
        expect(again).toEqual({ changed: false, conflicts: [], revised: [] });
        expect(await dump?.()).toEqual(before);
        const { rows, runs } = await contentOf(store, key);
        expect(rows[1]).toEqual(klineRow(at(1), 9));
        expect(rows).toHaveLength(n);
        expect(runs).toEqual([run(0, n, 'present')]);
        const logged = await store.revisions({ key, limit: 10 });
        expect(logged).toEqual([{ ...wanted, loggedAt: expect.any(Number) as number }]);
      })();
    });

    it(
      'leaves alone what no longer holds the old value',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(2) });

        const answer = await store.commit({
          series,
          part: emptyPart(KLINE),
          revisions: [revision(at(0), 5, 6), revision(at(7), 0, 1)],
        });

        expect(answer).toEqual({ changed: false, conflicts: [], revised: [] });
        expect(await store.revisions({ key, limit: 10 })).toEqual([]);
      }),
    );

    it(
      'comes before the merge, so the new value in the same commit is no conflict',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(2) });

        const answer = await store.commit({
          series,
          part: klineRows(1, T0, MINUTE, 4),
          revisions: [revision(T0, 0, 4)],
        });

        expect(answer.conflicts).toEqual([]);
        expect(firstRow({ batch: klineRows(1, T0, MINUTE, 4).batch, runs: [] })).toEqual(
          (await contentOf(store, key)).rows[0],
        );
      }),
    );

    it(
      'logs in order, over any number of blocks',
      onFresh(options, async ({ store }) => {
        await store.ensureSeries({ series });
        await store.commit({ series, part: klineRows(2_500) });
        await store.commit({
          series,
          part: emptyPart(KLINE),
          revisions: [revision(at(2_400), 0, 1), revision(at(3), 0, 1)],
        });
        await store.commit({ series, part: emptyPart(KLINE), revisions: [revision(at(3), 1, 2)] });

        const logged = await store.revisions({ key, limit: 10 });
        expect(logged.map((r) => [r.from.ts, r.to.values])).toEqual([
          [at(3), klineRow(at(3), 1).values],
          [at(2_400), klineRow(at(2_400), 1).values],
          [at(3), klineRow(at(3), 2).values],
        ]);
        expect(await store.revisions({ key, limit: 1 })).toHaveLength(1);
      }),
    );
  });
}

/** What a commit leaves behind. */
export function seriesCommitCases(options: SeriesOptions): void {
  mergeCases(options);
  stateCases(options);
  fenceCases(options);
  revisionCases(options);
}
