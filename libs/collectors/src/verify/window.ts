import type { CoverageRun, EvidenceRead, Finding, Grid, RecordBatch, TimeRange } from '@kairos/domain';
import { intersectRange, isEmptyRange, isSettled, unionRanges } from '@kairos/domain';
import { barsOf, decimalsOf, type Bar, type Field } from './bars.ts';
import { checkOwn, compareBars, type Difference, type Oddity } from './compare-bars.ts';

/** Who speaks: longer or shorter bars of the same source, or another source. */
export type Relation = 'coarser' | 'finer' | 'second';

/** What another account says of a stretch. */
export interface Testimony {
  /** Sorted, on the witness's grid. */
  readonly batches: readonly RecordBatch[];
  /** Stretches of which it says what there is and what is not. */
  readonly spoken: readonly TimeRange[];
  readonly reads: readonly EvidenceRead[];
}

export interface Witness {
  readonly relation: Relation;
  /** A timeframe, or the id of a source. */
  readonly by: string;
  readonly grid: Grid;
  readonly testimony: Testimony;
  /** Whether it tells of the same exchange. Else only bars that are missing here, and are there, are noted. */
  readonly sameExchange: boolean;
}

/** A stretch of one series, small enough for memory, with all that is known of it. */
export interface Window extends TimeRange {
  readonly grid: Grid;
  readonly batches: readonly RecordBatch[];
  /** Ordered, disjoint. */
  readonly runs: readonly CoverageRun[];
  /** Stretches in which every slot is expected. */
  readonly expected: readonly TimeRange[];
  readonly witnesses: readonly Witness[];
  readonly baseVolume: boolean;
}

/** One comparison: of a coarser bar with ours in it, or of one of our slots with finer bars or another source. */
export interface Check {
  readonly relation: Relation;
  readonly by: string;
  readonly sameExchange: boolean;
  readonly cell: TimeRange;
  readonly differs: readonly Difference[];
  readonly agrees: readonly Field[];
}

/** Why a slot could not be compared by a witness: our side is not known, or the witness was not heard or lacks bars itself. */
export const UNCOMPARED = ['unsettled', 'unavailable', 'unanswered', 'lacking'] as const;
export type Uncompared = (typeof UNCOMPARED)[number];

/** What one witness came to say, in slots of the series. */
export interface Hearing extends Record<Uncompared, number> {
  readonly relation: Relation;
  readonly by: string;
  compared: number;
}

export interface Slot extends TimeRange {
  readonly state: 'present' | 'empty' | 'unavailable' | 'unsettled' | 'unexpected';
  readonly bar: Bar | undefined;
}

export interface Examined {
  readonly scale: number;
  readonly slots: readonly Slot[];
  readonly oddities: readonly Oddity[];
  readonly checks: readonly Check[];
  readonly hearings: readonly Hearing[];
}

/** Answers questions about ordered, disjoint stretches that come in ascending order. */
class Sweep<T extends TimeRange> {
  readonly #ranges: readonly T[];
  #next = 0;

  constructor(ranges: readonly T[]) {
    this.#ranges = ranges;
  }

