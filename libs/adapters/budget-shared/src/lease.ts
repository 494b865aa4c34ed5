import type { BudgetItem } from '@kairos/ports';

/**
 * Arithmetic of weight leased by several workers from one shared item per limit pool. A venue counts weight in windows
 * aligned to its clock and starts from zero in each; so does the item. Together the workers stay below the limit by a
 * share (other programs may use the same address) and a margin (rounding, a request counted a moment later than sent).
 * What was leased is never given back: it may have been sent.
 */
export interface LeaseRules {
  /** Weight the venue allows per window. */
  readonly limit: number;
  readonly windowMs: number;
  /** The part of the limit that is ours, in (0, 1]. */
  readonly share: number;
  /** The last part of a window is left alone: a request sent there may be counted in the next. */
  readonly guardMs: number;
}

/** The venue's count as it was told to a worker, in the window `win`. */
export interface Told {
  readonly win: number;
  readonly used: number;
  /** Weight that the worker had leased and not spent by then: the venue cannot have counted it. */
  readonly unspent: number;
}

export interface LeaseAsk {
  /** Weight of the next request. */
  readonly weight: number;
  /** What of it the worker does not have yet. */
  readonly need: number;
  /** Weight this worker leased in the current window so far. */
  readonly mine: number;
  readonly told?: Told | undefined;
}

/** `item` is what is to be written; the same object when nothing is. */
export type LeasePlan =
  | { readonly outcome: 'granted'; readonly weight: number; readonly item: BudgetItem }
  | { readonly outcome: 'refused'; readonly notBefore: number; readonly item: BudgetItem }
  | { readonly outcome: 'banned'; readonly until: number; readonly item: BudgetItem };

const MARGIN = 0.97;
/** A block is at most this part of our share, and of what is left of it: what lies unspent at the end stays small. */
const BLOCKS_PER_SHARE = 40;
const BLOCKS_PER_REST = 8;
/** An item this far ahead of us was written by a clock that was wrong; within it, we wait. */
const LONGEST_AHEAD_MS = 10 * 60_000;
/** No venue bans for longer; a ban beyond was written by a clock that was wrong. */
export const LONGEST_BAN_MS = 3 * 24 * 3_600_000;

export const freshItem = (scope: string): BudgetItem => ({
  scope,
  win: -1,
  used: 0,
  foreign: 0,
  banUntil: 0,
  v: 0,
});

export const windowAt = (now: number, rules: LeaseRules): number => Math.floor(now / rules.windowMs);

const endOf = (win: number, rules: LeaseRules): number => (win + 1) * rules.windowMs;

/** Whether weight leased in the window `win` may still be spent. */
export const isOpen = (win: number, rules: LeaseRules, now: number): boolean =>
  windowAt(now, rules) === win && now < endOf(win, rules) - rules.guardMs;

/** How much may be leased in a window in which others took `foreign`. */
export const capOf = (rules: LeaseRules, foreign: number): number =>
  Math.max(0, rules.share * MARGIN * rules.limit - foreign);

/** How long a ban until this instant still lasts; 0 when it does not. */
export const banLeft = (until: number, now: number): number =>
  until > now && until <= now + LONGEST_BAN_MS ? until - now : 0;

/**
 * The item in our window: all zeros in a later one than the item's. An item a little ahead stays as it is, and an item
 * far ahead comes back with what was leased in it.
 */
function rolled(item: BudgetItem, rules: LeaseRules, now: number): BudgetItem {
  const win = windowAt(now, rules);
  if (win > item.win) return { ...item, win, used: 0, foreign: 0 };
  return (item.win - win) * rules.windowMs > LONGEST_AHEAD_MS ? { ...item, win } : item;
}

/**
 * What exceeds all that was leased is foreign. The count is older than the item, so this is never more than others
 * really took, and the highest figure of a window is the nearest. A count lower than what was held to be foreign tells
 * that the earlier one was of another window.
 */
function withTold(item: BudgetItem, told: Told | undefined): BudgetItem {
  if (!told || told.win !== item.win) return item;
  const seen = Math.max(0, told.used + told.unspent - item.used);
  const foreign = told.used < item.foreign ? seen : Math.max(item.foreign, seen);
  return foreign === item.foreign ? item : { ...item, foreign };
}

/**
 * More than the next request needs, to spare writes, and in whole requests: no more than this worker leased before in the
 * window, so that who asks seldom hoards nothing, and less and less towards the cap, so that all of it gets spent.
 */
function blockOf({ weight, need, mine }: LeaseAsk, rules: LeaseRules, rest: number): number {
  const block = Math.min((rules.share * rules.limit) / BLOCKS_PER_SHARE, mine, rest / BLOCKS_PER_REST);
  const more = weight > 0 ? Math.floor((block - need) / weight) : 0;
  return need + Math.max(0, more) * weight;
}

/**
 * What a worker gets at `now`. One request heavier than the whole cap, yet within the venue's limit, is let through alone
 * at the head of an untouched window: it would wait for ever otherwise.
 */
export function planLease(item: BudgetItem, ask: LeaseAsk, rules: LeaseRules, now: number): LeasePlan {
  if (banLeft(item.banUntil, now) > 0) return { outcome: 'banned', until: item.banUntil, item };
  const current = rolled(item, rules, now);
  const win = windowAt(now, rules);
  if (current.win > win) return { outcome: 'refused', notBefore: current.win * rules.windowMs, item };
  const known = withTold(current, ask.told);
  const rest = capOf(rules, known.foreign) - known.used;
  const untouched = known.used === 0 && known.foreign === 0;
  const fits = ask.need <= rest || (untouched && ask.need <= rules.limit);
  if (!fits || !isOpen(win, rules, now)) {
    const says = known.foreign > 0 || current.win <= item.win;
    return { outcome: 'refused', notBefore: endOf(win, rules), item: says ? known : item };
  }
  const weight = blockOf(ask, rules, rest);
  return { outcome: 'granted', weight, item: { ...known, used: known.used + weight } };
}
