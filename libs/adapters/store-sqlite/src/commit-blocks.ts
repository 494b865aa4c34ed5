import {
  clipRuns,
  hasRows,
  mergeParts,
  mergeRuns,
  reviseRows,
  runAt,
  type CoverageRun,
  type Part,
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

/**
 * Merges one block's slice into what is stored. Few new rows go to the hot tier without a look at the chunk's body;
 * many, or rows inside what the chunk holds, into the chunk. Nothing is written when nothing is new.
 */
export function mergeSlice(
  tables: SeriesTables,
  slice: Slice,
): { readonly changed: boolean; readonly conflicts: readonly RowConflict[] } {
  const { type } = tables.series.layout;
  const { batch } = slice.part;
  const state = stateOf(tables, slice);
  const inChunk = presentIn(state.header);
  const keys = { from: batch.ts[0] ?? 0, to: (batch.ts[batch.n - 1] ?? 0) + 1 };
  const hot = tables.hotRows(keys, state.spans);
  const meetsChunk = rowsInside(batch, inChunk).length > 0;
  const stored = meetsChunk ? unionRows(type, tables.chunkRows(slice.block), hot) : hot;

  const merged = mergeParts(type, { batch: stored, runs: state.known }, slice.part);
  const { changed, conflicts, part } = merged;
  if (!changed) return { changed, conflicts };

  const rows = changedRows(stored, part.batch);
  const settled = rows.filter((i) => runAt(part.runs, part.batch.ts[i] ?? 0)?.state === 'present');
  const isSmall = settled.length <= HOT_ROWS && !rows.some((i) => runAt(inChunk, part.batch.ts[i] ?? 0));
  if (isSmall) {
    tables.putHot(part.batch, rows);
    tables.joinSpans(newsOf(state.known, part.runs), state.whole);
  } else {
    const isAll = !state.header && !state.spans.some(hasRows);
    const whole = isAll ? part : mergeParts(type, wholeBlock(tables, slice, state), slice.part).part;
    writeBlock(tables, slice, state, whole);
  }
  return { changed, conflicts };
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
const WORTHWHILE = 250;

/**
 * Moves a block's final hot rows before `settledBefore` into its chunk, at most `maxRows` of them. Blocks that still run
 * wait until a rewrite is worth it. Answers how many rows moved, and how many could.
 */
export function foldBlock(
  tables: SeriesTables,
  block: number,
  p: { readonly settledBefore: number; readonly maxRows: number },
): { readonly moved: number; readonly ripe: number } {
  const { layout } = tables.series;
  const range = layout.rangeOf(block);
  const { header, spans, known } = stateOf(tables, { block, range });
  const hot = tables.hotRows(range, spans);
  const final = rowsInside(
    hot,
    known.filter((run) => run.state === 'present'),
  );
  const ripe = final.filter((i) => (hot.ts[i] ?? 0) < p.settledBefore).length;
  if (ripe === 0 || (ripe < WORTHWHILE && range.to > p.settledBefore)) return { moved: 0, ripe: 0 };

  const moving = final.slice(0, Math.min(ripe, p.maxRows));
  const lastMoved = hot.ts[moving.at(-1) ?? 0] ?? range.from;
  const firstLeft = final[moving.length];
  const cut = firstLeft === undefined ? range.to : (hot.ts[firstLeft] ?? range.to);
  const rows = pickRows(layout.type, hot, moving);
  // Trades of one instant may part here: then both tiers keep that instant's facts.
  const facts = clipRuns(known, { from: range.from, to: Math.max(cut, lastMoved + 1) }).filter(
    (run) => !isOpen(run),
  );
  tables.putChunk({
    block,
    v: (header?.v ?? 0) + 1,
    states: mergeRuns(header?.states ?? [], facts),
    rows: unionRows(layout.type, tables.chunkRows(block), rows),
  });
  tables.dropHot(rows);
  const emptied = { from: range.from, to: cut };
  tables.dropSpans(emptied, clipRuns(known, emptied).filter(isOpen));
  return { moved: moving.length, ripe };
}
