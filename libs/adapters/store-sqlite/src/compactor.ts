import { blocksOf, hasRows, type TimeRange } from '@kairos/domain';
import { foldBlock, WORTHWHILE } from './commit-blocks.ts';
import type { Connection } from './connection.ts';
import { firstIdOf, lastIdOf, liveRows, shardOf, shardOfId, ShardPages, type PageRow } from './page-rows.ts';
import { SeriesTables, type KnownSeries } from './series-tables.ts';

/** A shard's series with recent rows that wait to be looked at. */
interface Waiting {
  readonly shard: number;
  /** About how many pages there are. */
  readonly pages: number;
  /** Where single rows stand, by series. */
  readonly singles: ReadonlyMap<number, TimeRange>;
}

/** What a look at a shard found: when the next one is due. */
interface Looked {
  readonly at: number;
  readonly pages: number;
  /** Rows of the block that waits with the most. */
  readonly most: number;
  /** When the first block is over in which rows wait. */
  readonly over: number;
}

export interface CompactionSlice {
  readonly rows: number;
  readonly more: boolean;
}

interface Limits {
  readonly settledBefore: number;
  readonly maxRows: number;
}

/** Looking at so many rows takes as long as folding one. */
const GLANCES = 16;
/** However little came, a shard is looked at again so much later. */
const LOOK_AGAIN_MS = 3_600_000;

const EVER = { from: -Infinity, to: Infinity };

/**
 * Walks recent rows shard by shard, a slice a call. What is left to look at, and where there is nothing to do yet, is
 * remembered between calls to spare a scan of the tiers; losing it costs that scan only.
 */
export class Compactor {
  readonly #seriesOf: (db: Connection, id: number) => KnownSeries | undefined;
  readonly #looked = new Map<number, Looked>();
  #settledBefore = NaN;
  #waiting: Waiting[] = [];

  constructor(seriesOf: (db: Connection, id: number) => KnownSeries | undefined) {
    this.#seriesOf = seriesOf;
  }

  /** One slice, inside the caller's write transaction. */
  run(db: Connection, p: Limits): CompactionSlice {
    if (this.#settledBefore !== p.settledBefore || this.#waiting.length === 0) {
      this.#waiting = waitingIn(db, p.settledBefore).filter((w) => this.#isDue(w, p.settledBefore));
      this.#settledBefore = p.settledBefore;
    }
    let rows = 0;
    let glances = 0;
    for (let next = this.#waiting.at(-1); next; next = this.#waiting.at(-1)) {
      const pages = new ShardPages(db, next.shard, p.settledBefore);
      const slice = new ShardFold(db, next, pages, this.#seriesOf);
      const done = slice.fold({ ...p, maxRows: p.maxRows - rows, isWhole: rows > 0 });
      rows += done.rows;
      if (done.more) return { rows, more: true };
      this.#looked.set(next.shard, { ...slice.looked, at: p.settledBefore });
      this.#waiting.pop();
      glances += pages.rows;
      if (rows + glances / GLANCES >= p.maxRows) return { rows, more: this.#waiting.length > 0 };
    }
    return { rows, more: false };
  }

  #isDue(waiting: Waiting, now: number): boolean {
    const last = this.#looked.get(waiting.shard);
    if (!last || waiting.singles.size > 0) return true;
    const isOld = now < last.at || now >= last.at + LOOK_AGAIN_MS || now >= last.over;
    const grown = waiting.pages - last.pages;
    return isOld || grown < 0 || grown >= (WORTHWHILE - last.most) / 2;
  }
}

/** One look at a shard. */
class ShardFold {
  readonly #db: Connection;
  readonly #waiting: Waiting;
  readonly #pages: ShardPages;
  readonly #tables = new Map<number, SeriesTables>();
  #left = 0;
  #most = 0;
  #over = Infinity;

  constructor(
    db: Connection,
    waiting: Waiting,
    pages: ShardPages,
    seriesOf: (db: Connection, id: number) => KnownSeries | undefined,
  ) {
    this.#db = db;
    this.#waiting = waiting;
    this.#pages = pages;
    for (const id of new Set([...pages.series, ...waiting.singles.keys()])) {
      const series = seriesOf(db, id);
      if (series) this.#tables.set(id, new SeriesTables(db, series, pages));
    }
  }

  /** A page with rows of an unknown series is left as it is. */
  get #isKnown(): boolean {
    return this.#pages.series.every((id) => this.#tables.has(id));
  }

