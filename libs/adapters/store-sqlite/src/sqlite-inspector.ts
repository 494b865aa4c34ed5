import { decodeBatch, decodeStates } from '@kairos/codec';
import {
  blocksOf,
  ceilTo,
  countSlots,
  hasRows,
  intersectRange,
  mergeRuns,
  type BlockLayout,
  type CoverageRun,
  type TimeRange,
} from '@kairos/domain';
import type {
  BudgetItem,
  ContainerFault,
  InspectedBlock,
  InspectedBudget,
  InspectedChunk,
  InspectedHotRow,
  Page,
  RowKey,
  StoreInspector,
  TaskHolding,
} from '@kairos/ports';
import type { SqliteClient } from './client.ts';
import { identityOf } from './file-watch.ts';
import { HotPage } from './hot-page.ts';
import { copiedElsewhere, liveRows, pagesIn, runsOfRows, type PageRecord } from './page-rows.ts';
import type { Connection } from './connection.ts';
import { containerFaults } from './container-faults.ts';
import { cursorOf, parseCursor } from './cursor.ts';
import { Face } from './face.ts';
import { SeriesRegistry } from './series-registry.ts';
import { SeriesTables, type KnownSeries } from './series-tables.ts';
import { dueOf, taskOf, type DueRow } from './task-rows.ts';

interface SpanRow {
  readonly from_ts: number;
  readonly to_ts: number;
  readonly facts: string;
}

interface ChunkRow {
  readonly part: number;
  readonly n: number;
  readonly states: Uint8Array;
  readonly body: Uint8Array;
}

interface HotRow extends RowKey {
  readonly series: number;
  readonly body: string;
}

type IsCopied = (series: number, ts: number) => boolean;

const PROMISING = `
SELECT from_ts, to_ts, facts FROM span WHERE series = ? AND to_ts > ?
  AND CASE WHEN json_valid(facts) THEN json_extract(facts, '$.state') END IN ('present', 'provisional')
ORDER BY from_ts LIMIT ?`;
const SPANS_OVER = `
SELECT from_ts, to_ts, facts FROM span WHERE series = ? AND from_ts < ? AND to_ts > ? ORDER BY from_ts`;
const SPAN_AT = `
SELECT from_ts, to_ts, facts FROM span WHERE series = ? AND from_ts <= ? ORDER BY from_ts DESC LIMIT 1`;
const HOT_ROWS = `
SELECT ts, series, tie, body FROM hot WHERE (ts, series, tie) > (?, ?, ?) ORDER BY ts, series, tie LIMIT ?`;

const LOWEST = -9e15;

