import { buildColumn, DecimalColumnBuilder, KLINE, type Column, type RecordBatch } from '@kairos/domain';
import type { KlineShape } from './kline-rows.ts';

const OPEN = 91;
const CLOSE = 93;
const COMMA = 44;
const QUOTE = 34;
const POINT = 46;
const ZERO = 48;
/** Open time, five decimals, close time, quote volume, trades, two decimals, and one that is not used. */
const CELLS = 12;
/** Those that every shape has: the prices and the volume. */
const VALUES = 5;
/** So many digits are exact as a double. */
const MOST_DIGITS = 15;
/** A character a cell, what stands between them, and the brackets: so many rows may there be, whatever brackets say. */
const SHORTEST_ROW = 2 * CELLS + 1;

/** Reads on from where the last cell ended. Any byte that is not expected makes `ok` false, for good. */
class Scan {
  readonly bytes: Buffer;
  at = 0;
  ok = true;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Whether this byte stands here; it is passed. */
  has(code: number): boolean {
    const isThere = this.bytes[this.at] === code;
    if (isThere) this.at += 1;
    return isThere;
  }

  expect(code: number): void {
    if (!this.has(code)) this.ok = false;
  }

  /** A whole number, not negative, without leading zeros. */
  whole(): number {
    const { bytes, at: from } = this;
    let at = from;
    let value = 0;
    for (; at < bytes.length; at += 1) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const isLeading = at > from + 1 && bytes[from] === ZERO;
    if (at === from || at > from + MOST_DIGITS || isLeading) this.ok = false;
    this.at = at;
    return value;
  }

  /** A decimal in quotes. */
  decimal(into: DecimalColumnBuilder, row: number): void {
    this.expect(QUOTE);
    const end = into.read(row, this.bytes, this.at, QUOTE);
    if (end >= 0) this.at = end + 1;
    else this.#oddDecimal(into, row);
  }

  /** Digits and a point in quotes, or a whole number. */
  skip(): void {
    if (!this.has(QUOTE)) return void this.whole();
    const { bytes } = this;
    let { at } = this;
    for (; at < bytes.length; at += 1) {
      const code = bytes[at] ?? 0;
      const isDigit = code >= ZERO && code < ZERO + 10;
      if (!isDigit && code !== POINT) break;
    }
    this.at = at;
    this.expect(QUOTE);
  }

  #oddDecimal(into: DecimalColumnBuilder, row: number): void {
    const end = this.bytes.indexOf(QUOTE, this.at);
    if (end < 0) return void (this.ok = false);
    try {
      into.set(row, this.bytes.toString('latin1', this.at, end));
      this.at = end + 1;
    } catch {
      this.ok = false;
    }
  }
}

/** How many lists stand in the list. */
function rowsIn(bytes: Buffer): number {
  let rows = -1;
  for (let at = 0; at >= 0; at = bytes.indexOf(OPEN, at + 1)) rows += 1;
  return rows;
}

/** Where a row has the values of a decimal column. */
const cellOf = (column: number, shape: KlineShape): number | undefined =>
  column < VALUES ? column + 1 : shape.quoteVolume;

/**
 * Candles out of the text of a list of Binance's rows, without the thousands of texts that parsing it as JSON makes.
 * Undefined where the text is anything but such a list, to the character: parse it, and tell what is wrong.
 */
export function scanKlines(text: string, shape: KlineShape): RecordBatch | undefined {
  const bytes = Buffer.from(text);
  const scan = new Scan(bytes);
  const n = rowsIn(bytes);
  if (n < 1 || n * SHORTEST_ROW > bytes.length) return undefined;
  const ts = new Float64Array(n);
  const trades = new Float64Array(ts.length);
  const decimals = KLINE.columns
    .slice(0, VALUES + 1)
    .map(({ name }) => new DecimalColumnBuilder(ts.length, name));
  const byCell = Array.from({ length: CELLS }, (_, cell) =>
    decimals.find((_d, c) => cellOf(c, shape) === cell),
  );
  scan.expect(OPEN);
  for (let row = 0; row < n && scan.ok; row += 1) {
    if (row > 0) scan.expect(COMMA);
    scan.expect(OPEN);
    ts[row] = scan.whole();
    for (let cell = 1; cell < CELLS && scan.ok; cell += 1) {
      scan.expect(COMMA);
      const decimal = byCell[cell];
      if (decimal) scan.decimal(decimal, row);
      else if (cell === shape.trades) trades[row] = scan.whole();
      else scan.skip();
    }
    scan.expect(CLOSE);
  }
  scan.expect(CLOSE);
  if (!scan.ok || scan.at !== bytes.length) return undefined;
  return batchOf(ts, { decimals, trades, shape });
}

function batchOf(
  ts: Float64Array,
  p: {
    readonly decimals: readonly DecimalColumnBuilder[];
    readonly trades: Float64Array;
    readonly shape: KlineShape;
  },
): RecordBatch {
  const columns = KLINE.columns.map((spec, c): Column => {
    const decimal = p.decimals[c];
    if (decimal && cellOf(c, p.shape) !== undefined) return decimal.column();
    if (c > VALUES && p.shape.trades !== undefined) return { kind: 'int', ints: p.trades, nulls: undefined };
    return buildColumn(spec, new Array<null>(ts.length).fill(null));
  });
  return { type: KLINE.id, version: KLINE.version, n: ts.length, ts, ties: undefined, columns };
}
