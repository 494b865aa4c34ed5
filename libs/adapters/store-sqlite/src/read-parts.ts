import {
  clipRuns,
  emptyBatch,
  hasRows,
  isEmptyRange,
  mergeRuns,
  sliceRange,
  type CoverageRun,
  type Part,
  type TimeRange,
} from '@kairos/domain';
import { unionRows } from './parts.ts';
import type { ChunkHeader, SeriesTables } from './series-tables.ts';

/** A step of a read reaches over at most so many chunks, spans, and blocks of hot rows. */
const STEP_CHUNKS = 8;
const STEP_SPANS = 1_000;

export interface ReadStep {
  readonly parts: readonly Part[];
  /** Where the next step begins. */
  readonly next: number;
}

/** How far one step goes: what is read at once stays small, whatever the range holds. */
function stepEnd(
  tables: SeriesTables,
  range: TimeRange,
): { readonly end: number; readonly spans: readonly CoverageRun[] } {
  const { layout } = tables.series;
  const blocks = tables.blocks(layout.blockOf(range.from), layout.blockOf(range.to - 1), STEP_CHUNKS);
  const last = blocks.at(-1);
  const byChunks = blocks.length < STEP_CHUNKS || last === undefined ? range.to : layout.rangeOf(last).to;
  const spans = tables.spans({ from: range.from, to: byChunks }, STEP_SPANS);
  const bySpans = spans.length < STEP_SPANS ? range.to : (spans.at(-1)?.from ?? range.to);
  const firstHot = spans.find((run) => hasRows(run) && run.to > range.from);
  const byHot = firstHot
    ? layout.rangeOf(layout.blockOf(Math.max(firstHot.from, range.from)) + STEP_CHUNKS - 1).to
    : range.to;
  const firstPaged = tables.firstPaged(range);
  const byPages =
    firstPaged === undefined
      ? range.to
      : layout.rangeOf(layout.blockOf(Math.max(firstPaged, range.from)) + STEP_CHUNKS - 1).to;
  return { end: Math.min(range.to, byChunks, bySpans, byHot, byPages), spans };
}

/** Everything in the next stretch of the range, a part a chunk; what lies between chunks goes with the one after. */
export function readStep(tables: SeriesTables, range: TimeRange): ReadStep {
  const { layout } = tables.series;
  const { end, spans } = stepEnd(tables, range);
  const headers = tables.headers(layout.blockOf(range.from), layout.blockOf(end - 1));
  const parts: Part[] = [];
  let from = range.from;
  for (const header of headers) {
    const tile = { from, to: Math.min(layout.rangeOf(header.block).to, end) };
    parts.push(readTile(tables, { tile, spans, header }));
    from = tile.to;
  }
  parts.push(readTile(tables, { tile: { from, to: end }, spans, header: undefined }));
  return { parts: parts.filter((part) => part.batch.n > 0 || part.runs.length > 0), next: end };
}

/** Hot first, then cold; of a key in several tiers, none counts in a page. */
function readTile(
  tables: SeriesTables,
  p: {
    readonly tile: TimeRange;
    readonly spans: readonly CoverageRun[];
    readonly header: ChunkHeader | undefined;
  },
): Part {
  const { type } = tables.series.layout;
  const { tile, header } = p;
  if (isEmptyRange(tile)) return { batch: emptyBatch(type), runs: [] };
  const hot = tables.hotRows(tile, p.spans);
  const cold = header ? sliceRange(tables.chunkRows(header.block), tile) : emptyBatch(type);
  const runs = mergeRuns(clipRuns(p.spans, tile), clipRuns(header?.states ?? [], tile));
  const paged = tables.paged(tile, runs);
  return {
    batch: unionRows(type, unionRows(type, cold, hot), paged.batch),
    runs: mergeRuns(runs, paged.runs),
  };
}
