import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One recorded bar; the five values are the file's own text. */
export interface RecordedBar {
  readonly openTime: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

const HEADER = 'timestamp_ms,open,high,low,close,volume';
const NEWLINE = 10;

/**
 * A recording held compactly: open times as numbers, the values as slices of the file's text, so that no decimal passes
 * through a double. Rows are in ascending order of open time, without duplicates; holes are the venue's own.
 */
export class CandleFile {
  readonly #text: Buffer;
  readonly #starts: Uint32Array;
  readonly #times: Float64Array;

  /** Reads a `.csv` or `.csv.gz` file. Throws if its header or its order is not as promised. */
  static read(path: string): CandleFile {
    const raw = readFileSync(path);
    return new CandleFile(path.endsWith('.gz') ? gunzipSync(Uint8Array.from(raw)) : raw, path);
  }

  constructor(text: Buffer, name: string) {
    const starts = lineStarts(text);
    if (lineAt(text, starts, 0) !== HEADER) throw new Error(`${name}: expected the header ${HEADER}`);
    this.#text = text;
    this.#starts = starts;
    this.#times = Float64Array.from({ length: starts.length - 2 }, (_, row) => Number(this.#cells(row)[0]));
    const misplaced = this.#times.findIndex(
      (time, row) => !(row === 0 || time > (this.#times[row - 1] ?? time)),
    );
    if (misplaced >= 0) throw new Error(`${name}: row ${misplaced + 1} is not later than the one before`);
  }

  get length(): number {
    return this.#times.length;
  }

  /** The open time of the last row, or undefined for a file without rows. */
  get lastTime(): number | undefined {
    return this.#times.at(-1);
  }

  /** The number of rows whose open time is before `instant`; also the first row at or after it. */
  rowsBefore(instant: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? 0) < instant) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Rows [from, to), ascending. */
  rows(from: number, to: number): RecordedBar[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, index) => this.#row(from + index));
  }

  #row(row: number): RecordedBar {
    const [time = '', open = '', high = '', low = '', close = '', volume = ''] = this.#cells(row);
    return { openTime: Number(time), open, high, low, close, volume };
  }

  #cells(row: number): string[] {
    return lineAt(this.#text, this.#starts, row + 1).split(',');
  }
}

/** Where each line starts, and after the last line where the next one would. */
function lineStarts(text: Buffer): Uint32Array {
  const starts = [0];
  for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, end + 1)) starts.push(end + 1);
  if (starts.at(-1) !== text.length) starts.push(text.length + 1);
  return Uint32Array.from(starts);
}

function lineAt(text: Buffer, starts: Uint32Array, line: number): string {
  return text.toString('latin1', starts[line] ?? 0, (starts[line + 1] ?? 1) - 1).replace(/\r$/, '');
}
