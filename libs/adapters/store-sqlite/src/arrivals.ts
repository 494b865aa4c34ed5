import type { Connection } from './connection.ts';
import { HotPage, PageBuilder } from './hot-page.ts';
import { ARRIVALS, firstIdOf, lastIdOf, pagesOf, shardOf } from './page-rows.ts';

export interface ArrivalLimits {
  /** A page of what arrived grows until it holds so much: small transactions would leave as many small pages. */
  readonly pageBytes: number;
  /** So many rows are worth sorting: the more, the fewer pages each shard's part takes. */
  readonly roundRows: number;
}

const LIMITS: ArrivalLimits = { pageBytes: 16_384, roundRows: 8_192 };
/** Each transaction sorts somewhat more rows than it brings, so that a round is over before the next is due. */
const PACE = 1.25;
/** When so many rounds' rows wait, a transaction sorts them all. */
const MOST_ROUNDS = 3;

const EVER = { from: -Infinity, to: Infinity };

const PUT_PAGE = `
INSERT INTO hot_page (id, from_ts, to_ts, body) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET from_ts = excluded.from_ts, to_ts = excluded.to_ts, body = excluded.body`;
const DROP_PAGES = 'DELETE FROM hot_page WHERE id BETWEEN ? AND ?';
const LAST_PAGE = 'SELECT max(id) AS id FROM hot_page WHERE id BETWEEN ? AND ?';

const lastPageOf = (db: Connection, shard: number): number =>
  db.get<{ id: number | null }>(LAST_PAGE, firstIdOf(shard), lastIdOf(shard))?.id ?? firstIdOf(shard);

/** A page of what arrived. */
export interface Arrival {
  readonly id: number;
  /** Of its rows, the earliest. */
  readonly from: number;
  readonly page: HotPage;
}

/** The last page of rows with so many columns. */
interface Growing {
  readonly builder: PageBuilder;
  /** Undefined: it is not in the table yet. */
  id: number | undefined;
  /** Rows in the table. */
  written: number;
}

/** A row of a page. */
interface Place {
  readonly page: HotPage;
  readonly row: number;
}

/** Pages being sorted, up to `last`, and the shards whose rows are not yet copied. */
interface Round {
  readonly last: number;
  readonly left: [shard: number, rows: readonly Place[]][];
}

/**
 * What arrived together, of all series, in one page a transaction; sorted later into pages of the shards, a few shards with
 * each transaction. While a round of sorting lasts, its rows lie in both, and after a crash they may again: readers
 * count a row once. What the table holds is mirrored here while this connection alone writes.
 */
export class Arrivals {
  readonly #limits: ArrivalLimits;
  readonly #growing = new Map<number, Growing>();
  /** Sorted pages in the making, by columns; empty between two of them. */
  readonly #copying = new Map<number, PageBuilder>();
  /** In order of ids; undefined: not looked at. */
  #pages: Arrival[] | undefined;
  #round: Round | undefined;
  /** The last round was not ended: where two processes take turns none would be, so the next is done in one go. */
  #wasCutShort = false;
  /** Of pages, by shard. */
  readonly #lastIds = new Map<number, number>();

  constructor(limits: ArrivalLimits = LIMITS) {
    this.#limits = limits;
  }

  /** Where rows with so many columns are gathered. */
  builderOf(columns: number): PageBuilder {
    let found = this.#growing.get(columns);
    if (!found)
      this.#growing.set(columns, (found = { builder: new PageBuilder(columns), id: undefined, written: 0 }));
    return found.builder;
  }

  pages(db: Connection): readonly Arrival[] {
    return this.#mirror(db);
  }

