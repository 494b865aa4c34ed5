import type { DataType, Grid, RunStats, Series, TimeRange } from '@kairos/domain';
import type {
  Calendar,
  Clock,
  Ids,
  Logger,
  MarketDataSource,
  SeriesStore,
  SourceFacts,
  SourceMarket,
} from '@kairos/ports';

/** What collecting works with, beside the source. */
export interface CollectDeps {
  readonly store: SeriesStore;
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}

/** What bounds one stretch of work: who writes, until when, and who may stop it. */
export interface CollectRun {
  readonly runId: string;
  readonly fence?: { readonly uid: string; readonly fence: number } | undefined;
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Whether other work waits for this place: backfill hands over to it after a while. Absent: never. */
  readonly othersWait?: (() => boolean) | undefined;
  /** Awaited before every venue call and commit. */
  ensure(): Promise<void>;
}

/** One series to be made complete over `asked`. */
export interface SeriesJob {
  readonly series: Series;
  readonly market: SourceMarket;
  readonly facts: SourceFacts;
  readonly source: MarketDataSource;
  readonly type: DataType;
  readonly grid: Grid;
  /** Slot opens; the end is exclusive. */
  readonly asked: TimeRange;
  /** The run's frozen now: the earlier of venue's and our clock. */
  readonly now: number;
  /** Records opening before this are closed. */
  readonly closedBefore: number;
  /** Records opening before this are final. */
  readonly finalBefore: number;
  /** At most so many records uncommitted; null: a page. */
  readonly batchSize: number | null;
  /** Re-read settled records too, and take changed values as revisions for this reason. */
  readonly refetch: string | null;
}

/** Running totals of one run. */
export class Tallies implements RunStats {
  rows = 0;
  requests = 0;
  weight = 0;
  commits = 0;
}
