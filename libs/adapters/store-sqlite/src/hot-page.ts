import { crc32 } from 'node:zlib';
import { StoreError, type Column, type RecordBatch } from '@kairos/domain';

/**
 * The bytes of a hot page: rows of many series, column by column. `version, columns, row count (2)`, the widths of the
 * times and of each column's numbers, then as arrays the series ids (4 bytes), the times, for each column its scales (1)
 * and its whole numbers, then a CRC-32 of all before it. A width is 4 (signed) or 8 (a double: what fits 53 bits). Nothing
 * is parsed to find a row; the bytes do not stay long.
 *
 * Version 1, of format 4, had rows of one length: series, time as a double, for each column scale and double.
 */
const VERSION = 2;
const HEADER = 4;
const CHECKSUM = 4;
const WIDE = 8;
const NARROW = 4;
const MOST_NARROW = 2 ** 31 - 1;
/** In place of a scale: there is no value. */
const ABSENT = 255;

const isPlain = (column: Column): boolean =>
  column.kind === 'int' ||
  (column.kind === 'decimal' && !column.exceptions && column.ints instanceof Float64Array);

/** Whether all values of a batch are whole numbers at a scale, as a page wants them. */
export function fitsPage(batch: RecordBatch): boolean {
  for (const column of batch.columns) if (!isPlain(column)) return false;
  return !batch.ties;
}

/** The width that holds the first `n` numbers. */
function widthOf(numbers: Float64Array, n: number): number {
  for (let i = 0; i < n; i += 1) if (Math.abs(numbers[i] ?? 0) > MOST_NARROW) return WIDE;
  return NARROW;
}

function writeNumbers(
  view: DataView,
  at: number,
  p: { readonly numbers: Float64Array; readonly n: number; readonly width: number },
): number {
  const { numbers, n, width } = p;
  const used = numbers.subarray(0, n);
  let place = at;
  for (const number of used) {
    if (width === NARROW) view.setInt32(place, number);
    else view.setFloat64(place, number);
    place += width;
  }
  return place;
}

/** A page that grows. */
export class PageBuilder {
  readonly #columns: number;
  #room = 16;
  #series = new Uint32Array(this.#room);
  #ts = new Float64Array(this.#room);
  #scales: Uint8Array<ArrayBuffer>[];
  #ints: Float64Array<ArrayBuffer>[];
  #rows = 0;
  #from = Infinity;
  #to = -Infinity;

