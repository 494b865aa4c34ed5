import { hasRows, layoutOf, runAt, type CoverageRun, type Part } from '@kairos/domain';
import type {
  BudgetStore,
  InspectedHotRow,
  Page,
  RowKey,
  SeriesStore,
  StoreInspector,
  TaskHolding,
  TaskStore,
} from '@kairos/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aDue, anEvidence, aPart, aRunPart, aSeries, aTask, klineRow, klineRows, T0 } from '../builders.ts';
import { codeOf, onFresh, type StoreContractOptions } from './bench.ts';
import { compactAll, EVER, MINUTE, readAll, rowsIn, runsIn } from './series-samples.ts';

/** A fresh, empty store by all its doors. */
export interface StoreInspectorBench {
  readonly inspector: StoreInspector;
  readonly tasks: TaskStore;
  readonly series: SeriesStore;
  readonly budget: BudgetStore;
  /** Everything kept, in a form to be compared. */
  dump?(): Promise<unknown>;
  close(): Promise<void>;
}

type Options = StoreContractOptions<StoreInspectorBench>;

const series = aSeries();
const { key } = series;
const layout = layoutOf(series);
const BLOCK = layout.blockOf(T0);
const BLOCK_MS = layout.rangeOf(BLOCK).to - layout.rangeOf(BLOCK).from;
const SEED = 29;

/** The law of `StoreInspector`, for any adapter: it sees what the store's own doors show, as it lies. */
export function storeInspectorContract(name: string, options: Options): void {
  describe(`StoreInspector: ${name}`, () => {
    containerCases(options);
    taskCases(options);
    blockCases(options);
    pageCases(options);
    lawCases(options);
  });
}

async function allPages<T>(page: (after: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const next: Page<T> = await page(after);
    items.push(...next.items);
    after = next.next;
  } while (after !== undefined);
  return items;
}

/** Rows of one block in both tiers, and which tier promises them. */
async function keysIn(
  inspector: StoreInspector,
  block: number,
): Promise<{ readonly cold: RowKey[]; readonly hot: readonly RowKey[]; readonly runs: CoverageRun[] }> {
  const { chunk, hot, spans } = await inspector.block({ key, block });
  expect(chunk?.faults ?? []).toEqual([]);
  expect(chunk?.stated ?? 0).toBe(chunk?.rows?.n ?? 0);
  const cold = Array.from(chunk?.rows?.ts ?? [], (ts, i) => ({ ts, tie: chunk?.rows?.ties?.[i] ?? '' }));
  return { cold, hot, runs: [...(chunk?.states ?? []), ...spans] };
}

async function allBlocks(inspector: StoreInspector, limit: number): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    const page = await inspector.blocks({ key, limit, after: all.at(-1) });
    expect(page.length).toBeLessThanOrEqual(limit);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

function containerCases(options: Options): void {
  it(
    'finds nothing wrong with a new store, at a glance and in depth',
    onFresh(options, async ({ inspector }) => {
      expect(await inspector.container({ deep: false })).toEqual([]);
      expect(await inspector.container({ deep: true })).toEqual([]);
    }),
  );

  it(
    'shows every budget as it was put, by scope',
    onFresh(options, async ({ inspector, budget }) => {
      expect(await inspector.budgets()).toEqual([]);
      const item = { win: 7, used: 12.5, foreign: 3, banUntil: T0, v: 0 };
      for (const scope of ['default|b/api', 'default|a/api'])
        await budget.put({ item: { ...item, scope }, expectedV: 0 });

      expect(await inspector.budgets()).toEqual(
        ['default|a/api', 'default|b/api'].map((scope) => ({
          scope,
          item: { ...item, scope, v: 1 },
          fault: undefined,
        })),
      );
    }),
  );
}

