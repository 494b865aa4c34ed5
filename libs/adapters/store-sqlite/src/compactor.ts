import { blocksOf, hasRows, type TimeRange } from '@kairos/domain';
import { foldBlock, WORTHWHILE } from './commit-blocks.ts';
import type { Arrival } from './arrivals.ts';
import type { Connection } from './connection.ts';
import type { HotPage } from './hot-page.ts';
import {
  ARRIVALS,
  firstIdOf,
  lastIdOf,
  liveRows,
  shardOf,
  shardOfId,
  ShardPages,
  type PageRow,
} from './page-rows.ts';
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
  /** How many rows of one series a page brings, about. */
  readonly perPage: number;
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

export interface CompactorDeps {
  readonly seriesOf: (db: Connection, id: number) => KnownSeries | undefined;
  /** Another number after a rollback, and after another connection wrote. */
  readonly era: () => number;
  /** Sorts all that arrived if any page of it is due; answers up to when nothing waits to be sorted. */
  readonly sortIf: (db: Connection, isDue: (arrival: Arrival) => boolean) => number;
  /** Any clock that only goes forward. */
  readonly nowMs: () => number;
}

/** Looking at so many rows takes as long as folding one. */
const GLANCES = 16;
/** A slice blocks this process and all other writers: it ends between two series once it took so long … */
const SLICE_MS = 4;
/** … and moved none or so many rows, or its commit would cost more than its work. */
const SLICE_ROWS = 800;
/** However little came, it is sorted, and a shard looked at again, so much later. */
const LOOK_AGAIN_MS = 3_600_000;

const EVER = { from: -Infinity, to: Infinity };

/**
 * Walks recent rows shard by shard, a slice a call. What is left to look at, and where there is nothing to do yet, is
 * remembered between calls to spare a scan of the tiers; losing it costs that scan only.
 */
export class Compactor {
  readonly #deps: CompactorDeps;
  readonly #looked = new Map<number, Looked>();
  /** When the first block is over in which a page has rows. */
  readonly #over = new WeakMap<HotPage, number>();
  /** The block that was last seen of a series: looking it up is cheaper than reckoning. */
  readonly #blocks = new Map<number, TimeRange>();
  #settledBefore = NaN;
  /** Up to when this pass folds: what is not sorted yet waits for another. */
  #until = NaN;
  #waiting: Waiting[] = [];
  #begun: { readonly shard: number; readonly era: number; readonly slice: ShardFold } | undefined;

  constructor(deps: CompactorDeps) {
    this.#deps = deps;
  }

