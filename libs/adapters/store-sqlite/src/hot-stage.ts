import { decodeStates } from '@kairos/codec';
import { KairosError, type CoverageRun, type Grid, type Part } from '@kairos/domain';
import type { Connection } from './connection.ts';
import { fitsPage, PageBuilder } from './hot-page.ts';
import { firstIdOf, lastIdOf, shardOf, ShardPages } from './page-rows.ts';
import type { KnownSeries } from './series-tables.ts';

/** Parts of more rows than this are no recent rows. */
const MOST_ROWS = 32;

const EVER = { from: -Infinity, to: Infinity };

const PUT_PAGE = 'INSERT INTO hot_page (id, from_ts, to_ts, body) VALUES (?, ?, ?, ?)';
const LAST_PAGE = 'SELECT max(id) AS id FROM hot_page WHERE id BETWEEN ? AND ?';
const LAST_SPAN = 'SELECT to_ts FROM span WHERE series = ? ORDER BY from_ts DESC LIMIT 1';
const LAST_CHUNK = 'SELECT states FROM chunk WHERE series = ? ORDER BY block DESC, part LIMIT 1';

/** Nothing is known of a series from here on, as far as the tables of spans and chunks say. */
function endInTables(db: Connection, series: number): number {
  const span = db.get<{ to_ts: number }>(LAST_SPAN, series)?.to_ts ?? -Infinity;
  const chunk = db.get<{ states: Uint8Array }>(LAST_CHUNK, series);
  return chunk ? Math.max(span, decodeStates(chunk.states).at(-1)?.to ?? -Infinity) : span;
}

const lastPageOf = (db: Connection, shard: number): number =>
  db.get<{ id: number | null }>(LAST_PAGE, firstIdOf(shard), lastIdOf(shard))?.id ?? firstIdOf(shard);

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
 * merge, so they are only gathered, and written as a few pages when their transaction ends. Where each series' knowledge
 * ends is remembered while this connection alone writes.
 */
export class HotStage {
  readonly #pages = new Map<number, { readonly shard: number; readonly page: PageBuilder }>();
  /** Where knowledge ends, by series. */
  readonly #ends = new Map<number, number>();
  /** The last row in pages, by series, of the shards that were looked at. */
  readonly #lastRows = new Map<number, number>();
  readonly #shards = new Set<number>();
  /** Of pages, by shard. */
  readonly #lastIds = new Map<number, number>();
  #waiting = 0;
  #version = NaN;
  #era = 0;

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
    const end = this.#ends.get(series.id) ?? this.#load(db, series);
    if (run.from < end) return false;
    const page = this.#pageOf(series.id, batch.columns.length);
    for (let i = 0; i < batch.n; i += 1) page.add(series.id, batch, i);
    this.#waiting += batch.n;
    this.#ends.set(series.id, run.to);
    this.#lastRows.set(series.id, batch.ts[batch.n - 1] ?? NaN);
    return true;
  }

  /** Writes what was gathered. */
  settle(db: Connection): void {
    if (this.#waiting === 0) return;
    for (const { shard, page } of this.#pages.values()) {
      if (page.rows === 0) continue;
      const last = this.#lastIds.get(shard) ?? lastPageOf(db, shard);
      const { from, to, body } = page.take();
      db.run(PUT_PAGE, last + 1, from, to, body);
      this.#lastIds.set(shard, last + 1);
    }
    this.#waiting = 0;
  }

  /** After a write of another kind to this series. */
  forget(series: number): void {
    this.#ends.delete(series);
  }

  /** After a rollback. */
  lost(): void {
    this.#era += 1;
    this.#pages.clear();
    this.#waiting = 0;
    this.#ends.clear();
    this.#lastRows.clear();
    this.#shards.clear();
    this.#lastIds.clear();
  }

  #pageOf(series: number, columns: number): PageBuilder {
    const shard = shardOf(series);
    const key = shard * 256 + columns;
    let found = this.#pages.get(key);
    if (!found) this.#pages.set(key, (found = { shard, page: new PageBuilder(columns) }));
    return found.page;
  }

  #load(db: Connection, { id, layout: { grid } }: KnownSeries): number {
    let end: number;
    try {
      this.#lookAt(db, shardOf(id));
      const last = this.#lastRows.get(id);
      const paged = last === undefined || !grid ? -Infinity : grid.openOf(grid.indexOf(last) + 1);
      end = Math.max(endInTables(db, id), paged);
    } catch (error) {
      if (!KairosError.is(error)) throw error;
      end = Infinity; // Something of it is damaged; whoever reads that tells of it.
    }
    this.#ends.set(id, end);
    return end;
  }

  #lookAt(db: Connection, shard: number): void {
    if (this.#shards.has(shard)) return;
    const pages = new ShardPages(db, shard, Infinity);
    for (const series of pages.series) {
      const last = pages.rowsOf(series, EVER).at(-1)?.ts;
      if (last !== undefined) this.#lastRows.set(series, last);
    }
    this.#shards.add(shard);
  }
}
