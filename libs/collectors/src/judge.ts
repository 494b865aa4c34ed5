import type { DecimalColumn, Finding, Grid, RecordBatch, RowPick, TimeRange } from '@kairos/domain';
import {
  compareDecimals,
  compareKeys,
  dataTypeOf,
  gatherRows,
  intersectRange,
  isEmptyRange,
  isSorted,
  sameRow,
  sliceRange,
  sortBatch,
  subtractRanges,
  unionRanges,
  valueAt,
} from '@kairos/domain';

/** At most so many findings are kept of one page: a broken page says the same thing a thousand times. */
export const MAX_FINDINGS = 50;

export interface JudgeInput {
  /** Records as sent: any order, perhaps too many, perhaps doubled. */
  readonly batch: RecordBatch;
  /** What was asked for; bounds are slot opens. */
  readonly range: TimeRange;
  readonly grid: Grid;
  /** The calendar's expected stretches inside the range. */
  readonly expected: readonly TimeRange[];
  readonly at: number;
  readonly runId: string;
  /** The answer is known to be whole: it speaks for all of the range, also beyond its first and last record. */
  readonly whole?: boolean | undefined;
}

export interface Judged {
  /** Sorted, unique, inside the range, on the grid. */
  readonly batch: RecordBatch;
  readonly findings: readonly Finding[];
  /** How many findings were left out because there were too many. */
  readonly unsaid: number;
  /** Stretches of expected slots that have a row. */
  readonly filled: readonly TimeRange[];
  /** Stretches of expected slots without a row that this page speaks for: rows on both sides, or a wholly empty page. */
  readonly absent: readonly TimeRange[];
  /** Those of the absent slots in which a record lies between two opens: something is there, but nothing that can be kept. */
  readonly offGrid: readonly TimeRange[];
  /** Stretches that this page leaves open (it may have been cut short): to be asked for again by themselves. */
  readonly unanswered: readonly TimeRange[];
}

/** The slots that hold a row, as stretches. */
export function slotsOf(grid: Grid, batch: RecordBatch): TimeRange[] {
  const out: { from: number; to: number }[] = [];
  let lastIndex = NaN;
  for (let i = 0; i < batch.n; i += 1) {
    const index = grid.indexOf(batch.ts[i] ?? 0);
    if (index === lastIndex) continue;
    lastIndex = index;
    const from = grid.openOf(index);
    const last = out.at(-1);
    if (last?.to === from) last.to = grid.openOf(index + 1);
    else out.push({ from, to: grid.openOf(index + 1) });
  }
  return out;
}

function dropDuplicates(
  batch: RecordBatch,
  note: (code: Finding['code'], ts: number, detail: string) => void,
): RecordBatch {
  if (isSorted(batch)) return batch;
  const sorted = sortBatch(batch);
  const picks: RowPick[] = [];
  for (let row = 0; row < sorted.n; row += 1) {
    const last = picks.at(-1);
    if (!last || compareKeys(sorted, last.row, sorted, row) !== 0) picks.push({ batch: sorted, row });
    else if (!sameRow(sorted, last.row, sorted, row)) {
      note(
        'duplicate_differs',
        sorted.ts[row] ?? 0,
        'two records of one key differ; the later one in the answer was taken',
      );
      picks[picks.length - 1] = { batch: sorted, row };
    }
  }
  const type = dataTypeOf(sorted.type);
  return type && picks.length < sorted.n ? gatherRows(type, picks) : sorted;
}

const decimal = (batch: RecordBatch, c: number): DecimalColumn | undefined => {
  const column = batch.columns[c];
  return column?.kind === 'decimal' ? column : undefined;
};

/** a ≤ b for one row, exact: by integers where the scales agree, by decimals otherwise. */
function atMost(a: DecimalColumn, b: DecimalColumn, i: number): boolean {
  if (a.scale === b.scale && !a.exceptions && !b.exceptions) return (a.ints[i] ?? 0) <= (b.ints[i] ?? 0);
  return compareDecimals(String(valueAt(a, i) ?? '0'), String(valueAt(b, i) ?? '0')) <= 0;
}

