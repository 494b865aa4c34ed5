import type { BudgetItem } from '@kairos/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  banLeft,
  capOf,
  freshItem,
  LONGEST_BAN_MS,
  planLease,
  type LeaseAsk,
  type LeaseRules,
} from './lease.ts';

const MINUTE = 60_000;
const RULES: LeaseRules = { limit: 6_000, windowMs: MINUTE, share: 0.8, guardMs: 1_000 };
const SMALL: LeaseRules = { ...RULES, limit: 240, share: 1 };
const FRESH = freshItem('default|binance/api');
const ask = (weight: number, mine = 0): LeaseAsk => ({ weight, need: weight, mine });

describe('planLease', () => {
  it('leases what a request needs at first, and then as much again as was leased, up to a fortieth', () => {
    const weights: number[] = [];
    let item = FRESH;
    for (let mine = 0, i = 0; i < 9; i += 1) {
      const plan = planLease(item, ask(2, mine), RULES, 0);
      if (plan.outcome !== 'granted') break;
      weights.push(plan.weight);
      mine += plan.weight;
      item = plan.item;
    }

    expect(weights).toEqual([2, 2, 4, 8, 16, 32, 64, 120, 120]);
    expect(item).toEqual({ ...FRESH, win: 0, used: 368 });
  });

  it('shrinks blocks towards the cap and refuses what would pass it, until the next window', () => {
    const nearly = { ...FRESH, win: 0, used: 200 };

    expect(planLease(nearly, ask(2, 200), SMALL, 0)).toMatchObject({ outcome: 'granted', weight: 4 });
    expect(planLease({ ...nearly, used: 230 }, ask(2, 230), SMALL, 0)).toMatchObject({ weight: 2 });
    expect(planLease({ ...nearly, used: 232 }, ask(1, 232), SMALL, 7)).toEqual({
      outcome: 'refused',
      notBefore: MINUTE,
      item: { ...nearly, used: 232 },
    });
  });

  it('starts from zero in the next window, and keeps the ban it found', () => {
    const spent = { ...FRESH, win: 0, used: 4_656, foreign: 900, banUntil: 5, v: 3 };

    expect(planLease(spent, ask(10), RULES, MINUTE)).toEqual({
      outcome: 'granted',
      weight: 10,
      item: { ...spent, win: 1, used: 10, foreign: 0 },
    });
  });

  it('leaves the last part of a window alone, and writes nothing about it', () => {
    expect(planLease(FRESH, ask(2), RULES, MINUTE - 1_001).outcome).toBe('granted');
    expect(planLease(FRESH, ask(2), RULES, MINUTE - 1_000)).toEqual({
      outcome: 'refused',
      notBefore: MINUTE,
      item: FRESH,
    });
  });

  it('lets one request through that is heavier than the cap, in an untouched window only', () => {
    const rules = { ...RULES, limit: 10, share: 0.5 };

    expect(planLease(FRESH, ask(9), rules, 0).outcome).toBe('granted');
    expect(planLease({ ...FRESH, win: 0, used: 1 }, ask(9), rules, 0).outcome).toBe('refused');
    expect(planLease(FRESH, ask(11), rules, 0).outcome).toBe('refused');
  });

  it('gives nothing while banned, unless the ban is longer than any venue bans', () => {
    const banned = { ...FRESH, banUntil: 90_000 };

    expect(planLease(banned, ask(2), RULES, 0)).toEqual({ outcome: 'banned', until: 90_000, item: banned });
    expect(planLease(banned, ask(2), RULES, 90_000).outcome).toBe('granted');
    expect(planLease({ ...FRESH, banUntil: LONGEST_BAN_MS + 1 }, ask(2), RULES, 0).outcome).toBe('granted');
    expect([banLeft(90_000, 1), banLeft(90_000, 90_000)]).toEqual([89_999, 0]);
  });

  it('waits for an item of a later window, and takes one far ahead back with what was leased in it', () => {
    const ahead = { ...FRESH, win: 8, used: 4_000 };
    const lost = { ...FRESH, win: 500_000, used: 4_000 };

    expect(planLease(ahead, ask(2), RULES, 0)).toEqual({
      outcome: 'refused',
      notBefore: 8 * MINUTE,
      item: ahead,
    });
    expect(planLease(lost, ask(2), RULES, 0)).toMatchObject({
      outcome: 'granted',
      item: { win: 0, used: 4_002 },
    });
    expect(planLease({ ...lost, used: 4_656 }, ask(2), RULES, 0)).toMatchObject({
      outcome: 'refused',
      item: { win: 0, used: 4_656 },
    });
  });
});

