import {
  checkPart,
  LeaseLostError,
  type CoverageRun,
  type Evidence,
  type Finding,
  type Part,
  type Revision,
  type RowConflict,
  type Series,
  type TimeRange,
} from '@kairos/domain';
import type {
  Clock,
  CommitRequest,
  CommitResult,
  FindingFilter,
  LoggedRevision,
  Page,
  SeriesFilter,
  SeriesStore,
  SeriesStoreCapabilities,
} from '@kairos/ports';
import type { SqliteClient } from './client.ts';
import { mergeRest, mergeSlice, reviseBlock } from './commit-blocks.ts';
import { Compactor } from './compactor.ts';
import type { Connection } from './connection.ts';
import { Face } from './face.ts';
import type { HotStage } from './hot-stage.ts';
import { cutPart } from './parts.ts';
import { readStep } from './read-parts.ts';
import {
  addEvidence,
  addFindings,
  countsOfFindings,
  evidenceOf,
  logRevision,
  pageOfFindings,
  revisionsOf,
} from './series-notes.ts';
import { SeriesRegistry } from './series-registry.ts';
import { SeriesTables } from './series-tables.ts';

const ADDED: CommitResult = { changed: true, conflicts: [], revised: [] };

/** Beyond these no date exists; callers may ask for "ever". */
const END_OF_TIME = 8e15;

const clamp = (range: TimeRange): TimeRange => ({
  from: Math.max(range.from, -END_OF_TIME),
  to: Math.min(range.to, END_OF_TIME),
});

/**
 * Rows and coverage in SQLite, in two tiers (see schema.ts). Fences are checked against the due items of the same file,
 * inside the committing transaction. Revisions are logged at the clock's time or, without one, when they were seen.
 */
export class SqliteSeriesStore implements SeriesStore {
  readonly capabilities: SeriesStoreCapabilities = { fencing: 'checked', durable: true };
  readonly #face: Face;
  readonly #stage: HotStage;
  readonly #clock: Clock | undefined;
  readonly #registry = new SeriesRegistry();
  readonly #compactor: Compactor;

