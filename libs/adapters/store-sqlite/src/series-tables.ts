import { decodeBatch, decodeStates, encodeBatch, encodeStates } from '@kairos/codec';
import {
  batchOfRows,
  ceilTo,
  clipRuns,
  compareRuns,
  countSlots,
  hasRows,
  mergeRuns,
  rowAt,
  type BlockLayout,
  type CoverageRun,
  type Part,
  type RecordBatch,
  type Row,
  type TimeRange,
  type Value,
} from '@kairos/domain';
import type { Connection } from './connection.ts';
import {
  batchOfPageRows,
  firstPage,
  liveRows,
  pagesIn,
  runsOfRows,
  type PageRow,
  type PageSource,
} from './page-rows.ts';
import { withoutRanges } from './parts.ts';

/** A series as the tables know it. */
export interface KnownSeries {
  readonly id: number;
  readonly layout: BlockLayout;
}

/** A chunk without its rows. */
export interface ChunkHeader {
  readonly block: number;
  readonly v: number;
  readonly states: readonly CoverageRun[];
}

interface HotRow {
  readonly ts: number;
  readonly tie: string;
  readonly body: string;
}

interface SpanRow {
  readonly from_ts: number;
  readonly to_ts: number;
  readonly facts: string;
}

interface ChunkRow {
  readonly block: number;
  readonly v: number;
  readonly states: Uint8Array;
}

const NO_ROWS: readonly PageRow[] = [];

/** Stretches of more slots than this are scanned by time, over all series; shorter ones slot by slot. */
const MAX_LOOKUPS = 4_096;

const SPAN_BEFORE = `
SELECT from_ts, to_ts, facts FROM span WHERE series = ? AND from_ts < ? ORDER BY from_ts DESC LIMIT 1`;
const SPANS_FROM = `
SELECT from_ts, to_ts, facts FROM span WHERE series = ? AND from_ts >= ? AND from_ts <= ? ORDER BY from_ts`;
const PUT_CHUNK = `
INSERT INTO chunk (series, block, part, v, n, states, body) VALUES (?, ?, 0, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET v = excluded.v, n = excluded.n, states = excluded.states, body = excluded.body`;

const headerOf = (row: ChunkRow): ChunkHeader => ({
  block: row.block,
  v: row.v,
  states: decodeStates(row.states),
});

function spanOf(row: SpanRow): CoverageRun {
  const facts = JSON.parse(row.facts) as Omit<CoverageRun, 'from' | 'to'>;
  return { ...facts, from: row.from_ts, to: row.to_ts };
}

const factsOf = ({ from: _from, to: _to, ...facts }: CoverageRun): string => JSON.stringify(facts);

const sameRun = (a: CoverageRun | undefined, b: CoverageRun): boolean =>
  a !== undefined && a.to === b.to && compareRuns(a, b) === 0;

/** Reads and writes the tables of one series through one connection; the caller holds the transaction. */
export class SeriesTables {
  readonly series: KnownSeries;
  readonly #db: Connection;
  readonly #pages: PageSource;

  /** `pages`: those of the series, where they are read already. */
  constructor(db: Connection, series: KnownSeries, pages: PageSource = pagesIn(db)) {
    this.#db = db;
    this.series = series;
    this.#pages = pages;
  }

