import {
  coalesceRuns,
  compareKeys,
  concatBatches,
  gatherRows,
  hasRows,
  intersectRange,
  isEmptyRange,
  isSettled,
  runAt,
  sameRow,
  sliceBatch,
  sortBatch,
  subtractRanges,
  unionRanges,
  type CoverageRun,
  type DataType,
  type Evidence,
  type EvidenceRead,
  type Finding,
  type Grid,
  type Part,
  type RecordBatch,
  type RowPick,
  type TimeRange,
} from '@kairos/domain';
import { judgePage, MAX_FINDINGS, slotsOf, type Judged } from './judge.ts';
import { partOfPage, type PagePart, type PagePartInput, type PriorAbsence } from './page-part.ts';

/** Rows that are judged together: few, for of rows with holes between them judging takes the square. */
const ROWS_PER_PAGE = 100;

/** A stretch of a frame, judged. */
export interface JudgedPage {
  readonly range: TimeRange;
  readonly judged: Judged;
}

/** Where to cut: each page begins with a row's slot, so that no absence and no slot lies in two. */
function* pagesOf(
  grid: Grid,
  batch: RecordBatch,
  span: TimeRange,
): Generator<{ readonly range: TimeRange; readonly batch: RecordBatch }> {
  const slotAt = (row: number): number => grid.indexOf(batch.ts[row] ?? 0);
  let row = 0;
  let from = span.from;
  do {
    let end = Math.min(batch.n, row + ROWS_PER_PAGE);
    while (end < batch.n && slotAt(end) === slotAt(end - 1)) end += 1;
    const to = end < batch.n ? grid.openOf(slotAt(end)) : span.to;
    yield { range: { from, to }, batch: sliceBatch(batch, row, end) };
    row = end;
    from = to;
  } while (row < batch.n);
}

/** Judges a frame that speaks for all of `expected`, page by page. The batch is as sent; `span` holds it. */
export function judgeFrame(p: {
  readonly batch: RecordBatch;
  readonly span: TimeRange;
  readonly grid: Grid;
  readonly expected: readonly TimeRange[];
  readonly at: number;
  readonly runId: string;
}): readonly JudgedPage[] {
  const { batch, span, grid, at, runId } = p;
  return Array.from(pagesOf(grid, sortBatch(batch), span), ({ range, batch: rows }) => {
    const expected = p.expected.map((r) => intersectRange(r, range)).filter((r) => !isEmptyRange(r));
    return { range, judged: judgePage({ batch: rows, range, grid, expected, at, runId, whole: true }) };
  });
}

/** The rows of all pages. */
export const rowsOfPages = (pages: readonly JudgedPage[]): RecordBatch =>
  concatBatches(pages.map((p) => p.judged.batch));

/** What of handed-in rows is news to the store. */
export interface FreshRows {
  readonly batch: RecordBatch;
  /** Times of rows that differ from settled ones: those stand. */
  readonly contradicted: readonly number[];
}

/**
 * The rows that would change the store: new ones, changed ones that were not settled, and those that have become final.
 * Both batches are sorted; `known` is the coverage of their stretch.
 */
export function freshRows(
  type: DataType,
  p: {
    readonly handedIn: RecordBatch;
    readonly stored: RecordBatch;
    readonly known: readonly CoverageRun[];
    readonly finalBefore: number;
  },
): FreshRows {
  const { handedIn, stored } = p;
  const picks: RowPick[] = [];
  const contradicted: number[] = [];
  let at = 0;
  for (let row = 0; row < handedIn.n; row += 1) {
    const ts = handedIn.ts[row] ?? 0;
    while (at < stored.n && compareKeys(stored, at, handedIn, row) < 0) at += 1;
    const isStored = at < stored.n && compareKeys(stored, at, handedIn, row) === 0;
    const isSame = isStored && sameRow(stored, at, handedIn, row);
    const stands = isStored && runAt(p.known, ts)?.state === 'present';
    if (stands && !isSame) contradicted.push(ts);
    if (!stands && !(isSame && ts >= p.finalBefore)) picks.push({ batch: handedIn, row });
  }
  const batch = picks.length === handedIn.n ? handedIn : gatherRows(type, picks);
  return { batch, contradicted };
}