  constructor(columns: number) {
    this.#columns = columns;
    this.#scales = Array.from({ length: columns }, () => new Uint8Array(this.#room));
    this.#ints = Array.from({ length: columns }, () => new Float64Array(this.#room));
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds row `i` of a batch that fits. */
  add(series: number, batch: RecordBatch, i: number): void {
    const row = this.#begin(series, batch.ts[i] ?? NaN);
    for (let c = 0; c < this.#columns; c += 1) {
      const column = batch.columns[c];
      if (column?.kind !== 'decimal' && column?.kind !== 'int') throw new TypeError('no such cell');
      const isAbsent = column.nulls?.[i] === 1;
      const scale = column.kind === 'decimal' ? column.scale : 0;
      this.#put(c, row, isAbsent ? ABSENT : scale, isAbsent ? 0 : Number(column.ints[i] ?? 0));
    }
  }

  /** Adds a row of a page with as many columns. */
  copy(page: HotPage, row: number): void {
    const own = this.#begin(page.seriesOf(row), page.tsOf(row));
    for (let c = 0; c < this.#columns; c += 1)
      this.#put(c, own, page.scaleOf(row, c) ?? ABSENT, page.intOf(row, c));
  }

  /** The page so far, and the stretch its rows stand in. */
  page(): { readonly from: number; readonly to: number; readonly body: Uint8Array } {
    const n = this.#rows;
    // As offsets from the first, times mostly need half the bytes.
    const offsets = this.#ts.map((ts) => ts - this.#from);
    const tsWidth = widthOf(offsets, n);
    const widths = this.#ints.map((ints) => widthOf(ints, n));
    const numbers = widths.reduce((sum, width) => sum + width, tsWidth);
    const lanes = HEADER + WIDE + 1 + this.#columns;
    const bytes = new Uint8Array(lanes + n * (4 + this.#columns + numbers) + CHECKSUM);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, VERSION);
    view.setUint8(1, this.#columns);
    view.setUint16(2, n);
    view.setFloat64(HEADER, n === 0 ? 0 : this.#from);
    bytes.set([tsWidth, ...widths], HEADER + WIDE);
    let at = lanes;
    for (let i = 0; i < n; i += 1) view.setUint32(at + 4 * i, this.#series[i] ?? 0);
    at = writeNumbers(view, at + 4 * n, { numbers: offsets, n, width: tsWidth });
    for (let c = 0; c < this.#columns; c += 1) {
      bytes.set((this.#scales[c] ?? new Uint8Array()).subarray(0, n), at);
      const ints = this.#ints[c] ?? new Float64Array();
      at = writeNumbers(view, at + n, { numbers: ints, n, width: widths[c] ?? WIDE });
    }
    view.setUint32(at, crc32(bytes.subarray(0, at)));
    return { from: this.#from, to: this.#to, body: bytes };
  }

  /** Begins another page. */
  clear(): void {
    this.#rows = 0;
    this.#from = Infinity;
    this.#to = -Infinity;
  }

  #begin(series: number, ts: number): number {
    const row = this.#rows;
    if (row === this.#room) this.#grow();
    this.#series[row] = series;
    this.#ts[row] = ts;
    if (ts < this.#from) this.#from = ts;
    if (ts >= this.#to) this.#to = ts + 1;
    this.#rows += 1;
    return row;
  }

  #put(column: number, row: number, scale: number, int: number): void {
    const scales = this.#scales[column];
    const ints = this.#ints[column];
    if (scales) scales[row] = scale;
    if (ints) ints[row] = int;
  }

  #grow(): void {
    this.#room *= 2;
    const room = this.#room;
    const grown = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const more = new Float64Array(room);
      more.set(from);
      return more;
    };
    const bytesOf = (from: Uint8Array): Uint8Array<ArrayBuffer> => {
      const more = new Uint8Array(room);
      more.set(from);
      return more;
    };
    const series = new Uint32Array(room);
    series.set(this.#series);
    this.#series = series;
    this.#ts = grown(this.#ts);
    this.#scales = this.#scales.map(bytesOf);
    this.#ints = this.#ints.map(grown);
  }
}

/** Where the cells of a column stand, and how wide they are. */
interface Lane {
  readonly at: number;
  readonly step: number;
  readonly width: number;
}

interface Lanes {
  readonly series: Lane;
  readonly ts: Lane;
  /** What times count from. */
  readonly base: number;
  readonly scales: readonly Lane[];
  readonly ints: readonly Lane[];
  readonly end: number;
}

function lanesOfVersion1(columns: number, rows: number): Lanes {
  const step = 12 + columns * 9;
  const lane = (at: number, width: number): Lane => ({ at: HEADER + at, step, width });
  return {
    series: lane(0, 4),
    ts: lane(4, WIDE),
    base: 0,
    scales: Array.from({ length: columns }, (_, c) => lane(12 + c * 9, 1)),
    ints: Array.from({ length: columns }, (_, c) => lane(13 + c * 9, WIDE)),
    end: HEADER + rows * step,
  };
}

function lanesOf(view: DataView, columns: number, rows: number): Lanes {
  const widths = HEADER + WIDE;
  let at = widths + 1 + columns;
  const lane = (width: number): Lane => {
    const found = { at, step: width, width };
    at += rows * width;
    return found;
  };
  const series = lane(4);
  const ts = lane(view.getUint8(widths));
  const pairs = Array.from(
    { length: columns },
    (_, c) => [lane(1), lane(view.getUint8(widths + 1 + c))] as const,
  );
  return {
    series,
    ts,
    base: view.getFloat64(HEADER),
    scales: pairs.map(([scale]) => scale),
    ints: pairs.map(([, int]) => int),
    end: at,
  };
}

/** A page to be read, row by row. */
export class HotPage {
  readonly rows: number;
  readonly columns: number;
  readonly #view: DataView;
  readonly #lanes: Lanes;

  /** @throws StoreError `STORE_CORRUPT`, `STORE_NEWER` */
  constructor(body: Uint8Array) {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const end = body.byteLength - CHECKSUM;
    if (end < HEADER || view.getUint32(end) !== crc32(body.subarray(0, end)))
      throw damaged('its bytes changed');
    const version = view.getUint8(0);
    if (version > VERSION)
      throw new StoreError('STORE_NEWER', 'a page of recent rows was written by a later Kairos; upgrade');
    this.columns = view.getUint8(1);
    this.rows = view.getUint16(2);
    const isOld = version === 1;
    this.#lanes = isOld ? lanesOfVersion1(this.columns, this.rows) : lanesOf(view, this.columns, this.rows);
    if (this.#lanes.end !== end) throw damaged('it is of another length than it says');
    this.#view = view;
  }

  seriesOf(row: number): number {
    const { at, step } = this.#lanes.series;
    return this.#view.getUint32(at + row * step);
  }

  tsOf(row: number): number {
    return this.#lanes.base + this.#number(this.#lanes.ts, row);
  }

  /** Undefined: there is no value. */
  scaleOf(row: number, column: number): number | undefined {
    const lane = this.#lanes.scales[column];
    const scale = lane ? this.#view.getUint8(lane.at + row * lane.step) : ABSENT;
    return scale === ABSENT ? undefined : scale;
  }

  intOf(row: number, column: number): number {
    const lane = this.#lanes.ints[column];
    return lane ? this.#number(lane, row) : 0;
  }

  #number({ at, step, width }: Lane, row: number): number {
    const place = at + row * step;
    return width === NARROW ? this.#view.getInt32(place) : this.#view.getFloat64(place);
  }
}

const damaged = (what: string): StoreError =>
  new StoreError('STORE_CORRUPT', `a page of recent rows is damaged (${what}); restore a copy of the store`);
