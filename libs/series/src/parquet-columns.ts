import type { Column, ColumnSpec, DecimalColumn, RecordBatch } from '@kairos/domain';
import { ConflictError, parseDecimal, toScaled, valueAt } from '@kairos/domain';
import type { ColumnSource, SchemaElement } from 'hyparquet-writer';

/** What a 64-bit and a 128-bit decimal of Parquet hold. */
const NARROW_DIGITS = 18;
const WIDE_DIGITS = 38;
const WIDE_BYTES = 16;

/** How wide the values of a decimal column are: digits before and after the point. */
export interface DecimalWidth {
  readonly whole: number;
  readonly scale: number;
}

const digitsOf = (size: string): number => (size === '0' ? 0 : size.replace('-', '').length);

function largest(column: DecimalColumn): string {
  if (column.ints instanceof Float64Array) {
    let most = 0;
    for (const int of column.ints) if (Math.abs(int) > most) most = Math.abs(int);
    return String(BigInt(most));
  }
  let most = 0n;
  for (const int of column.ints) if ((int < 0n ? -int : int) > most) most = int < 0n ? -int : int;
  return String(most);
}

/** The width of a batch's column; at least what its values need. */
export function widthOf(column: DecimalColumn): DecimalWidth {
  let scale = column.scale;
  let whole = Math.max(0, digitsOf(largest(column)) - column.scale);
  for (const text of column.exceptions?.values() ?? []) {
    const parts = parseDecimal(text);
    if (!parts) continue;
    scale = Math.max(scale, parts.scale);
    whole = Math.max(whole, parts.digits.length - parts.scale);
  }
  return { whole, scale };
}

export const widerOf = (a: DecimalWidth, b: DecimalWidth): DecimalWidth => ({
  whole: Math.max(a.whole, b.whole),
  scale: Math.max(a.scale, b.scale),
});

/** One column of the file: how it is declared, and its values of the row group that is being gathered. */
export interface ParquetColumn {
  readonly element: SchemaElement;
  /** Takes all rows of a batch. */
  take(batch: RecordBatch): void;
  /** The gathered values; the column is empty after. */
  give(): ColumnSource;
}

interface ColumnKindOf {
  readonly element: SchemaElement;
  readonly encoding?: ColumnSource['encoding'];
  /** Adds all rows of a batch to the values. */
  readonly add: (batch: RecordBatch, values: unknown[]) => void;
}

function gathering({ element, encoding, add }: ColumnKindOf): ParquetColumn {
  let values: unknown[] = [];
  return {
    element,
    take: (batch) => add(batch, values),
    give() {
      const data = values;
      values = [];
      // Delta coding begins with a value; a column without any has none.
      const coded = encoding !== undefined && data.some((v) => v !== null);
      return { name: element.name, data, ...(coded ? { encoding } : {}) };
    },
  };
}

const repetition = (nullable: boolean): Pick<SchemaElement, 'repetition_type'> => ({
  repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
});

/** The records' time: an instant in UTC, in milliseconds. */
export const timeColumn = (): ParquetColumn =>
  gathering({
    element: {
      name: 'timestamp',
      type: 'INT64',
      converted_type: 'TIMESTAMP_MILLIS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
      ...repetition(false),
    },
    encoding: 'DELTA_BINARY_PACKED',
    add: (batch, values) => {
      for (const ts of batch.ts) values.push(BigInt(ts));
    },
  });

function changed(name: string): ConflictError {
  return new ConflictError(
    'EXPORT_CHANGED',
    `a value of column ${name} changed during the export and no longer fits the file; export again`,
    { column: name },
  );
}

/** A batch's decimals as whole numbers at `scale`. */
function* scaledValues(column: DecimalColumn, name: string, scale: number): Generator<bigint | null> {
  const more = scale - column.scale;
  const factor = 10 ** more;
  const wide = 10n ** BigInt(Math.max(0, more));
  for (let i = 0; i < column.ints.length; i += 1) {
    const text = column.nulls?.[i] === 1 ? null : column.exceptions?.get(i);
    const int = column.ints[i] ?? 0;
    if (text === null) yield null;
    else if (text !== undefined || more < 0) {
      const parts = parseDecimal(text ?? String(valueAt(column, i)));
      if (!parts || parts.scale > scale) throw changed(name);
      yield toScaled(parts, scale);
    } else if (typeof int === 'number' && Number.isSafeInteger(int * factor)) yield BigInt(int * factor);
    else yield BigInt(int) * wide;
  }
}

function decimalParquet(spec: ColumnSpec, index: number, width: DecimalWidth): ParquetColumn {
  const { name } = spec;
  const narrow = width.whole + width.scale <= NARROW_DIGITS;
  const precision = narrow ? NARROW_DIGITS : WIDE_DIGITS;
  const limit = 10n ** BigInt(precision);
  return gathering({
    element: {
      name,
      ...(narrow
        ? { type: 'INT64' as const }
        : { type: 'FIXED_LEN_BYTE_ARRAY' as const, type_length: WIDE_BYTES }),
      converted_type: 'DECIMAL',
      precision,
      scale: width.scale,
      ...repetition(spec.nullable),
    },
    encoding: narrow ? 'DELTA_BINARY_PACKED' : 'PLAIN',
    add: (batch, values) => {
      const column = batch.columns[index];
      if (column?.kind !== 'decimal') throw changed(name);
      for (const value of scaledValues(column, name, width.scale)) {
        if (value !== null && (value >= limit || value <= -limit)) throw changed(name);
        values.push(value);
      }
    },
  });
}

const ofValues =
  (index: number, value: (column: Column, i: number) => unknown): ColumnKindOf['add'] =>
  (batch, values) => {
    const column = batch.columns[index];
    for (let i = 0; i < batch.n; i += 1) values.push(column ? value(column, i) : null);
  };

const bigOrNull = (column: Column, i: number): bigint | null => {
  const value = valueAt(column, i);
  return typeof value === 'number' ? BigInt(value) : null;
};

/** Decimals wider than Parquet knows stand as text. */
const fits = (width: DecimalWidth): boolean => width.whole + width.scale <= WIDE_DIGITS;

export const isTextDecimal = (spec: ColumnSpec, width: DecimalWidth | undefined): boolean =>
  spec.kind === 'decimal' && width !== undefined && !fits(width);

/** The Parquet column of a type's column. `width` is of decimal columns. */
export function parquetColumn(spec: ColumnSpec, index: number, width: DecimalWidth): ParquetColumn {
  const { name } = spec;
  const optional = repetition(spec.nullable);
  if (spec.kind === 'decimal' && fits(width)) return decimalParquet(spec, index, width);
  switch (spec.kind) {
    case 'int':
      return gathering({
        element: { name, type: 'INT64', ...optional },
        encoding: 'DELTA_BINARY_PACKED',
        add: ofValues(index, bigOrNull),
      });
    case 'flag':
      return gathering({ element: { name, type: 'BOOLEAN', ...optional }, add: ofValues(index, valueAt) });
    case 'levels':
      return gathering({
        element: { name, type: 'BYTE_ARRAY', converted_type: 'JSON', ...optional },
        add: ofValues(index, valueAt),
      });
    case 'decimal':
    case 'text':
      return gathering({
        element: { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional },
        add: ofValues(index, valueAt),
      });
  }
}
