import { describe, expect, it } from 'vitest';
import type {
  Retention,
  RetentionRule,
  RunHistory,
  SeriesStore,
  StoreUpkeep,
  TaskStore,
} from '@kairos/ports';
import {
  aDue,
  aFinding,
  anEvidence,
  aRunRecord,
  aSeries,
  aTask,
  emptyPartOf,
  klineRows,
  T0,
} from '../builders.ts';
import { codeOf, onFresh, type StoreBench, type StoreContractOptions } from './bench.ts';
import { contentOf } from './series-samples.ts';

/** The stores beside it are over the same data. */
export interface UpkeepBench extends StoreBench<StoreUpkeep> {
  readonly durable: boolean;
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly series: SeriesStore;
}

type Options = StoreContractOptions<UpkeepBench>;

const UID = 'aaaaaaaaaaaa';
const GONE = 'bbbbbbbbbbbb';
const series = aSeries();
const { key } = series;

const rule = (overrides: Partial<RetentionRule>): RetentionRule => ({
  before: -Infinity,
  least: 0,
  most: Infinity,
  ...overrides,
});

/** Walks until nothing is left to look at; checks that each slice keeps to its size. */
async function pruneAll(what: Retention, by: RetentionRule, limit = 1_000): Promise<number> {
  let removed = 0;
  let cursor: string | undefined;
  for (let slices = 0; ; slices += 1) {
    const slice = await what.prune({ rule: by, limit, cursor });
    expect(slice.removed).toBeLessThanOrEqual(limit);
    removed += slice.removed;
    cursor = slice.next;
    if (cursor === undefined) return removed;
    expect(slices, 'the walk comes to an end').toBeLessThan(1_000);
  }
}

/** A task with `n` runs, a second apart from `T0` on; and as many of a task that is gone. */
async function addRuns({ tasks, history }: UpkeepBench, n: number): Promise<void> {
  await tasks.create({ task: aTask({ uid: UID }), due: aDue({ uid: UID }) });
  for (const uid of [UID, GONE])
    for (let i = 0; i < n; i += 1) {
      const slot = T0 + i * 1_000;
      await history.put({ record: aRunRecord({ uid, slot, startedAt: slot, fence: i + 1 }) });
    }
}

async function addFindings({ series: store }: UpkeepBench, n: number): Promise<void> {
  await store.ensureSeries({ series });
  const findings = Array.from({ length: n }, (_, i) => aFinding({ ts: T0 + i, at: T0 + i * 1_000 }));
  await store.commit({ series, part: klineRows(3), findings, evidence: [anEvidence()] });
}

const slots = async (history: RunHistory, uid = UID): Promise<number[]> =>
  (await history.list({ uid, limit: 1_000 })).items.map((r) => (r.slot - T0) / 1_000);

const ages = async (store: SeriesStore): Promise<number[]> =>
  (await store.findings({ key, limit: 1_000 })).map((f) => (f.at - T0) / 1_000);

