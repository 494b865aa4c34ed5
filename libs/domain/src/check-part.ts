import { isSorted, type RecordBatch } from './batch.ts';
import { hasRows, type CoverageRun } from './coverage.ts';
import { StoreError } from './errors.ts';
import type { Part } from './part.ts';
import type { BlockLayout } from './series.ts';

function runsFault(runs: readonly CoverageRun[]): string | undefined {
  for (const [i, run] of runs.entries()) {
    if (!Number.isFinite(run.from) || !Number.isFinite(run.to) || run.to < run.from)
      return `run ${i} has bad bounds`;
    if (run.from < (runs[i - 1]?.to ?? run.from)) return `run ${i} begins before its predecessor ends`;
  }
  return undefined;
}

/** Every row must stand in a run that bears rows: otherwise its state would be unknown. */
function statesFault(part: Part): string | undefined {
  let r = 0;
  for (const ts of part.batch.ts) {
    while ((part.runs[r]?.to ?? Infinity) <= ts) r += 1;
    const run = part.runs[r];
    if (!run || run.from > ts || !hasRows(run)) return `the row at ${ts} stands in no run that bears rows`;
  }
  return undefined;
}

function keysFault(layout: BlockLayout, batch: RecordBatch): string | undefined {
  if (batch.type !== layout.type.id) return `rows are of type ${batch.type}, the series of ${layout.type.id}`;
  if (!isSorted(batch)) return 'rows are not ascending by key';
  const { grid } = layout;
  const odd = grid && batch.ts.find((ts) => grid.openOf(grid.indexOf(ts)) !== ts);
  return odd === undefined ? undefined : `the row at ${odd} stands on no slot of the grid`;
}

/** Refuses a part that is not what `Part` promises, before a store keeps it. @throws StoreError `STORE_BAD_INPUT` */
export function checkPart(layout: BlockLayout, part: Part): void {
  const fault = keysFault(layout, part.batch) ?? runsFault(part.runs) ?? statesFault(part);
  if (fault) throw new StoreError('STORE_BAD_INPUT', `cannot commit this part: ${fault}`);
}