  /** One slice, inside the caller's write transaction. */
  run(db: Connection, p: Limits): CompactionSlice {
    if (this.#settledBefore !== p.settledBefore || this.#waiting.length === 0) {
      this.#until = Math.min(p.settledBefore, this.#sortRipe(db, p.settledBefore));
      this.#waiting = waitingIn(db, this.#until).filter((w) => this.#isDue(w, this.#until));
      this.#settledBefore = p.settledBefore;
      this.#begun = undefined;
    }
    const { nowMs } = this.#deps;
    const settledBefore = this.#until;
    const endMs = nowMs() + SLICE_MS;
    let rows = 0;
    let glances = 0;
    const isLate = (more: number): boolean => {
      const done = rows + more;
      return (done === 0 || done + glances / GLANCES >= SLICE_ROWS) && nowMs() >= endMs;
    };
    for (let next = this.#waiting.at(-1); next; next = this.#waiting.at(-1)) {
      const slice = this.#sliceOf(db, next, settledBefore);
      const done = slice.fold({ settledBefore, maxRows: p.maxRows - rows, isWhole: rows > 0, isLate });
      rows += done.rows;
      if (done.more) return { rows, more: true };
      this.#begun = undefined;
      this.#looked.set(next.shard, { ...slice.looked, at: settledBefore });
      this.#waiting.pop();
      glances += slice.pages.rows;
      // A shard that would not fit would be read in vain.
      const ahead = rows > 0 ? rowsAhead(this.#waiting.at(-1), slice.pages) : 0;
      const isEnough = rows + ahead + glances / GLANCES >= p.maxRows || isLate(0);
      if (isEnough) return { rows, more: this.#waiting.length > 0 };
    }
    return { rows, more: false };
  }

  /** Answers up to when nothing waits to be sorted. What is sorted now makes all shards worth a look. */
  #sortRipe(db: Connection, settledBefore: number): number {
    return this.#deps.sortIf(db, (arrival) => {
      const isRipe = this.#isRipe(db, arrival, settledBefore);
      if (isRipe) this.#looked.clear();
      return isRipe;
    });
  }

  /** Whether a row of what arrived waits long, or its block is over. */
  #isRipe(db: Connection, { from, page }: Arrival, settledBefore: number): boolean {
    if (from < settledBefore - LOOK_AGAIN_MS) return true;
    let over = this.#over.get(page);
    if (over === undefined) {
      over = Infinity;
      for (let row = 0; row < page.rows; row += 1)
        over = Math.min(over, this.#overAt(db, page.seriesOf(row), page.tsOf(row)));
      this.#over.set(page, over);
    }
    return over <= settledBefore;
  }

  /** When the block of a row is over. */
  #overAt(db: Connection, series: number, ts: number): number {
    const last = this.#blocks.get(series);
    if (last && ts >= last.from && ts < last.to) return last.to;
    const layout = this.#deps.seriesOf(db, series)?.layout;
    if (!layout) return Infinity;
    const range = layout.rangeOf(layout.blockOf(ts));
    this.#blocks.set(series, range);
    return range.to;
  }

  /**
   * A look at a shard, or the one begun in an earlier slice, to spare reading its pages again. Pages never change, and of
   * their rows only those count that the tables then do not tell of. But they may go, where another process folds them,
   * and a rollback may take some that were just written: a new era.
   */
  #sliceOf(db: Connection, waiting: Waiting, settledBefore: number): ShardFold {
    const { shard } = waiting;
    const era = this.#deps.era();
    if (this.#begun?.shard === shard && this.#begun.era === era) return this.#begun.slice;
    const pages = new ShardPages(db, shard, settledBefore);
    const slice = new ShardFold(db, waiting, pages, this.#deps.seriesOf);
    this.#begun = { shard, era, slice };
    return slice;
  }

  #isDue(waiting: Waiting, now: number): boolean {
    const last = this.#looked.get(waiting.shard);
    if (!last || waiting.singles.size > 0) return true;
    const isOld = now < last.at || now >= last.at + LOOK_AGAIN_MS || now >= last.over;
    const grown = (waiting.pages - last.pages) * last.perPage;
    return isOld || grown < 0 || grown >= (WORTHWHILE - last.most) / 2;
  }
}

/** About how many rows the next shard has, if its pages are like those of the last one. */
const rowsAhead = (next: Waiting | undefined, last: ShardPages): number =>
  ((next?.pages ?? 0) * last.rows) / Math.max(1, last.pages.length);

