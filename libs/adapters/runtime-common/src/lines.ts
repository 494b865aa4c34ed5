const NEWLINE = 10;
const RETURN = 13;

/** Longest line that is kept whole; the rest of it is counted. */
export const MAX_LINE_BYTES = 8_192;
/** What is read of one run's output; the rest is counted. */
export const MAX_OUTPUT_BYTES = 8 * 1_048_576;

export interface LineSink {
  line(text: string): void;
  /** The mark that a worker writes behind the output of a run has come. */
  mark?(): void;
}

/**
 * The output of a process as lines of text. What is no UTF-8 becomes U+FFFD, long lines are cut, blank ones left out, and an
 * endless output is counted rather than kept. A run's output ends with a mark of its own: it tells what belongs to which run.
 */
export class LineReader {
  readonly #sink: LineSink;
  readonly #maxBytes: number;
  #mark: Buffer | undefined;
  #kept: Buffer[] = [];
  #size = 0;
  #read = 0;
  #dropped = 0;

  constructor(sink: LineSink, maxBytes = MAX_OUTPUT_BYTES) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  /** A run begins: its output ends with this mark. */
  begin(mark: string): void {
    this.#mark = Buffer.from(`\0${mark}`, 'utf8');
    this.#read = 0;
    this.#dropped = 0;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** Nothing more will come. */
  end(): void {
    if (this.#size > 0) this.#finish();
    this.#tellDropped();
  }

  #keep(bytes: Buffer): void {
    const room = MAX_LINE_BYTES - Math.min(this.#size, MAX_LINE_BYTES);
    if (room > 0 && bytes.length > 0) this.#kept.push(Buffer.from(bytes.subarray(0, room)));
    this.#size += bytes.length;
  }

  #finish(): void {
    const [bytes, size] = [Buffer.concat(this.#kept), this.#size];
    this.#kept = [];
    this.#size = 0;
    if (this.#mark?.equals(bytes)) this.#atMark();
    else if (size > 0) this.#line(bytes, size);
  }

  #line(bytes: Buffer, size: number): void {
    this.#read += size;
    if (this.#read > this.#maxBytes) {
      this.#dropped += size;
      return;
    }
    const whole = bytes.at(-1) === RETURN && size === bytes.length ? bytes.subarray(0, -1) : bytes;
    const more = size > bytes.length ? ` … (${size - bytes.length} bytes more)` : '';
    const text = whole.toString('utf8') + more;
    if (text.trim() !== '') this.#sink.line(text);
  }

  #atMark(): void {
    this.#tellDropped();
    this.#mark = undefined;
    this.#sink.mark?.();
  }

  #tellDropped(): void {
    if (this.#dropped > 0) this.#sink.line(`… (${this.#dropped} bytes of output more, not kept)`);
    this.#dropped = 0;
  }
}
