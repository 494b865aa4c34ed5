import {
  clipRuns,
  hasRows,
  mergeParts,
  mergeRuns,
  reviseRows,
  runAt,
  type CoverageRun,
  type MergedPart,
  type Part,
  type RecordBatch,
  type Revision,
  type RowConflict,
} from '@kairos/domain';
import { changedRows, isOpen, newsOf, pickRows, rowsInside, unionRows, type Slice } from './parts.ts';
import type { ChunkHeader, SeriesTables } from './series-tables.ts';

/** A slice with more new final rows than this goes into its block's chunk at once; a smaller one stays hot. */
const HOT_ROWS = 32;

/** What is stored of one block, before its rows are read. */
interface BlockState {
  readonly header: ChunkHeader | undefined;
  /** Those that touch the block, whole. */
  readonly whole: readonly CoverageRun[];
  /** The same, inside the block. */
  readonly spans: readonly CoverageRun[];
  /** All that is known, out of both. */
  readonly known: readonly CoverageRun[];
}

function stateOf(tables: SeriesTables, slice: Pick<Slice, 'block' | 'range'>): BlockState {
  const header = tables.header(slice.block);
  const whole = tables.spans(slice.range);
  const spans = clipRuns(whole, slice.range);
  return { header, whole, spans, known: mergeRuns(spans, header?.states ?? []) };
}

const presentIn = (header: ChunkHeader | undefined): readonly CoverageRun[] =>
  header?.states.filter(hasRows) ?? [];

/** All of a block: chunk and hot rows, and what is known. */
function wholeBlock(tables: SeriesTables, slice: Slice, state: BlockState): Part {
  const { type } = tables.series.layout;
  const hot = tables.hotRows(slice.range, state.spans);
  return { batch: unionRows(type, tables.chunkRows(slice.block), hot), runs: state.known };
}

/** Writes a whole block: final rows and their facts into its chunk, open ones hot. */
function writeBlock(tables: SeriesTables, slice: Slice, state: BlockState, whole: Part): void {
  const { type } = tables.series.layout;
  const { batch, runs } = whole;
  const open = runs.filter(isOpen);
  const settled = runs.filter((run) => !isOpen(run));
  tables.dropHot(tables.hotRows(slice.range, state.spans));
  tables.putHot(batch, rowsInside(batch, open));
  tables.putChunk({
    block: slice.block,
    v: (state.header?.v ?? 0) + 1,
    states: settled,
    rows: open.length === 0 ? batch : pickRows(type, batch, rowsInside(batch, settled)),
  });
  tables.dropSpans(slice.range, open);
}

interface Look {
  readonly state: BlockState;
  readonly inChunk: readonly CoverageRun[];
  /** Rows that the slice may meet. */
  readonly stored: RecordBatch;
  readonly merged: MergedPart;
  readonly isPaged: boolean;
}

/** What would become of a block. The chunk's body is not looked at where no row falls inside what it holds. */
function lookAt(tables: SeriesTables, slice: Slice): Look {
  const { type } = tables.series.layout;
  const { batch } = slice.part;
  const state = stateOf(tables, slice);
  const inChunk = presentIn(state.header);
  const keys = { from: batch.ts[0] ?? 0, to: (batch.ts[batch.n - 1] ?? 0) + 1 };
  const single = tables.hotRows(keys, state.spans);
  const paged = tables.paged(slice.range, state.known);
  const hot = unionRows(type, single, paged.batch);
  const meetsChunk = rowsInside(batch, inChunk).length > 0;
  const stored = meetsChunk ? unionRows(type, tables.chunkRows(slice.block), hot) : hot;
  const runs = mergeRuns(state.known, paged.runs);
  const merged = mergeParts(type, { batch: stored, runs }, slice.part);
  return { state, inChunk, stored, merged, isPaged: paged.batch.n > 0 };
}

/**
 * Merges one block's slice into what is stored. Few new rows go to the tier of single rows without a look at the chunk's
 * body; many, or rows inside what the chunk holds, into the chunk. Nothing is written when nothing is new.
 */
export function mergeSlice(
  tables: SeriesTables,
  slice: Slice,
): { readonly changed: boolean; readonly conflicts: readonly RowConflict[] } {
  let look = lookAt(tables, slice);
  const { changed, conflicts } = look.merged;
  if (!changed) return { changed, conflicts };
  if (look.isPaged) {
    tables.unpack(slice.range);
    look = lookAt(tables, slice);
  }
  writeSlice(tables, slice, look);
  return { changed, conflicts };
}