function runCases(options: Options): void {
  describe('runs', () => {
    it(
      'go when they are old, save the newest of a task that stands',
      onFresh(options, async (bench) => {
        await addRuns(bench, 6);

        expect(await pruneAll(bench.store.runs, rule({ before: T0 + 4_000, least: 3 }))).toBe(3 + 4);

        expect(await slots(bench.history)).toEqual([5, 4, 3]);
        expect(await slots(bench.history, GONE)).toEqual([5, 4]);
        expect(await pruneAll(bench.store.runs, rule({ before: T0 + 4_000, least: 3 }))).toBe(0);
      }),
    );

    it(
      'go when there are too many, whatever their age',
      onFresh(options, async (bench) => {
        await addRuns(bench, 6);
        expect(await pruneAll(bench.store.runs, rule({ most: 2 }))).toBe(8);
        expect(await slots(bench.history)).toEqual([5, 4]);
      }),
    );

    it(
      'stay where no rule asks for less',
      onFresh(options, async (bench) => {
        await addRuns(bench, 4);
        expect(await pruneAll(bench.store.runs, rule({}))).toBe(0);
        expect(await pruneAll(bench.store.runs, rule({ before: T0 }))).toBe(0);
        expect(await pruneAll(bench.store.runs, rule({ before: Infinity, least: 9, most: 9 }))).toBe(4);
        expect(await slots(bench.history)).toHaveLength(4);
        expect(await slots(bench.history, GONE)).toEqual([]);
      }),
    );

    it.each([1, 3, 1_000])('go oldest first, in slices of %d', async (limit) => {
      await onFresh(options, async (bench) => {
        await addRuns(bench, 8);
        const first = await bench.store.runs.prune({ rule: rule({ before: Infinity }), limit });
        const left = await slots(bench.history);
        expect(left).toEqual([7, 6, 5, 4, 3, 2, 1, 0].slice(0, left.length));
        expect(first.removed).toBe(Math.min(limit, 16));
        expect(await pruneAll(bench.store.runs, rule({ before: Infinity }), limit)).toBe(16 - first.removed);
        expect(await slots(bench.history)).toEqual([]);
      })();
    });

    it(
      'are walked task by task, however many there are',
      onFresh(options, async (bench) => {
        for (let i = 0; i < 70; i += 1) {
          const uid = `uid-${String(i).padStart(8, '0')}`;
          for (const slot of [T0, T0 + 1]) await bench.history.put({ record: aRunRecord({ uid, slot }) });
        }
        expect(await pruneAll(bench.store.runs, rule({ before: T0 + 1 }))).toBe(70);
      }),
    );

    it(
      'that are under way stay',
      onFresh(options, async (bench) => {
        await addRuns(bench, 2);
        const record = aRunRecord({ uid: UID, slot: T0 - 1, outcome: 'running', endedAt: null });
        await bench.history.put({ record });

        expect((await bench.store.runs.usage()).oldest).toBe(T0);
        await pruneAll(bench.store.runs, rule({ before: Infinity, most: 1 }));
        await bench.store.runs.pruneOldest({ bytes: Infinity, before: Infinity, limit: 1_000 });

        expect((await bench.history.list({ uid: UID, limit: 9 })).items).toEqual([record]);
      }),
    );

    it(
      'ordered by hand are remembered while their task stands, and no longer',
      onFresh(options, async (bench) => {
        await addRuns(bench, 1);
        for (const uid of [UID, GONE])
          await bench.history.put({ record: aRunRecord({ uid, kind: 'm', slot: 77 }) });
        const ran = (uid: string, kind: 's' | 'm', slot: number): Promise<boolean> =>
          bench.history.ran({ uid, kind, slot });

        await pruneAll(bench.store.runs, rule({ before: Infinity }));

        expect(await slots(bench.history)).toEqual([]);
        expect([await ran(UID, 'm', 77), await ran(UID, 's', T0), await ran(UID, 'm', 78)]).toEqual([
          true,
          false,
          false,
        ]);
        expect(await ran(GONE, 'm', 77)).toBe(false);
        await bench.tasks.remove({ uid: UID });
        expect(await ran(UID, 'm', 77)).toBe(false);
      }),
    );

    it(
      'that went leave tasks, due items and rows as they were',
      onFresh(options, async (bench) => {
        await addRuns(bench, 3);
        await addFindings(bench, 1);
        const before = [await contentOf(bench.series, key), await bench.tasks.getDue({ uid: UID })];

        await pruneAll(bench.store.runs, rule({ before: Infinity, most: 1 }));

        expect([await contentOf(bench.series, key), await bench.tasks.getDue({ uid: UID })]).toEqual(before);
        expect(await bench.tasks.getByUid({ uid: UID })).toEqual(aTask({ uid: UID }));
        expect(await ages(bench.series)).toEqual([0]);
      }),
    );
  });
}

function findingCases(options: Options): void {
  describe('findings', () => {
    it(
      'go when they are old, and when there are too many of a series',
      onFresh(options, async (bench) => {
        await addFindings(bench, 6);
        expect(await pruneAll(bench.store.findings, rule({ before: T0 + 1_500 }), 1)).toBe(2);
        expect(await ages(bench.series)).toEqual([5, 4, 3, 2]);
        expect(await pruneAll(bench.store.findings, rule({ most: 3 }))).toBe(1);
        expect(await ages(bench.series)).toEqual([5, 4, 3]);
        expect(await bench.series.countFindings({ key, filter: {} })).toEqual({ off_grid: 3 });
      }),
    );

    it(
      'that went leave rows, coverage, evidence and runs as they were, and may be found again',
      onFresh(options, async (bench) => {
        await addFindings(bench, 2);
        await addRuns(bench, 1);
        const before = await contentOf(bench.series, key);

        await pruneAll(bench.store.findings, rule({ before: Infinity }));

        expect(await ages(bench.series)).toEqual([]);
        expect(await contentOf(bench.series, key)).toEqual(before);
        expect(await bench.series.evidence({ key, ids: ['evidence-1'] })).toEqual([anEvidence()]);
        expect(await slots(bench.history)).toEqual([0]);
        const again = { series, part: emptyPartOf(series), findings: [aFinding({ at: T0 + 9_000 })] };
        expect((await bench.series.commit(again)).changed).toBe(true);
        expect(await ages(bench.series)).toEqual([9]);
      }),
    );
  });
}

