import type { CoverageRun, Series, TimeRange } from '@kairos/domain';
import { ceilTo, clipRuns, countSlots, isEmptyRange, tallyCoverage, ValidationError } from '@kairos/domain';
import type {
  Calendars,
  Clock,
  CoverageReport,
  Derive,
  ExportFormat,
  ExportProgress,
  FindingsPage,
  Page,
  QueryPage,
  SeriesExport,
  SeriesQueries,
  SeriesRef,
  SeriesStore,
} from '@kairos/ports';
import { countBefore, wanting } from './derive.ts';
import { columnsOf, exportOf } from './export.ts';
import { findSeries } from './find-series.ts';
import { EVER, readingOf, type Reading, type SomePart } from './reading.ts';
import { readRows, type ReadRow } from './rows.ts';

export interface SeriesServiceDeps {
  readonly store: SeriesStore;
  /** By each series' source. */
  readonly calendars: Calendars;
  readonly clock: Clock;
  /** The realm a source is configured for; undefined where the source is not configured. */
  readonly realmOf: (source: string) => string | undefined;
  /** Of Kairos, for files that say who wrote them. */
  readonly version?: string | undefined;
}

interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** What has been collected, for those who ask. Reads only. */
export class SeriesService implements SeriesQueries {
  readonly #deps: SeriesServiceDeps;

  constructor(deps: SeriesServiceDeps) {
    this.#deps = deps;
  }

