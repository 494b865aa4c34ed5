import {
  gridOf,
  mergeRuns,
  subtractRanges,
  unionRanges,
  type CoverageRun,
  type TimeRange,
} from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fewestPages, planConfirmations, planOpen, planPages } from './plan.ts';

const STEP = 60_000;
const grid = gridOf('1m');
const NOW = 1_000 * STEP;

const someRange = fc
  .tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 300 }))
  .map(([from, n]): TimeRange => ({ from: from * STEP, to: (from + n) * STEP }));

const someRun = fc
  .tuple(
    someRange,
    fc.constantFrom('present', 'empty', 'unavailable', 'failed', 'unconfirmed', 'provisional'),
    fc.integer({ min: 0, max: 3 * NOW }),
  )
  .map(([range, kind, at]): CoverageRun => {
    if (kind === 'unconfirmed')
      return { ...range, state: 'provisional', reason: 'unconfirmed', at, attempts: 1 };
    if (kind === 'failed') return { ...range, state: 'failed', attempts: 1, nextTryAt: at };
    return { ...range, state: kind as CoverageRun['state'] };
  });

const knownRuns = fc
  .array(someRun, { maxLength: 12 })
  .map((runs) => runs.reduce<CoverageRun[]>((known, run) => mergeRuns(known, [run]), []));

describe('planOpen', () => {
  it('asks for exactly what is neither settled, nor waiting for a confirming read, nor for its next try', () => {
    fc.assert(
      fc.property(someRange, knownRuns, (asked, known) => {
        const open = planOpen([asked], known, NOW);
        for (let ts = asked.from; ts < asked.to; ts += STEP) {
          const run = known.find((r) => r.from <= ts && ts < r.to);
          const nextTry = run?.state === 'failed' ? (run.nextTryAt ?? 0) : 0;
          // Further ahead than any retry is put off: a clock that has since gone back wrote it.
          const isPutOff = nextTry > NOW && nextTry <= NOW + 3_600_000;
          const waits = run?.reason === 'unconfirmed' || isPutOff;
          const settled = run !== undefined && ['present', 'empty', 'unavailable'].includes(run.state);
          expect(open.some((r) => r.from <= ts && ts < r.to)).toBe(!settled && !waits);
        }
      }),
    );
  });
});

describe('planPages', () => {
  it('covers all that is open in requests no longer than a page, none twice', () => {
    fc.assert(
      fc.property(
        fc.array(someRange, { maxLength: 8 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 0, max: 300 }).map((slot) => slot * STEP),
        (ranges, pageSize, origin) => {
          const open = unionRanges(ranges);
          const pages = planPages(grid, open, { pageSize, origin });
          for (const range of open) expect(subtractRanges(range, pages)).toEqual([]);
          for (const page of pages) expect((page.to - page.from) / STEP).toBeLessThanOrEqual(pageSize);
          const sorted = [...pages].sort((a, b) => a.from - b.from);
          for (const [i, page] of sorted.entries())
            expect(page.from).toBeGreaterThanOrEqual(sorted[i - 1]?.to ?? 0);
        },
      ),
    );
  });

  it('asks for the newest page first, then from old to new', () => {
    const pages = planPages(grid, [{ from: 0, to: 400 * STEP }], { pageSize: 100 });
    expect(pages.map((p) => p.from / STEP)).toEqual([300, 0, 100, 200]);
  });

  it('asks for the same windows whatever is left of them', () => {
    const pages = planPages(
      grid,
      [
        { from: 130 * STEP, to: 140 * STEP },
        { from: 190 * STEP, to: 210 * STEP },
      ],
      { pageSize: 100 },
    );
    expect(pages).toEqual([
      { from: 200 * STEP, to: 210 * STEP },
      { from: 130 * STEP, to: 200 * STEP },
    ]);
  });

  it('makes every page but the last full where the open stretch begins at the origin', () => {
    const range = { from: 130 * STEP, to: 440 * STEP };
    const pages = planPages(grid, [range], { pageSize: 100, origin: range.from });
    expect(pages.map((p) => [p.from / STEP, p.to / STEP])).toEqual([
      [430, 440],
      [130, 230],
      [230, 330],
      [330, 430],
    ]);
  });
});

describe('fewestPages', () => {
  const span = (slots: number): TimeRange => ({ from: 50 * STEP, to: (50 + slots) * STEP });
  const pagesOf = (slots: number): readonly TimeRange[] =>
    fewestPages(grid, [span(slots)], { pageSize: 100, origin: span(slots).from });

  it('counts from the first slot where that saves two requests in a hundred', () => {
    expect(pagesOf(200)).toEqual(planPages(grid, [span(200)], { pageSize: 100, origin: span(200).from }));
    expect(pagesOf(200)).toHaveLength(2);
  });

  it('keeps to the blocks where it would hardly save any', () => {
    expect(pagesOf(200_000)).toEqual(planPages(grid, [span(200_000)], { pageSize: 100 }));
    expect(pagesOf(200_000)).toHaveLength(2_001);
  });
});

describe('planConfirmations', () => {
  it('covers every absence, within the page size and the asked span', () => {
    fc.assert(
      fc.property(
        fc.array(someRange, { maxLength: 6 }),
        fc.integer({ min: 20, max: 200 }),
        fc.integer({ min: 1, max: 3 }),
        (ranges, pageSize, attempts) => {
          const absences = unionRanges(ranges).map((r): CoverageRun => ({
            ...r,
            state: 'provisional',
            reason: 'unconfirmed',
            attempts,
          }));
          const within = { from: 0, to: 1_300 * STEP };
          const windows = planConfirmations(grid, absences, pageSize, within);
          for (const absence of absences) expect(subtractRanges(absence, windows)).toEqual([]);
          for (const w of windows) {
            expect((w.to - w.from) / STEP).toBeLessThanOrEqual(pageSize);
            expect(w.from >= within.from && w.to <= within.to).toBe(true);
          }
        },
      ),
    );
  });

  it('never asks twice with the same bounds', () => {
    const absence = (attempts: number): CoverageRun => ({
      from: 500 * STEP,
      to: 503 * STEP,
      state: 'provisional',
      reason: 'unconfirmed',
      attempts,
    });
    const bounds = [1, 2, 3].map((n) =>
      JSON.stringify(planConfirmations(grid, [absence(n)], 1_000, { from: 0, to: NOW })),
    );
    expect(new Set(bounds).size).toBe(3);
  });
});
