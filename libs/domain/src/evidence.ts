import type { TimeRange } from './time-range.ts';

/** One look at the venue: what was asked, when, and what came. */
export interface EvidenceRead extends TimeRange {
  readonly at: number;
  readonly http: number;
  readonly rows: number;
  readonly first: number | null;
  readonly last: number | null;
  /** SHA-256 of the body, hex; empty where the source cannot give one. */
  readonly sha256: string;
}

/** Why a stretch is `empty`, `unavailable` or still `unconfirmed`. Kept once, referred to by id from coverage runs. */
export interface Evidence {
  readonly id: string;
  readonly reason: string;
  readonly grade: number;
  readonly at: number;
  readonly runId: string;
  readonly reads: readonly EvidenceRead[];
  /** Open times of the records before and after the stretch that the same reads did show. */
  readonly bracket?: readonly [number, number] | undefined;
}

/** Something about the data that a person may want to know. `ts` is the record concerned, or the stretch's start. */
export interface Finding {
  readonly code:
    | 'off_grid'
    | 'out_of_range'
    | 'duplicate_differs'
    | 'ohlc_inconsistent'
    | 'negative_volume'
    | 'trades_inconsistent'
    | 'quote_volume_differs'
    | 'coarser_differs'
    | 'finer_differs'
    | 'second_source_differs'
    | 'settled_value_differs'
    | 'absence_contradicted'
    | 'clock_skew';
  readonly ts: number;
  readonly at: number;
  readonly runId: string;
  readonly detail: string;
}
