import { blocksOf, hasRows, type TimeRange } from '@kairos/domain';
import { foldBlock } from './commit-blocks.ts';
import type { Connection } from './connection.ts';
import { SeriesTables, type KnownSeries } from './series-tables.ts';

/** Hot rows of one series that wait to be looked at. */
interface Waiting {
  readonly series: number;
  readonly range: TimeRange;
}

export interface CompactionSlice {
  readonly rows: number;
  readonly more: boolean;
}

/**
 * Walks the hot tier series by series, a slice a call. What is left to look at is remembered between calls to spare a
 * scan of the tier; losing it costs that scan only.
 */
export class Compactor {
  readonly #seriesOf: (db: Connection, id: number) => KnownSeries | undefined;
  #settledBefore = NaN;
  #waiting: Waiting[] = [];

  constructor(seriesOf: (db: Connection, id: number) => KnownSeries | undefined) {
    this.#seriesOf = seriesOf;
  }

  /** One slice, inside the caller's write transaction. */
  run(db: Connection, p: { readonly settledBefore: number; readonly maxRows: number }): CompactionSlice {
    if (this.#settledBefore !== p.settledBefore || this.#waiting.length === 0) {
      this.#waiting = waitingIn(db, p.settledBefore);
      this.#settledBefore = p.settledBefore;
    }
    let rows = 0;
    for (let next = this.#waiting.at(-1); next; next = this.#waiting.at(-1)) {
      const done = this.#foldSeries(db, next, { settledBefore: p.settledBefore, maxRows: p.maxRows - rows });
      rows += done.rows;
      if (done.more) return { rows, more: true };
      this.#waiting.pop();
    }
    return { rows, more: false };
  }

  #foldSeries(
    db: Connection,
    waiting: Waiting,
    p: { readonly settledBefore: number; readonly maxRows: number },
  ): CompactionSlice {
    const series = this.#seriesOf(db, waiting.series);
    if (!series) return { rows: 0, more: false };
    const tables = new SeriesTables(db, series);
    let rows = 0;
    for (const block of blocksWithHot(tables, waiting.range)) {
      const { moved, ripe } = foldBlock(tables, block, { ...p, maxRows: p.maxRows - rows });
      rows += moved;
      if (moved < ripe) return { rows, more: true };
    }
    return { rows, more: false };
  }
}

function waitingIn(db: Connection, settledBefore: number): Waiting[] {
  const sql = 'SELECT series, min(ts) AS first, max(ts) AS last FROM hot WHERE ts < ? GROUP BY series';
  return db
    .all<{ series: number; first: number; last: number }>(sql, settledBefore)
    .map((row) => ({ series: row.series, range: { from: row.first, to: row.last + 1 } }));
}

/** The blocks in which hot rows may stand. */
function blocksWithHot(tables: SeriesTables, range: TimeRange): Set<number> {
  const stretches = tables.spans(range).filter(hasRows);
  const blocks = new Set<number>();
  for (const run of stretches) {
    const part = { from: Math.max(run.from, range.from), to: Math.min(run.to, range.to) };
    for (const block of blocksOf(tables.series.layout, part)) blocks.add(block);
  }
  return blocks;
}
