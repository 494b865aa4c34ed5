import { COVERAGE_STATES, type CoverageRun } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeStates, encodeStates } from './states.ts';

const SEED = { seed: 20_261_124, numRuns: 300 };
const MINUTE = 60_000;

const instant = fc.oneof(
  fc.integer({ min: -1e15, max: 1e15 }),
  fc.nat(30_000_000).map((k) => k * MINUTE),
);
const text = fc.oneof(
  fc.constantFrom('no-trade', 'unconfirmed', ''),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const run: fc.Arbitrary<CoverageRun> = fc.record(
  {
    from: instant,
    to: instant,
    state: fc.constantFrom(...COVERAGE_STATES),
    reason: text,
    evidence: text,
    grade: fc.nat(5),
    at: instant,
    attempts: fc.nat(1000),
    error: text,
    nextTryAt: instant,
  },
  { requiredKeys: ['from', 'to', 'state'], noNullPrototype: true },
);

describe('coverage runs', () => {
  it('come back fact for fact', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 20 }), (runs) => {
        expect(decodeStates(encodeStates(runs))).toStrictEqual(runs);
      }),
      SEED,
    );
  });

  it('treat a fact that is undefined as one that is not there', () => {
    const runs: CoverageRun[] = [{ from: 0, to: 1, state: 'failed', reason: undefined, at: undefined }];

    expect(decodeStates(encodeStates(runs))).toStrictEqual([{ from: 0, to: 1, state: 'failed' }]);
  });

  it('cost fourteen bytes for a day that is all present', () => {
    const from = Date.UTC(2026, 10, 22);
    const bytes = encodeStates([{ from, to: from + 1440 * MINUTE, state: 'present' }]);

    expect(bytes.length).toBeLessThanOrEqual(14);
  });

  it('cost few bytes more for each run that repeats known texts', () => {
    const day = Array.from({ length: 100 }, (_, i): CoverageRun => {
      const bounds = { from: i * MINUTE, to: (i + 1) * MINUTE };
      return i % 2
        ? { ...bounds, state: 'present' }
        : { ...bounds, state: 'empty', reason: 'no-trade', grade: 1 };
    });

    expect(encodeStates(day).length).toBeLessThan(100 * 6);
  });

  it.each([
    ['bound', { to: Infinity }],
    ['bound', { from: 0.5 }],
    ['count', { grade: NaN }],
    ['state', { state: 'unheard-of' as 'present' }],
  ])('are refused with a %s that is none', (_, wrong) => {
    expect(() => encodeStates([{ from: 0, to: 1, state: 'present', ...wrong }])).toThrow(RangeError);
  });
});