  async find(ref: SeriesRef): Promise<Series> {
    return (await findSeries(this.#deps, ref)).series;
  }

  async list(p: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<Series>> {
    return this.#deps.store.listSeries({ filter: {}, limit: p.limit, cursor: p.cursor });
  }

  async coverage(
    p: { readonly series: SeriesRef; readonly derive?: Derive | undefined } & Span,
  ): Promise<CoverageReport> {
    const reading = await this.#reading(p);
    return this.#coverageOf(reading, p);
  }

  async findings(
    p: {
      readonly series: SeriesRef;
      readonly code?: string | undefined;
      readonly limit: number;
      readonly cursor?: string | undefined;
    } & Span,
  ): Promise<FindingsPage> {
    const { store } = this.#deps;
    const series = await this.find(p.series);
    const span = { from: p.from, to: p.to };
    const counts = await store.countFindings({ key: series.key, filter: span });
    const filter = { ...span, code: p.code };
    const page = await store.listFindings({ key: series.key, filter, limit: p.limit, cursor: p.cursor });
    const total = Object.entries(counts).reduce(
      (n, [code, of]) => n + (code === (p.code ?? code) ? of : 0),
      0,
    );
    return { ...page, series, counts, total };
  }

  async query(
    p: {
      readonly series: SeriesRef;
      readonly limit: number;
      readonly cursor?: string | undefined;
      readonly includeProvisional: boolean;
      readonly derive?: Derive | undefined;
    } & Span,
  ): Promise<QueryPage> {
    const reading = await this.#reading(p);
    const { series, finer } = reading;
    const place = p.cursor === undefined ? undefined : placeOf(p.cursor);
    const rows: QueryPage['rows'][number][] = [];
    const lost: TimeRange[] = [];
    let provisional = 0;
    const page = (next: ReadRow | undefined): QueryPage => ({
      series,
      columns: columnsOf(series),
      rows,
      provisional,
      ...(next ? { next: cursorOf(next) } : {}),
      ...(finer
        ? {
            derivedFrom: finer.timeframe,
            incomplete: countBefore(reading.grid(), lost, next?.ts ?? Infinity),
          }
        : {}),
    });
    const span = spanOf({ from: place?.ts ?? p.from, to: p.to });
    for await (const row of readRows(noting(reading.read(span), lost), p.includeProvisional)) {
      if (place && row.ts === place.ts && (row.tie ?? '') < place.tie) continue;
      if (rows.length === p.limit) return page(row);
      rows.push([row.ts, ...row.values]);
      if (row.provisional) provisional += 1;
    }
    return page(undefined);
  }

  async export(
    p: {
      readonly series: SeriesRef;
      readonly limit?: number | undefined;
      readonly includeProvisional: boolean;
      readonly format: ExportFormat;
      readonly derive?: Derive | undefined;
      readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
    } & Span,
  ): Promise<SeriesExport> {
    const reading = await this.#reading(p);
    return exportOf({
      reading,
      span: spanOf(p),
      limit: p.limit ?? Infinity,
      includeProvisional: p.includeProvisional,
      format: p.format,
      onProgress: p.onProgress,
      version: this.#deps.version,
      coverage: () => this.#coverageOf(reading, p),
    });
  }

  async #reading(p: { readonly series: SeriesRef; readonly derive?: Derive | undefined }): Promise<Reading> {
    const found = await findSeries(this.#deps, p.series, p.derive);
    const { store, calendars, clock } = this.#deps;
    return readingOf(found, { store, calendar: calendars.of(found.series.source), now: clock.now() });
  }

  async #coverageOf(reading: Reading, p: Span): Promise<CoverageReport> {
    const { store, calendars, clock } = this.#deps;
    const { series, finer } = reading;
    const calendar = calendars.of(series.source);
    const grid = reading.grid();
    const known = await reading.known(EVER);
    const now = clock.now();
    const asked = { from: p.from ?? known.extent?.from ?? now, to: p.to ?? now };
    const span = { from: ceilTo(grid, asked.from), to: ceilTo(grid, asked.to) };
    const closed = Math.min(span.to, calendar.closedBefore({ grid, now }));
    const past = { from: span.from, to: Math.max(span.from, closed) };
    const runs = clipRuns(known.runs, past);
    const tally = tallyCoverage(grid, past, reading.expected(past), runs);
    const ranges: CoverageReport['ranges'] = tally.ranges.map((r) => ({
      ...(r.run ? told(r.run) : {}),
      from: r.from,
      to: r.to,
      state: r.state,
    }));
    const future = { from: past.to, to: Math.max(past.to, span.to) };
    const ids = [...new Set(runs.flatMap((r) => r.evidence ?? []))];
    const { key } = finer ?? series;
    const incomplete = tally.ranges.reduce((n, r) => n + (wanting(r.run) ? countSlots(grid, r) : 0), 0);
    return {
      series,
      ranges: isEmptyRange(future)
        ? ranges
        : [...ranges, { ...future, state: 'pending', reason: 'not_closed' }],
      expected: tally.expected,
      counts: tally.counts,
      evidence: await store.evidence({ key, ids }),
      findings: await store.countFindings({ key, filter: { from: p.from, to: p.to } }),
      ...(finer ? { derivedFrom: finer.timeframe, incomplete } : {}),
    };
  }
}

/** The parts as they come, with what they leave out written down. */
async function* noting(parts: AsyncIterable<SomePart>, lost: TimeRange[]): AsyncGenerator<SomePart> {
  for await (const part of parts) {
    lost.push(...(part.incomplete ?? []));
    yield part;
  }
}

const spanOf = (p: Span): TimeRange => ({ from: p.from ?? EVER.from, to: p.to ?? EVER.to });

const told = (run: CoverageRun): Partial<CoverageReport['ranges'][number]> => ({
  reason: run.reason,
  evidence: run.evidence,
  error: run.error,
  attempts: run.attempts,
  nextTryAt: run.nextTryAt,
});

interface Place {
  readonly ts: number;
  readonly tie: string;
}

/** A query cursor is the key of the next record: its time and, where records can share one, its tie. */
const cursorOf = (row: ReadRow): string => (row.tie === undefined ? String(row.ts) : `${row.ts}.${row.tie}`);

function placeOf(cursor: string): Place {
  const match = /^(-?\d{1,16})(?:\.(.*))?$/s.exec(cursor);
  if (!match) throw new ValidationError([{ path: 'cursor', code: 'cursor_invalid', params: {} }]);
  return { ts: Number(match[1]), tie: match[2] ?? '' };
}