/** One look at a shard, in as many slices as it takes. */
class ShardFold {
  readonly pages: ShardPages;
  readonly #db: Connection;
  readonly #waiting: Waiting;
  readonly #tables = new Map<number, SeriesTables>();
  /** Series that earlier slices are done with. */
  readonly #done = new Set<number>();
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
    this.pages = pages;
    for (const id of new Set([...pages.series, ...waiting.singles.keys()])) {
      const series = seriesOf(db, id);
      if (series) this.#tables.set(id, new SeriesTables(db, series, pages));
    }
  }

  /** A page with rows of an unknown series is left as it is. */
  get #isKnown(): boolean {
    return this.pages.series.every((id) => this.#tables.has(id));
  }

  get looked(): Omit<Looked, 'at'> {
    const { pages, rows, series } = this.pages;
    const perPage = pages.length === 0 ? 1 : rows / pages.length / series.length;
    return { pages: this.#left, perPage, most: this.#most, over: this.#over };
  }

  /** `isWhole`: no block is to be folded in part. `isLate`: after so many rows, the rest is for the next slice. */
  fold(
    p: Limits & { readonly isWhole: boolean; readonly isLate: (rows: number) => boolean },
  ): CompactionSlice {
    let rows = 0;
    for (const [id, tables] of this.#tables) {
      if (this.#done.has(id)) continue;
      if (rows > 0 && p.isLate(rows)) return { rows, more: true };
      for (const [block, most] of this.#blocks(id, tables, p.settledBefore)) {
        const over = tables.series.layout.rangeOf(block).to;
        if (most < WORTHWHILE && over > p.settledBefore) {
          this.#wait(most, over);
          continue;
        }
        const limits = { ...p, maxRows: p.maxRows - rows, isWhole: p.isWhole || rows > 0 };
        const { moved, ripe, waiting } = foldBlock(tables, block, limits);
        rows += moved;
        if (moved < ripe) return { rows, more: true };
        this.#wait(waiting, over);
      }
      this.#done.add(id);
    }
    this.#dropPages(p.settledBefore);
    return { rows, more: false };
  }

  #wait(rows: number, over: number): void {
    if (rows > 0) this.#over = Math.min(this.#over, over);
    this.#most = Math.max(this.#most, rows);
  }

  /** The blocks in which ripe rows may stand, with the most there may be. */
  #blocks(id: number, tables: SeriesTables, settledBefore: number): Map<number, number> {
    const { layout } = tables.series;
    const blocks = new Map<number, number>();
    let [block, to] = [NaN, -Infinity];
    for (const { ts } of this.pages.rowsOf(id, { from: -Infinity, to: settledBefore })) {
      if (ts >= to) {
        block = layout.blockOf(ts);
        to = layout.rangeOf(block).to;
      }
      blocks.set(block, (blocks.get(block) ?? 0) + 1);
    }
    const range = this.#waiting.singles.get(id);
    for (const run of range ? tables.spans(range).filter(hasRows) : []) {
      const part = { from: Math.max(run.from, range?.from ?? 0), to: Math.min(run.to, range?.to ?? 0) };
      for (const single of blocksOf(layout, part)) blocks.set(single, Infinity);
    }
    return blocks;
  }

  /**
   * Deletes pages in which nothing counts any more. Where most of a page was folded, what is left (of a series with
   * longer slots, or that came later) goes to the tier of single rows, so that it does not keep the page.
   */
  #dropPages(settledBefore: number): void {
    const live = new Map<HotPage, PageRow[]>();
    const straggling = new Map<number, PageRow[]>();
    for (const [id, tables] of this.#tables) {
      const rows = this.pages.rowsOf(id, EVER);
      const first = rows[0];
      const last = rows.at(-1);
      if (!first || !last) continue;
      for (const row of liveRows(rows, tables.told({ from: first.ts, to: last.ts + 1 })))
        addTo(live, row.page, row);
    }
    for (const { id, to, page } of this.pages.pages) {
      const left = live.get(page) ?? [];
      const isDone = to <= settledBefore && left.length <= page.rows / 2;
      if (left.length > 0 && !isDone) {
        this.#left += 1;
        continue;
      }
      if (!this.#isKnown) continue;
      for (const row of left) addTo(straggling, page.seriesOf(row.row), row);
      this.#db.run('DELETE FROM hot_page WHERE id = ?', id);
    }
    for (const [id, rows] of straggling) this.#tables.get(id)?.putSingle(rows.sort((a, b) => a.ts - b.ts));
  }
}

function addTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
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
    if (first === undefined || first >= firstIdOf(ARRIVALS)) break;
    const shard = shardOfId(first);
    at(shard).pages = db.number(last, lastIdOf(shard)) - first + 1;
    id = firstIdOf(shard + 1);
  }
  return [...shards].map(([shard, found]) => ({ shard, ...found }));
}
