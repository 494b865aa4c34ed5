import {
  clipRuns,
  coalesceRuns,
  emptyPart,
  layoutOf,
  lowerBound,
  mergeParts,
  mergeRuns,
  reviseRows,
  sliceBatch,
  sliceRange,
  subtractRanges,
  type BlockLayout,
  type CoverageRun,
  type Evidence,
  type Finding,
  type Part,
  type Revision,
  type RowConflict,
  type Series,
  type TimeRange,
} from '@kairos/domain';
import type { LoggedRevision } from '@kairos/ports';
import { frozenCopy } from './memory-store.ts';

interface Slice {
  readonly block: number;
  readonly range: TimeRange;
  readonly part: Part;
}

const idOf = (f: Finding): string => JSON.stringify([f.code, f.ts, f.detail]);

/**
 * One series: a part for each block that holds rows, and beside them the runs of stretches without rows, so that a run
 * over years is one entry. Runs may lie in both; the stronger one stands.
 */
export class SeriesShelf {
  readonly evidence = new Map<string, Evidence>();
  readonly revisions: LoggedRevision[] = [];
  readonly blocks = new Map<number, Part>();
  spans: readonly CoverageRun[] = [];
  series: Series;
  readonly #layout: BlockLayout;
  readonly #findings = new Map<string, Finding>();
  readonly #order = new Map<string, number>();
  #kept = 0;

  /** @throws RangeError on an unknown data type. */
  constructor(series: Series) {
    this.#layout = layoutOf(series);
    this.series = frozenCopy(series);
  }

  get layout(): BlockLayout {
    return this.#layout;
  }

  get type(): BlockLayout['type'] {
    return this.#layout.type;
  }

  /** Folds a part in. The batch is kept as it is: batches are immutable. */
  merge(part: Part): { readonly changed: boolean; readonly conflicts: readonly RowConflict[] } {
    const own: Part = { batch: part.batch, runs: part.runs.map((r) => ({ ...r })) };
    const slices = this.#cut(own);
    let changed = this.#mergeSpans(own.runs, slices);
    const conflicts: RowConflict[] = [];
    for (const { block, range, part: slice } of slices) {
      const rows = this.blocks.get(block)?.batch ?? emptyPart(this.type).batch;
      const merged = mergeParts(this.type, { batch: rows, runs: this.runs(range) }, slice);
      if (merged.changed) this.blocks.set(block, merged.part);
      changed ||= merged.changed;
      conflicts.push(...merged.conflicts);
    }
    return { changed, conflicts };
  }

  /** Applies the revisions that find their old value; those are answered, in the order of their records. */
  revise(revisions: readonly Revision[]): readonly Revision[] {
    const blocks = new Set(revisions.map((r) => this.#layout.blockOf(r.from.ts)));
    return [...blocks]
      .sort((a, b) => a - b)
      .flatMap((block) => {
        const stored = this.blocks.get(block);
        if (!stored) return [];
        const revised = reviseRows(this.type, stored, revisions);
        this.blocks.set(block, revised.part);
        return revised.applied;
      });
  }

  /** True when the finding is new: of several that say the same, the first is kept. */
  addFinding(finding: Finding): boolean {
    const id = idOf(finding);
    const isNew = !this.#findings.has(id);
    if (isNew) {
      this.#findings.set(id, frozenCopy(finding));
      this.#order.set(id, (this.#kept += 1));
    }
    return isNew;
  }

  forgetFinding(finding: Finding): void {
    this.#findings.delete(idOf(finding));
    this.#order.delete(idOf(finding));
  }

  /** Its place among those of the same instant: the later kept, the higher. */
  orderOf(finding: Finding): number {
    return this.#order.get(idOf(finding)) ?? 0;
  }

  /** Newest first; of one instant, the last kept first. */
  findings(): readonly Finding[] {
    return [...this.#findings.values()].reverse().sort((a, b) => b.at - a.at);
  }

  /** What is known inside the range. */
  runs(range: TimeRange): CoverageRun[] {
    const inBlocks = this.#blocksIn(range).flatMap(([, part]) => clipRuns(part.runs, range));
    return mergeRuns(clipRuns(this.spans, range), inBlocks).filter((r) => r.to > r.from);
  }

  /** Rows and runs inside the range, a part a block; stretches before and between go with the block that follows. */
  parts(range: TimeRange): Part[] {
    const runs = this.runs(range);
    const empty = emptyPart(this.type).batch;
    const parts: Part[] = [];
    let from = range.from;
    for (const [block, { batch }] of this.#blocksIn(range)) {
      const tile = { from, to: Math.min(this.#layout.rangeOf(block).to, range.to) };
      parts.push({ batch: sliceRange(batch, tile), runs: clipRuns(runs, tile) });
      from = tile.to;
    }
    parts.push({ batch: empty, runs: from < range.to ? clipRuns(runs, { from, to: range.to }) : [] });
    return parts.filter((p) => p.batch.n > 0 || p.runs.length > 0);
  }

  #cut(part: Part): Slice[] {
    const slices: Slice[] = [];
    const { batch, runs } = part;
    for (let i = 0; i < batch.n;) {
      const block = this.#layout.blockOf(batch.ts[i] ?? 0);
      const range = this.#layout.rangeOf(block);
      const end = lowerBound(batch, range.to);
      slices.push({ block, range, part: { batch: sliceBatch(batch, i, end), runs: clipRuns(runs, range) } });
      i = end;
    }
    return slices;
  }

  /** Keeps the runs outside the blocks that get rows. */
  #mergeSpans(runs: readonly CoverageRun[], slices: readonly Slice[]): boolean {
    const taken = slices.map((s) => s.range);
    const rest = coalesceRuns(
      runs.flatMap((run) => subtractRanges(run, taken).map((r) => ({ ...run, ...r }))),
    );
    const first = rest[0];
    const last = rest.at(-1);
    if (!first || !last) return false;
    const known = this.runs({ from: first.from, to: last.to });
    const same = JSON.stringify(mergeRuns(known, rest)) === JSON.stringify(mergeRuns(known, known));
    if (!same) this.spans = mergeRuns(this.spans, rest);
    return !same;
  }

  #blocksIn(range: TimeRange): (readonly [number, Part])[] {
    if (range.to <= range.from) return [];
    const from = this.#layout.blockOf(range.from);
    const to = this.#layout.blockOf(range.to - 1);
    return [...this.blocks].filter(([block]) => block >= from && block <= to).sort(([a], [b]) => a - b);
  }
}