function writeSlice(tables: SeriesTables, slice: Slice, look: Look): void {
  const { type } = tables.series.layout;
  const { state, inChunk, stored } = look;
  const { part } = look.merged;
  const rows = changedRows(stored, part.batch);
  const settled = rows.filter((i) => runAt(part.runs, part.batch.ts[i] ?? 0)?.state === 'present');
  const isSmall = settled.length <= HOT_ROWS && !rows.some((i) => runAt(inChunk, part.batch.ts[i] ?? 0));
  if (isSmall) {
    tables.putHot(part.batch, rows);
    tables.joinSpans(newsOf(state.known, part.runs), state.whole);
    return;
  }
  const isAll = !state.header && !state.spans.some(hasRows);
  const whole = isAll ? part : mergeParts(type, wholeBlock(tables, slice, state), slice.part).part;
  writeBlock(tables, slice, state, whole);
}

/** Merges runs of stretches where no rows came. True when they said something new. */
export function mergeRest(tables: SeriesTables, rest: readonly CoverageRun[]): boolean {
  const first = rest[0];
  const last = rest.at(-1);
  if (!first || !last) return false;
  const known = tables.runs({ from: first.from, to: last.to });
  const news = newsOf(known, mergeRuns(known, rest));
  tables.joinSpans(news);
  return news.length > 0;
}

/** Applies the revisions of one block that find their old value; answers those. */
export function reviseBlock(
  tables: SeriesTables,
  block: number,
  revisions: readonly Revision[],
): readonly Revision[] {
  const { layout } = tables.series;
  const { type } = layout;
  const range = layout.rangeOf(block);
  const { batch: paged } = tables.paged(range, tables.told(range));
  if (reviseRows(type, { batch: paged, runs: [] }, revisions).applied.length > 0) tables.unpack(range);
  const { header, spans } = stateOf(tables, { block, range });
  const hot = tables.hotRows(range, spans);

  const inHot = reviseRows(type, { batch: hot, runs: [] }, revisions);
  tables.putHot(inHot.part.batch, changedRows(hot, inHot.part.batch));
  if (!header) return inHot.applied;

  const inChunk = reviseRows(type, { batch: tables.chunkRows(block), runs: [] }, revisions);
  if (inChunk.applied.length > 0) {
    tables.putChunk({ block, v: header.v + 1, states: header.states, rows: inChunk.part.batch });
  }
  return [...inChunk.applied, ...inHot.applied];
}

/** At least so many rows make it worth rewriting the chunk of a block that is not over yet. */
export const WORTHWHILE = 250;

/** How many of the first rows of a sorted batch stand before `ts`, or at it. */
function rowsUpTo(batch: RecordBatch, rows: readonly number[], ts: number): readonly number[] {
  const end = rows.findIndex((i) => (batch.ts[i] ?? 0) > ts);
  return end < 0 ? rows : rows.slice(0, end);
}

/**
 * Moves a block's final recent rows before `settledBefore` into its chunk, at most `maxRows` of them (`isWhole`: or none). Blocks that still
 * run wait until a rewrite is worth it. Answers how many rows moved, how many could, and how many wait for more.
 */
export function foldBlock(
  tables: SeriesTables,
  block: number,
  p: { readonly settledBefore: number; readonly maxRows: number; readonly isWhole?: boolean | undefined },
): { readonly moved: number; readonly ripe: number; readonly waiting: number } {
  const { layout } = tables.series;
  const range = layout.rangeOf(block);
  const state = stateOf(tables, { block, range });
  const { header, spans } = state;
  const single = tables.hotRows(range, spans);
  const paged = tables.paged(range, state.known);
  const known = mergeRuns(state.known, paged.runs);
  const recent = unionRows(layout.type, paged.batch, single);
  const present = known.filter((run) => run.state === 'present');
  const final = rowsInside(recent, present);
  const ripe = rowsUpTo(recent, final, p.settledBefore - 1).length;
  if (ripe === 0 || (ripe < WORTHWHILE && range.to > p.settledBefore))
    return { moved: 0, ripe: 0, waiting: ripe };
  if (p.isWhole && ripe > p.maxRows) return { moved: 0, ripe, waiting: 0 };

  const moving = final.slice(0, Math.min(ripe, p.maxRows));
  const lastMoved = recent.ts[moving.at(-1) ?? 0] ?? range.from;
  const firstLeft = final[moving.length];
  const cut = firstLeft === undefined ? range.to : (recent.ts[firstLeft] ?? range.to);
  const rows = pickRows(layout.type, recent, moving);
  // Trades of one instant may part here: then both tiers keep that instant's facts.
  const facts = clipRuns(known, { from: range.from, to: Math.max(cut, lastMoved + 1) }).filter(
    (run) => !isOpen(run),
  );
  tables.putChunk({
    block,
    v: (header?.v ?? 0) + 1,
    states: mergeRuns(header?.states ?? [], facts),
    rows: header ? unionRows(layout.type, tables.chunkRows(block), rows) : rows,
  });
  if (single.n > 0) tables.dropHot(rows);
  if (spans.length > 0) {
    const emptied = { from: range.from, to: cut };
    tables.dropSpans(emptied, clipRuns(state.known, emptied).filter(isOpen));
  }
  return { moved: moving.length, ripe, waiting: 0 };
}