/** The value, or why there is none. */
function attempt<T>(read: () => T): { readonly value?: T; readonly fault?: string } {
  try {
    return { value: read() };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/** A span as it lies; facts that cannot be read leave it without a state, which no check takes for sound. */
function spanOf(row: SpanRow): CoverageRun {
  const facts = attempt(() => JSON.parse(row.facts) as Partial<CoverageRun>).value ?? {};
  return { ...facts, from: row.from_ts, to: row.to_ts } as CoverageRun;
}

/** What the tables of one file hold, as it lies. */
export class SqliteInspector implements StoreInspector {
  readonly #face: Face;
  readonly #path: string;
  readonly #identity: string;
  readonly #registry = new SeriesRegistry();

  constructor(client: SqliteClient) {
    this.#face = new Face(client);
    this.#path = client.path;
    this.#identity = identityOf(client.path);
  }

  container(p: { readonly deep: boolean }): Promise<readonly ContainerFault[]> {
    const isSame = identityOf(this.#path) === this.#identity;
    const replaced: ContainerFault = {
      code: 'replaced',
      detail: 'another file, or none, lies at the path now',
    };
    return this.#face.read((db) => [...(isSame ? [] : [replaced]), ...containerFaults(db, p.deep)]);
  }

  holdings(p: { readonly limit: number; readonly after?: string | undefined }): Promise<Page<TaskHolding>> {
    const sql =
      'SELECT uid FROM task WHERE uid > ? UNION SELECT uid FROM due WHERE uid > ? ORDER BY 1 LIMIT ?';
    return this.#face.read((db) => {
      const after = p.after ?? '';
      const uids = db.all<{ uid: string }>(sql, after, after, p.limit + 1).map((row) => row.uid);
      const page = uids.slice(0, p.limit);
      const last = page.at(-1);
      return {
        items: page.map((uid) => holdingOf(db, uid)),
        ...(last !== undefined && uids.length > page.length && { next: last }),
      };
    });
  }

  holding(p: { readonly uid: string }): Promise<TaskHolding> {
    return this.#face.read((db) => holdingOf(db, p.uid));
  }

  blocks(p: {
    readonly key: string;
    readonly limit: number;
    readonly after?: number | undefined;
  }): Promise<readonly number[]> {
    return this.#face.read((db) => {
      const { id, layout } = this.#registry.known(db, p.key);
      const after = p.after ?? LOWEST;
      const sql = 'SELECT DISTINCT block FROM chunk WHERE series = ? AND block > ? ORDER BY block LIMIT ?';
      const chunks = db.all<{ block: number }>(sql, id, after, p.limit).map((row) => row.block);
      const beyond = p.after === undefined ? LOWEST : layout.rangeOf(p.after).to;
      const promised = promisedBlocks(db, { id, layout }, { beyond, limit: p.limit });
      const rowsBeyond = attempt(() => pagesIn(db).rowsOf(id, { from: beyond, to: -LOWEST }));
      const paged = layout.grid ? (rowsBeyond.value ?? []) : [];
      const others = [...promised, ...paged.map((row) => layout.blockOf(row.ts))];
      return [...new Set([...chunks, ...others.filter((block) => block > after)])]
        .sort((a, b) => a - b)
        .slice(0, p.limit);
    });
  }

  block(p: { readonly key: string; readonly block: number }): Promise<InspectedBlock> {
    return this.#face.read((db) => {
      const known = this.#registry.known(db, p.key);
      const range = known.layout.rangeOf(p.block);
      const told = db.all<SpanRow>(SPANS_OVER, known.id, range.to, range.from).map(spanOf);
      const single = told.filter(hasRows).flatMap((run) => hotKeys(db, known, intersectRange(run, range)));
      const chunk = chunkOf(db, known.id, p.block);
      const paged = pagedIn(db, known, { range, elsewhere: mergeRuns(told, chunk?.states ?? []) });
      const hot = [...single, ...paged.keys].sort((a, b) => a.ts - b.ts);
      const spans = paged.keys.length > 0 ? mergeRuns(told, paged.runs) : told;
      return { block: p.block, chunk, spans, hot };
    });
  }

  spans(p: {
    readonly key: string;
    readonly limit: number;
    readonly after?: number | undefined;
  }): Promise<readonly CoverageRun[]> {
    const sql =
      'SELECT from_ts, to_ts, facts FROM span WHERE series = ? AND from_ts > ? ORDER BY from_ts LIMIT ?';
    return this.#face.read((db) => {
      const { id } = this.#registry.known(db, p.key);
      return db.all<SpanRow>(sql, id, p.after ?? LOWEST, p.limit).map(spanOf);
    });
  }

  hotRows(p: {
    readonly limit: number;
    readonly after?: string | undefined;
  }): Promise<Page<InspectedHotRow>> {
    return this.#face.read((db) => {
      const start: readonly [string, number, number, string] = ['single', LOWEST, 0, ''];
      const [tier, ts, series, tie] = p.after === undefined ? start : parseCursor(p.after, start);
      if (tier === 'paged') return pagedAfter(db, this.#registry, { after: ts, limit: p.limit });
      const rows = db.all<HotRow>(HOT_ROWS, ts, series, tie, p.limit);
      const last = rows.at(-1);
      const next =
        last && rows.length === p.limit ? ['single', last.ts, last.series, last.tie] : ['paged', 0, 0, ''];
      return { items: rows.map((row) => inspectedOf(db, row)), next: cursorOf(next) };
    });
  }

  budgets(): Promise<readonly InspectedBudget[]> {
    const sql = 'SELECT scope, v, doc FROM budget ORDER BY scope';
    return this.#face.read((db) =>
      db.all<{ scope: string; v: number; doc: string }>(sql).map(({ scope, v, doc }) => {
        const { value, fault } = attempt(() => JSON.parse(doc) as BudgetItem);
        const differs = value && (value.scope !== scope || value.v !== v);
        return { scope, item: value, fault: differs ? 'the item says otherwise than its columns' : fault };
      }),
    );
  }
}

function holdingOf(db: Connection, uid: string): TaskHolding {
  const taskRow = db.get<{ doc: string }>('SELECT doc FROM task WHERE uid = ?', uid);
  const dueRow = db.get<DueRow>('SELECT * FROM due WHERE uid = ?', uid);
  const task = attempt(() => taskRow && taskOf(taskRow));
  const due = attempt(() => dueRow && dueOf(dueRow));
  return {
    uid,
    task: task.value,
    due: due.value,
    faults: [task.fault, due.fault].filter((fault) => fault !== undefined),
  };
}

function promisedBlocks(
  db: Connection,
  known: KnownSeries,
  p: { readonly beyond: number; readonly limit: number },
): number[] {
  const found = new Set<number>();
  for (const run of db.all<SpanRow>(PROMISING, known.id, p.beyond, p.limit).map(spanOf).filter(hasRows)) {
    const range = { from: Math.max(run.from, p.beyond), to: run.to };
    for (const block of blocksOf(known.layout, range)) {
      found.add(block);
      if (found.size >= p.limit) return [...found];
    }
  }
  return [...found];
}

