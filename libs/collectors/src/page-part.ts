import type { CoverageRun, Evidence, EvidenceRead, Part, TimeRange } from '@kairos/domain';
import {
  coalesceRuns,
  contentId,
  intersectRange,
  isEmptyRange,
  subtractRanges,
  UNCONFIRMED,
} from '@kairos/domain';
import type { Judged } from './judge.ts';
import { CONFIRMING_READS, readSpacing } from './plan.ts';

/** Why a slot is unavailable in which the venue shows a record between two opens, each time it is asked. */
const OFF_GRID = 'off_grid';

/** An absence seen before, with the evidence gathered so far. */
export interface PriorAbsence extends TimeRange {
  readonly evidence: Evidence;
}

export interface PagePartInput {
  readonly judged: Judged;
  readonly read: EvidenceRead;
  readonly runId: string;
  readonly seriesKey: string;
  /** Absences seen before; ordered, disjoint. */
  readonly prior: readonly PriorAbsence[];
  readonly finalBefore: number;
  readonly now: number;
  /** One well-formed page is enough for a hole inside it. */
  readonly sparse: boolean;
  readonly absenceMeans: string;
}

export interface PagePart {
  readonly part: Part;
  readonly evidence: readonly Evidence[];
}

/** How far apart two reads are; the clock may have gone back between them. */
const apart = (a: EvidenceRead, b: EvidenceRead): number => Math.abs(b.at - a.at);

/** Whether the reads are enough, and far enough apart, to call the stretch empty. */
export function isConfirmed(reads: readonly EvidenceRead[], range: TimeRange, now: number): boolean {
  if (reads.length < CONFIRMING_READS) return false;
  const spacing = readSpacing(range, now);
  return reads.every((read, i) => apart(reads[i - 1] ?? read, read) >= (i === 0 ? 0 : spacing));
}

function spaced(
  reads: readonly EvidenceRead[],
  read: EvidenceRead,
  range: TimeRange,
  now: number,
): EvidenceRead[] {
  const last = reads.at(-1);
  return last && apart(last, read) < readSpacing(range, now) ? [...reads] : [...reads, read];
}

function bracketOf(judged: Judged, range: TimeRange): readonly [number, number] | undefined {
  const before = judged.filled.findLast((f) => f.to <= range.from);
  const after = judged.filled.find((f) => f.from >= range.to);
  return before && after ? [before.to, after.from] : undefined;
}

interface Absence {
  readonly run: CoverageRun;
  readonly evidence: Evidence;
}

const evidenceFor = (p: PagePartInput, range: TimeRange, body: Omit<Evidence, 'id'>): Evidence => ({
  id: contentId(`${p.seriesKey}|${range.from}|${range.to}|${JSON.stringify(body)}`),
  ...body,
});

function absenceOf(p: PagePartInput, range: TimeRange, prior: Evidence | undefined): Absence {
  const reads = spaced(prior?.reads ?? [], p.read, range, p.now);
  const bracket = bracketOf(p.judged, range) ?? prior?.bracket;
  const offGrid = p.judged.offGrid.some((o) => o.from < range.to && o.to > range.from);
  const sure = (p.sparse && bracket !== undefined && !offGrid) || isConfirmed(reads, range, p.now);
  const what = offGrid ? OFF_GRID : p.sparse ? 'no_trade' : p.absenceMeans;
  const reason = sure ? what : UNCONFIRMED;
  const body = { reason, grade: sure ? 1 : 0, at: p.read.at, runId: p.runId, reads, bracket };
  const evidence = evidenceFor(p, range, body);
  const run: CoverageRun = sure
    ? { ...range, state: offGrid ? 'unavailable' : 'empty', reason, evidence: evidence.id, grade: 1 }
    : {
        ...range,
        state: 'provisional',
        reason,
        evidence: evidence.id,
        attempts: reads.length,
        at: p.read.at,
      };
  return { run, evidence };
}

/** Neighbours that this page confirms together are one absence: all reads of both are its evidence. */
function joinConfirmed(p: PagePartInput, absences: readonly Absence[]): Absence[] {
  const out: Absence[] = [];
  for (const next of absences) {
    const last = out.at(-1);
    const together = last?.run.to === next.run.from && last.run.reason === next.run.reason;
    if (!last || !together || next.run.reason === UNCONFIRMED) {
      out.push(next);
      continue;
    }
    const range = { from: last.run.from, to: next.run.to };
    const reads = [
      ...new Map(
        [...last.evidence.reads, ...next.evidence.reads].map((r) => [`${r.at}|${r.from}|${r.to}`, r]),
      ).values(),
    ];
    const evidence = evidenceFor(p, range, {
      ...withoutId(next.evidence),
      reads: reads.sort((a, b) => a.at - b.at),
    });
    out[out.length - 1] = { run: { ...next.run, ...range, evidence: evidence.id }, evidence };
  }
  return out;
}

function withoutId({ reason, grade, at, runId, reads, bracket }: Evidence): Omit<Evidence, 'id'> {
  return { reason, grade, at, runId, reads, bracket };
}

/** Absent stretches, cut where the evidence gathered so far differs, and around records off the grid. */
function absences(p: PagePartInput): Absence[] {
  const { absent, offGrid } = p.judged;
  const out: Absence[] = [];
  for (const stretch of [...absent.flatMap((range) => subtractRanges(range, offGrid)), ...offGrid]) {
    const range = intersectRange(stretch, { from: stretch.from, to: p.finalBefore });
    if (isEmptyRange(range)) continue;
    const known = p.prior
      .filter((a) => !isEmptyRange(intersectRange(a, range)))
      .map((a) => ({ ...intersectRange(a, range), evidence: a.evidence }));
    for (const a of known) out.push(absenceOf(p, { from: a.from, to: a.to }, a.evidence));
    for (const fresh of subtractRanges(range, known)) out.push(absenceOf(p, fresh, undefined));
  }
  return joinConfirmed(
    p,
    out.sort((a, b) => a.run.from - b.run.from),
  );
}

function filledRuns(p: PagePartInput): CoverageRun[] {
  return p.judged.filled.flatMap((f): CoverageRun[] => [
    { from: f.from, to: Math.min(f.to, p.finalBefore), state: 'present' },
    { from: Math.max(f.from, p.finalBefore), to: f.to, state: 'provisional', at: p.read.at },
  ]);
}

/** What one judged page adds to the store: its rows, a state for every slot it speaks for, and the evidence. Pure. */
export function partOfPage(p: PagePartInput): PagePart {
  const gone = absences(p);
  const runs = coalesceRuns(
    [...filledRuns(p), ...gone.map((a) => a.run)]
      .filter((r) => !isEmptyRange(r))
      .sort((a, b) => a.from - b.from),
  );
  return { part: { batch: p.judged.batch, runs }, evidence: gone.map((a) => a.evidence) };
}

/** The runs as absences with their evidence records; those whose record is lost start over. */
export function priorAbsences(known: readonly CoverageRun[], evidence: readonly Evidence[]): PriorAbsence[] {
  const byId = new Map(evidence.map((e) => [e.id, e]));
  return known.flatMap((run) => {
    const record =
      run.reason === UNCONFIRMED && run.evidence !== undefined ? byId.get(run.evidence) : undefined;
    return record ? [{ from: run.from, to: run.to, evidence: record }] : [];
  });
}