  constructor(client: SqliteClient, clock?: Clock) {
    this.#face = new Face(client);
    this.#stage = client.stage;
    this.#compactor = new Compactor({
      seriesOf: (db, id) => this.#registry.byId(db, id),
      era: () => client.stage.era,
      sortIf: (db, isDue) => client.stage.sortIf(db, isDue),
      nowMs: () => performance.now(),
    });
    this.#clock = clock;
  }

  async ensureSeries(p: { readonly series: Series }): Promise<Series> {
    const stored = await this.getSeries({ key: p.series.key });
    const isKnown = stored && p.series.aliases.every((alias) => stored.aliases.includes(alias));
    return isKnown ? stored : this.#face.write((db) => this.#registry.ensure(db, p.series));
  }

  getSeries(p: { readonly key: string }): Promise<Series | undefined> {
    return this.#face.read((db) => this.#registry.get(db, p.key));
  }

  listSeries(p: {
    readonly filter: SeriesFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<Series>> {
    return this.#face.read((db) => this.#registry.list(db, p));
  }

  commit(p: CommitRequest): Promise<CommitResult> {
    return this.#face.write((db) => this.#commit(db, p), {
      rows: p.part.batch.n,
      light: (db) => this.#append(db, p),
    });
  }

  coverage(p: { readonly key: string; readonly range: TimeRange }): Promise<readonly CoverageRun[]> {
    return this.#face.read((db) => this.#tables(db, p.key).runs(clamp(p.range)));
  }

  /**
   * Each step is a snapshot of its own and whole in itself, so a slow reader holds up neither writers nor the log's
   * checkpoints. Compaction moves rows within their block only: no later step can meet or miss a row of an earlier one.
   */
  async *read(p: { readonly key: string; readonly range: TimeRange }): AsyncGenerator<Part> {
    const { from: start, to } = clamp(p.range);
    let from = start;
    do {
      const range = { from, to };
      const step = await this.#face.read((db) => {
        const tables = this.#tables(db, p.key);
        return to > from ? readStep(tables, range) : { parts: [], next: to };
      });
      yield* step.parts;
      from = step.next;
    } while (from < to);
  }

  evidence(p: { readonly key: string; readonly ids: readonly string[] }): Promise<readonly Evidence[]> {
    return this.#face.read((db) => evidenceOf(db, this.#registry.known(db, p.key).id, p.ids));
  }

  findings(p: { readonly key: string; readonly limit: number }): Promise<readonly Finding[]> {
    return this.listFindings({ ...p, filter: {} }).then((page) => page.items);
  }

  listFindings(p: {
    readonly key: string;
    readonly filter: FindingFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<Finding>> {
    return this.#face.read((db) => pageOfFindings(db, this.#registry.known(db, p.key).id, p));
  }

  countFindings(p: {
    readonly key: string;
    readonly filter: FindingFilter;
  }): Promise<Readonly<Record<string, number>>> {
    return this.#face.read((db) => countsOfFindings(db, this.#registry.known(db, p.key).id, p.filter));
  }

  revisions(p: { readonly key: string; readonly limit: number }): Promise<readonly LoggedRevision[]> {
    return this.#face.read((db) => revisionsOf(db, this.#registry.known(db, p.key).id, p.limit));
  }

  compact(p: {
    readonly settledBefore: number;
    readonly maxRows: number;
  }): Promise<{ readonly rows: number; readonly more: boolean }> {
    return this.#face.write((db) => this.#compact(db, p), { rows: p.maxRows });
  }

  /** Closes this face only; the file stays open for the others. */
  async close(): Promise<void> {
    this.#face.close();
  }

  #tables(db: Connection, key: string): SeriesTables {
    return new SeriesTables(db, this.#registry.known(db, key));
  }

  #compact(
    db: Connection,
    p: { readonly settledBefore: number; readonly maxRows: number },
  ): { readonly rows: number; readonly more: boolean } {
    try {
      return this.#compactor.run(db, p);
    } catch (error) {
      this.#stage.lost(); // What it sorted is undone.
      throw error;
    }
  }

  /** Rows after all others of their series need no look at those. */
  #append(db: Connection, p: CommitRequest): CommitResult | undefined {
    if (p.evidence?.length || p.findings?.length || p.revisions?.length) return undefined;
    const series = this.#registry.known(db, p.series.key);
    checkFence(db, p.fence);
    return this.#stage.append(db, series, p.part) ? ADDED : undefined;
  }

  #commit(db: Connection, p: CommitRequest): CommitResult {
    const tables = this.#tables(db, p.series.key);
    const { id, layout } = tables.series;
    this.#stage.forget(id);
    checkFence(db, p.fence);
    checkPart(layout, p.part);

    const revised = this.#revise(db, tables, p.revisions ?? []);
    const { slices, rest } = cutPart(layout, p.part);
    let changed = mergeRest(tables, rest);
    const conflicts: RowConflict[] = [];
    for (const slice of slices) {
      const merged = mergeSlice(tables, slice);
      changed ||= merged.changed;
      conflicts.push(...merged.conflicts);
    }
    const notes = addEvidence(db, id, p.evidence ?? []) + addFindings(db, id, p.findings ?? []);
    return { changed: changed || revised.length + notes > 0, conflicts, revised };
  }

  #revise(db: Connection, tables: SeriesTables, revisions: readonly Revision[]): readonly Revision[] {
    const { id, layout } = tables.series;
    const blocks = [...new Set(revisions.map((r) => layout.blockOf(r.from.ts)))].sort((a, b) => a - b);
    const applied = blocks.flatMap((block) => {
      const inBlock = reviseBlock(tables, block, revisions);
      return [...inBlock].sort(
        (a, b) => a.from.ts - b.from.ts || ((a.from.tie ?? '') < (b.from.tie ?? '') ? -1 : 1),
      );
    });
    for (const revision of applied) logRevision(db, id, { revision, at: this.#clock?.now() ?? revision.at });
    return applied;
  }
}

/** @throws LeaseLostError when the task is gone or another fence stands. */
function checkFence(db: Connection, fence: CommitRequest['fence']): void {
  if (!fence) return;
  const due = db.get<{ fence: number }>('SELECT fence FROM due WHERE uid = ?', fence.uid);
  if (due?.fence !== fence.fence) throw new LeaseLostError(fence.uid, fence.fence);
}