function chunkOf(db: Connection, series: number, block: number): InspectedChunk | undefined {
  const sql = 'SELECT part, n, states, body FROM chunk WHERE series = ? AND block = ? ORDER BY part';
  const [row, ...others] = db.all<ChunkRow>(sql, series, block);
  if (!row) return undefined;
  const rows = attempt(() => decodeBatch(row.body));
  const states = attempt(() => decodeStates(row.states));
  const odd = [...(row.part === 0 ? [] : [row]), ...others].map(
    (chunk) => `part ${chunk.part} of the block is read by nobody`,
  );
  return {
    stated: row.n,
    rows: rows.value,
    states: states.value,
    faults: [rows.fault, states.fault, ...odd].filter((fault) => fault !== undefined),
  };
}

/** By slot where there is a grid, as reads do: a stretch of time holds all other series' rows too. */
function hotKeys(
  db: Connection,
  { id, layout }: { readonly id: number; readonly layout: BlockLayout },
  stretch: { readonly from: number; readonly to: number },
): RowKey[] {
  const { grid } = layout;
  if (!grid) {
    const sql = 'SELECT ts, tie FROM hot WHERE ts >= ? AND ts < ? AND series = ? ORDER BY ts, tie';
    return db.all<RowKey>(sql, stretch.from, stretch.to, id);
  }
  const first = grid.indexOf(ceilTo(grid, stretch.from));
  return Array.from({ length: countSlots(grid, stretch) }, (_, i) =>
    db.get<RowKey>('SELECT ts, tie FROM hot WHERE ts = ? AND series = ?', grid.openOf(first + i), id),
  ).filter((key) => key !== undefined);
}

/** Rows in hot pages that count, with their facts. Pages that cannot be read hold none here: `hotRows` tells of them. */
function pagedIn(
  db: Connection,
  { id, layout }: KnownSeries,
  p: { readonly range: TimeRange; readonly elsewhere: readonly CoverageRun[] },
): { readonly keys: readonly RowKey[]; readonly runs: readonly CoverageRun[] } {
  const { grid } = layout;
  if (!grid) return { keys: [], runs: [] };
  const rows = liveRows(attempt(() => pagesIn(db).rowsOf(id, p.range)).value ?? [], p.elsewhere);
  return { keys: rows.map(({ ts }) => ({ ts, tie: '' })), runs: runsOfRows(grid, rows) };
}

/** The rows that count of the next pages: of at least one, and of more while they are fewer than `limit`. */
function pagedAfter(
  db: Connection,
  registry: SeriesRegistry,
  p: { readonly after: number; readonly limit: number },
): Page<InspectedHotRow> {
  const sql = 'SELECT id, from_ts, to_ts, body FROM hot_page WHERE id > ? ORDER BY id LIMIT 1';
  const items: InspectedHotRow[] = [];
  let { after } = p;
  while (items.length < p.limit) {
    const found = db.get<PageRecord>(sql, after);
    if (!found) return { items };
    after = found.id;
    const { value, fault } = attempt(() => new HotPage(found.body));
    if (value) items.push(...countingIn(db, registry, { page: value, copied: copiedOf(db, found) }));
    else items.push({ key: undefined, ts: found.from_ts, tie: '', run: undefined, fault });
  }
  return { items, next: cursorOf(['paged', after, 0, '']) };
}

/** Which rows of a page lie in another one too. A page that cannot be read is told of as what it is. */
const copiedOf = (db: Connection, page: PageRecord): IsCopied =>
  attempt(() => copiedElsewhere(db, page)).value ?? (() => false);

function countingIn(
  db: Connection,
  registry: SeriesRegistry,
  { page, copied }: { readonly page: HotPage; readonly copied: IsCopied },
): InspectedHotRow[] {
  return Array.from({ length: page.rows }, (_, row): InspectedHotRow[] => {
    const ts = page.tsOf(row);
    if (copied(page.seriesOf(row), ts)) return [];
    const known = registry.byId(db, page.seriesOf(row));
    const { grid } = known?.layout ?? {};
    if (!known || !grid) return [{ key: undefined, ts, tie: '', run: undefined, fault: undefined }];
    const slot = { from: ts, to: grid.openOf(grid.indexOf(ts) + 1) };
    const told = attempt(() => new SeriesTables(db, known).told(slot)).value ?? [];
    if (told.some(hasRows)) return [];
    const key = registry.keyOf(db, known.id);
    return [{ key, ts, tie: '', run: { ...slot, state: 'present' }, fault: undefined }];
  }).flat();
}

function inspectedOf(db: Connection, row: HotRow): InspectedHotRow {
  const series = db.get<{ key: string }>('SELECT key FROM series WHERE id = ?', row.series);
  const span = db.get<SpanRow>(SPAN_AT, row.series, row.ts);
  return {
    key: series?.key,
    ts: row.ts,
    tie: row.tie,
    run: span && span.to_ts > row.ts ? spanOf(span) : undefined,
    fault: attempt(() => JSON.parse(row.body) as unknown).fault,
  };
}