  get looked(): Omit<Looked, 'at'> {
    return { pages: this.#left, most: this.#most, over: this.#over };
  }

  /** `isWhole`: no block is to be folded in part. */
  fold(p: Limits & { readonly isWhole: boolean }): CompactionSlice {
    let rows = 0;
    for (const [id, tables] of this.#tables) {
      for (const block of this.#blocks(id, tables, p.settledBefore)) {
        const limits = { ...p, maxRows: p.maxRows - rows, isWhole: p.isWhole || rows > 0 };
        const { moved, ripe, waiting } = foldBlock(tables, block, limits);
        rows += moved;
        if (moved < ripe) return { rows, more: true };
        if (waiting > 0) this.#over = Math.min(this.#over, tables.series.layout.rangeOf(block).to);
        this.#most = Math.max(this.#most, waiting);
      }
    }
    this.#dropPages(p.settledBefore);
    return { rows, more: false };
  }

  /** The blocks in which ripe rows may stand. */
  #blocks(id: number, tables: SeriesTables, settledBefore: number): Set<number> {
    const { layout } = tables.series;
    const blocks = new Set<number>();
    for (const { ts } of this.#pages.rowsOf(id, { from: -Infinity, to: settledBefore }))
      blocks.add(layout.blockOf(ts));
    const range = this.#waiting.singles.get(id);
    for (const run of range ? tables.spans(range).filter(hasRows) : []) {
      const part = { from: Math.max(run.from, range?.from ?? 0), to: Math.min(run.to, range?.to ?? 0) };
      for (const block of blocksOf(layout, part)) blocks.add(block);
    }
    return blocks;
  }

  /**
   * Deletes pages in which nothing counts any more. Where most of a page was folded, what is left (of a series with
   * longer slots, or that came later) goes to the tier of single rows, so that it does not keep the page.
   */
  #dropPages(settledBefore: number): void {
    const live = new Map<unknown, PageRow[]>();
    const straggling = new Map<number, PageRow[]>();
    for (const [id, tables] of this.#tables) {
      const rows = this.#pages.rowsOf(id, EVER);
      const first = rows[0];
      const last = rows.at(-1);
      if (!first || !last) continue;
      for (const row of liveRows(rows, tables.told({ from: first.ts, to: last.ts + 1 })))
        live.set(row.page, [...(live.get(row.page) ?? []), row]);
    }
    for (const { id, to, page } of this.#pages.pages) {
      const left = live.get(page) ?? [];
      const isDone = to <= settledBefore && left.length <= page.rows / 2;
      if (left.length > 0 && !isDone) {
        this.#left += 1;
        continue;
      }
      if (!this.#isKnown) continue;
      for (const row of left) {
        const series = page.seriesOf(row.row);
        straggling.set(series, [...(straggling.get(series) ?? []), row]);
      }
      this.#db.run('DELETE FROM hot_page WHERE id = ?', id);
    }
    for (const [id, rows] of straggling) this.#tables.get(id)?.putSingle(rows.sort((a, b) => a.ts - b.ts));
  }
}

function waitingIn(db: Connection, settledBefore: number): Waiting[] {
  const shards = new Map<number, { pages: number; singles: Map<number, TimeRange> }>();
  const at = (shard: number): { pages: number; singles: Map<number, TimeRange> } => {
    const found = shards.get(shard) ?? { pages: 0, singles: new Map<number, TimeRange>() };
    shards.set(shard, found);
    return found;
  };
  const sql = 'SELECT series, min(ts) AS first, max(ts) AS last FROM hot WHERE ts < ? GROUP BY series';
  for (const row of db.all<{ series: number; first: number; last: number }>(sql, settledBefore))
    at(shardOf(row.series)).singles.set(row.series, { from: row.first, to: row.last + 1 });
  const next = 'SELECT id FROM hot_page WHERE id >= ? ORDER BY id LIMIT 1';
  const last = 'SELECT max(id) FROM hot_page WHERE id <= ?';
  for (let id = 0; ;) {
    const first = db.get<{ id: number }>(next, id)?.id;
    if (first === undefined) break;
    const shard = shardOfId(first);
    at(shard).pages = db.number(last, lastIdOf(shard)) - first + 1;
    id = firstIdOf(shard + 1);
  }
  return [...shards].map(([shard, found]) => ({ shard, ...found }));
}
