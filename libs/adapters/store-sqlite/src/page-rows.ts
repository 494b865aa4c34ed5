import {
  batchOfRows,
  buildColumn,
  scaledToText,
  runAt,
  hasRows,
  type Column,
  type ColumnSpec,
  type CoverageRun,
  type DataType,
  type Grid,
  type RecordBatch,
  type TimeRange,
} from '@kairos/domain';
import type { Connection } from './connection.ts';
import { HotPage } from './hot-page.ts';

/**
 * A page holds rows of series with neighbouring ids only, so that a read of one series meets few rows of others, and a
 * compaction of all of them empties whole pages.
 */
const SHARD_BITS = 4;

export const shardOf = (series: number): number => Math.floor(series / 2 ** SHARD_BITS);

/** Ids that the pages of one shard may have, the first of them left out: none is 0. */
const IDS = 2 ** 31;

export const firstIdOf = (shard: number): number => shard * IDS;
export const lastIdOf = (shard: number): number => (shard + 1) * IDS - 1;
export const shardOfId = (id: number): number => Math.floor(id / IDS);

/**
 * The pages of what arrived and is not sorted yet, of all series: a shard beyond all others, for series ids below 2^25,
 * so that these pages lie at the end of the table.
 */
export const ARRIVALS = 2 ** 21;

/** Where a row of a page stands. */
export interface PageRow {
  readonly ts: number;
  readonly page: HotPage;
  readonly row: number;
}

/** Beyond it no date exists. */
const LAST = 9e15;

export interface PageRecord {
  readonly id: number;
  readonly from_ts: number;
  readonly to_ts: number;
  readonly body: Uint8Array;
}

const PAGES = `
SELECT id, from_ts, to_ts, body FROM hot_page WHERE id BETWEEN ? AND ? AND to_ts > ? AND from_ts < ? ORDER BY id`;

const FIRST_PAGE = `
SELECT from_ts FROM hot_page WHERE id BETWEEN ? AND ? AND to_ts > ? AND from_ts < ? ORDER BY id LIMIT 1`;

export const pagesOf = (db: Connection, shard: number, range: TimeRange): PageRecord[] =>
  db.all<PageRecord>(
    PAGES,
    firstIdOf(shard),
    lastIdOf(shard),
    Math.max(range.from, -LAST),
    Math.min(range.to, LAST),
  );

/** Where the first page begins that may have rows of a series in the range. */
export function firstPage(db: Connection, series: number, range: TimeRange): number | undefined {
  const first = [shardOf(series), ARRIVALS].map(
    (shard) =>
      db.get<{ from_ts: number }>(FIRST_PAGE, firstIdOf(shard), lastIdOf(shard), range.from, range.to)
        ?.from_ts ?? Infinity,
  );
  const from = Math.min(...first);
  return from < Infinity ? from : undefined;
}

const OTHERS = 'SELECT body FROM hot_page WHERE id >= ? AND id < ? AND to_ts > ? AND from_ts < ?';

/**
 * Tells of the rows of a page whether they are copies: of what arrived some is sorted already, and where sorting was cut
 * short and begun anew, an earlier page of the shard holds them.
 */
export function copiedElsewhere(db: Connection, page: PageRecord): (series: number, ts: number) => boolean {
  const shard = shardOfId(page.id);
  const [first, beyond] = shard === ARRIVALS ? [0, firstIdOf(ARRIVALS)] : [firstIdOf(shard), page.id];
  const keys = new Set<string>();
  for (const { body } of db.all<{ body: Uint8Array }>(OTHERS, first, beyond, page.from_ts, page.to_ts)) {
    const other = new HotPage(body);
    for (let row = 0; row < other.rows; row += 1) keys.add(`${other.seriesOf(row)} ${other.tsOf(row)}`);
  }
  return (series, ts) => keys.has(`${series} ${ts}`);
}

/** Where rows in pages come from: a query, or pages read already. */
export interface PageSource {
  /** Of one series, ascending, a key once. */
  rowsOf(series: number, range: TimeRange): readonly PageRow[];
}

const byTime = (a: PageRow, b: PageRow): number => a.ts - b.ts;

/** Ascending, and of rows of one time the first written. */
function inOrder(rows: PageRow[]): readonly PageRow[] {
  let ascending = true;
  for (let i = 1; i < rows.length && ascending; i += 1)
    ascending = (rows[i - 1]?.ts ?? 0) < (rows[i]?.ts ?? 0);
  if (ascending) return rows;
  return rows.sort(byTime).filter((row, i) => row.ts !== rows[i - 1]?.ts);
}

