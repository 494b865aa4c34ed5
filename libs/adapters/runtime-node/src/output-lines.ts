const NEWLINE = 10;
/** Longest line that is kept whole. */
const MAX_LINE_BYTES = 8_192;

/**
 * A stream of bytes as lines of text: what is no UTF-8 becomes U+FFFD, blank lines are left out, long ones are cut with a
 * word on how much is missing. At most one line is held in memory.
 */
export class OutputLines {
  readonly #onLine: (text: string) => void;
  #held: Buffer[] = [];
  #length = 0;

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, from);
      if (end < 0) break;
      this.#hold(bytes.subarray(from, end));
      this.end();
      from = end + 1;
    }
    this.#hold(bytes.subarray(from));
  }

  /** The line that has begun is over. */
  end(): void {
    const cut = this.#length - MAX_LINE_BYTES;
    const text = Buffer.concat(this.#held).toString('utf8').trimEnd();
    this.#held = [];
    this.#length = 0;
    if (text !== '') this.#onLine(cut > 0 ? `${text} … (${cut} bytes more)` : text);
  }

  #hold(bytes: Buffer): void {
    const room = Math.max(0, MAX_LINE_BYTES - this.#length);
    if (room > 0 && bytes.length > 0) this.#held.push(Buffer.from(bytes.subarray(0, room)));
    this.#length += bytes.length;
  }
}
