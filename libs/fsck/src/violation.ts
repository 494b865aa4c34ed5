/**
 * Everything that can be found wrong with a store. `error`: a promise is broken. `warning`: not as it should be, but the
 * next tick, or time, mends it.
 */
export const VIOLATION_SEVERITIES = {
  store_damaged: 'error',
  store_replaced: 'error',
  store_foreign: 'error',
  store_differs: 'error',
  store_unreadable: 'error',
  series_key_differs: 'error',
  series_realm_differs: 'error',
  series_unreadable: 'error',
  chunk_unreadable: 'error',
  chunk_count_differs: 'error',
  keys_unsorted: 'error',
  key_outside_block: 'error',
  key_twice: 'error',
  runs_disordered: 'error',
  run_unknown: 'error',
  row_without_run: 'error',
  slot_without_row: 'error',
  evidence_missing: 'error',
  hot_unreadable: 'error',
  hot_astray: 'error',
  hot_off_grid: 'error',
  hot_stale: 'warning',
  task_unreadable: 'error',
  task_without_due: 'error',
  due_without_task: 'error',
  task_series_missing: 'error',
  task_asleep: 'error',
  due_without_work: 'warning',
  cursor_ahead: 'error',
  lease_too_long: 'error',
  fence_behind: 'error',
  run_orphaned: 'error',
  slot_twice: 'error',
  slot_unaccounted: 'error',
  budget_unreadable: 'error',
  budget_invalid: 'error',
  budget_overspent: 'error',
  ban_too_long: 'warning',
} as const satisfies Readonly<Record<string, 'error' | 'warning'>>;

export type ViolationCode = keyof typeof VIOLATION_SEVERITIES;
export type ViolationSeverity = 'error' | 'warning';

/** Where in the store. Only what is known is given. */
export interface ViolationPlace {
  readonly series?: string | undefined;
  readonly block?: number | undefined;
  /** First record or instant concerned, UTC epoch milliseconds. */
  readonly ts?: number | undefined;
  /** The person's name of the task. */
  readonly task?: string | undefined;
  readonly uid?: string | undefined;
  readonly run?: string | undefined;
  /** `<egress>|<pool>` of a budget. */
  readonly budget?: string | undefined;
}

/** A broken invariant. `n`: how many records of the place are concerned, the first of which the place names. */
export interface Violation {
  readonly code: ViolationCode;
  readonly severity: ViolationSeverity;
  readonly where: ViolationPlace;
  readonly n: number;
  /** What was found, in short and in no language: numbers, ids, the machine's own words. */
  readonly detail: string;
}

export const violation = (code: ViolationCode, where: ViolationPlace, detail = '', n = 1): Violation => ({
  code,
  severity: VIOLATION_SEVERITIES[code],
  where,
  n,
  detail,
});

/** Equal for the same thing found twice. */
export const violationId = (v: Violation): string => `${v.code} ${JSON.stringify(v.where)}`;

/** Those of the second look that the first one found too. What heals in between was under way, and is no violation. */
export function foundTwice(first: readonly Violation[], second: readonly Violation[]): Violation[] {
  const ids = new Set(first.map(violationId));
  return second.filter((v) => ids.has(violationId(v)));
}
