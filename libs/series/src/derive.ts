import type { BarSum, CoverageRun, Grid, Part, RecordBatch, Row, TimeRange } from '@kairos/domain';
import {
  batchOfRows,
  ceilTo,
  clipRuns,
  coalesceRuns,
  countSlots,
  floorTo,
  hasRows,
  intersectRange,
  isEmptyRange,
  joinSums,
  KLINE,
  lowerBound,
  rowOfSum,
  shiftSlots,
  sumBars,
  unionRanges,
} from '@kairos/domain';
import type { Calendar } from '@kairos/ports';
import { SlotCounts } from './derive-slot.ts';

/** Which candles are made of which. Every slot of `coarse` is made of whole slots of `fine`. */
export interface Derivation {
  readonly fine: Grid;
  readonly coarse: Grid;
  readonly calendar: Calendar;
  /** Slots of `coarse` that open before this instant have closed. */
  readonly closed: number;
}

/** A part whose records are derived, and the closed slots of its stretch that want finer records. */
export interface DerivedPart extends Part {
  readonly incomplete: readonly TimeRange[];
}

/** Slots per part: few enough to hold, many enough to be worth a batch. */
const SLOTS_PER_PART = 1_000;

/** The coarse slots of a range, bounds on their opens, in which any finer record is expected. */
export const expectedSlots = (range: TimeRange, d: Derivation): TimeRange[] =>
  isEmptyRange(range)
    ? []
    : unionRanges(
        d.calendar
          .expected({ grid: d.fine, range })
          .map((r) => ({ from: floorTo(d.coarse, r.from), to: ceilTo(d.coarse, r.to) })),
      );

const SETTLED = ['present', 'empty'];
/** Nothing more is to be wished for: there is a bar, or there is to be none. */
const isWhole = (run: Pick<CoverageRun, 'state' | 'reason'>): boolean =>
  SETTLED.includes(run.state) || (run.state === 'unavailable' && run.reason === 'before_listing');

/** The slots of derived runs that are not whole. */
export const wanting = (run: Pick<CoverageRun, 'state' | 'reason'> | undefined): boolean =>
  run === undefined || !isWhole(run);

/** Folds finer parts, in order, into coarser ones; holds one slot and what waits to be taken. */
class Folder {
  readonly #d: Derivation;
  #slot: TimeRange | undefined;
  #expected: readonly TimeRange[] = [];
  #counts = new SlotCounts();
  #sum: BarSum | undefined;
  #rows: Row[] = [];
  #runs: CoverageRun[] = [];
  #incomplete: TimeRange[] = [];

  constructor(d: Derivation) {
    this.#d = d;
  }

