import type {
  CoverageRun,
  Evidence,
  Finding,
  Part,
  Revision,
  RowConflict,
  Series,
  TimeRange,
} from '@kairos/domain';
import type { Page } from './outcome.ts';

/** Everything one page of collecting leaves behind; kept whole or not at all. */
export interface CommitRequest {
  /** Must be known to the store (`ensureSeries`). */
  readonly series: Series;
  /** Sorted rows and coverage runs; may span many blocks. */
  readonly part: Part;
  readonly evidence?: readonly Evidence[] | undefined;
  readonly findings?: readonly Finding[] | undefined;
  readonly revisions?: readonly Revision[] | undefined;
  /** The run that writes. Stores with `fencing: 'checked'` refuse when a newer fence stands; others ignore it. */
  readonly fence?: { readonly uid: string; readonly fence: number } | undefined;
}

export interface CommitResult {
  /** False when nothing new came: the store is byte for byte as before. */
  readonly changed: boolean;
  /** Final rows that differ from final rows already there; the stored ones stand. */
  readonly conflicts: readonly RowConflict[];
  /** Revisions that found their old value and were applied and logged. */
  readonly revised: readonly Revision[];
}

export interface SeriesFilter {
  readonly realm?: string | undefined;
  readonly source?: string | undefined;
  readonly dataType?: string | undefined;
  readonly timeframe?: string | undefined;
}

/** Which findings; a field that is absent does not narrow. `from` and `to` bound `ts`, half-open. */
export interface FindingFilter {
  readonly code?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** A revision as it was logged. */
export interface LoggedRevision extends Revision {
  readonly loggedAt: number;
}

export interface SeriesStoreCapabilities {
  readonly fencing: 'checked' | 'ignored';
  readonly durable: boolean;
}

/**
 * Keeps rows together with their coverage states, by series and block. Writing is `mergeParts` per block: idempotent, so
 * any commit may be repeated after a crash or an unknown outcome. A commit that resolves is durable (as far as
 * `capabilities.durable` says). Rejections: LeaseLostError, NotFoundError (series), StoreError.
 */
export interface SeriesStore {
  readonly capabilities: SeriesStoreCapabilities;

  /** Registers a series, or adds its aliases to the one of the same key; answers the stored one. */
  ensureSeries(p: { readonly series: Series }): Promise<Series>;
  getSeries(p: { readonly key: string }): Promise<Series | undefined>;
  /** Ordered by key. `limit` 1–1,000. */
  listSeries(p: {
    readonly filter: SeriesFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<Series>>;

  commit(p: CommitRequest): Promise<CommitResult>;

  /** What is known inside the range: ordered, disjoint, coalesced. Time that no run covers was never asked for. */
  coverage(p: { readonly key: string; readonly range: TimeRange }): Promise<readonly CoverageRun[]>;

  /**
   * Rows and their runs inside the range, as ascending parts that do not overlap. Rows committed before the call are
   * seen whole, also while compaction runs. Provisional rows are included; their runs say so.
   */
  read(p: { readonly key: string; readonly range: TimeRange }): AsyncIterable<Part>;

  /** The evidence records with these ids, those that exist. */
  evidence(p: { readonly key: string; readonly ids: readonly string[] }): Promise<readonly Evidence[]>;
  /**
   * Newest first. One is kept of the same code, `ts` and detail: the first, however often it is found again. The store's
   * housekeeper may let old ones go (`StoreUpkeep`).
   */
  findings(p: { readonly key: string; readonly limit: number }): Promise<readonly Finding[]>;
  /** Newest first, page by page. `limit` 1–1,000. No finding is skipped or repeated because others come meanwhile. */
  listFindings(p: {
    readonly key: string;
    readonly filter: FindingFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<Finding>>;
  /** How many there are, by code; codes without any are absent. Cheap. */
  countFindings(p: {
    readonly key: string;
    readonly filter: FindingFilter;
  }): Promise<Readonly<Record<string, number>>>;
  /** In logged order. */
  revisions(p: { readonly key: string; readonly limit: number }): Promise<readonly LoggedRevision[]>;

  /**
   * Folds recent small writes into chunks, a slice at a time: at most `maxRows` rows. Only what lies before
   * `settledBefore` is folded. `more`: there is more to fold. Idempotent, safe beside readers and writers.
   */
  compact(p: {
    readonly settledBefore: number;
    readonly maxRows: number;
  }): Promise<{ readonly rows: number; readonly more: boolean }>;

  close(): Promise<void>;
}