function sizeCases(options: Options): void {
  const of = { runs: addRuns, findings: addFindings } as const;
  describe.each(['runs', 'findings'] as const)('size of %s', (name) => {
    it(
      'grows with each and falls with each that goes, to nothing',
      onFresh(options, async (bench) => {
        const what = bench.store[name];
        expect(await what.usage()).toEqual({ records: 0, bytes: 0, oldest: null });

        await of[name](bench, 10);

        const full = await what.usage();
        expect(full).toMatchObject({ records: name === 'runs' ? 20 : 10, oldest: T0 });
        expect(full.bytes / full.records).toBeGreaterThan(50);
        await pruneAll(what, rule({ before: T0 + 5_000 }));
        expect(await what.usage()).toMatchObject({ records: full.records / 2, oldest: T0 + 5_000 });
        await pruneAll(what, rule({ before: Infinity }));
        expect(await what.usage()).toEqual({ records: 0, bytes: 0, oldest: null });
      }),
    );

    it(
      'is brought down by the oldest of all, and by no more than was asked for',
      onFresh(options, async (bench) => {
        const what = bench.store[name];
        await of[name](bench, 10);
        const full = await what.usage();
        const each = full.bytes / full.records;

        expect(await what.pruneOldest({ bytes: each * 3.5, before: Infinity, limit: 2 })).toEqual({
          removed: 2,
        });
        const { removed } = await what.pruneOldest({ bytes: each * 3.5, before: Infinity, limit: 1_000 });

        expect(removed).toBeGreaterThanOrEqual(3);
        expect(removed).toBeLessThanOrEqual(5);
        const { bytes, oldest } = await what.usage();
        expect(bytes).toBeLessThanOrEqual(full.bytes - each * 3.5);
        expect(oldest).toBeGreaterThan(T0);
        expect(await what.pruneOldest({ bytes: Infinity, before: oldest ?? 0, limit: 9 })).toEqual({
          removed: 0,
        });
        expect(await what.pruneOldest({ bytes: 0, before: Infinity, limit: 9 })).toEqual({ removed: 0 });
      }),
    );
  });

  it(
    'of runs is right after lines were written over',
    onFresh(options, async ({ store, history }) => {
      await history.put({ record: aRunRecord({ outcome: 'running', endedAt: null }) });
      const one = await store.runs.usage();
      const error = { code: 'X', message: 'y'.repeat(500) };
      await history.put({ record: aRunRecord({ outcome: 'failed', error }) });
      await history.put({ record: aRunRecord({ outcome: 'running', endedAt: null }) });

      const two = await store.runs.usage();

      expect([one.records, one.oldest, two.records, two.oldest]).toEqual([1, null, 1, T0]);
      expect(two.bytes - one.bytes).toBeGreaterThan(500);
    }),
  );
}

/** The law of `StoreUpkeep`, for any store. */
export function upkeepContract(name: string, options: Options): void {
  describe(`StoreUpkeep: ${name}`, () => {
    runCases(options);
    findingCases(options);
    sizeCases(options);

    it(
      'remembers the last mark of a sweep, over a restart where it says so',
      onFresh(options, async (bench) => {
        expect(await bench.store.sweptAt()).toBeNull();
        await bench.store.markSwept({ at: T0 + 9 });
        await bench.store.markSwept({ at: T0 + 5 });
        expect(await bench.store.sweptAt()).toBe(T0 + 5);
        if (!bench.durable) return;
        expect(bench.reopen).toBeDefined();
        expect(await (await bench.reopen?.())?.sweptAt()).toBe(T0 + 5);
      }),
    );

    it.each(['runs', 'findings'] as const)('refuses a cursor for %s that it never gave', async (what) => {
      await onFresh(options, async ({ store }) => {
        expect(await codeOf(store[what].prune({ rule: rule({}), limit: 1, cursor: 'nonsense' }))).toBe(
          'STORE_BAD_INPUT',
        );
      })();
    });
  });
}