describe('what the venue tells', () => {
  const told = (used: number, { win = 0, unspent = 0 } = {}): LeaseAsk => ({
    weight: 2,
    need: 2,
    mine: 0,
    told: { win, used, unspent },
  });
  const item = { ...FRESH, win: 0, used: 100, foreign: 0 };
  const foreignAfter = (from: typeof item, a: LeaseAsk): number => planLease(from, a, RULES, 0).item.foreign;

  it('is foreign as far as it exceeds what was leased and can have been counted', () => {
    expect(foreignAfter(item, told(350))).toBe(250);
    expect(foreignAfter(item, told(350, { unspent: 20 }))).toBe(270);
    expect(foreignAfter(item, told(60))).toBe(0);
  });

  it('raises the figure within a window, and lowers it only where it cannot be of this one', () => {
    const known = { ...item, foreign: 300 };

    expect(foreignAfter(known, told(450))).toBe(350);
    expect(foreignAfter(known, told(320))).toBe(300);
    expect(foreignAfter(known, told(150))).toBe(50);
  });

  it('says nothing of another window', () => {
    expect(foreignAfter(item, told(4_000, { win: 1 }))).toBe(0);
  });

  it('is written down even where it leads to a refusal', () => {
    expect(planLease(FRESH, told(5_000), RULES, 0)).toMatchObject({
      outcome: 'refused',
      item: { win: 0, foreign: 5_000 },
    });
  });
});

describe('leases in any order', () => {
  const step = fc.record({
    worker: fc.integer({ min: 0, max: 3 }),
    need: fc.integer({ min: 1, max: 40 }),
    afterMs: fc.integer({ min: 0, max: 9_000 }),
    strangers: fc.integer({ min: 0, max: 30 }),
  });

  it('never pass the cap together, nor with the strangers that were told', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        let [item, now, foreign] = [FRESH, 0, 0];
        let mine = [0, 0, 0, 0];
        for (const { worker, need, afterMs, strangers } of steps) {
          const before = Math.floor(now / MINUTE);
          now += afterMs;
          const win = Math.floor(now / MINUTE);
          if (win !== before) [mine, foreign] = [[0, 0, 0, 0], 0];
          foreign += strangers;
          const leased = item.win === win ? item.used : 0;
          const told = { win, used: leased + foreign, unspent: 0 };
          const plan = planLease(item, { weight: need, need, mine: mine[worker] ?? 0, told }, SMALL, now);
          item = plan.item;
          if (plan.outcome !== 'granted') continue;
          mine = mine.map((m, i) => (i === worker ? m + plan.weight : m));
          expect(item.used).toBe(mine.reduce((a, b) => a + b));
          expect(plan.weight).toBeGreaterThanOrEqual(need);
          expect(item.used + foreign).toBeLessThanOrEqual(capOf(SMALL, 0));
        }
      }),
      { seed: 31, numRuns: 300 },
    );
  });

  /** A worker that spends `weight`, leasing only when its block is short. Whether it could. */
  function spend(
    shared: { item: BudgetItem },
    worker: { mine: number; spent: number },
    weight: number,
  ): boolean {
    const need = weight - (worker.mine - worker.spent);
    if (need > 0) {
      const plan = planLease(shared.item, { weight, need, mine: worker.mine }, SMALL, 0);
      if (plan.outcome !== 'granted') return false;
      shared.item = plan.item;
      worker.mine += plan.weight;
    }
    worker.spent += weight;
    return true;
  }

  it('are all spent in the end but for what the smallest request cannot use', () => {
    const turns = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 400, maxLength: 400 });
    fc.assert(
      fc.property(turns, (order) => {
        const shared = { item: FRESH };
        const workers = [0, 1, 2, 3].map(() => ({ mine: 0, spent: 0 }));
        for (const turn of order) {
          const worker = workers[turn];
          if (worker) spend(shared, worker, 2);
        }
        const spent = workers.reduce((sum, w) => sum + w.spent, 0);
        expect(spent).toBeGreaterThan(capOf(SMALL, 0) - 2);
        expect(spent).toBeGreaterThanOrEqual(0.95 * SMALL.limit);
      }),
      { seed: 32 },
    );
  });

  it('leave no more than a block unspent, and no more than was spent, whenever a worker falls silent', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 60 }), (weights) => {
        const shared = { item: FRESH };
        const worker = { mine: 0, spent: 0 };
        for (const weight of weights) {
          spend(shared, worker, weight);
          const unspent = worker.mine - worker.spent;
          expect(unspent).toBeLessThanOrEqual(Math.min(SMALL.limit / 40, worker.spent));
          expect(unspent).toBeGreaterThanOrEqual(0);
        }
      }),
      { seed: 33 },
    );
  });
});
