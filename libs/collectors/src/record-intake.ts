import {
  bareSymbol,
  concatBatches,
  emptyBatch,
  emptyPart,
  floorTo,
  hasRows,
  intersectRange,
  isEmptyRange,
  layoutOf,
  lowerBound,
  seriesKey,
  shiftSlots,
  type CoverageRun,
  type Finding,
  type RecordBatch,
  type Series,
  type TimeRange,
} from '@kairos/domain';
import type { Calendar, CommitRequest, JobRecords, JobRecordsAnswer, RecordIntake } from '@kairos/ports';
import type { CollectHandlerDeps } from './collect-handler.ts';
import { priorAbsences, type PriorAbsence } from './page-part.ts';
import { readFrame, type RecordFrame } from './record-frame.ts';
import {
  fewFindings,
  freshRows,
  judgeFrame,
  meeting,
  partOfFrame,
  readOf,
  rowsOfPages,
  type JudgedPage,
} from './record-part.ts';

/** The world of sources that nobody configured: what a job says of them is never taken for live. */
const UNCONFIGURED_REALM = 'custom:jobs';
/** After a record closes, so long until what a job says of it is final: jobs know of no venue's habits. */
const SETTLE_MS = 5_000;

/** What the intake works with, as `CollectHandler`; the realm is the one that a source is configured for, if it is. */
export type JobRecordIntakeDeps = CollectHandlerDeps & {
  readonly realmOf: (source: string) => string | undefined;
};

/** One frame on its way in, with every instant fixed once. */
interface Intake {
  readonly frame: RecordFrame;
  readonly series: Series;
  readonly calendar: Calendar;
  readonly runId: string;
  readonly fence: NonNullable<CommitRequest['fence']>;
  readonly now: number;
  readonly finalBefore: number;
}

/** What the store knows of a frame's stretch. */
interface Stored {
  readonly known: readonly CoverageRun[];
  readonly prior: readonly PriorAbsence[];
  readonly stored: RecordBatch;
}

/**
 * Takes what jobs hand in, judged as a venue's pages are: what has a place is kept with its coverage, what is odd becomes a
 * finding, and a settled value stands against one that differs. A frame is kept whole or not at all; to hand it in again
 * changes nothing. A complete one is one read of its range, so an absence wants the frames of three runs.
 *
 * The series is `source:symbol` in the realm that the source is configured for; with a source that is not, in
 * `custom:jobs`. Days begin where the source's calendar lets them begin.
 */
export class JobRecordIntake implements RecordIntake {
  readonly #deps: JobRecordIntakeDeps;

  constructor(deps: JobRecordIntakeDeps) {
    this.#deps = deps;
  }

  async accept({ records, runId, fence }: Parameters<RecordIntake['accept']>[0]): Promise<JobRecordsAnswer> {
    const { calendars, clock, log } = this.#deps;
    const calendar = calendars.of(records.series.source);
    const frame = readFrame(records, calendar.anchorMs ?? 0);
    const series = await this.#seriesOf(records.series, calendar.anchorMs ?? 0);
    const now = clock.now();
    const finalBefore = finalBeforeOf(frame, calendar, now);
    const answer = await this.#keep({ frame, series, calendar, runId, fence, now, finalBefore });
    const { accepted, findings } = answer;
    log.debug('records.taken', { series: series.key, run_id: runId, rows: records.rows.length, accepted });
    return { accepted, findings: findings.map(({ code, ts, detail }) => ({ code, ts, detail })) };
  }

