const NEWLINE = 10;
const RETURN = 13;

/** Longest line that is kept whole; the rest of it is counted. */
export const MAX_LINE_BYTES = 8_192;
/** What is kept of one run's output, in bytes and in lines: each line costs, however short. The rest is counted. */
export const MAX_OUTPUT_BYTES = 8 * 1_048_576;
export const MAX_OUTPUT_LINES = 20_000;

const LINE_END = Buffer.from([NEWLINE]);
const NOTHING = Buffer.alloc(0);

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
  #mark: Buffer | undefined;
  #kept: Buffer[] = [];
  #size = 0;
  #read = 0;
  #lines = 0;
  #dropped = 0;
  /** The last bytes that were skipped: a mark may begin in them. */
  #skipped: Buffer = LINE_END;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  /** A run begins: its output ends with this mark. */
  begin(mark: string): void {
    this.#mark = Buffer.from(`\0${mark}`, 'utf8');
    this.#read = 0;
    this.#lines = 0;
    this.#dropped = 0;
    this.#skipped = LINE_END;
  }

  push(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0;) rest = this.#isFull() ? this.#skip(rest) : this.#take(rest);
  }

  /** Nothing more will come. */
  end(): void {
    if (this.#size > 0) this.#finish();
    this.#tellDropped();
  }

  #isFull(): boolean {
    return this.#size === 0 && (this.#read > MAX_OUTPUT_BYTES || this.#lines >= MAX_OUTPUT_LINES);
  }

  /** A line, or what there is of it; answers what comes behind. */
  #take(chunk: Buffer): Buffer {
    const end = chunk.indexOf(NEWLINE);
    if (end < 0) {
      this.#keep(chunk);
      return NOTHING;
    }
    this.#keep(chunk.subarray(0, end));
    this.#finish();
    return chunk.subarray(end + 1);
  }

  /** Looks for nothing but the mark, so that a flood costs next to nothing; answers what comes behind that. */
  #skip(chunk: Buffer): Buffer {
    if (this.#mark === undefined) {
      this.#dropped += chunk.length;
      return NOTHING;
    }
    const wanted = Buffer.concat([LINE_END, this.#mark, LINE_END]);
    const seen = Buffer.concat([this.#skipped, chunk]);
    const at = seen.indexOf(wanted);
    if (at < 0) {
      this.#dropped += chunk.length;
      this.#skipped = seen.subarray(Math.max(0, seen.length - wanted.length + 1));
      return NOTHING;
    }
    const behind = at + wanted.length - this.#skipped.length;
    this.#dropped = Math.max(0, this.#dropped + behind - wanted.length);
    this.#atMark();
    return chunk.subarray(behind);
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
    if (this.#mark?.equals(bytes)) return this.#atMark();
    // Blank ones are left out, but cost as much.
    this.#lines += 1;
    if (size > 0) this.#line(bytes, size);
  }

  #line(bytes: Buffer, size: number): void {
    this.#read += size;
    if (this.#read > MAX_OUTPUT_BYTES) {
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