/**
 * The absences of a page that say something new: not where a row or a settled absence is on record, and not where this
 * run was counted before. However often a run hands in its frames, they are one read.
 */
function newAbsences(
  judged: Judged,
  known: readonly CoverageRun[],
  p: { readonly prior: readonly PriorAbsence[]; readonly runId: string },
): Judged {
  const told = [
    ...known.filter((r) => isSettled(r) || hasRows(r)),
    ...p.prior.filter((a) => a.evidence.runId === p.runId),
  ];
  return { ...judged, absent: without(judged.absent, told), offGrid: without(judged.offGrid, told) };
}

/** What of ordered ranges is in none of the others, which may come in any order. */
function without(ranges: readonly TimeRange[], others: readonly TimeRange[]): TimeRange[] {
  const takenIn = meeting(unionRanges(others));
  return ranges.flatMap((range) => subtractRanges(range, takenIn(range)));
}

/**
 * Those of ordered disjoint stretches that meet a range: for ranges asked for in order, in one walk over all of them. A
 * frame may have as many of both as it has rows.
 */
export function meeting<T extends TimeRange>(ordered: readonly T[]): (range: TimeRange) => readonly T[] {
  let first = 0;
  return (range) => {
    while ((ordered[first]?.to ?? Infinity) <= range.from) first += 1;
    let end = first;
    while ((ordered[end]?.from ?? Infinity) < range.to) end += 1;
    return ordered.slice(first, end);
  };
}

/** The part with nothing but the fresh rows, and of its runs that bear rows only what stands for one of them. */
function onlyFresh(grid: Grid, runs: readonly CoverageRun[], batch: RecordBatch): Part {
  const slots = slotsOf(grid, batch);
  const out: CoverageRun[] = [];
  let first = 0;
  for (const run of runs) {
    if (!hasRows(run)) out.push(run);
    else {
      while ((slots[first]?.to ?? Infinity) <= run.from) first += 1;
      for (let i = first; (slots[i]?.from ?? Infinity) < run.to; i += 1) {
        const piece = intersectRange(run, slots[i] ?? run);
        if (!isEmptyRange(piece)) out.push({ ...run, ...piece });
      }
    }
  }
  return { batch, runs: coalesceRuns(out) };
}

/** What a judged frame adds to the store. */
export function partOfFrame(
  pages: readonly JudgedPage[],
  fresh: RecordBatch,
  p: Omit<PagePartInput, 'judged'> & { readonly grid: Grid; readonly known: readonly CoverageRun[] },
): PagePart {
  const evidence: Evidence[] = [];
  const runs: CoverageRun[] = [];
  const [knownIn, priorIn] = [meeting(p.known), meeting(p.prior)];
  for (const { range, judged } of pages) {
    const prior = priorIn(range);
    const page = { ...p, prior, judged: newAbsences(judged, knownIn(range), { ...p, prior }) };
    const part = partOfPage(page);
    evidence.push(...part.evidence);
    runs.push(...part.part.runs);
  }
  return { part: onlyFresh(p.grid, runs, fresh), evidence };
}

/** A frame as evidence: one look at a stretch, by somebody else than us, so without an answer's hash. */
export function readOf(batch: RecordBatch, range: TimeRange, at: number): EvidenceRead {
  const first = batch.ts[0] ?? null;
  const last = batch.ts[batch.n - 1] ?? null;
  return { ...range, at, http: 0, rows: batch.n, first, last, sha256: '' };
}

/** As many findings as are told of one frame; the last one says how many there are beside. */
export function fewFindings(findings: readonly Finding[], unsaid = 0): readonly Finding[] {
  const kept = findings.slice(0, MAX_FINDINGS);
  const more = findings.length - kept.length + unsaid;
  const last = kept.at(-1);
  if (!last || more === 0) return kept;
  return [...kept, { ...last, detail: `and ${more} more, of this kind or others, among the same records` }];
}
