import { parseDecimal, scaledToText, toScaled, formatDecimal, type DecimalParts } from './decimal.ts';
import type { ColumnSpec } from './data-type.ts';

/**
 * Decimals of one column as integers at one scale: row i is `ints[i] × 10^-scale`. `BigInt64Array` where a value does
 * not fit a double's 53 bits. A value that fits neither stands in `exceptions` as canonical text (its int is 0), so one
 * odd row never widens the rest. `nulls[i] === 1` marks an absent value.
 */
export interface DecimalColumn {
  readonly kind: 'decimal';
  readonly scale: number;
  readonly ints: Float64Array | BigInt64Array;
  readonly nulls?: Uint8Array | undefined;
  readonly exceptions?: ReadonlyMap<number, string> | undefined;
}

export interface IntColumn {
  readonly kind: 'int';
  readonly ints: Float64Array;
  readonly nulls?: Uint8Array | undefined;
}

/** Row i is `dictionary[indexes[i]]`, or null where the index is −1. */
export interface TextColumn {
  readonly kind: 'text';
  readonly dictionary: readonly string[];
  readonly indexes: Int32Array;
}

/** 0 false, 1 true, 2 null. */
export interface FlagColumn {
  readonly kind: 'flag';
  readonly bits: Uint8Array;
}

/** Row i holds the levels `offsets[i] .. offsets[i+1]` of the two decimal columns, best first. */
export interface LevelsColumn {
  readonly kind: 'levels';
  readonly offsets: Uint32Array;
  readonly prices: DecimalColumn;
  readonly sizes: DecimalColumn;
}

export type Column = DecimalColumn | IntColumn | TextColumn | FlagColumn | LevelsColumn;

/** `[price, size]`, best first. */
export type Levels = readonly (readonly [string, string])[];

/** One value outside its column: decimals as text, ints as numbers. */
export type Value = string | number | boolean | null | Levels;

const SAFE = 2 ** 53;
const INT64 = 2n ** 63n;
const POW10 = Array.from({ length: 23 }, (_, i) => 10 ** i);
const MAX_SCALE = 18;
/** At most one row in so many may stand as an exception before the column widens instead. */
const EXCEPTION_SHARE = 16;

const MINUS = 45;
const POINT = 46;
/** Mantissas below it are exact as doubles, with a digit to spare. */
const NARROW = 1e15;
const MOST_CHARACTERS = 24;
const NO_ASCII = 255;
/** Where short texts are laid out to be read, one at a time. */
const SCRATCH = new Uint8Array(MOST_CHARACTERS + 2);

/**
 * A decimal column in the making: row by row, each set once, in any order. Mantissas that fit a double are kept as such,
 * all others as parts.
 */
export class DecimalColumnBuilder {
  readonly mantissas: Float64Array;
  readonly scales: Uint8Array;
  readonly wide = new Map<number, DecimalParts>();
  nulls: Uint8Array | undefined;
  maxScale = 0;
  readonly #name: string;

  constructor(rows: number, name: string) {
    this.mantissas = new Float64Array(rows);
    this.scales = new Uint8Array(rows);
    this.#name = name;
  }

  setNull(row: number): void {
    (this.nulls ??= new Uint8Array(this.mantissas.length))[row] = 1;
  }

  /** A decimal in any form. @throws RangeError when it is none */
  set(row: number, text: string): void {
    if (this.#readShort(row, text)) return;
    const parts = parseDecimal(text);
    if (!parts) throw new RangeError(`column ${this.#name}, row ${row}: not a decimal: ${text.slice(0, 40)}`);
    this.wide.set(row, parts);
  }

  /**
   * Reads a plain decimal of up to 15 digits out of the ASCII of a longer text, without allocating: the usual case. It begins
   * at `from` and ends before the byte `until`. Answers where that stands; −1: there is none, nothing was set, and `set`
   * may be called instead.
   */
  read(row: number, ascii: Uint8Array, from: number, until: number): number {
    const isNegative = ascii[from] === MINUS;
    const start = isNegative ? from + 1 : from;
    let mantissa = 0;
    let scale = -1;
    let pendingZeros = 0;
    let p = start;
    for (; p < ascii.length; p += 1) {
      const code = ascii[p] ?? 0;
      if (code === POINT && scale < 0) {
        scale = 0;
        continue;
      }
      const digit = code - 48;
      if (digit < 0 || digit > 9) break;
      if (scale >= 0 && digit === 0) {
        pendingZeros += 1;
        continue;
      }
      if (scale >= 0) scale += pendingZeros + 1;
      mantissa =
        pendingZeros === 0 ? mantissa * 10 + digit : mantissa * (POW10[pendingZeros + 1] ?? NaN) + digit;
      pendingZeros = 0;
    }
    const length = p - start;
    const isPointAlone = length === 1 && scale === 0;
    if (length === 0 || length > MOST_CHARACTERS || isPointAlone || scale > MAX_SCALE) return -1;
    if (!(mantissa < NARROW) || ascii[p] !== until) return -1;
    const used = scale > 0 ? scale : 0;
    this.mantissas[row] = isNegative && mantissa !== 0 ? -mantissa : mantissa;
    this.scales[row] = used;
    if (used > this.maxScale) this.maxScale = used;
    return p;
  }

  #readShort(row: number, text: string): boolean {
    const { length } = text;
    if (length > MOST_CHARACTERS + 1) return false;
    for (let i = 0; i < length; i += 1) SCRATCH[i] = Math.min(text.charCodeAt(i), NO_ASCII);
    SCRATCH[length] = 0;
    return this.read(row, SCRATCH, 0, 0) === length;
  }

