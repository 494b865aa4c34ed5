import { crc32 } from 'node:zlib';
import { StoreError, type Column, type RecordBatch } from '@kairos/domain';

/**
 * The bytes of a hot page: rows of many series, written once. `version, columns, row count`, then rows of one length
 * (series, time, and for each column a scale and a whole number), then a CRC-32 of all before it. Rows of one length cost
 * some bytes and are found, written and read without parsing; they do not stay long.
 */
const VERSION = 1;
const HEADER = 4;
const CHECKSUM = 4;
/** Series id and time. */
const KEY = 12;
/** Scale, and the number as a double: it fits 53 bits. */
const CELL = 9;
/** In place of a scale: there is no value. */
const ABSENT = 255;

const lengthOfRow = (columns: number): number => KEY + columns * CELL;

const isPlain = (column: Column): boolean =>
  column.kind === 'int' ||
  (column.kind === 'decimal' && !column.exceptions && column.ints instanceof Float64Array);

/** Whether all values of a batch are whole numbers at a scale, as a page wants them. */
export const fitsPage = (batch: RecordBatch): boolean => !batch.ties && batch.columns.every(isPlain);

/** A page that grows. */
export class PageBuilder {
  readonly #columns: number;
  #bytes: Uint8Array;
  #view: DataView;
  #rows = 0;
  #from = Infinity;
  #to = -Infinity;

  constructor(columns: number) {
    this.#columns = columns;
    this.#bytes = new Uint8Array(HEADER + 16 * lengthOfRow(columns) + CHECKSUM);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds row `i` of a batch that fits. */
  add(series: number, batch: RecordBatch, i: number): void {
    const at = this.#room();
    const ts = batch.ts[i] ?? NaN;
    const view = this.#view;
    view.setUint32(at, series);
    view.setFloat64(at + 4, ts);
    let cell = at + KEY;
    for (const column of batch.columns) {
      if (column.kind !== 'decimal' && column.kind !== 'int') throw new TypeError('no such cell');
      const isAbsent = column.nulls?.[i] === 1;
      const scale = column.kind === 'decimal' ? column.scale : 0;
      view.setUint8(cell, isAbsent ? ABSENT : scale);
      view.setFloat64(cell + 1, isAbsent ? 0 : Number(column.ints[i] ?? 0));
      cell += CELL;
    }
    this.#rows += 1;
    if (ts < this.#from) this.#from = ts;
    if (ts >= this.#to) this.#to = ts + 1;
  }

  /** The page, and the stretch its rows stand in; the builder is empty again. The bytes hold until the next row. */
  take(): { readonly from: number; readonly to: number; readonly body: Uint8Array } {
    const end = HEADER + this.#rows * lengthOfRow(this.#columns);
    this.#view.setUint8(0, VERSION);
    this.#view.setUint8(1, this.#columns);
    this.#view.setUint16(2, this.#rows);
    this.#view.setUint32(end, crc32(this.#bytes.subarray(0, end)));
    const page = { from: this.#from, to: this.#to, body: this.#bytes.subarray(0, end + CHECKSUM) };
    this.#rows = 0;
    this.#from = Infinity;
    this.#to = -Infinity;
    return page;
  }

  /** Where the next row goes. */
  #room(): number {
    const at = HEADER + this.#rows * lengthOfRow(this.#columns);
    if (at + lengthOfRow(this.#columns) + CHECKSUM <= this.#bytes.length) return at;
    const more = new Uint8Array(2 * this.#bytes.length);
    more.set(this.#bytes);
    this.#bytes = more;
    this.#view = new DataView(more.buffer);
    return at;
  }
}

/** A page to be read, row by row. */
export class HotPage {
  readonly rows: number;
  readonly columns: number;
  readonly #view: DataView;
  readonly #length: number;

  /** @throws StoreError `STORE_CORRUPT`, `STORE_NEWER` */
  constructor(body: Uint8Array) {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const end = body.byteLength - CHECKSUM;
    if (end < HEADER || view.getUint32(end) !== crc32(body.subarray(0, end)))
      throw damaged('its bytes changed');
    if (view.getUint8(0) > VERSION)
      throw new StoreError('STORE_NEWER', 'a page of recent rows was written by a later Kairos; upgrade');
    this.columns = view.getUint8(1);
    this.rows = view.getUint16(2);
    this.#length = lengthOfRow(this.columns);
    if (HEADER + this.rows * this.#length !== end) throw damaged('it is of another length than it says');
    this.#view = view;
  }

  seriesOf(row: number): number {
    return this.#view.getUint32(HEADER + row * this.#length);
  }

  tsOf(row: number): number {
    return this.#view.getFloat64(HEADER + row * this.#length + 4);
  }

  /** Undefined: there is no value. */
  scaleOf(row: number, column: number): number | undefined {
    const scale = column < this.columns ? this.#view.getUint8(this.#cell(row, column)) : ABSENT;
    return scale === ABSENT ? undefined : scale;
  }

  intOf(row: number, column: number): number {
    return column < this.columns ? this.#view.getFloat64(this.#cell(row, column) + 1) : 0;
  }

  #cell(row: number, column: number): number {
    return HEADER + row * this.#length + KEY + column * CELL;
  }
}

const damaged = (what: string): StoreError =>
  new StoreError('STORE_CORRUPT', `a page of recent rows is damaged (${what}); restore a copy of the store`);
