import type { Row, Series, TimeRange } from '@kairos/domain';
import { rowAt, runAt } from '@kairos/domain';
import type { SeriesStore } from '@kairos/ports';

export interface ReadRow extends Row {
  readonly provisional: boolean;
}

/** Rows of a span, ascending; provisional ones only when wanted. */
export async function* readRows(
  store: SeriesStore,
  series: Series,
  span: TimeRange,
  includeProvisional: boolean,
): AsyncGenerator<ReadRow> {
  for await (const part of store.read({ key: series.key, range: span })) {
    for (let i = 0; i < part.batch.n; i += 1) {
      const row = rowAt(part.batch, i);
      const provisional = runAt(part.runs, row.ts)?.state === 'provisional';
      if (!provisional || includeProvisional) yield { ...row, provisional };
    }
  }
}
