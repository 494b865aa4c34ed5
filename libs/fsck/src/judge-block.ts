import {
  clipRuns,
  countSlots,
  ceilTo,
  hasRows,
  mergeRuns,
  runAt,
  type BlockLayout,
  type CoverageRun,
  type Grid,
} from '@kairos/domain';
import type { InspectedBlock, InspectedChunk, RowKey } from '@kairos/ports';
import { isOrdered, judgeRuns } from './judge-runs.ts';
import { violation, type Violation, type ViolationCode, type ViolationPlace } from './violation.ts';

/** One violation for many records: names the first, counts all. */
function grouped(code: ViolationCode, where: ViolationPlace, stamps: readonly number[]): Violation[] {
  const first = stamps[0];
  return first === undefined ? [] : [violation(code, { ...where, ts: first }, '', stamps.length)];
}

const keysOf = (chunk: InspectedChunk | undefined): RowKey[] =>
  Array.from(chunk?.rows?.ts ?? [], (ts, i) => ({ ts, tie: chunk?.rows?.ties?.[i] ?? '' }));

const isAfter = (a: RowKey, b: RowKey): boolean => a.ts > b.ts || (a.ts === b.ts && a.tie > b.tie);

function judgeChunk(layout: BlockLayout, chunk: InspectedChunk, where: ViolationPlace): Violation[] {
  const found = chunk.faults.map((fault) => violation('chunk_unreadable', where, fault));
  const { rows } = chunk;
  if (!rows) return found;
  if (rows.type !== layout.type.id)
    found.push(violation('chunk_unreadable', where, `rows of type ${rows.type}, not ${layout.type.id}`));
  if (rows.n !== chunk.stated || rows.ts.length !== rows.n)
    found.push(violation('chunk_count_differs', where, `${chunk.stated} stated, ${rows.n} held`));
  const keys = keysOf(chunk);
  const unsorted = keys.filter((key, i) => {
    const before = keys[i - 1];
    return before !== undefined && !isAfter(key, before);
  });
  return [
    ...found,
    ...grouped(
      'keys_unsorted',
      where,
      unsorted.map((key) => key.ts),
    ),
  ];
}

/** Slots that a row-bearing run promises and no row fills. */
function emptySlots(grid: Grid, runs: readonly CoverageRun[], keys: readonly RowKey[]): number[] {
  const filled = new Set(keys.map((key) => grid.indexOf(key.ts)));
  return runs.filter(hasRows).flatMap((run) => {
    const first = grid.indexOf(ceilTo(grid, run.from));
    return Array.from({ length: countSlots(grid, run) }, (_, i) => first + i)
      .filter((slot) => !filled.has(slot))
      .map((slot) => grid.openOf(slot));
  });
}

function judgeRows(
  layout: BlockLayout,
  keys: readonly RowKey[],
  runs: readonly CoverageRun[],
  where: ViolationPlace,
): Violation[] {
  const bare = keys.filter((key) => {
    const run = runAt(runs, key.ts);
    return !run || !hasRows(run);
  });
  return [
    ...grouped(
      'row_without_run',
      where,
      bare.map((key) => key.ts),
    ),
    ...(layout.grid ? grouped('slot_without_row', where, emptySlots(layout.grid, runs, keys)) : []),
  ];
}

/**
 * What is wrong inside one block: bytes, keys, and whether rows and row-bearing states stand for each other, over both
 * tiers together. Rows are held against states only where both can be read and are in order.
 */
export function judgeBlock(key: string, layout: BlockLayout, block: InspectedBlock): Violation[] {
  const where: ViolationPlace = { series: key, block: block.block };
  const range = layout.rangeOf(block.block);
  const { chunk, hot, spans } = block;
  const states = chunk?.states ?? [];
  const cold = keysOf(chunk);
  const keys = [...cold, ...hot];
  const inChunk = new Set(cold.map((k) => `${k.ts}|${k.tie}`));
  const found = [
    ...(chunk ? judgeChunk(layout, chunk, where) : []),
    ...judgeRuns(states, where, range),
    ...grouped(
      'key_outside_block',
      where,
      keys.filter((k) => k.ts < range.from || k.ts >= range.to).map((k) => k.ts),
    ),
    ...grouped(
      'key_twice',
      where,
      hot.filter((k) => inChunk.has(`${k.ts}|${k.tie}`)).map((k) => k.ts),
    ),
  ];
  const isWhole = !chunk || (chunk.rows !== undefined && chunk.states !== undefined);
  if (!isWhole || !isOrdered(states) || !isOrdered(spans)) return found;
  const runs = mergeRuns(clipRuns(spans, range), clipRuns(states, range));
  return [...found, ...judgeRows(layout, keys, runs, where)];
}
