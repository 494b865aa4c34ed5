import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, capOf, FRESH, observeUsed, rollWindow, type WindowRules } from './window.ts';

const RULES: WindowRules = { limit: 6_000, windowMs: 60_000, share: 0.8 };
const MINUTE = 60_000;

describe('admit', () => {
  it('takes up to share × 0.97 × limit in one window and not a unit more', () => {
    const full = { index: 0, used: 4_650, foreign: 0 };

    expect(admit(full, RULES, 6, 1_000)).toEqual({
      admitted: true,
      state: { index: 0, used: 4_656, foreign: 0 },
    });
    expect(admit(full, RULES, 7, 1_000)).toMatchObject({ admitted: false, notBefore: MINUTE });
  });

  it('starts from zero in the next window', () => {
    const spent = { index: 0, used: 4_656, foreign: 900 };

    expect(admit(spent, RULES, 10, MINUTE)).toEqual({
      admitted: true,
      state: { index: 1, used: 10, foreign: 0 },
    });
  });

  it('leaves the last second of a window alone', () => {
    expect(admit(FRESH, RULES, 2, MINUTE - 1_001).admitted).toBe(true);
    expect(admit(FRESH, RULES, 2, MINUTE - 1_000)).toMatchObject({ admitted: false, notBefore: MINUTE });
  });

  it('lets one request through that is heavier than the cap, in an untouched window only', () => {
    const rules = { limit: 10, windowMs: 10_000, share: 0.5 };

    expect(admit(FRESH, rules, 9, 0).admitted).toBe(true);
    expect(admit({ index: 0, used: 1, foreign: 0 }, rules, 9, 0).admitted).toBe(false);
    expect(admit(FRESH, rules, 11, 0).admitted).toBe(false);
  });

  it('keeps to the later window when the clock goes back', () => {
    const later = { index: 5, used: 4_656, foreign: 0 };

    expect(rollWindow(later, RULES, 2 * MINUTE)).toBe(later);
    expect(admit(later, RULES, 2, 2 * MINUTE)).toMatchObject({ admitted: false, notBefore: 6 * MINUTE });
  });

  it('never lets ours and foreign weight pass the cap, whatever the order', () => {
    const step = fc.record({
      weight: fc.integer({ min: 1, max: 900 }),
      afterMs: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let state = FRESH;
        let now = 0;
        for (const { weight, afterMs } of steps) {
          now += afterMs;
          const answer = admit(state, RULES, weight, now);
          state = answer.state;
          expect(state.used).toBeLessThanOrEqual(capOf(RULES, state.foreign));
        }
      }),
      { seed: 11 },
    );
  });
});

describe('observeUsed', () => {
  it('counts as foreign what the venue counted beyond ours, and lets a later figure correct it', () => {
    const ours = { index: 0, used: 100, foreign: 0 };

    const first = observeUsed(ours, RULES, 350, 10_000);
    const second = observeUsed(first, RULES, 120, 11_000);

    expect(first.foreign).toBe(250);
    expect(second.foreign).toBe(20);
    expect(observeUsed(second, RULES, 60, 12_000).foreign).toBe(0);
  });

  it('passes over figures told in the first two seconds, which may be of the window before', () => {
    expect(observeUsed(FRESH, RULES, 4_600, MINUTE + 1_999).foreign).toBe(0);
    expect(observeUsed(FRESH, RULES, 4_600, MINUTE + 2_000).foreign).toBe(4_600);
  });
});