  /** The column; the builder must not be used on. */
  column(): DecimalColumn {
    let wideScale = this.maxScale;
    for (const parts of this.wide.values())
      if (parts.scale <= MAX_SCALE) wideScale = Math.max(wideScale, parts.scale);
    const narrow = buildNarrow(this, safeScale(this));
    const odd = narrow.exceptions?.size ?? 0;
    return odd * EXCEPTION_SHARE > this.mantissas.length ? buildWide(this, wideScale) : narrow;
  }
}

/** The largest scale at which every narrow value still fits 53 bits. */
function safeScale(scan: DecimalColumnBuilder): number {
  let scale = scan.maxScale;
  for (let i = 0; i < scan.mantissas.length; i += 1) {
    const size = Math.abs(scan.mantissas[i] ?? 0);
    while (scale > 0 && size * (POW10[Math.max(0, scale - (scan.scales[i] ?? 0))] ?? 1) > SAFE) scale -= 1;
  }
  return scale;
}

function buildNarrow(scan: DecimalColumnBuilder, scale: number): DecimalColumn {
  const n = scan.mantissas.length;
  const ints = new Float64Array(n);
  const exceptions = new Map<number, string>();
  for (let i = 0; i < n; i += 1) {
    const own = scan.scales[i] ?? 0;
    if (own > scale) exceptions.set(i, scaledToText(scan.mantissas[i] ?? 0, own));
    else ints[i] = (scan.mantissas[i] ?? 0) * (POW10[scale - own] ?? 1);
  }
  for (const [i, parts] of scan.wide) {
    const int = parts.scale <= scale ? toScaled(parts, scale) : undefined;
    if (int !== undefined && int >= -BigInt(SAFE) && int <= BigInt(SAFE)) ints[i] = Number(int);
    else exceptions.set(i, formatDecimal(parts));
  }
  return {
    kind: 'decimal',
    scale,
    ints,
    nulls: scan.nulls,
    exceptions: exceptions.size ? exceptions : undefined,
  };
}

function buildWide(scan: DecimalColumnBuilder, scale: number): DecimalColumn {
  const n = scan.mantissas.length;
  const ints = new BigInt64Array(n);
  const exceptions = new Map<number, string>();
  for (let i = 0; i < n; i += 1) {
    if (scan.wide.has(i)) continue;
    const int = BigInt(scan.mantissas[i] ?? 0) * 10n ** BigInt(scale - (scan.scales[i] ?? 0));
    if (int < INT64 && int >= -INT64) ints[i] = int;
    else exceptions.set(i, scaledToText(scan.mantissas[i] ?? 0, scan.scales[i] ?? 0));
  }
  for (const [i, parts] of scan.wide) {
    const int = parts.scale <= scale ? toScaled(parts, scale) : INT64;
    if (int < INT64 && int >= -INT64) ints[i] = int;
    else exceptions.set(i, formatDecimal(parts));
  }
  return {
    kind: 'decimal',
    scale,
    ints,
    nulls: scan.nulls,
    exceptions: exceptions.size ? exceptions : undefined,
  };
}

/**
 * Decimal texts (or JSON numbers) as a column; null and undefined become nulls. Every value comes back as the same
 * decimal. @throws RangeError when a value is not a decimal.
 */
