import type { JsonValue } from './task.ts';

/**
 * A task's due item, runs and their outcomes. There is one due item per task; a claim is one compare-and-swap of it.
 * Slots at or before the cursor never start again.
 */
export const RUN_KINDS = ['s', 'm', 'r'] as const;
/** Scheduled, manual (`run_task`), refetch. */
export type RunKind = (typeof RUN_KINDS)[number];

/** Slots that did not get a run of their own: `from` and `to` are the first and last slot, both counted in `n`. */
export interface SkippedSlots {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly reason: 'coalesced' | 'missed' | 'stopped';
}

/** What a refetch run is to re-read. */
export interface RefetchOrder {
  readonly seriesKey: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** The run that holds the task now. `owner` null: free to claim once `notBefore` has passed. */
export interface ActiveRun {
  readonly kind: RunKind;
  readonly slot: number;
  /** Starts so far, beyond the first. */
  readonly attempt: number;
  /** Attempts that ended in failure: what the task's `retries` limits. Crashes and a venue's outage do not count. */
  readonly failures: number;
  /** Hand-overs so far. */
  readonly hop: number;
  /** Hand-overs in a row that committed nothing. */
  readonly idle: number;
  readonly owner: string | null;
  readonly until: number;
  readonly notBefore: number;
  readonly startedAt: number;
  readonly skipped: SkippedSlots | null;
  readonly refetch: RefetchOrder | null;
}

/** `nextDue` null: nothing is planned (stopped, completed, failed). */
export interface DueItem {
  readonly uid: string;
  readonly cursor: number;
  readonly nextDue: number | null;
  /** Grows with every claim; only the newest may settle. */
  readonly fence: number;
  readonly v: number;
  readonly active: ActiveRun | null;
}

export const RUN_OUTCOMES = [
  'running',
  'succeeded',
  'partial',
  'failed',
  'expired',
  'handed_over',
  'cancelled',
  'skipped',
] as const;
/**
 * `running`: begun, not yet settled. `partial`: ended with some windows open, to be asked again. `failed`: attempts used
 * up, or permanent. `expired`: its lease ran out. `handed_over`: stopped before a deadline, another takes on.
 * `cancelled`: the task was stopped, deleted or changed under it. `skipped`: never started, by the missed policy.
 */
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export interface RunStats {
  readonly rows: number;
  readonly requests: number;
  readonly weight: number;
  readonly commits: number;
  /** What selectors found, in a run that could list markets. */
  readonly selection?: SelectionStats | undefined;
}

/** Numbers of series: found by selectors now, new to the task with this run, and no longer found as of this run. */
export interface SelectionStats {
  readonly found: number;
  readonly came: number;
  readonly left: number;
}

/** One line of history: unique by (uid, kind, slot, fence). History only; decisions read the due item. */
export interface RunRecord {
  readonly runId: string;
  readonly uid: string;
  readonly kind: RunKind;
  readonly slot: number;
  readonly fence: number;
  readonly attempt: number;
  readonly hop: number;
  readonly outcome: RunOutcome;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly worker: string;
  readonly skipped: SkippedSlots | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly stats: RunStats;
  /** What a job answered; absent where it answered nothing, or its answer was too long to keep. */
  readonly result?: JsonValue | undefined;
}

export const NO_STATS: RunStats = { rows: 0, requests: 0, weight: 0, commits: 0 };

/** `<uid>.<kind><slot ms, 13 digits>`: the same slot has the same id, whoever delivers it. */
export const runIdOf = (uid: string, kind: RunKind, slot: number): string =>
  `${uid}.${kind}${String(slot).padStart(13, '0')}`;
