import type { RecordBatch, Series, TimeRange, Value } from '@kairos/domain';
import { countSlots, dataTypeOf, valueAt } from '@kairos/domain';
import type { CoverageReport, ExportFormat, ExportProgress, SeriesExport } from '@kairos/ports';
import type { Reading, SomePart } from './reading.ts';
import { readBatches } from './rows.ts';

export const EXPORT_FORMATS: readonly ExportFormat[] = ['csv', 'ndjson', 'parquet'];

export interface ExportOrder {
  readonly reading: Reading;
  readonly span: TimeRange;
  readonly limit: number;
  readonly includeProvisional: boolean;
  readonly format: ExportFormat;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
  /** Of Kairos. */
  readonly version?: string | undefined;
  /** Of the span, for files that carry it. @throws UnsupportedError for types without slots */
  readonly coverage: () => Promise<CoverageReport>;
}

/** The rows of an export, and a place to tell how far it is. */
export interface ExportRun {
  readonly order: ExportOrder;
  /** The rows from the first to the last; each call begins anew. Rows at or after `to` are left out. */
  batches(phase: ExportProgress['phase'], to?: number): AsyncIterable<RecordBatch>;
  /** Derived candles left out in the current phase. */
  incomplete(): number;
}

/** Rows per chunk of text: large enough for the socket, small enough to stop quickly. */
const ROWS_PER_CHUNK = 1_000;

const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

/** `timestamp_ms`, then the data type's columns; for candles it begins `timestamp_ms,open,high,low,close,volume`. */
export function columnsOf(series: Series): string[] {
  return ['timestamp_ms', ...(dataTypeOf(series.dataType)?.columns ?? []).map((c) => c.name)];
}

/** Text that a spreadsheet would take for a formula gets a leading apostrophe; numbers are left alone. */
function csvText(text: string): string {
  const guarded = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+$/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

function csvCell(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return csvText(value);
  return typeof value === 'object' ? csvText(JSON.stringify(value)) : String(value);
}

/** Decimals and counts, formatted by ourselves, are plain digits: nothing in them needs a guard. */
function csvLine(batch: RecordBatch, i: number): string {
  let line = String(batch.ts[i]);
  for (const column of batch.columns) {
    const value = valueAt(column, i);
    line += column.kind === 'decimal' || column.kind === 'int' ? `,${value ?? ''}` : `,${csvCell(value)}`;
  }
  return `${line}\n`;
}

async function* textChunks(
  run: ExportRun,
  format: (batch: RecordBatch, i: number) => string,
): AsyncGenerator<string> {
  let lines: string[] = [];
  for await (const batch of run.batches('writing')) {
    for (let i = 0; i < batch.n; i += 1) {
      lines.push(format(batch, i));
      if (lines.length < ROWS_PER_CHUNK) continue;
      yield lines.join('');
      lines = [];
    }
  }
  if (lines.length > 0) yield lines.join('');
}

/** CSV with a header line; decimals canonical, absent values empty. */
async function* csvChunks(run: ExportRun): AsyncGenerator<string> {
  yield `${columnsOf(run.order.reading.series).join(',')}\n`;
  yield* textChunks(run, csvLine);
}

/** One JSON object a line; decimals as strings. */
function ndjsonChunks(run: ExportRun): AsyncGenerator<string> {
  const [, ...names] = columnsOf(run.order.reading.series).map((name) => JSON.stringify(name));
  return textChunks(run, (batch, i) => {
    const fields = batch.columns.map((c, k) => `,${names[k]}:${JSON.stringify(valueAt(c, i))}`);
    return `{"timestamp_ms":${batch.ts[i]}${fields.join('')}}\n`;
  });
}

/** The writer is loaded by those who need it. */
async function* parquet(run: ExportRun): AsyncGenerator<Uint8Array> {
  const { parquetChunks } = await import('./parquet.ts');
  yield* parquetChunks(run);
}

const CHUNKS: Readonly<Record<ExportFormat, (run: ExportRun) => AsyncIterable<string | Uint8Array>>> = {
  csv: csvChunks,
  ndjson: ndjsonChunks,
  parquet,
};

/** The rows behind an export; reading them tells the listener how far it is. */
function runOf(order: ExportOrder): ExportRun {
  const { reading, span, onProgress } = order;
  let incomplete = 0;
  async function* counted(parts: AsyncIterable<SomePart>): AsyncGenerator<SomePart> {
    incomplete = 0;
    for await (const part of parts) {
      for (const range of part.incomplete ?? []) incomplete += countSlots(reading.grid(), range);
      yield part;
    }
  }
  return {
    order,
    incomplete: () => incomplete,
    async *batches(phase, to = span.to) {
      const parts = counted(reading.read({ from: span.from, to: Math.min(to, span.to) }));
      const known = onProgress ? (await reading.known(span)).extent : undefined;
      const { from: first, to: last } = known ?? { from: 0, to: 1 };
      let rows = 0;
      for await (const batch of readBatches(parts, order)) {
        yield batch;
        rows += batch.n;
        const share = Math.min(1, Math.max(0, ((batch.ts[batch.n - 1] ?? last) - first) / (last - first)));
        onProgress?.({ phase, rows, share, incomplete });
      }
      onProgress?.({ phase, rows, share: 1, incomplete });
    },
  };
}

/** Letters, digits, `.`, `_` and `-` only: no header and no disk minds them. */
function fileNameOf({ reading: { series, finer }, format }: ExportOrder): string {
  const { source, marketId, dataType, timeframe, price } = series;
  const kind = price === 'last' ? [] : [price];
  const made = finer ? ['from', finer.timeframe] : [];
  const name = [source, marketId, dataType, ...kind, timeframe, ...made].join('-');
  return `${name}.${format}`.replace(/[^\w.-]/g, '_');
}

/** Nothing is read before the first chunk is asked for. */
export function exportOf(order: ExportOrder): SeriesExport {
  const { series, finer } = order.reading;
  return {
    series,
    ...(finer ? { derivedFrom: finer.timeframe } : {}),
    fileName: fileNameOf(order),
    mediaType: MEDIA_TYPES[order.format],
    chunks: CHUNKS[order.format](runOf(order)),
  };
}