  /** Writes what was gathered, and sorts some of what came before. */
  settle(db: Connection): void {
    let fresh = 0;
    for (const growing of this.#growing.values()) fresh += this.#write(db, growing);
    if (fresh === 0) return;
    const { roundRows } = this.#limits;
    const waiting = rowsIn(this.#mirror(db));
    const isMuch = waiting >= MOST_ROUNDS * roundRows;
    if (!this.#round && (isMuch || (waiting >= roundRows && !this.#wasCutShort))) this.#beginRound(db);
    this.#sort(db, isMuch ? Infinity : fresh * PACE);
  }

  /** Sorts everything if any page of it is to be sorted. Answers up to when all is sorted. */
  sortIf(db: Connection, isDue: (arrival: Arrival) => boolean): number {
    if (this.#mirror(db).some(isDue)) {
      this.#sort(db, Infinity);
      this.#beginRound(db);
      this.#sort(db, Infinity);
    }
    return Math.min(...this.#mirror(db).map(({ from }) => from));
  }

  /** After a rollback, and after another connection wrote. */
  lost(): void {
    this.#growing.clear();
    this.#copying.clear();
    this.#pages = undefined;
    this.#wasCutShort ||= this.#round !== undefined;
    this.#round = undefined;
    this.#lastIds.clear();
  }

  #mirror(db: Connection): Arrival[] {
    return (this.#pages ??= pagesOf(db, ARRIVALS, EVER).map(({ id, from_ts: from, body }) => ({
      id,
      from,
      page: new HotPage(body),
    })));
  }

  #write(db: Connection, growing: Growing): number {
    const { builder, written } = growing;
    const fresh = builder.rows - written;
    if (fresh === 0) return 0;
    const pages = this.#mirror(db);
    const id = growing.id ?? this.#nextId(db, ARRIVALS);
    const { from, to, body } = builder.page();
    db.run(PUT_PAGE, id, from, to, body);
    const place = growing.id === undefined ? pages.length : pages.findIndex((page) => page.id === id);
    pages[place] = { id, from, page: new HotPage(body) };
    growing.id = id;
    growing.written = builder.rows;
    if (body.length >= this.#limits.pageBytes) close(growing);
    return fresh;
  }

  #beginRound(db: Connection): void {
    const pages = this.#mirror(db);
    const last = pages.at(-1)?.id;
    if (last === undefined) return;
    for (const growing of this.#growing.values()) close(growing);
    const shards = new Map<number, Place[]>();
    for (const { page } of pages)
      for (let row = 0; row < page.rows; row += 1) {
        const shard = shardOf(page.seriesOf(row));
        const rows = shards.get(shard);
        if (rows) rows.push({ page, row });
        else shards.set(shard, [{ page, row }]);
      }
    this.#round = { last, left: [...shards] };
  }

  /** Copies rows of some shards, about so many. The round's pages go with the last shard. */
  #sort(db: Connection, most: number): void {
    const round = this.#round;
    if (!round) return;
    let copied = 0;
    for (let next = round.left.at(-1); next && copied < most; next = round.left.at(-1)) {
      const [shard, rows] = next;
      for (const { page, row } of rows) this.#copies(page.columns).copy(page, row);
      for (const builder of this.#copying.values()) {
        if (builder.rows === 0) continue;
        const { from, to, body } = builder.page();
        db.run(PUT_PAGE, this.#nextId(db, shard), from, to, body);
        builder.clear();
      }
      copied += rows.length;
      round.left.pop();
    }
    if (round.left.length > 0) return;
    db.run(DROP_PAGES, firstIdOf(ARRIVALS), round.last);
    this.#pages = this.#mirror(db).filter(({ id }) => id > round.last);
    this.#round = undefined;
    this.#wasCutShort = false;
  }

  #copies(columns: number): PageBuilder {
    let found = this.#copying.get(columns);
    if (!found) this.#copying.set(columns, (found = new PageBuilder(columns)));
    return found;
  }

  #nextId(db: Connection, shard: number): number {
    const id = (this.#lastIds.get(shard) ?? lastPageOf(db, shard)) + 1;
    this.#lastIds.set(shard, id);
    return id;
  }
}

const rowsIn = (pages: readonly Arrival[]): number => pages.reduce((sum, { page }) => sum + page.rows, 0);

/** What follows goes to another page. */
function close(growing: Growing): void {
  growing.builder.clear();
  growing.id = undefined;
  growing.written = 0;
}