export function decimalColumn(values: readonly unknown[], name = 'decimal'): DecimalColumn {
  const builder = new DecimalColumnBuilder(values.length, name);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (value === null || value === undefined) builder.setNull(i);
    else builder.set(i, typeof value === 'string' ? value : String(value));
  }
  return builder.column();
}

function intColumn(values: readonly unknown[], name: string): IntColumn {
  const ints = new Float64Array(values.length);
  let nulls: Uint8Array | undefined;
  for (const [i, value] of values.entries()) {
    if (value === null || value === undefined) (nulls ??= new Uint8Array(values.length))[i] = 1;
    else if (Number.isSafeInteger(Number(value))) ints[i] = Number(value);
    else throw new RangeError(`column ${name}, row ${i}: not an integer: ${String(value).slice(0, 40)}`);
  }
  return { kind: 'int', ints, nulls };
}

function textColumn(values: readonly unknown[]): TextColumn {
  const places = new Map<string, number>();
  const indexes = new Int32Array(values.length);
  for (const [i, value] of values.entries()) {
    if (value === null || value === undefined) {
      indexes[i] = -1;
      continue;
    }
    const text = String(value);
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    indexes[i] = place;
  }
  return { kind: 'text', dictionary: [...places.keys()], indexes };
}

function levelsColumn(values: readonly unknown[], name: string): LevelsColumn {
  const rows = values as readonly Levels[];
  const offsets = new Uint32Array(rows.length + 1);
  for (const [i, row] of rows.entries()) offsets[i + 1] = (offsets[i] ?? 0) + row.length;
  const flat = rows.flat();
  return {
    kind: 'levels',
    offsets,
    prices: decimalColumn(
      flat.map((l) => l[0]),
      name,
    ),
    sizes: decimalColumn(
      flat.map((l) => l[1]),
      name,
    ),
  };
}

/** A column of the spec's kind out of loose values. @throws RangeError on a value of another kind, or a forbidden null. */
export function buildColumn(spec: ColumnSpec, values: readonly unknown[]): Column {
  if (!spec.nullable && values.some((v) => v === null || v === undefined)) {
    throw new RangeError(`column ${spec.name} must not be null`);
  }
  switch (spec.kind) {
    case 'decimal':
      return decimalColumn(values, spec.name);
    case 'int':
      return intColumn(values, spec.name);
    case 'text':
      return textColumn(values);
    case 'flag':
      return {
        kind: 'flag',
        bits: Uint8Array.from(values, (v) => (v === null || v === undefined ? 2 : v ? 1 : 0)),
      };
    case 'levels':
      return levelsColumn(values, spec.name);
  }
}

function decimalAt(column: DecimalColumn, i: number): string | null {
  if (column.nulls?.[i] === 1) return null;
  return column.exceptions?.get(i) ?? scaledToText(column.ints[i] ?? 0, column.scale);
}

/** The value of one row: decimals as canonical text, ints as numbers, levels as pairs of texts. */
export function valueAt(column: Column, i: number): Value {
  switch (column.kind) {
    case 'decimal':
      return decimalAt(column, i);
    case 'int':
      return column.nulls?.[i] === 1 ? null : (column.ints[i] ?? 0);
    case 'text':
      return column.dictionary[column.indexes[i] ?? -1] ?? null;
    case 'flag':
      return column.bits[i] === 2 ? null : column.bits[i] === 1;
    case 'levels': {
      const levels: [string, string][] = [];
      for (let k = column.offsets[i] ?? 0; k < (column.offsets[i + 1] ?? 0); k += 1) {
        levels.push([decimalAt(column.prices, k) ?? '', decimalAt(column.sizes, k) ?? '']);
      }
      return levels;
    }
  }
}

/** Narrow and without exceptions: rows compare by their integers. */
const isPlain = (column: DecimalColumn): boolean => !column.exceptions && column.ints instanceof Float64Array;

/** Whether two rows of columns of one spec hold the same value (decimals by value, whatever their scales). */
export function sameValue(a: Column, i: number, b: Column, j: number): boolean {
  if (a.kind === 'decimal' && b.kind === 'decimal' && isPlain(a) && isPlain(b) && a.scale === b.scale) {
    const absent = a.nulls?.[i] === 1;
    return absent === (b.nulls?.[j] === 1) && (absent || a.ints[i] === b.ints[j]);
  }
  const x = valueAt(a, i);
  const y = valueAt(b, j);
  return typeof x === 'object' && x !== null ? JSON.stringify(x) === JSON.stringify(y) : x === y;
}
