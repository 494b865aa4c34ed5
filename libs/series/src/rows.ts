import type { CoverageRun, RecordBatch, Row } from '@kairos/domain';
import { rowAt, runAt, sliceBatch } from '@kairos/domain';
import type { SomePart } from './reading.ts';

export interface ReadRow extends Row {
  readonly provisional: boolean;
}

/** Rows of parts, ascending; provisional ones only when wanted. */
export async function* readRows(
  parts: AsyncIterable<SomePart>,
  includeProvisional: boolean,
): AsyncGenerator<ReadRow> {
  for await (const part of parts) {
    for (let i = 0; i < part.batch.n; i += 1) {
      const row = rowAt(part.batch, i);
      const provisional = runAt(part.runs, row.ts)?.state === 'provisional';
      if (!provisional || includeProvisional) yield { ...row, provisional };
    }
  }
}

const isProvisional = (run: CoverageRun): boolean => run.state === 'provisional';

/** The same as batches: what is left of each part when unwanted provisional rows are cut out of it. */
function* settledBatches({ batch, runs }: SomePart): Generator<RecordBatch> {
  if (!runs.some(isProvisional)) {
    yield batch;
    return;
  }
  let from = 0;
  for (let i = 0; i <= batch.n; i += 1) {
    const run = i < batch.n ? runAt(runs, batch.ts[i] ?? 0) : undefined;
    if (i < batch.n && !(run && isProvisional(run))) continue;
    if (i > from) yield sliceBatch(batch, from, i);
    from = i + 1;
  }
}

/** At most `limit` rows of parts, ascending, as batches that are not empty. */
export async function* readBatches(
  parts: AsyncIterable<SomePart>,
  p: { readonly includeProvisional: boolean; readonly limit: number },
): AsyncGenerator<RecordBatch> {
  let left = p.limit;
  for await (const part of parts) {
    for (const batch of p.includeProvisional ? [part.batch] : settledBatches(part)) {
      if (left <= 0) return;
      if (batch.n === 0) continue;
      const taken = Math.min(left, batch.n);
      left -= taken;
      yield sliceBatch(batch, 0, taken);
    }
    if (left <= 0) return;
  }
}
