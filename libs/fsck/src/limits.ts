/** How far clocks may differ before a time is doubted. */
export const SKEW_MS = 5_000;
/** No lease reaches further ahead than this. */
export const MAX_LEASE_MS = 15 * 60_000;
/** No venue bans for longer, and no clock that is trusted writes so far ahead. */
export const MAX_BAN_MS = 3 * 24 * 3_600_000;
/** A window of a budget that begins further ahead was written by a clock that was wrong. */
export const MAX_WINDOW_AHEAD_MS = 10 * 60_000;
/** A final row of a finished block is compacted within this: its age when it is folded, and two rounds. */
export const MAX_HOT_MS = 12 * 60_000;
