import type { CoverageRun, Grid, Series, TimeRange } from '@kairos/domain';
import {
  ceilTo,
  clipRuns,
  ConflictError,
  dataTypeOf,
  gridOf,
  isEmptyRange,
  NotFoundError,
  sameSymbol,
  tallyCoverage,
  UnsupportedError,
  ValidationError,
} from '@kairos/domain';
import type {
  Calendar,
  Clock,
  CoverageReport,
  FindingsPage,
  Page,
  QueryPage,
  SeriesQueries,
  SeriesRef,
  SeriesStore,
} from '@kairos/ports';
import { columnsOf, csvChunks, ndjsonChunks, type ExportRows } from './export.ts';
import { readRows, type ReadRow } from './rows.ts';

export interface SeriesServiceDeps {
  readonly store: SeriesStore;
  readonly calendar: Calendar;
  readonly clock: Clock;
  /** The realm a source is configured for; undefined where the source is not configured. */
  readonly realmOf: (source: string) => string | undefined;
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
    const realm = ref.realm ?? this.#deps.realmOf(ref.source);
    const filter = { source: ref.source, dataType: ref.dataType, timeframe: ref.frequency, realm };
    const found: Series[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#deps.store.listSeries({ filter, limit: 1_000, cursor });
      found.push(...page.items.filter((s) => answersTo(s, ref.symbol)));
      cursor = page.next;
    } while (cursor !== undefined);
    const exact = found.filter((s) => symbolOf(s) === ref.symbol || s.instrument === ref.symbol);
    const candidates = ofPrice(exact.length > 0 ? exact : found, ref.price);
    const [series, ...others] = candidates;
    if (!series)
      throw new NotFoundError(
        'series',
        [ref.source, ref.symbol, ref.dataType, ref.frequency].join('/'),
        'SERIES_NOT_FOUND',
      );
    if (others.length > 0) {
      const names = candidates.map((s) => `${s.realm} ${s.instrument} (${s.price})`);
      throw new ConflictError('SERIES_AMBIGUOUS', `${ref.symbol} can mean ${names.join(', ')}`, {
        candidates: names,
      });
    }
    return series;
  }

  async list(p: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<Series>> {
    return this.#deps.store.listSeries({ filter: {}, limit: p.limit, cursor: p.cursor });
  }

  async coverage(p: { readonly series: SeriesRef } & Span): Promise<CoverageReport> {
    const series = await this.find(p.series);
    const grid = gridOfSeries(series);
    const known = await this.#deps.store.coverage({ key: series.key, range: EVER });
    const now = this.#deps.clock.now();
    const asked = { from: p.from ?? known[0]?.from ?? now, to: p.to ?? now };
    const span = { from: ceilTo(grid, asked.from), to: ceilTo(grid, asked.to) };
    const closed = Math.min(span.to, this.#deps.calendar.closedBefore({ grid, now }));
    const past = { from: span.from, to: Math.max(span.from, closed) };
    const runs = clipRuns(known, past);
    const tally = tallyCoverage(grid, past, this.#expected(grid, past), runs);
    const ranges: CoverageReport['ranges'] = tally.ranges.map((r) => ({
      ...(r.run ? told(r.run) : {}),
      from: r.from,
      to: r.to,
      state: r.state,
    }));
    const future = { from: past.to, to: Math.max(past.to, span.to) };
    const ids = [...new Set(runs.flatMap((r) => r.evidence ?? []))];
    return {
      series,
      ranges: isEmptyRange(future)
        ? ranges
        : [...ranges, { ...future, state: 'pending', reason: 'not_closed' }],
      expected: tally.expected,
      counts: tally.counts,
      evidence: await this.#deps.store.evidence({ key: series.key, ids }),
      findings: await this.#deps.store.countFindings({
        key: series.key,
        filter: { from: p.from, to: p.to },
      }),
    };
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
    } & Span,
  ): Promise<QueryPage> {
    const series = await this.find(p.series);
    const place = p.cursor === undefined ? undefined : placeOf(p.cursor);
    const rows: QueryPage['rows'][number][] = [];
    let provisional = 0;
    for await (const row of readRows(
      this.#deps.store,
      series,
      spanOf({ from: place?.ts ?? p.from, to: p.to }),
      p.includeProvisional,
    )) {
      if (place && row.ts === place.ts && (row.tie ?? '') < place.tie) continue;
      if (rows.length === p.limit)
        return { series, columns: columnsOf(series), rows, provisional, next: cursorOf(row) };
      rows.push([row.ts, ...row.values]);
      if (row.provisional) provisional += 1;
    }
    return { series, columns: columnsOf(series), rows, provisional };
  }

  async export(
    p: {
      readonly series: SeriesRef;
      readonly limit?: number | undefined;
      readonly includeProvisional: boolean;
      readonly format: 'csv' | 'ndjson';
    } & Span,
  ): Promise<{ readonly series: Series; readonly chunks: AsyncIterable<string> }> {
    const series = await this.find(p.series);
    const rows: ExportRows = {
      store: this.#deps.store,
      series,
      span: spanOf(p),
      limit: p.limit ?? Infinity,
      includeProvisional: p.includeProvisional,
    };
    return { series, chunks: p.format === 'csv' ? csvChunks(rows) : ndjsonChunks(rows) };
  }

  #expected(grid: Grid, range: TimeRange): readonly TimeRange[] {
    return isEmptyRange(range) ? [] : this.#deps.calendar.expected({ grid, range });
  }
}

/** Those of one kind of price; unless one is named, of the last price where it is collected. */
function ofPrice(series: readonly Series[], price: SeriesRef['price']): readonly Series[] {
  const wanted = series.filter((s) => s.price === (price ?? 'last'));
  return price !== undefined || wanted.length > 0 ? wanted : series;
}

const EVER: TimeRange = { from: -8.64e15, to: 8.64e15 };

const spanOf = (p: Span): TimeRange => ({ from: p.from ?? EVER.from, to: p.to ?? EVER.to });

/** The symbol part of a series' instrument. */
export const symbolOf = (s: Series): string => s.instrument.slice(s.instrument.indexOf(':') + 1);

const answersTo = (s: Series, symbol: string): boolean =>
  s.instrument === symbol || sameSymbol(symbolOf(s), symbol) || s.aliases.some((alias) => alias === symbol);

function gridOfSeries(series: Series): Grid {
  if (dataTypeOf(series.dataType)?.axis !== 'grid')
    throw new UnsupportedError(`coverage of ${series.dataType} is not counted yet`);
  return gridOf(series.timeframe, series.anchorMs);
}

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
