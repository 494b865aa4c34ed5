/** How far clocks may differ before a time is doubted. */
export const SKEW_MS = 5_000;
/** No lease reaches further ahead than this. */
export const MAX_LEASE_MS = 15 * 60_000;
/** A final row of a finished block is compacted within this: its age when it is folded, and two rounds. */
export const MAX_HOT_MS = 12 * 60_000;
