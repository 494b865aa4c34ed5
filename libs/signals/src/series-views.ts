import type { Evidence, Finding, Series } from '@kairos/domain';
import type { CoverageReport, FindingsPage, QueryPage } from '@kairos/ports';
import type { ReplyData } from './action.ts';
import { iso } from './wire-time.ts';

/** More stretches than this are cut off, with the place to go on from: replies stay below what functions may return. */
export const MAX_RANGES = 20_000;

export const seriesView = (s: Series, symbol: string): ReplyData => ({
  realm: s.realm,
  source: s.source,
  symbol,
  instrument: s.instrument,
  data_type: s.dataType,
  frequency: s.timeframe,
  price: s.price,
  market_id: s.marketId,
  volume_unit: s.volumeUnit,
});

const rangeView = (r: CoverageReport['ranges'][number]): ReplyData => ({
  from: iso(r.from),
  to: iso(r.to),
  state: r.state,
  ...(r.reason === undefined ? {} : { reason: r.reason }),
  ...(r.evidence === undefined ? {} : { evidence: r.evidence }),
  ...(r.error === undefined ? {} : { error: r.error }),
  ...(r.attempts === undefined ? {} : { attempts: r.attempts }),
  ...(r.nextTryAt === undefined ? {} : { next_try_at: iso(r.nextTryAt) }),
});

const readView = (r: Evidence['reads'][number]): ReplyData => ({
  at: iso(r.at),
  from: iso(r.from),
  to: iso(r.to),
  http: r.http,
  rows: r.rows,
  first: iso(r.first),
  last: iso(r.last),
  sha256: r.sha256,
});

const evidenceView = (e: Evidence): ReplyData => ({
  id: e.id,
  reason: e.reason,
  grade: e.grade,
  at: iso(e.at),
  run_id: e.runId,
  reads: e.reads.map(readView),
  ...(e.bracket === undefined ? {} : { bracket: e.bracket.map((at) => iso(at)) }),
});

/** What a reply about derived records says besides. */
const derivedView = (p: Pick<QueryPage, 'derivedFrom' | 'incomplete'>): ReplyData =>
  p.derivedFrom === undefined ? {} : { derived_from: p.derivedFrom, incomplete: p.incomplete ?? 0 };

/** The ranges tile the asked span, or its part before `next_from`; counts are always of the whole span. */
export function coverageView(r: CoverageReport, symbol: string): ReplyData {
  const told = r.ranges.slice(0, MAX_RANGES);
  const next = r.ranges[MAX_RANGES];
  const ids = new Set(told.map((range) => range.evidence));
  const { present, empty, unavailable, provisional, failed, missing } = r.counts;
  return {
    series: seriesView(r.series, symbol),
    ranges: told.map(rangeView),
    expected: r.expected,
    ...derivedView(r),
    ...{ present, empty, unavailable, provisional, failed, missing },
    evidence: (next ? r.evidence.filter((e) => ids.has(e.id)) : r.evidence).map(evidenceView),
    findings: { total: Object.values(r.findings).reduce((sum, n) => sum + n, 0), by_code: r.findings },
    ...(next ? { next_from: iso(next.from) } : {}),
  };
}

const findingView = (f: Finding): ReplyData => ({
  code: f.code,
  ts: iso(f.ts),
  at: iso(f.at),
  run_id: f.runId,
  detail: f.detail,
});

/** `counts` are of the asked span, whichever code was asked for; `total` is of all that match. */
export const findingsView = (p: FindingsPage, symbol: string): ReplyData => ({
  series: seriesView(p.series, symbol),
  findings: p.items.map(findingView),
  counts: p.counts,
  total: p.total,
  ...(p.next === undefined ? {} : { next_cursor: p.next }),
});

export const rowsView = (p: QueryPage, symbol: string): ReplyData => ({
  series: seriesView(p.series, symbol),
  columns: p.columns,
  rows: p.rows,
  ...(p.next === undefined ? {} : { next_cursor: p.next }),
  provisional: p.provisional,
  ...derivedView(p),
});