function taskCases(options: Options): void {
  it(
    'shows a task with its due item, and an unknown uid as nothing',
    onFresh(options, async ({ inspector, tasks }) => {
      const task = aTask();
      const due = aDue();
      await tasks.create({ task, due });

      const holding: TaskHolding = { uid: task.uid, task, due, faults: [] };
      expect(await inspector.holding({ uid: task.uid })).toEqual(holding);
      expect(await inspector.holdings({ limit: 10 })).toEqual({ items: [holding] });
      const nothing = { uid: 'zzzzzzzzzzzz', task: undefined, due: undefined, faults: [] };
      expect(await inspector.holding({ uid: nothing.uid })).toEqual(nothing);
    }),
  );

  it(
    'lists uids ascending, in pages, and forgets the removed',
    onFresh(options, async ({ inspector, tasks }) => {
      for (const c of ['d', 'a', 'c', 'e', 'b']) {
        const uid = c.repeat(12);
        await tasks.create({ task: aTask({ uid, taskId: c }), due: aDue({ uid }) });
      }
      await tasks.remove({ uid: 'c'.repeat(12) });

      for (const limit of [1, 2, 3, 10]) {
        const all = await allPages((after) => inspector.holdings({ limit, after }));
        expect(all.map((h) => h.task?.taskId)).toEqual(['a', 'b', 'd', 'e']);
      }
    }),
  );
}

function blockCases(options: Options): void {
  it(
    'refuses to look into a series that is not kept',
    onFresh(options, async ({ inspector }) => {
      expect(await codeOf(inspector.blocks({ key, limit: 1 }))).toBe('SERIES_NOT_FOUND');
      expect(await codeOf(inspector.block({ key, block: 0 }))).toBe('SERIES_NOT_FOUND');
      expect(await codeOf(inspector.spans({ key, limit: 1 }))).toBe('SERIES_NOT_FOUND');
    }),
  );

  it(
    'lists the blocks that hold rows, ascending, in pages',
    onFresh(options, async ({ inspector, series: store }) => {
      await store.ensureSeries({ series });
      expect(await inspector.blocks({ key, limit: 10 })).toEqual([]);
      for (const n of [9, 0, 4]) await store.commit({ series, part: klineRows(40, T0 + n * BLOCK_MS) });
      await store.commit({ series, part: klineRows(2, T0 + 6 * BLOCK_MS) });

      for (const limit of [1, 2, 10]) {
        const places = (await allBlocks(inspector, limit)).map((block) => block - BLOCK);
        expect(places).toEqual([0, 4, 6, 9]);
      }
    }),
  );

  it(
    'shows a block with no more than lies in it',
    onFresh(options, async ({ inspector, series: store }) => {
      await store.ensureSeries({ series });
      await store.commit({ series, part: klineRows(40, layout.rangeOf(BLOCK + 1).from - 20 * MINUTE) });

      const [first, second] = [await keysIn(inspector, BLOCK), await keysIn(inspector, BLOCK + 1)];
      expect(first.cold.length + first.hot.length).toBe(20);
      expect(second.cold.length + second.hot.length).toBe(20);
      const { chunk, hot } = await inspector.block({ key, block: BLOCK + 7 });
      expect({ chunk, hot }).toEqual({ chunk: undefined, hot: [] });
    }),
  );
}

function pageCases(options: Options): void {
  it(
    'shows facts and rows outside chunks the same in pages of any size',
    onFresh(options, async ({ inspector, series: store }) => {
      await store.ensureSeries({ series });
      for (let i = 0; i < 9; i += 1) {
        const ts = T0 + 2 * i * MINUTE;
        const run: CoverageRun = { from: ts, to: ts + MINUTE, state: 'provisional', at: T0 };
        await store.commit({ series, part: aPart(series, [klineRow(ts)], [run]) });
      }
      const spans = await inspector.spans({ key, limit: 1_000 });
      expect(spans.map((s) => s.from)).toEqual([...spans.map((s) => s.from)].sort((a, b) => a - b));
      const few: CoverageRun[] = [];
      for (let page = await inspector.spans({ key, limit: 2 }); page.length > 0;) {
        few.push(...page);
        page = await inspector.spans({ key, limit: 2, after: few.at(-1)?.from });
      }
      expect(few).toEqual(spans);

      const rows = (limit: number): Promise<InspectedHotRow[]> =>
        allPages((after) => inspector.hotRows({ limit, after }));
      const hot = await rows(1_000);
      expect(await rows(2)).toEqual(hot);
      for (const row of hot) {
        expect(row).toMatchObject({ key, fault: undefined, run: { state: 'provisional' } });
        expect(row.run && row.run.from <= row.ts && row.ts < row.run.to).toBe(true);
      }
    }),
  );
}

