/**
 * What of a history is let go; of each task's runs, or each series' findings, by itself. A record goes that is older than
 * `before` and not among the newest `least`; and one that is not among the newest `most`, whatever its age.
 */
export interface RetentionRule {
  /** Epoch milliseconds; `-Infinity`: nothing goes by age. */
  readonly before: number;
  readonly least: number;
  /** Above 0; `Infinity`: nothing goes by number. */
  readonly most: number;
}

export interface HistoryUsage {
  readonly records: number;
  /** What they take on the disk or in memory, about. Grows with each record and falls with each that goes. */
  readonly bytes: number;
  /** Time of the oldest record that may go. */
  readonly oldest: number | null;
}

/**
 * A history that may be forgotten, because nothing is decided from it. Both ways of forgetting take the oldest first, in
 * slices of at most `limit` records (1–1,000), each one transaction; all may be repeated, also after a crash half-way.
 */
export interface Retention {
  usage(): Promise<HistoryUsage>;
  /** A slice of a walk over all tasks or series. `next`: there is more to look at; pass it as `cursor`. */
  prune(p: {
    readonly rule: RetentionRule;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly removed: number; readonly next?: string | undefined }>;
  /** Lets the oldest of all go that are older than `before`, until so many bytes are free or the slice is full. */
  pruneOldest(p: {
    readonly bytes: number;
    readonly before: number;
    readonly limit: number;
  }): Promise<{ readonly removed: number }>;
}

/**
 * What a store lets its housekeeper forget. Rows, coverage, evidence, revisions, tasks and due items are out of reach
 * here. Rejections: StoreError.
 */
export interface StoreUpkeep {
  /**
   * Run records by `startedAt`. One that says `running` stays. Of tasks that the store no longer has, no `least` is
   * kept. That a manual run was ordered under its slot is remembered while its task stands (`RunHistory.ran`).
   */
  readonly runs: Retention;
  /** Findings by `at`. */
  readonly findings: Retention;
  /** The time that age was last reckoned from; null: never. Kept so that a wrong clock cannot age everything at once. */
  sweptAt(): Promise<number | null>;
  /** The last mark stands. */
  markSwept(p: { readonly at: number }): Promise<void>;
}
