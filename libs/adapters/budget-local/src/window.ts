/**
 * Arithmetic of one fixed rate-limit window. A venue counts weight in windows aligned to its clock and starts from zero
 * in each; so do we, and stay below its limit by a share (other programs may use the same address) and a margin
 * (rounding, a request counted a moment later than we sent it). Nothing taken is ever given back: a request that failed
 * may still have been counted.
 */
export interface WindowState {
  /** Number of the window since the epoch: `floor(now / windowMs)`. */
  readonly index: number;
  /** Weight we took in it. */
  readonly used: number;
  /** Weight that others took in it, as far as the venue told. */
  readonly foreign: number;
}

/** What a pool allows: the venue's limit per window, and our share of it. */
export interface WindowRules {
  readonly limit: number;
  readonly windowMs: number;
  readonly share: number;
}

export type Admission =
  | { readonly admitted: true; readonly state: WindowState }
  /** Not before this instant. */
  | { readonly admitted: false; readonly state: WindowState; readonly notBefore: number };

const MARGIN = 0.97;
/** The last part of a window is left alone: a request sent there may be counted in the next. At most this long. */
const END_GUARD_MS = 1_000;
const END_GUARD_SHARE = 20;
/** The first part of a window, in which an answer may still tell the count of the one before. At most this long. */
const START_GUARD_MS = 2_000;

export const FRESH: WindowState = { index: -1, used: 0, foreign: 0 };

const startOf = (index: number, rules: WindowRules): number => index * rules.windowMs;

const endGuard = (rules: WindowRules): number => Math.min(END_GUARD_MS, rules.windowMs / END_GUARD_SHARE);

/** The state as it stands at `now`: all zeros in a new window. A clock that went back stays in the later window. */
export function rollWindow(state: WindowState, rules: WindowRules, now: number): WindowState {
  const index = Math.floor(now / rules.windowMs);
  return index > state.index ? { index, used: 0, foreign: 0 } : state;
}

/** How much we may take in a window in which others took `foreign`. */
export const capOf = (rules: WindowRules, foreign: number): number =>
  Math.max(0, rules.share * MARGIN * rules.limit - foreign);

/**
 * Whether `weight` may be taken at `now`. One request heavier than the whole cap, yet within the venue's limit, is let
 * through alone at the head of an untouched window: it would wait for ever otherwise.
 */
export function admit(state: WindowState, rules: WindowRules, weight: number, now: number): Admission {
  const current = rollWindow(state, rules, now);
  const next = startOf(current.index + 1, rules);
  const untouched = current.used === 0 && current.foreign === 0;
  const fits = current.used + weight <= capOf(rules, current.foreign) || (untouched && weight <= rules.limit);
  if (fits && now < next - endGuard(rules)) {
    return { admitted: true, state: { ...current, used: current.used + weight } };
  }
  return { admitted: false, state: current, notBefore: next };
}

/**
 * The state after the venue told how much it counted in its current window. What exceeds our own count is foreign; a
 * later, lower figure corrects an earlier one. Figures told at the very start of a window are passed over: they may
 * belong to the window before, and would block this one for nothing.
 */
export function observeUsed(state: WindowState, rules: WindowRules, told: number, now: number): WindowState {
  const current = rollWindow(state, rules, now);
  const guard = Math.min(START_GUARD_MS, rules.windowMs / END_GUARD_SHARE);
  if (now < startOf(current.index, rules) + guard) return current;
  return { ...current, foreign: Math.max(0, told - current.used) };
}
