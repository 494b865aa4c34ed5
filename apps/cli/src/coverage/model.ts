/** States that a picture shows. `pending` (not closed yet) is left blank. */
export const SHOWN = ['present', 'empty', 'unavailable', 'provisional', 'failed', 'missing'] as const;
export type Shown = (typeof SHOWN)[number];

export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly state: Shown | 'pending';
  readonly reason: string;
  readonly error: string;
  /** How far the evidence reaches; 0: none. */
  readonly grade: number;
}

/** What `get_coverage` tells, as a picture needs it. */
export interface CoverageTold {
  readonly source: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly dataType: string;
  readonly realm: string;
  /** Ordered, tiling the span. */
  readonly stretches: readonly Stretch[];
  readonly expected: number;
  readonly counts: Readonly<Record<Shown, number>>;
  readonly findings: number;
  readonly derivedFrom: string;
}

export const settledOf = ({ counts }: Pick<CoverageTold, 'counts'>): number =>
  counts.present + counts.empty + counts.unavailable;
