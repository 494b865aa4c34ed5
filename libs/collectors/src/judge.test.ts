import { batchOfRows, gridOf, isSorted, KLINE, subtractRanges, type Row } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgePage, type Judged } from './judge.ts';

const STEP = 60_000;
const row = (slot: number, close = '5', offset = 0): Row => ({
  ts: slot * STEP + offset,
  values: ['5', '9', '1', close, '3', null, null],
});
const range = { from: 10 * STEP, to: 30 * STEP };
const judge = (rows: readonly Row[]): Judged =>
  judgePage({
    batch: batchOfRows(KLINE, rows),
    range,
    grid: gridOf('1m'),
    expected: [range],
    at: 7,
    runId: 'r',
  });
const slots = (ranges: readonly { from: number; to: number }[]): number[][] =>
  ranges.map((r) => [r.from / STEP, r.to / STEP]);
const between = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => row(from + i));

describe('judgePage', () => {
  it('takes an empty page as the absence of all that was asked for', () => {
    expect(slots(judge([]).absent)).toEqual([[10, 30]]);
  });

  it('believes holes between rows, and not what a shortened page leaves out at its ends', () => {
    const judged = judge([...between(12, 15), ...between(18, 25)]);
    expect(slots(judged.filled)).toEqual([
      [12, 15],
      [18, 25],
    ]);
    expect(slots(judged.absent)).toEqual([[15, 18]]);
    expect(slots(judged.unanswered)).toEqual([
      [10, 12],
      [25, 30],
    ]);
  });

  it('lets rows beyond the range witness its ends', () => {
    const judged = judge([row(9), ...between(12, 30), row(30)]);
    expect(slots(judged.absent)).toEqual([[10, 12]]);
    expect(judged.batch.n).toBe(18);
  });

  it('does not take another window for an answer', () => {
    const judged = judge(between(100, 120));
    expect([judged.batch.n, judged.absent.length]).toEqual([0, 0]);
    expect(slots(judged.unanswered)).toEqual([[10, 30]]);
  });

  it('drops equal duplicates in silence, and reports differing ones', () => {
    expect(judge([...between(10, 30), row(12)]).findings).toEqual([]);
    const judged = judge([...between(10, 30), row(12, '6')]);
    expect(judged.findings.map((f) => f.code)).toEqual(['duplicate_differs']);
    expect(judged.batch.n).toBe(20);
  });

  it('reports a row off the grid, keeps it out, and tells its slot from one where nothing is', () => {
    const judged = judge([...between(10, 15), row(15, '5', 489), ...between(17, 30)]);
    expect(judged.findings.map((f) => f.code)).toEqual(['off_grid']);
    expect([judged.batch.n, judged.unanswered]).toEqual([18, []]);
    expect(slots(judged.absent)).toEqual([[15, 17]]);
    expect(slots(judged.offGrid)).toEqual([[15, 16]]);
  });

  it('leaves no slot in doubt: each is filled, absent or unanswered, and only one of them', () => {
    const anyRow = fc
      .tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom('4', '5'), fc.constantFrom(0, 0, 0, 17))
      .map(([s, c, o]) => row(s, c, o));
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 40 }), (rows) => {
        const judged = judge(rows);
        const parts = [judged.filled, judged.absent, judged.unanswered];
        expect(subtractRanges(range, parts.flat())).toEqual([]);
        const total = parts.flat().reduce((n, r) => n + (r.to - r.from), 0);
        expect(total).toBe(range.to - range.from);
        expect(isSorted(judged.batch)).toBe(true);
      }),
    );
  });
});