/** Reads what it is asked for. */
export function pagesIn(db: Connection): PageSource {
  return {
    rowsOf(series, range) {
      const found: PageRow[] = [];
      const records = [shardOf(series), ARRIVALS].flatMap((shard) => pagesOf(db, shard, range));
      for (const { body } of records) {
        const page = new HotPage(body);
        for (let row = 0; row < page.rows; row += 1) {
          if (page.seriesOf(row) !== series) continue;
          const ts = page.tsOf(row);
          if (ts >= range.from && ts < range.to) found.push({ ts, page, row });
        }
      }
      return inOrder(found);
    },
  };
}

/** All pages of a shard with rows before `to`, read once. */
export class ShardPages implements PageSource {
  /** How many rows they hold. */
  readonly rows: number = 0;
  readonly pages: readonly { readonly id: number; readonly to: number; readonly page: HotPage }[];
  readonly #bySeries = new Map<number, readonly PageRow[]>();

  constructor(db: Connection, shard: number, to: number) {
    const found = new Map<number, PageRow[]>();
    this.pages = pagesOf(db, shard, { from: -LAST, to }).map((record) => ({
      id: record.id,
      to: record.to_ts,
      page: new HotPage(record.body),
    }));
    for (const { page } of this.pages) {
      this.rows += page.rows;
      for (let row = 0; row < page.rows; row += 1) {
        const series = page.seriesOf(row);
        const rows = found.get(series);
        const place = { ts: page.tsOf(row), page, row };
        if (rows) rows.push(place);
        else found.set(series, [place]);
      }
    }
    for (const [series, rows] of found) this.#bySeries.set(series, inOrder(rows));
  }

  /** Ascending ids. */
  get series(): readonly number[] {
    return [...this.#bySeries.keys()].sort((a, b) => a - b);
  }

  rowsOf(series: number, range: TimeRange): readonly PageRow[] {
    return (this.#bySeries.get(series) ?? []).filter((row) => row.ts >= range.from && row.ts < range.to);
  }
}

/** Rows that no other tier holds. What lies elsewhere too was moved there, and this is what was left behind. */
export const liveRows = (rows: readonly PageRow[], elsewhere: readonly CoverageRun[]): readonly PageRow[] =>
  rows.filter(({ ts }) => {
    const run = runAt(elsewhere, ts);
    return !run || !hasRows(run);
  });

/** What rows in pages say of their slots: each is final. */
export function runsOfRows(grid: Grid, rows: readonly PageRow[]): CoverageRun[] {
  const runs: CoverageRun[] = [];
  let from = NaN;
  let to = NaN;
  const close = (): void => void (from < to && runs.push({ from, to, state: 'present' }));
  for (const { ts } of rows) {
    if (ts !== to) {
      close();
      from = ts;
    }
    to = grid.openOf(grid.indexOf(ts) + 1);
  }
  close();
  return runs;
}

const SAFE = 2 ** 53;

const POW10 = Array.from({ length: 23 }, (_, i) => 10 ** i);

/** One column of rows in pages; undefined where no common scale holds all values. */
function plainColumn(spec: ColumnSpec, rows: readonly PageRow[], c: number): Column | undefined {
  const n = rows.length;
  const ints = new Float64Array(n);
  const scales = new Int16Array(n);
  let nulls: Uint8Array | undefined;
  let scale = 0;
  let isEven = true;
  for (let i = 0; i < n; i += 1) {
    const place = rows[i];
    const own = place?.page.scaleOf(place.row, c);
    if (!place || own === undefined) {
      if (!spec.nullable) return undefined;
      (nulls ??= new Uint8Array(n))[i] = 1;
      scales[i] = -1;
      continue;
    }
    ints[i] = place.page.intOf(place.row, c);
    scales[i] = own;
    if (own !== scale && i > 0) isEven = false;
    if (own > scale) scale = own;
  }
  for (let i = 0; i < n && !isEven; i += 1) {
    const own = scales[i] ?? 0;
    if (own < 0 || own === scale) continue;
    const int = (ints[i] ?? 0) * (POW10[scale - own] ?? Infinity);
    if (Math.abs(int) > SAFE) return undefined;
    ints[i] = int;
  }
  if (spec.kind === 'int') return { kind: 'int', ints, nulls };
  return spec.kind === 'decimal' ? { kind: 'decimal', scale, ints, nulls } : undefined;
}

function valueOf({ page, row }: PageRow, c: number): string | null {
  const scale = page.scaleOf(row, c);
  return scale === undefined ? null : scaledToText(page.intOf(row, c), scale);
}

/** Rows in pages as a batch. @throws RangeError where they do not fit the type. */
export function batchOfPageRows(type: DataType, rows: readonly PageRow[]): RecordBatch {
  if (rows.length === 0) return batchOfRows(type, []);
  return {
    type: type.id,
    version: type.version,
    n: rows.length,
    ts: Float64Array.from(rows, (row) => row.ts),
    ties: undefined,
    columns: type.columns.map(
      (spec, c) =>
        plainColumn(spec, rows, c) ??
        buildColumn(
          spec,
          rows.map((row) => valueOf(row, c)),
        ),
    ),
  };
}
