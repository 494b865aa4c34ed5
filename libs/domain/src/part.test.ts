import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOfRows, rowsOf, type Row } from './batch.ts';
import type { CoverageRun } from './coverage.ts';
import { compareRuns, hasRows, mergeRuns, runAt } from './coverage.ts';
import { KLINE } from './data-type.ts';
import { mergeParts, reviseRows, type Part } from './part.ts';

const STEP = 60_000;
const row = (i: number, close: number): Row => ({
  ts: i * STEP,
  values: ['1', '9', '0', String(close), '5', null, null],
});

/** What the venue truly holds: each slot has one value, so two final reads of it never differ. */
const truth = (i: number): number => 100 + i;

const slotState = fc.constantFrom(
  'present',
  'provisional',
  'empty',
  'unavailable',
  'unconfirmed',
  'failed',
  'nothing',
);

function runOf(i: number, state: string, at: number): CoverageRun | undefined {
  const range = { from: i * STEP, to: (i + 1) * STEP };
  switch (state) {
    case 'present':
      return { ...range, state: 'present' };
    case 'provisional':
      return { ...range, state: 'provisional', at };
    case 'empty':
      return { ...range, state: 'empty', reason: 'outage', evidence: `e${at}`, grade: 1 };
    case 'unavailable':
      return { ...range, state: 'unavailable', reason: 'look_back' };
    case 'unconfirmed':
      return {
        ...range,
        state: 'provisional',
        reason: 'unconfirmed',
        evidence: `u${at}`,
        attempts: at % 3,
        at,
      };
    case 'failed':
      return { ...range, state: 'failed', error: 'SOURCE_UNAVAILABLE', attempts: at % 4, at };
    default:
      return undefined;
  }
}

/** A random part over twelve slots; final rows always carry the true value, provisional ones a passing one. */
const anyPart = fc
  .array(fc.tuple(slotState, fc.integer({ min: 1, max: 9 })), { minLength: 12, maxLength: 12 })
  .map((slots): Part => {
    const runs = slots.flatMap(([state, at], i) => runOf(i, state, at) ?? []);
    const rows = slots.flatMap(([state, at], i) =>
      state === 'present' ? [row(i, truth(i))] : state === 'provisional' ? [row(i, at)] : [],
    );
    return { batch: batchOfRows(KLINE, rows), runs: mergeRuns(runs, []) };
  });

const shape = (part: Part): unknown => ({ rows: [...rowsOf(part.batch)], runs: part.runs });
const merge = (a: Part, b: Part): Part => mergeParts(KLINE, a, b).part;

describe('mergeParts', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(anyPart, anyPart, (a, b) => {
        expect(shape(merge(a, b))).toEqual(shape(merge(b, a)));
      }),
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(anyPart, anyPart, anyPart, (a, b, c) => {
        expect(shape(merge(merge(a, b), c))).toEqual(shape(merge(a, merge(b, c))));
      }),
    );
  });

  it('is idempotent and says that nothing changed', () => {
    fc.assert(
      fc.property(anyPart, anyPart, (a, b) => {
        const once = merge(a, b);
        const twice = mergeParts(KLINE, once, b);
        expect(twice.changed).toBe(false);
        expect(shape(twice.part)).toEqual(shape(once));
      }),
    );
  });

  it('never loses a final row, and every row stands in a run that may bear it', () => {
    fc.assert(
      fc.property(anyPart, anyPart, (a, b) => {
        const merged = merge(a, b);
        const kept = new Set(merged.batch.ts);
        for (const part of [a, b])
          for (const ts of part.batch.ts)
            if (runAt(part.runs, ts)?.state === 'present') expect(kept.has(ts)).toBe(true);
        for (const ts of merged.batch.ts) {
          const run = runAt(merged.runs, ts);
          expect(run && hasRows(run)).toBe(true);
        }
      }),
    );
  });

  it('keeps the stored of two final rows that differ, and reports both', () => {
    const final = (close: number): Part => ({
      batch: batchOfRows(KLINE, [row(1, close)]),
      runs: [{ from: STEP, to: 2 * STEP, state: 'present' }],
    });
    const merged = mergeParts(KLINE, final(7), final(8));
    expect(merged.changed).toBe(false);
    expect(merged.conflicts).toEqual([{ stored: row(1, 7), incoming: row(1, 8) }]);
  });

  it('takes a value for itself, however wide its column is stored', () => {
    const wide = '12345678901.12345678';
    const candle = (ts: number, quote: string): Row => ({
      ts,
      values: ['1', '9', '0', '5', '5', quote, null],
    });
    const final = (rows: readonly Row[]): Part => ({
      batch: batchOfRows(KLINE, rows),
      runs: [{ from: 0, to: 4 * STEP, state: 'present' }],
    });
    const narrow = final([candle(0, '2.00000001')]);
    const both = final([candle(0, '2.00000001'), candle(STEP, wide), candle(2 * STEP, wide)]);
    expect(mergeParts(KLINE, both, narrow).conflicts).toEqual([]);
    expect(mergeParts(KLINE, narrow, both).conflicts).toEqual([]);
  });

  it('takes equal decimals of other scales for the same row', () => {
    const written = (close: string): Part => ({
      batch: batchOfRows(KLINE, [{ ts: 0, values: ['1', '9', '0', close, '5', null, null] }]),
      runs: [{ from: 0, to: STEP, state: 'present' }],
    });
    expect(mergeParts(KLINE, written('7.5'), written('7.50000000'))).toMatchObject({
      changed: false,
      conflicts: [],
    });
  });
});

describe('compareRuns', () => {
  it('is a total order', () => {
    fc.assert(
      fc.property(
        slotState,
        slotState,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (s, t, x, y) => {
          const a = runOf(0, s, x);
          const b = runOf(0, t, y);
          if (a && b) expect(Math.sign(compareRuns(a, b))).toBe(-Math.sign(compareRuns(b, a)) || 0);
        },
      ),
    );
  });
});

describe('reviseRows', () => {
  const part: Part = {
    batch: batchOfRows(KLINE, [row(1, 7), row(2, 9)]),
    runs: [{ from: STEP, to: 3 * STEP, state: 'present' }],
  };
  const revision = { from: row(1, 7), to: row(1, 8), reason: 'settled_value_changed', at: 5 };

  it('replaces a row that still holds the old value', () => {
    const done = reviseRows(KLINE, part, [revision]);
    expect([...rowsOf(done.part.batch)]).toEqual([row(1, 8), row(2, 9)]);
    expect(done.applied).toEqual([revision]);
  });

  it('leaves a row alone that has been revised already', () => {
    const done = reviseRows(KLINE, reviseRows(KLINE, part, [revision]).part, [revision]);
    expect(done.applied).toEqual([]);
  });
});