  #seriesOf(
    { source, symbol, dataType, frequency }: JobRecords['series'],
    anchorMs: number,
  ): Promise<Series> {
    const { store, clock, realmOf } = this.#deps;
    const spec = {
      realm: realmOf(source) ?? UNCONFIGURED_REALM,
      source,
      instrument: `${source}:${symbol}`,
      dataType,
      timeframe: frequency,
      price: 'last' as const,
      anchorMs,
    };
    const aliases = [...new Set([symbol, bareSymbol(symbol)])];
    const facts = { marketId: symbol, aliases, volumeUnit: 'unknown' as const, createdAt: clock.now() };
    return store.ensureSeries({ series: { ...spec, ...facts, key: seriesKey(spec) } });
  }

  async #keep(p: Intake): Promise<{ readonly accepted: number; readonly findings: readonly Finding[] }> {
    const { frame, series, runId, fence, now, finalBefore } = p;
    const { type, grid, span } = frame;
    const pages = judgeFrame({ ...frame, expected: expectedOf(p), at: now, runId });
    const rows = rowsOfPages(pages);
    const stored = await this.#stored(p, rows);
    const fresh = freshRows(type, { ...stored, handedIn: rows, finalBefore });
    const { part, evidence } = partOfFrame(pages, fresh.batch, {
      ...stored,
      grid,
      read: readOf(rows, frame.claimed ?? span, now),
      runId,
      seriesKey: series.key,
      finalBefore,
      now,
      sparse: false,
      absenceMeans: absenceMeaning(p),
    });
    const findings = findingsOf(p, pages, rows, fresh.contradicted);
    const { store } = this.#deps;
    const { conflicts } = await store.commit({ series, part, evidence, findings, fence });
    if (conflicts.length === 0) return { accepted: part.batch.n, findings };
    // Somebody else settled these while we looked.
    const late = fewFindings(conflicts.map((c) => contradiction(p, c.incoming.ts)));
    await store.commit({ series, part: emptyPart(type), findings: late, fence });
    return { accepted: part.batch.n - conflicts.length, findings: [...findings, ...late] };
  }

  async #stored(p: Intake, rows: RecordBatch): Promise<Stored> {
    const { store } = this.#deps;
    const { key } = p.series;
    const { span, claimed, type } = p.frame;
    if (isEmptyRange(span)) return { known: [], prior: [], stored: emptyBatch(type) };
    const known = await store.coverage({ key, range: span });
    const ids = known.flatMap((r) =>
      claimed && r.state === 'provisional' && r.evidence !== undefined ? [r.evidence] : [],
    );
    const prior = ids.length > 0 ? priorAbsences(known, await store.evidence({ key, ids })) : [];
    const batches = [emptyBatch(type)];
    const bearingIn = meeting(known.filter(hasRows));
    for (const range of touched(p.series, rows).filter((r) => bearingIn(r).length > 0))
      for await (const { batch } of store.read({ key, range })) batches.push(batch);
    return { known, prior, stored: concatBatches(batches) };
  }
}

/** A snapshot is final once its slot has begun: there is no second one. */
function finalBeforeOf({ type, grid }: RecordFrame, calendar: Calendar, now: number): number {
  if (type.shape === 'snapshot') return shiftSlots(grid, floorTo(grid, now), 1);
  return calendar.closedBefore({ grid, now: now - SETTLE_MS });
}

/** Slots that must be in the frame or are absent: closed ones, for what is still to come is not. */
function expectedOf({ frame, calendar, now }: Intake): readonly TimeRange[] {
  const { claimed, grid } = frame;
  if (!claimed) return [];
  const closed = { from: claimed.from, to: calendar.closedBefore({ grid, now: now - SETTLE_MS }) };
  const range = intersectRange(claimed, closed);
  return isEmptyRange(range) ? [] : calendar.expected({ grid, range });
}

/** On a day that an exchange surely traded, a bar that is missing was suspended; else nobody knows. */
function absenceMeaning({ frame, calendar: { known } }: Intake): string {
  const { type, span } = frame;
  const isSure = known !== undefined && span.from >= known.from && span.to <= known.to;
  return isSure && type.id === 'kline' ? 'suspension' : 'unknown';
}

/** For each block that rows fall into, the stretch from its first row to its last. */
function touched(series: Series, { ts, n }: RecordBatch): TimeRange[] {
  const layout = layoutOf(series);
  const out: TimeRange[] = [];
  for (let i = 0; i < n;) {
    const from = ts[i] ?? 0;
    const { to } = layout.rangeOf(layout.blockOf(from));
    while (i < n && (ts[i] ?? 0) < to) i += 1;
    out.push({ from, to: (ts[i - 1] ?? from) + 1 });
  }
  return out;
}

function findingsOf(
  p: Intake,
  pages: readonly JudgedPage[],
  rows: RecordBatch,
  contradicted: readonly number[],
): readonly Finding[] {
  const found = pages.flatMap(({ judged }) => judged.findings);
  const unsaid = pages.reduce((sum, { judged }) => sum + judged.unsaid, 0);
  const others = [...fromTheFuture(p, rows), ...contradicted.map((ts) => contradiction(p, ts))];
  return fewFindings([...others, ...found], unsaid);
}

const contradiction = ({ now, runId }: Intake, ts: number): Finding => ({
  code: 'settled_value_differs',
  ts,
  at: now,
  runId,
  detail: 'a job handed in another value for a settled record; the stored one stands',
});

/** Records that open later than now are kept, as provisional; one finding says so. */
function fromTheFuture({ now, runId }: Intake, rows: RecordBatch): Finding[] {
  const first = lowerBound(rows, now + 1);
  if (first >= rows.n) return [];
  const detail = `${rows.n - first} records of a job open later than our clock says it is; kept as provisional`;
  return [{ code: 'clock_skew', ts: rows.ts[first] ?? now, at: now, runId, detail }];
}
