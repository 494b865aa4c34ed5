import { decodeStates } from '@kairos/codec';
import { KairosError, type CoverageRun, type Grid, type Part } from '@kairos/domain';
import { Arrivals, type Arrival, type ArrivalLimits } from './arrivals.ts';
import type { Connection } from './connection.ts';
import { fitsPage } from './hot-page.ts';
import { shardOf, ShardPages } from './page-rows.ts';
import type { KnownSeries } from './series-tables.ts';

/** Parts of more rows than this are no recent rows. */
const MOST_ROWS = 32;

const EVER = { from: -Infinity, to: Infinity };

const LAST_SPAN = 'SELECT to_ts FROM span WHERE series = ? ORDER BY from_ts DESC LIMIT 1';
const LAST_CHUNK = 'SELECT states FROM chunk WHERE series = ? ORDER BY block DESC, part LIMIT 1';

/** Nothing is known of a series from here on, as far as the tables of spans and chunks say. */
function endInTables(db: Connection, series: number): number {
  const span = db.get<{ to_ts: number }>(LAST_SPAN, series)?.to_ts ?? -Infinity;
  const chunk = db.get<{ states: Uint8Array }>(LAST_CHUNK, series);
  return chunk ? Math.max(span, decodeStates(chunk.states).at(-1)?.to ?? -Infinity) : span;
}

const isBare = (run: CoverageRun): boolean =>
  run.state === 'present' &&
  run.reason === undefined &&
  run.evidence === undefined &&
  run.grade === undefined &&
  run.at === undefined &&
  run.attempts === undefined &&
  run.error === undefined &&
  run.nextTryAt === undefined;

/** Whether the part is a few final rows, slot after slot, and says nothing else. */
function isPlainTail(grid: Grid, part: Part): boolean {
  const { batch, runs } = part;
  const run = runs[0];
  if (!run || runs.length > 1 || batch.n === 0 || batch.n > MOST_ROWS || !isBare(run)) return false;
  const first = grid.indexOf(run.from);
  for (let i = 0; i < batch.n; i += 1) if (grid.openOf(first + i) !== batch.ts[i]) return false;
  return run.from === batch.ts[0] && run.to === grid.openOf(first + batch.n) && fitsPage(batch);
}

/**
 * The quick way in for what a live collector brings: final rows beyond everything known of their series. Those need no
 * merge, so they are only gathered, and written as a page when their transaction ends. Where each series' knowledge
 * ends is remembered while this connection alone writes.
 */
export class HotStage {
  readonly #arrivals: Arrivals;
  /** Where knowledge ends, by series id. */
  #ends: (number | undefined)[] = [];
  /** Where it ended at least, of those that are to be looked up again. */
  readonly #ended = new Map<number, number>();
  /** The last row in pages, by series, where pages were looked at. */
  readonly #lastRows = new Map<number, number>();
  readonly #shards = new Set<number>();
  #hasLooked = false;
  #version = NaN;
  #era = 0;

  constructor(limits?: ArrivalLimits) {
    this.#arrivals = new Arrivals(limits);
  }

  /** Another number after a rollback, and after another connection wrote: what was read of the file may be no more. */
  get era(): number {
    return this.#era;
  }

  /** At the start of a transaction: what others wrote since the last one may be anything. */
  opened(db: Connection): void {
    const version = db.number('PRAGMA data_version');
    if (version !== this.#version) this.lost();
    this.#version = version;
  }

  /** Takes the part of a series; false: it needs a merge, and nothing was done. */
  append(db: Connection, series: KnownSeries, part: Part): boolean {
    const { grid, type } = series.layout;
    const { batch } = part;
    const run = part.runs[0];
    if (!grid || !run || batch.type !== type.id || !isPlainTail(grid, part)) return false;
    const end = this.#ends[series.id] ?? this.#load(db, series);
    if (run.from < end) return false;
    const page = this.#arrivals.builderOf(batch.columns.length);
    for (let i = 0; i < batch.n; i += 1) page.add(series.id, batch, i);
    this.#ends[series.id] = run.to;
    return true;
  }

  /** Writes what was gathered. */
  settle(db: Connection): void {
    this.#arrivals.settle(db);
  }

  /** Sorts what arrived, if any page of it is to be sorted. Answers up to when nothing waits to be sorted. */
  sortIf(db: Connection, isDue: (arrival: Arrival) => boolean): number {
    return this.#arrivals.sortIf(db, isDue);
  }

  /** After a write of another kind to this series. */
  forget(series: number): void {
    const end = this.#ends[series];
    if (end !== undefined && end < Infinity) this.#ended.set(series, end);
    this.#ends[series] = undefined;
  }

  /** After a rollback. */
  lost(): void {
    this.#era += 1;
    this.#arrivals.lost();
    this.#ends = [];
    this.#ended.clear();
    this.#lastRows.clear();
    this.#shards.clear();
    this.#hasLooked = false;
  }

  #load(db: Connection, { id, layout: { grid } }: KnownSeries): number {
    let end: number;
    try {
      this.#lookAtArrivals(db);
      if (!this.#lastRows.has(id)) this.#lookAt(db, shardOf(id));
      const last = this.#lastRows.get(id);
      const paged = last === undefined || !grid ? -Infinity : grid.openOf(grid.indexOf(last) + 1);
      end = Math.max(endInTables(db, id), paged, this.#ended.get(id) ?? -Infinity);
    } catch (error) {
      if (!KairosError.is(error)) throw error;
      end = Infinity; // Something of it is damaged; whoever reads that tells of it.
    }
    this.#ends[id] = end;
    return end;
  }

  /** What arrived last of a series lies here, if any of it does. */
  #lookAtArrivals(db: Connection): void {
    if (this.#hasLooked) return;
    for (const { page } of this.#arrivals.pages(db))
      for (let row = 0; row < page.rows; row += 1) this.#noteLast(page.seriesOf(row), page.tsOf(row));
    this.#hasLooked = true;
  }

  #noteLast(series: number, ts: number): void {
    if (!(ts <= (this.#lastRows.get(series) ?? -Infinity))) this.#lastRows.set(series, ts);
  }

  #lookAt(db: Connection, shard: number): void {
    if (this.#shards.has(shard)) return;
    const pages = new ShardPages(db, shard, Infinity);
    for (const series of pages.series) {
      const last = pages.rowsOf(series, EVER).at(-1)?.ts;
      if (last !== undefined) this.#noteLast(series, last);
    }
    this.#shards.add(shard);
  }
}