  get isFull(): boolean {
    return Math.max(this.#rows.length, this.#runs.length, this.#incomplete.length) >= SLOTS_PER_PART;
  }

  get hasRows(): boolean {
    return this.#rows.length > 0;
  }

  /** Takes one run of a part, and the rows `from .. to` (exclusive) of its batch that stand in the run. */
  *add(
    run: CoverageRun,
    batch: RecordBatch,
    rows: { readonly from: number; readonly to: number },
  ): Generator<void> {
    let row = rows.from;
    for (let from = run.from; from < run.to;) {
      const slot = this.#enter(from);
      const whole = floorTo(this.#d.coarse, run.to);
      if (!hasRows(run) && from === slot.from && whole > slot.to) {
        this.#skip({ ...run, from, to: whole });
        from = whole;
        continue;
      }
      const to = Math.min(run.to, slot.to);
      const end = run.to === to ? rows.to : Math.min(rows.to, Math.max(row, lowerBound(batch, to)));
      if (end > row) this.#take(sumBars(batch, row, end));
      this.#note(run, { from, to });
      row = end;
      from = to;
      if (this.isFull) yield;
    }
  }

  /** Everything up to the slot that is still open. */
  drain(): DerivedPart {
    const part = {
      batch: batchOfRows(KLINE, this.#rows),
      runs: coalesceRuns(this.#runs),
      incomplete: unionRanges(this.#incomplete),
    };
    this.#rows = [];
    this.#runs = [];
    this.#incomplete = [];
    return part;
  }

  finish(): DerivedPart {
    this.#close();
    return this.drain();
  }

  #take(sum: BarSum): void {
    this.#sum = this.#sum ? joinSums(this.#sum, sum) : sum;
    // Also where the calendar expects nothing: what was traded was traded.
    this.#counts.hasBar = true;
  }

  /** The slot of an instant; the one before is closed, and what lies between is lost. */
  #enter(ts: number): TimeRange {
    const before = this.#slot;
    if (before && ts < before.to) return before;
    this.#close();
    const open = floorTo(this.#d.coarse, ts);
    const slot = { from: open, to: shiftSlots(this.#d.coarse, open, 1) };
    if (before && before.to < open) this.#lose(expectedSlots({ from: before.to, to: open }, this.#d));
    this.#slot = slot;
    this.#expected = this.#d.calendar.expected({ grid: this.#d.fine, range: slot });
    return slot;
  }

  #note(run: CoverageRun, range: TimeRange): void {
    const n = this.#expected.reduce((sum, e) => sum + countSlots(this.#d.fine, intersectRange(e, range)), 0);
    this.#counts.note(run, n);
  }

  /** Whole slots of one state without rows, at once. */
  #skip(run: CoverageRun): void {
    const counts = new SlotCounts();
    counts.note(run, 1);
    const verdict = counts.verdict(1);
    const slots = expectedSlots(run, this.#d);
    if (verdict) this.#runs.push(...slots.map((range) => ({ ...verdict, ...range })));
    if (wanting(verdict)) this.#lose(slots);
    this.#slot = { from: run.from, to: run.to };
    this.#expected = [];
    this.#counts = new SlotCounts();
  }

  /** Most slots are present one after the other: they are one run at once. */
  #tell(run: CoverageRun): void {
    const last = this.#runs.at(-1);
    if (run.state === 'present' && last?.state === 'present' && last.to === run.from)
      this.#runs[this.#runs.length - 1] = { ...last, to: run.to };
    else this.#runs.push(run);
  }

  #lose(ranges: readonly TimeRange[]): void {
    for (const range of ranges) {
      const closed = { from: range.from, to: Math.min(range.to, this.#d.closed) };
      if (!isEmptyRange(closed)) this.#incomplete.push(closed);
    }
  }

  #close(): void {
    const slot = this.#slot;
    const expected = this.#expected.reduce((sum, e) => sum + countSlots(this.#d.fine, e), 0);
    if (slot && (expected > 0 || this.#counts.hasBar)) {
      const verdict = this.#counts.verdict(expected);
      if (verdict) this.#tell({ ...verdict, ...slot });
      if (this.#sum) this.#rows.push(rowOfSum(this.#sum, slot.from));
      if (wanting(verdict)) this.#lose([slot]);
    }
    this.#counts = new SlotCounts();
    this.#sum = undefined;
    this.#expected = [];
  }
}

/** Coarser candles and what is known of them, out of finer parts in order. One pass; holds some thousand slots at most. */
export async function* deriveParts(parts: AsyncIterable<Part>, d: Derivation): AsyncGenerator<DerivedPart> {
  const folder = new Folder(d);
  for await (const part of parts) {
    let row = 0;
    for (const run of part.runs) {
      const to = Math.max(row, lowerBound(part.batch, run.to));
      for (const _ of folder.add(run, part.batch, { from: row, to })) yield folder.drain();
      row = to;
    }
    // Whoever wants a page of days need not wait for a thousand of them.
    if (folder.hasRows) yield folder.drain();
  }
  yield folder.finish();
}

/** What would be known of coarser candles, out of the finer ones' runs alone. */
export function deriveRuns(runs: readonly CoverageRun[], d: Derivation): CoverageRun[] {
  const folder = new Folder(d);
  const none = batchOfRows(KLINE, []);
  const out: CoverageRun[] = [];
  for (const run of runs)
    for (const _ of folder.add(run, none, { from: 0, to: 0 })) out.push(...folder.drain().runs);
  return coalesceRuns([...out, ...folder.finish().runs]);
}

/** The slots that open inside a span, as a range on slot opens. */
export const onSlots = (grid: Grid, span: TimeRange): TimeRange => ({
  from: ceilTo(grid, span.from),
  to: ceilTo(grid, span.to),
});

/** How many slots of the ranges open before an instant. */
export const countBefore = (grid: Grid, ranges: readonly TimeRange[], to: number): number =>
  clipRuns(
    ranges.map((r) => ({ ...r, state: 'failed' })),
    { from: -Infinity, to },
  ).reduce((n, r) => n + countSlots(grid, r), 0);
