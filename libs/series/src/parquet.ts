import type { ColumnSpec, RecordBatch } from '@kairos/domain';
import { dataTypeOf } from '@kairos/domain';
import { ByteWriter, ParquetWriter, type KeyValue } from 'hyparquet-writer';
import type { ExportOrder, ExportRun } from './export.ts';
import {
  isTextDecimal,
  parquetColumn,
  timeColumn,
  widerOf,
  widthOf,
  type DecimalWidth,
} from './parquet-columns.ts';

/** Rows per row group, about: what is held at once, and what a reader may skip at once. */
const ROWS_PER_GROUP = 100_000;

/** The narrowest column; a series without rows has nothing else. */
const NARROWEST: DecimalWidth = { whole: 0, scale: 0 };

interface Measure {
  readonly widths: readonly DecimalWidth[];
  /** The instant after the last row; undefined without rows. */
  readonly end: number | undefined;
}

/** Reads all rows once, since the file's schema comes before its first row and scales differ from block to block. */
async function measure(run: ExportRun): Promise<Measure> {
  const { dataType } = run.order.reading.series;
  const widths = (dataTypeOf(dataType)?.columns ?? []).map(() => NARROWEST);
  let end: number | undefined;
  for await (const batch of run.batches('measuring')) {
    for (const [c, column] of batch.columns.entries()) {
      const known = widths[c];
      if (known && column.kind === 'decimal') widths[c] = widerOf(known, widthOf(column));
    }
    end = (batch.ts[batch.n - 1] ?? 0) + 1;
  }
  return { widths, end };
}

/** Counts of the span's records by state, where records have slots. */
async function countsOf({ reading, coverage }: ExportOrder): Promise<Readonly<Record<string, number>>> {
  if (dataTypeOf(reading.series.dataType)?.axis !== 'grid') return {};
  const { expected, counts } = await coverage();
  return { expected, ...counts };
}

const iso = (ts: number): string => new Date(ts).toISOString();

/** What the file says of itself, each fact under a key of its own. */
async function aboutFile(order: ExportOrder): Promise<KeyValue[]> {
  const { series, finer } = order.reading;
  const facts = {
    version: order.version,
    realm: series.realm,
    source: series.source,
    instrument: series.instrument,
    market_id: series.marketId,
    type: series.dataType,
    frequency: series.timeframe,
    price: series.price,
    anchor_ms: series.anchorMs,
    volume_unit: series.volumeUnit,
    derived_from: finer?.timeframe,
    includes_provisional: order.includeProvisional,
    coverage: JSON.stringify(await countsOf(order)),
  };
  return Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key: `kairos.${key}`, value: String(value) }],
  );
}

/** What is only known at the end. */
function aboutRows(
  run: ExportRun,
  p: { readonly first: number | undefined; readonly rows: number },
  m: Measure,
) {
  const specs: readonly ColumnSpec[] = dataTypeOf(run.order.reading.series.dataType)?.columns ?? [];
  const texts = specs.filter((spec, c) => isTextDecimal(spec, m.widths[c])).map((spec) => spec.name);
  const out: KeyValue[] = [{ key: 'kairos.rows', value: String(p.rows) }];
  if (p.first !== undefined && m.end !== undefined)
    out.push({ key: 'kairos.first', value: iso(p.first) }, { key: 'kairos.last', value: iso(m.end - 1) });
  if (run.order.reading.finer) out.push({ key: 'kairos.incomplete', value: String(run.incomplete()) });
  if (texts.length > 0) out.push({ key: 'kairos.text_decimals', value: texts.join(',') });
  return out;
}

/** What the writer has written since the last time. */
function taken(bytes: ByteWriter): Uint8Array {
  const chunk = bytes.getBytes().slice();
  bytes.index = 0;
  return chunk;
}

/**
 * The rows as a Parquet file, a row group at a time: `timestamp` in UTC milliseconds, decimals as DECIMAL(18, s) or, where
 * they are wider, DECIMAL(38, s) with the scale of the finest value, beyond that as text; counts as INT64, absent values
 * as null; Snappy. @throws ConflictError `EXPORT_CHANGED`
 */
export async function* parquetChunks(run: ExportRun): AsyncGenerator<Uint8Array> {
  const { order } = run;
  const about = await aboutFile(order);
  const measured = await measure(run);
  const specs = dataTypeOf(order.reading.series.dataType)?.columns ?? [];
  const columns = [
    timeColumn(),
    ...specs.map((spec, c) => parquetColumn(spec, c, measured.widths[c] ?? NARROWEST)),
  ];
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'kairos', num_children: columns.length }, ...columns.map((c) => c.element)],
    createdBy: `kairos version ${order.version ?? 'unknown'}`,
  });
  let first: number | undefined;
  let rows = 0;
  let held = 0;
  const group = async (): Promise<Uint8Array> => {
    await writer.write({ columnData: columns.map((c) => c.give()), rowGroupSize: held });
    held = 0;
    return taken(bytes);
  };
  const take = (batch: RecordBatch): void => {
    for (const column of columns) column.take(batch);
    first ??= batch.ts[0];
    rows += batch.n;
    held += batch.n;
  };
  for await (const batch of run.batches('writing', measured.end ?? order.span.from)) {
    take(batch);
    if (held >= ROWS_PER_GROUP) yield await group();
  }
  if (held > 0) yield await group();
  writer.kvMetadata = [...about, ...aboutRows(run, { first, rows }, measured)];
  await writer.finish();
  yield taken(bytes);
}