type Step =
  | { readonly kind: 'rows'; readonly at: number; readonly n: number; readonly open: boolean }
  | { readonly kind: 'empty'; readonly at: number; readonly n: number }
  | { readonly kind: 'compact'; readonly at: number };

const place = fc.integer({ min: -40, max: 60 });
const aStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('rows'), at: place, n: fc.integer({ min: 1, max: 50 }), open: fc.boolean() }),
  fc.record({ kind: fc.constant('empty'), at: place, n: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('compact'), at: place }),
);

/** Around the bound of two blocks. */
const instant = (at: number): number => layout.rangeOf(BLOCK).to + at * MINUTE;

async function play(store: SeriesStore, step: Step): Promise<void> {
  if (step.kind === 'compact') {
    await compactAll(store, { settledBefore: instant(step.at), maxRows: 7 });
    return;
  }
  const from = instant(step.at);
  const to = from + step.n * MINUTE;
  let part: Part;
  if (step.kind === 'empty') part = aRunPart(series, { from, to, state: 'empty', evidence: 'evidence-1' });
  else {
    const { batch } = klineRows(step.n, from);
    part = {
      batch,
      runs: [{ from, to, ...(step.open ? { state: 'provisional', at: T0 } : { state: 'present' }) }],
    };
  }
  await store.commit({ series, part, evidence: [anEvidence()] });
}

function lawCases(options: Options): void {
  it('sees each row once, in one tier, where a fact promises it, and all that a reader sees', async () => {
    const law = fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 8 }), async (steps) => {
      await onFresh(options, async ({ inspector, series: store }) => {
        await store.ensureSeries({ series });
        for (const step of steps) await play(store, step);

        const keys: RowKey[] = [];
        for (const block of await allBlocks(inspector, 3)) {
          const { cold, hot, runs } = await keysIn(inspector, block);
          const bounds = layout.rangeOf(block);
          for (const k of [...cold, ...hot]) {
            expect(k.ts >= bounds.from && k.ts < bounds.to).toBe(true);
            expect(runs.some((run) => hasRows(run) && run.from <= k.ts && k.ts < run.to)).toBe(true);
          }
          keys.push(...cold, ...hot);
        }
        const parts = await readAll(store, key, EVER);
        expect(keys.map((k) => k.ts).sort((a, b) => a - b)).toEqual(rowsIn(parts).map((row) => row.ts));
        const runs = runsIn(parts);
        for (const k of keys) expect(runAt(runs, k.ts)?.state).toMatch(/present|provisional/);
      })();
    });
    await fc.assert(law, { numRuns: 25, seed: SEED });
  });

  it(
    'writes nothing',
    onFresh(options, async (bench) => {
      const { inspector, series: store, tasks } = bench;
      await tasks.create({ task: aTask(), due: aDue() });
      await store.ensureSeries({ series });
      await store.commit({ series, part: klineRows(40) });
      const before = await bench.dump?.();

      await inspector.container({ deep: true });
      await inspector.holdings({ limit: 10 });
      for (const block of await inspector.blocks({ key, limit: 10 })) await inspector.block({ key, block });
      await inspector.spans({ key, limit: 10 });
      await inspector.hotRows({ limit: 10 });
      await inspector.budgets();

      expect(await bench.dump?.()).toEqual(before);
      expect(rowsIn(await readAll(store, key))).toHaveLength(40);
    }),
  );
}