  get #id(): number {
    return this.series.id;
  }

  /** Spans that overlap or touch the range, whole, in order; at most `limit` of those that begin in it. */
  spans(range: TimeRange, limit?: number): CoverageRun[] {
    const before = this.#db.get<SpanRow>(SPAN_BEFORE, this.#id, range.from);
    // A bound parameter in LIMIT makes SQLite compile the statement anew at each use.
    const sql = limit === undefined ? SPANS_FROM : `${SPANS_FROM} LIMIT ${limit}`;
    const inside = this.#db.all<SpanRow>(sql, this.#id, range.from, range.to);
    const reaches = before && before.to_ts >= range.from;
    return (reaches ? [before, ...inside] : inside).map(spanOf);
  }

  /** Adds facts; the stronger stands. `near`: the spans that touch the facts, if they are known already. */
  joinSpans(news: readonly CoverageRun[], near?: readonly CoverageRun[]): void {
    const first = news[0];
    const last = news.at(-1);
    if (!first || !last) return;
    const old = near
      ? near.filter((run) => run.to >= first.from && run.from <= last.to)
      : this.spans({ from: first.from, to: last.to });
    this.#writeSpans(old, mergeRuns(old, news));
  }

  /** Takes a range out of the spans, as a chunk holds its facts now, all but those to keep. */
  dropSpans(range: TimeRange, keep: readonly CoverageRun[]): void {
    const old = this.spans(range);
    this.#writeSpans(old, mergeRuns(withoutRanges(old, [range]), keep));
  }

  header(block: number): ChunkHeader | undefined {
    const sql = 'SELECT block, v, states FROM chunk WHERE series = ? AND block = ? AND part = 0';
    const row = this.#db.get<ChunkRow>(sql, this.#id, block);
    return row && headerOf(row);
  }

  /** In order of blocks, both bounds included. */
  headers(from: number, to: number): ChunkHeader[] {
    const sql =
      'SELECT block, v, states FROM chunk WHERE series = ? AND block BETWEEN ? AND ? ORDER BY block, part';
    return this.#db.all<ChunkRow>(sql, this.#id, from, to).map(headerOf);
  }

  /** The first chunks with blocks of the span, at most `limit`. */
  blocks(from: number, to: number, limit: number): number[] {
    const sql =
      'SELECT block FROM chunk WHERE series = ? AND block BETWEEN ? AND ? ORDER BY block, part LIMIT ?';
    return this.#db.all<{ block: number }>(sql, this.#id, from, to, limit).map((row) => row.block);
  }

  chunkRows(block: number): RecordBatch {
    const sql = 'SELECT body FROM chunk WHERE series = ? AND block = ? AND part = 0';
    const row = this.#db.get<{ body: Uint8Array }>(sql, this.#id, block);
    return row ? decodeBatch(row.body) : batchOfRows(this.series.layout.type, []);
  }

  putChunk(p: { block: number; v: number; states: readonly CoverageRun[]; rows: RecordBatch }): void {
    this.#db.run(PUT_CHUNK, this.#id, p.block, p.v, p.rows.n, encodeStates(p.states), encodeBatch(p.rows));
  }

  /** What is known inside the range. */
  runs(range: TimeRange): CoverageRun[] {
    if (range.to <= range.from) return [];
    const elsewhere = this.told(range);
    return mergeRuns(elsewhere, this.paged(range, elsewhere).runs);
  }

  /** What spans and chunks say inside the range. */
  told(range: TimeRange): CoverageRun[] {
    const { layout } = this.series;
    const headers = this.headers(layout.blockOf(range.from), layout.blockOf(range.to - 1));
    const inChunks = clipRuns(
      headers.flatMap((h) => h.states),
      range,
    );
    return mergeRuns(clipRuns(this.spans(range), range), inChunks);
  }

  /** Rows in hot pages inside the range that count, with their runs. `elsewhere`: all that spans and chunks say there. */
  paged(range: TimeRange, elsewhere: readonly CoverageRun[]): Part {
    const { grid, type } = this.series.layout;
    const rows = grid ? liveRows(this.#pages.rowsOf(this.#id, range), elsewhere) : NO_ROWS;
    return { batch: batchOfPageRows(type, rows), runs: grid ? runsOfRows(grid, rows) : [] };
  }

  /** Where the first page with rows of the series, or of its neighbours, begins inside the range. */
  firstPaged(range: TimeRange): number | undefined {
    return this.series.layout.grid && firstPage(this.#db, this.#id, range);
  }

  /** Moves the rows that count in hot pages to the tier of single rows, where they can be changed. */
  unpack(range: TimeRange): void {
    const { grid } = this.series.layout;
    if (!grid || this.#pages.rowsOf(this.#id, range).length === 0) return;
    this.putSingle(liveRows(this.#pages.rowsOf(this.#id, range), this.told(range)));
  }

  /** Copies rows of hot pages, which count there no more, to the tier of single rows. */
  putSingle(rows: readonly PageRow[]): void {
    const { grid, type } = this.series.layout;
    if (!grid || rows.length === 0) return;
    const batch = batchOfPageRows(type, rows);
    this.putHot(
      batch,
      rows.map((_, i) => i),
    );
    this.joinSpans(runsOfRows(grid, rows));
  }

  /** Hot rows inside the range. `spans`: all spans there are in the range; hot rows stand nowhere else. */
  hotRows(range: TimeRange, spans: readonly CoverageRun[]): RecordBatch {
    const rows = clipRuns(spans.filter(hasRows), range).flatMap((stretch) => this.#hotIn(stretch));
    return batchOfRows(this.series.layout.type, rows);
  }

  putHot(batch: RecordBatch, rows: readonly number[]): void {
    for (const i of rows) {
      const { ts, tie = '', values } = rowAt(batch, i);
      this.#db.run(
        'INSERT OR REPLACE INTO hot (ts, series, tie, body) VALUES (?, ?, ?, ?)',
        ts,
        this.#id,
        tie,
        JSON.stringify(values),
      );
    }
  }

  dropHot(batch: RecordBatch): void {
    for (let i = 0; i < batch.n; i += 1) {
      this.#db.run(
        'DELETE FROM hot WHERE ts = ? AND series = ? AND tie = ?',
        batch.ts[i] ?? 0,
        this.#id,
        batch.ties?.[i] ?? '',
      );
    }
  }

  #hotIn(stretch: TimeRange): Row[] {
    const { type, grid } = this.series.layout;
    const bySlot = grid !== undefined && countSlots(grid, stretch) <= MAX_LOOKUPS;
    const found = bySlot ? this.#hotAtSlots(grid, stretch) : this.#hotByTime(stretch);
    return found.map((row) => ({
      ts: row.ts,
      ...(type.tied && { tie: row.tie }),
      values: JSON.parse(row.body) as readonly Value[],
    }));
  }

  #hotAtSlots(grid: NonNullable<BlockLayout['grid']>, stretch: TimeRange): HotRow[] {
    const found: HotRow[] = [];
    const first = grid.indexOf(ceilTo(grid, stretch.from));
    const slots = countSlots(grid, stretch);
    for (let i = first; i < first + slots; i += 1) {
      const row = this.#db.get<HotRow>(
        'SELECT ts, tie, body FROM hot WHERE ts = ? AND series = ?',
        grid.openOf(i),
        this.#id,
      );
      if (row) found.push(row);
    }
    return found;
  }

  #hotByTime(stretch: TimeRange): HotRow[] {
    const sql = 'SELECT ts, tie, body FROM hot WHERE ts >= ? AND ts < ? AND series = ? ORDER BY ts, tie';
    return this.#db.all<HotRow>(sql, stretch.from, stretch.to, this.#id);
  }

  #writeSpans(old: readonly CoverageRun[], next: readonly CoverageRun[]): void {
    const before = new Map(old.map((run) => [run.from, run]));
    const after = new Set(next.map((run) => run.from));
    for (const run of old) {
      if (!after.has(run.from))
        this.#db.run('DELETE FROM span WHERE series = ? AND from_ts = ?', this.#id, run.from);
    }
    for (const run of next) {
      if (sameRun(before.get(run.from), run)) continue;
      this.#db.run(
        'INSERT OR REPLACE INTO span (series, from_ts, to_ts, facts) VALUES (?, ?, ?, ?)',
        this.#id,
        run.from,
        run.to,
        factsOf(run),
      );
    }
  }
}
