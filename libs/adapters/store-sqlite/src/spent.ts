import type { RetentionRule } from '@kairos/ports';

/** A record's place in its task's or series' order: its time, then what tells apart those of one instant. */
export type Place = readonly [at: number, ...ties: number[]];

/** Beyond these no date exists; they stand for "never" and "always" where a statement wants a number. */
const END_OF_TIME = 8.64e15;

const atTime = (at: number): Place => [Math.max(-END_OF_TIME, Math.min(END_OF_TIME, at)), 0, 0];

function isBefore(a: Place, b: Place): boolean {
  const i = a.findIndex((x, k) => x !== (b[k] ?? 0));
  return i >= 0 && (a[i] ?? 0) < (b[i] ?? 0);
}

/**
 * The place before which everything of a task or series may go. `nth` gives the place of the n-th newest record, from 1;
 * undefined where there are not so many.
 */
export function spentBefore(rule: RetentionRule, nth: (n: number) => Place | undefined): Place {
  const [never, always] = [atTime(-Infinity), atTime(Infinity)];
  const kept = rule.least === 0 ? always : (nth(rule.least) ?? never);
  const old = atTime(rule.before);
  const byAge = isBefore(kept, old) ? kept : old;
  const byNumber = rule.most === Infinity ? never : (nth(rule.most) ?? never);
  return isBefore(byAge, byNumber) ? byNumber : byAge;
}