  /** The stretch that holds the instant; instants must not descend. */
  at(ts: number): T | undefined {
    while ((this.#ranges[this.#next]?.to ?? Infinity) <= ts) this.#next += 1;
    const range = this.#ranges[this.#next];
    return range && range.from <= ts ? range : undefined;
  }
}

function slotsOf(window: Window, scale: number): Slot[] {
  const { grid, from, to } = window;
  const bars = new Map(window.batches.flatMap((batch) => barsOf(batch, scale)).map((bar) => [bar.ts, bar]));
  const runs = new Sweep(window.runs);
  const expected = new Sweep(window.expected);
  const slots: Slot[] = [];
  for (let i = grid.indexOf(from); grid.openOf(i) < to; i += 1) {
    const open = grid.openOf(i);
    const run = runs.at(open);
    const state = !expected.at(open) ? 'unexpected' : run && isSettled(run) ? run.state : 'unsettled';
    const settled = state === 'present' || state === 'empty' || state === 'unavailable';
    const known = settled || state === 'unexpected' ? state : 'unsettled';
    const bar = known === 'present' ? bars.get(open) : undefined;
    slots.push({ from: open, to: grid.openOf(i + 1), state: known, bar });
  }
  return slots;
}

const barsIn = (slots: readonly Slot[]): Bar[] => slots.flatMap((slot) => slot.bar ?? []);

/** What keeps slots from being compared, if anything. */
function obstacle(slots: readonly Slot[]): Uncompared | undefined {
  if (slots.some((s) => s.state === 'unsettled')) return 'unsettled';
  return slots.some((s) => s.state === 'unavailable') ? 'unavailable' : undefined;
}

/** Cells of a witness with our slots in each; of witnesses with bars no longer than ours, a cell is a slot; of another exchange, a stretch of one state. */
function* cellsOf(slots: readonly Slot[], witness: Witness): Generator<readonly Slot[]> {
  const { relation, sameExchange, grid } = witness;
  if (relation === 'finer' || (relation === 'second' && sameExchange)) {
    for (const slot of slots) yield [slot];
    return;
  }
  const together = (a: Slot, b: Slot): boolean =>
    relation === 'coarser' ? grid.indexOf(a.from) === grid.indexOf(b.from) : a.state === b.state;
  let cell: Slot[] = [];
  for (const slot of slots) {
    const first = cell[0];
    if (first && !together(first, slot)) {
      yield cell;
      cell = [];
    }
    cell.push(slot);
  }
  if (cell.length > 0) yield cell;
}

function hear(
  slots: readonly Slot[],
  witness: Witness,
  scale: number,
): { hearing: Hearing; checks: Check[] } {
  const { relation, by, grid, testimony, sameExchange } = witness;
  const hearing: Hearing = {
    relation,
    by,
    compared: 0,
    unsettled: 0,
    unavailable: 0,
    unanswered: 0,
    lacking: 0,
  };
  const checks: Check[] = [];
  const theirs = testimony.batches.flatMap((batch) => barsOf(batch, scale));
  const spoken = new Sweep(unionRanges(testimony.spoken));
  let next = 0;
  for (const inside of cellsOf(slots, witness)) {
    const from = inside[0]?.from ?? 0;
    const to = inside.at(-1)?.to ?? 0;
    const whole =
      relation !== 'coarser' || (grid.openOf(grid.indexOf(from)) === from && ends(grid, from, to));
    const settled = inside.filter((s) => s.state === 'present' || s.state === 'empty').length;
    const why = whole ? obstacle(inside) : 'unsettled';
    while ((theirs[next]?.ts ?? Infinity) < from) next += 1;
    const start = next;
    while ((theirs[next]?.ts ?? Infinity) < to) next += 1;
    if (settled === 0) continue;
    const heard = spoken.at(from);
    if (why !== undefined) hearing[why] += settled;
    else if (!heard || heard.to < to) hearing.unanswered += settled;
    else if (relation !== 'second' && lacks(barsIn(inside), theirs.slice(start, next), grid, { from, to }))
      hearing.lacking += settled;
    else {
      hearing.compared += settled;
      const strict = relation === 'second';
      const all = compareBars(barsIn(inside), theirs.slice(start, next), strict);
      const missing =
        inside.every((s) => s.state === 'empty') && all.differs.some((d) => d.field === 'volume');
      const differs = sameExchange
        ? all.differs
        : missing
          ? all.differs.filter((d) => d.field === 'bar')
          : [];
      checks.push({ relation, by, sameExchange, cell: { from, to }, differs, agrees: all.agrees });
    }
  }
  return { hearing, checks };
}

const ends = (grid: Grid, from: number, to: number): boolean => grid.openOf(grid.indexOf(from) + 1) === to;

const volumeOf = (bars: readonly Bar[]): bigint => bars.reduce((sum, bar) => sum + bar.volume, 0n);

/** The witness misses bars of its own and so has less than we: that says nothing against ours. */
const lacks = (ours: readonly Bar[], theirs: readonly Bar[], grid: Grid, { from, to }: TimeRange): boolean =>
  theirs.length < grid.indexOf(to) - grid.indexOf(from) && volumeOf(theirs) < volumeOf(ours);

/** Holds all accounts of a window against each other. Pure. */
export function examine(window: Window): Examined {
  const all = [...window.batches, ...window.witnesses.flatMap((w) => w.testimony.batches)];
  const scale = decimalsOf(all);
  const quoteDecimals = decimalsOf(window.batches, 'quote_volume');
  const slots = slotsOf(window, scale);
  const rules = { scale, quoteDecimals, baseVolume: window.baseVolume };
  const heard = window.witnesses.map((witness) => hear(slots, witness, scale));
  return {
    scale,
    slots,
    oddities: slots.flatMap((slot) => (slot.bar ? checkOwn(slot.bar, rules) : [])),
    checks: heard.flatMap((h) => h.checks),
    hearings: heard.map((h) => h.hearing),
  };
}

/** A finding's code, as far as comparing brings it forth. */
export type DefectCode = Extract<
  Finding['code'],
  | 'absence_contradicted'
  | 'coarser_differs'
  | 'finer_differs'
  | 'ohlc_inconsistent'
  | 'quote_volume_differs'
  | 'second_source_differs'
  | 'trades_inconsistent'
>;

/** The slots of a window that lie in a stretch. */
export const slotsIn = (slots: readonly Slot[], range: TimeRange): Slot[] =>
  slots.filter((slot) => !isEmptyRange(intersectRange(slot, range)));
