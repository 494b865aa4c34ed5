import {
  checkPart,
  dataTypeOf,
  LeaseLostError,
  NotFoundError,
  StoreError,
  type CoverageRun,
  type Evidence,
  type Finding,
  type Part,
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
import { cursorOf, Door, frozenCopy, parseCursor, type MemoryStore } from './memory-store.ts';
import { SeriesShelf } from './series-shelf.ts';

const passes = (series: Series, f: SeriesFilter): boolean =>
  (f.realm ?? series.realm) === series.realm &&
  (f.source ?? series.source) === series.source &&
  (f.dataType ?? series.dataType) === series.dataType &&
  (f.timeframe ?? series.timeframe) === series.timeframe;

const matches = (f: Finding, { code, from = -Infinity, to = Infinity }: FindingFilter): boolean =>
  (code ?? f.code) === f.code && f.ts >= from && f.ts < to;

/**
 * Rows and coverage in memory. Fences are checked against the due items of the same `MemoryStore`. There are no tiers,
 * so `compact` finds nothing to do. Revisions are logged at the clock's time, or, without one, when they were seen.
 */
export class MemorySeriesStore implements SeriesStore {
  readonly capabilities: SeriesStoreCapabilities = { fencing: 'checked', durable: false };
  readonly #data: MemoryStore;
  readonly #clock: Clock | undefined;
  readonly #door = new Door();

  constructor(data: MemoryStore, clock?: Clock) {
    this.#data = data;
    this.#clock = clock;
  }

  async ensureSeries(p: { readonly series: Series }): Promise<Series> {
    this.#door.check();
    const { series } = p;
    if (!dataTypeOf(series.dataType)) {
      throw new StoreError(
        'STORE_BAD_INPUT',
        `series ${series.key} has the unknown data type ${series.dataType}`,
      );
    }
    const shelf = this.#data.shelves.get(series.key) ?? new SeriesShelf(series);
    const aliases = [...new Set([...shelf.series.aliases, ...series.aliases])];
    shelf.series = frozenCopy({ ...shelf.series, aliases });
    this.#data.shelves.set(series.key, shelf);
    return shelf.series;
  }

  async getSeries(p: { readonly key: string }): Promise<Series | undefined> {
    this.#door.check();
    return this.#data.shelves.get(p.key)?.series;
  }

  async listSeries(p: {
    readonly filter: SeriesFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<Series>> {
    this.#door.check();
    const [after = ''] = p.cursor === undefined ? [] : parseCursor(p.cursor, 1);
    const rest = [...this.#data.shelves.values()]
      .map((shelf) => shelf.series)
      .filter((s) => s.key > String(after) && passes(s, p.filter))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const items = rest.slice(0, p.limit);
    const last = items.at(-1);
    return { items, ...(last && rest.length > items.length && { next: cursorOf([last.key]) }) };
  }

  async commit(p: CommitRequest): Promise<CommitResult> {
    this.#door.check();
    const shelf = this.#shelf(p.series.key);
    if (p.fence && this.#data.dues.get(p.fence.uid)?.fence !== p.fence.fence) {
      throw new LeaseLostError(p.fence.uid, p.fence.fence);
    }
    checkPart(shelf.layout, p.part);

    const revised = shelf.revise(p.revisions ?? []);
    shelf.revisions.push(...revised.map((r) => frozenCopy({ ...r, loggedAt: this.#clock?.now() ?? r.at })));
    const merged = shelf.merge(p.part);
    const evidence = (p.evidence ?? []).filter((e) => !shelf.evidence.has(e.id));
    for (const e of evidence) shelf.evidence.set(e.id, frozenCopy(e));
    const findings = (p.findings ?? []).filter((f) => shelf.addFinding(f));

    const changed = merged.changed || revised.length + evidence.length + findings.length > 0;
    return { changed, conflicts: merged.conflicts, revised };
  }

  async coverage(p: { readonly key: string; readonly range: TimeRange }): Promise<readonly CoverageRun[]> {
    this.#door.check();
    return this.#shelf(p.key).runs(p.range);
  }

  async *read(p: { readonly key: string; readonly range: TimeRange }): AsyncGenerator<Part> {
    this.#door.check();
    for (const part of this.#shelf(p.key).parts(p.range)) {
      this.#door.check();
      yield part;
    }
  }

  async evidence(p: { readonly key: string; readonly ids: readonly string[] }): Promise<readonly Evidence[]> {
    this.#door.check();
    const { evidence } = this.#shelf(p.key);
    return p.ids.flatMap((id) => evidence.get(id) ?? []);
  }

  async findings(p: { readonly key: string; readonly limit: number }): Promise<readonly Finding[]> {
    this.#door.check();
    return this.#shelf(p.key).findings().slice(0, p.limit);
  }

  async listFindings(p: {
    readonly key: string;
    readonly filter: FindingFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<Finding>> {
    this.#door.check();
    const shelf = this.#shelf(p.key);
    const placeOf = (f: Finding): readonly [number, number] => [f.at, shelf.orderOf(f)];
    const [at = Infinity, order = 0] = (p.cursor === undefined ? [] : parseCursor(p.cursor, 2)).map(Number);
    const rest = shelf
      .findings()
      .filter((f) => matches(f, p.filter) && (f.at < at || (f.at === at && shelf.orderOf(f) < order)));
    const items = rest.slice(0, p.limit);
    const last = items.at(-1);
    return { items, ...(last && rest.length > items.length && { next: cursorOf(placeOf(last)) }) };
  }

  async countFindings(p: {
    readonly key: string;
    readonly filter: FindingFilter;
  }): Promise<Readonly<Record<string, number>>> {
    this.#door.check();
    const counts: Record<string, number> = {};
    for (const f of this.#shelf(p.key).findings())
      if (matches(f, p.filter)) counts[f.code] = (counts[f.code] ?? 0) + 1;
    return counts;
  }

  async revisions(p: { readonly key: string; readonly limit: number }): Promise<readonly LoggedRevision[]> {
    this.#door.check();
    return this.#shelf(p.key).revisions.slice(0, p.limit);
  }

  async compact(): Promise<{ readonly rows: number; readonly more: boolean }> {
    this.#door.check();
    return { rows: 0, more: false };
  }

  async close(): Promise<void> {
    this.#door.close();
  }

  #shelf(key: string): SeriesShelf {
    const shelf = this.#data.shelves.get(key);
    if (!shelf) throw new NotFoundError('series', key, 'SERIES_NOT_FOUND');
    return shelf;
  }
}