/** By the integer where there is one: text is dear, and most candles are sound. */
const isNegative = (column: DecimalColumn, i: number): boolean =>
  column.exceptions ? String(valueAt(column, i)).startsWith('-') : (column.ints[i] ?? 0) < 0;

function checkCandles(
  batch: RecordBatch,
  note: (code: Finding['code'], ts: number, detail: string) => void,
): void {
  const [open, high, low, close, volume] = [0, 1, 2, 3, 4].map((c) => decimal(batch, c));
  if (batch.type !== 'kline' || !open || !high || !low || !close || !volume) return;
  for (let i = 0; i < batch.n; i += 1) {
    const sound =
      atMost(low, open, i) && atMost(low, close, i) && atMost(open, high, i) && atMost(close, high, i);
    if (!sound) note('ohlc_inconsistent', batch.ts[i] ?? 0, 'low ≤ open, close ≤ high does not hold');
    if (isNegative(volume, i)) note('negative_volume', batch.ts[i] ?? 0, 'volume is below zero');
  }
}

/** The rows that open with a slot. One between two slots has no key that it could be kept under: it is reported. */
function onGrid(
  batch: RecordBatch,
  grid: Grid,
  note: (code: Finding['code'], ts: number, detail: string) => void,
): RecordBatch {
  const type = dataTypeOf(batch.type);
  if (type?.axis !== 'grid') return batch;
  const picks: RowPick[] = [];
  for (let row = 0; row < batch.n; row += 1) {
    const ts = batch.ts[row] ?? 0;
    if (grid.openOf(grid.indexOf(ts)) === ts) picks.push({ batch, row });
    else note('off_grid', ts, `not on the ${grid.timeframe} grid, so not kept`);
  }
  return picks.length < batch.n ? gatherRows(type, picks) : batch;
}

/** Which stretch of the asked range the page speaks for. */
function witnessedSpan(p: JudgeInput, inside: RecordBatch): TimeRange {
  const first = p.batch.n > 0 ? p.batch.ts.reduce((a, b) => Math.min(a, b), Infinity) : undefined;
  const last = p.batch.n > 0 ? p.batch.ts.reduce((a, b) => Math.max(a, b), -Infinity) : undefined;
  if (first === undefined || last === undefined) return p.range;
  const from = first < p.range.from ? p.range.from : inside.n > 0 ? (inside.ts[0] ?? 0) : p.range.to;
  const to = last >= p.range.to ? p.range.to : inside.n > 0 ? (inside.ts[inside.n - 1] ?? 0) : p.range.from;
  return { from, to };
}

/** Judges one page: pure. Nothing is corrected in silence; what looks wrong is reported and, where it has a key, kept. */
export function judgePage(p: JudgeInput): Judged {
  const findings: Finding[] = [];
  let unsaid = 0;
  const note = (code: Finding['code'], ts: number, detail: string): void => {
    if (findings.length < MAX_FINDINGS) findings.push({ code, ts, at: p.at, runId: p.runId, detail });
    else unsaid += 1;
  };
  const unique = dropDuplicates(p.batch, note);
  const inside = sliceRange(unique, p.range);
  const batch = onGrid(inside, p.grid, note);
  checkCandles(batch, note);
  const filled = slotsOf(p.grid, batch);
  const span = p.whole ? p.range : witnessedSpan(p, batch);
  const missing = p.expected.flatMap((range) => subtractRanges(range, filled));
  const absent = missing.map((range) => intersectRange(range, span)).filter((r) => !isEmptyRange(r));
  const unanswered = missing.flatMap((range) => subtractRanges(range, absent));
  const blank = batch.n < inside.n ? subtractRanges(span, slotsOf(p.grid, inside)) : [span];
  return {
    batch,
    findings,
    unsaid,
    filled,
    absent: unionRanges(absent),
    offGrid: absent.flatMap((range) => subtractRanges(range, blank)),
    unanswered: unionRanges(unanswered),
  };
}
