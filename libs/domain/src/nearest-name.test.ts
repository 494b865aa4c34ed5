import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestName } from './nearest-name.ts';

describe('editDistance', () => {
  it.each([
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['', 'port', 4],
    ['kitten', 'sitting', 3],
    ['行情', '行清', 1],
  ])('from %j to %j is %s', (a, b, far) => {
    expect(editDistance(a, b)).toBe(far);
  });

  it('is the same both ways, nothing to itself, and at most the longer length', () => {
    const name = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});

describe('nearestName', () => {
  it.each([
    ['Nightly-Bars', ['nightly-bars', 'daily'], 'nightly-bars'],
    ['nigthly', ['daily', 'nightly'], 'nightly'],
    ['每日收盘', ['每日行情', '季度报告'], undefined],
    ['每日收盘价', ['每日收盘', '季度报告'], '每日收盘'],
    ['x'.repeat(65), ['x'.repeat(65)], undefined],
    ['any', [], undefined],
  ])('takes %s among %j for %s', (name, candidates, meant) => {
    expect(nearestName(name, candidates)).toBe(meant);
  });
});
