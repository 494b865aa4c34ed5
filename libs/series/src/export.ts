import type { Series, TimeRange, Value } from '@kairos/domain';
import { dataTypeOf } from '@kairos/domain';
import type { SeriesStore } from '@kairos/ports';
import { readRows } from './rows.ts';

export interface ExportRows {
  readonly store: SeriesStore;
  readonly series: Series;
  readonly span: TimeRange;
  readonly limit: number;
  readonly includeProvisional: boolean;
}

/** Rows per chunk of text: large enough for the socket, small enough to stop quickly. */
const ROWS_PER_CHUNK = 1_000;

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

async function* inChunks(
  p: ExportRows,
  format: (ts: number, values: readonly Value[]) => string,
): AsyncGenerator<string> {
  let lines: string[] = [];
  let n = 0;
  for await (const row of readRows(p.store, p.series, p.span, p.includeProvisional)) {
    if (n >= p.limit) break;
    n += 1;
    lines.push(format(row.ts, row.values));
    if (lines.length === ROWS_PER_CHUNK) {
      yield lines.join('');
      lines = [];
    }
  }
  if (lines.length > 0) yield lines.join('');
}

/** CSV with a header line; decimals canonical, absent values empty. */
export async function* csvChunks(p: ExportRows): AsyncGenerator<string> {
  yield `${columnsOf(p.series).join(',')}\n`;
  yield* inChunks(p, (ts, values) => `${ts},${values.map(csvCell).join(',')}\n`);
}

/** One JSON object a line; decimals as strings. */
export async function* ndjsonChunks(p: ExportRows): AsyncGenerator<string> {
  const names = columnsOf(p.series);
  yield* inChunks(
    p,
    (ts, values) =>
      `${JSON.stringify(Object.fromEntries(names.map((name, i) => [name, i === 0 ? ts : (values[i - 1] ?? null)])))}\n`,
  );
}
