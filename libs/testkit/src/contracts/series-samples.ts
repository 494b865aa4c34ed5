import { expect } from 'vitest';
import {
  coalesceRuns,
  compareKeys,
  rowAt,
  rowsOf,
  type CoverageRun,
  type Part,
  type Row,
  type Series,
  type TimeRange,
} from '@kairos/domain';
import type { SeriesStore, TaskStore } from '@kairos/ports';
import { aSeries, klineRow, T0 } from '../builders.ts';
import type { StoreBench, StoreContractOptions } from './bench.ts';

export interface SeriesStoreBench extends StoreBench<SeriesStore> {
  /** The task store beside it. Required where `capabilities.fencing` is `checked`. */
  readonly tasks?: TaskStore;
}

export type SeriesOptions = StoreContractOptions<SeriesStoreBench>;

export const MINUTE = 60_000;
/** All the time the suite writes to. */
export const EVER: TimeRange = { from: 0, to: T0 * 2 };

/** Everything in the range; checks on the way that parts ascend, do not overlap, and keep inside it. */
export async function readAll(store: SeriesStore, key: string, range: TimeRange = EVER): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of store.read({ key, range })) {
    const last = parts.at(-1);
    const first = part.runs[0];
    if (first)
      expect(first.from).toBeGreaterThanOrEqual(Math.max(range.from, last?.runs.at(-1)?.to ?? range.from));
    expect(part.runs.at(-1)?.to ?? range.to).toBeLessThanOrEqual(range.to);
    if (last && last.batch.n > 0 && part.batch.n > 0) {
      expect(compareKeys(last.batch, last.batch.n - 1, part.batch, 0)).toBeLessThan(0);
    }
    parts.push(part);
  }
  return parts;
}

export const rowsIn = (parts: readonly Part[]): Row[] => parts.flatMap((p) => [...rowsOf(p.batch)]);
export const runsIn = (parts: readonly Part[]): CoverageRun[] => coalesceRuns(parts.flatMap((p) => p.runs));

/** Rows and coverage as `read` and `coverage` tell them; fails when the two disagree. */
export async function contentOf(
  store: SeriesStore,
  key: string,
  range: TimeRange = EVER,
): Promise<{ rows: Row[]; runs: readonly CoverageRun[] }> {
  const parts = await readAll(store, key, range);
  const runs = await store.coverage({ key, range });
  expect(runsIn(parts)).toEqual(runs);
  return { rows: rowsIn(parts), runs };
}

/** Folds until nothing is left to fold; `check` runs after every slice. */
export async function compactAll(
  store: SeriesStore,
  p: { readonly settledBefore: number; readonly maxRows: number },
  check: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  let rows = 0;
  for (let slices = 0; ; slices += 1) {
    const slice = await store.compact(p);
    expect(slice.rows).toBeLessThanOrEqual(p.maxRows);
    rows += slice.rows;
    await check();
    if (!slice.more) return rows;
    expect(slice.rows, 'a slice that leaves more to do has done something').toBeGreaterThan(0);
    expect(slices, 'compaction comes to an end').toBeLessThan(10_000);
  }
}

/** One series of each data type, with the row at its i-th place in time. */
export const SAMPLES: readonly { readonly series: Series; row(i: number): Row }[] = [
  { series: aSeries(), row: (i) => klineRow(T0 + i * MINUTE) },
  {
    series: aSeries({ dataType: 'ticker' }),
    row: (i) => ({
      ts: T0 + i * MINUTE,
      values: [
        i % 3 ? T0 + i * MINUTE + 17 : null,
        T0 + i * MINUTE + 40,
        '40000.5',
        '40000.4',
        '40000.6',
        '0.00000001',
        null,
        null,
        '1',
        '-0.5',
        '123456789012345.678901',
        '9007199254740993.25',
      ],
    }),
  },
  {
    series: aSeries({ dataType: 'order_book' }),
    row: (i) => ({
      ts: T0 + i * MINUTE,
      values: [
        null,
        T0 + i * MINUTE + 5,
        [
          ['100.5', '1'],
          ['100.4', String(i)],
        ],
        i % 2 ? [] : [['100.6', '0.25']],
        i % 5 ? i : null,
      ],
    }),
  },
  {
    series: aSeries({ dataType: 'trade' }),
    row: (i) => ({
      ts: T0 + Math.floor(i / 3) * 997,
      tie: `id-${i % 3}`,
      values: [`40000.${(i % 9) + 1}`, '0.001', [null, 'buy', 'sell'][i % 3] ?? null],
    }),
  },
  {
    series: aSeries({ dataType: 'funding', timeframe: '8h' }),
    row: (i) => ({
      ts: T0 + i * 28_800_000 + (i % 7),
      values: [i % 2 ? '0.0001' : '-0.00012345', i % 4 ? null : '40123.5'],
    }),
  },
  {
    series: aSeries({ dataType: 'fund_nav', timeframe: '1d', source: 'akshare', instrument: 'fund:000001' }),
    row: (i) => ({
      ts: T0 + i * 86_400_000,
      values: ['1.2345', i % 2 ? '3.21' : null, i % 3 ? null : '暂停申购'],
    }),
  },
];

export const firstRow = (part: Part): Row => rowAt(part.batch, 0);
