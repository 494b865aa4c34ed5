import { corrupt } from './frame.ts';

const PIECE = 24;
const PIECE_SPACE = 2 ** PIECE;

/** Bits, lowest first, in a growing buffer. */
export class BitWriter {
  #bytes: Uint8Array;
  #length = 0;
  #pending = 0;
  #count = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity + 4);
  }

  /** The low `count` (at most 24) bits of an integer that has no others. */
  push(value: number, count: number): void {
    this.#pending |= value << this.#count;
    this.#count += count;
    if (this.#count < 8) return;
    if (this.#length + 4 > this.#bytes.length) this.#grow();
    while (this.#count >= 8) {
      this.#bytes[this.#length++] = this.#pending;
      this.#pending >>>= 8;
      this.#count -= 8;
    }
  }

  /** As `push`, for up to 53 bits. */
  pushLong(value: number, count: number): void {
    let rest = value;
    let left = count;
    for (; left > PIECE; left -= PIECE) {
      this.push(rest % PIECE_SPACE, PIECE);
      rest = Math.floor(rest / PIECE_SPACE);
    }
    this.push(rest, left);
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  /** The bytes, the last one filled up with zeros; shares memory until the next write, which begins anew. */
  finish(): Uint8Array {
    if (this.#count > 0) this.push(0, 8 - this.#count);
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }
}

/** As a whole number, the first one lowest; what lies past the end counts as 0. */
const fourBytes = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24);

/** Reads what `BitWriter` wrote; what lies past the end is an error told by `finish`. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #pending = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** At most 24 bits. */
  pull(count: number): number {
    while (this.#count < count) {
      this.#pending |= (this.#bytes[this.#at] ?? 0) << this.#count;
      this.#at += 1;
      this.#count += 8;
    }
    const value = this.#pending & ((1 << count) - 1);
    this.#pending >>>= count;
    this.#count -= count;
    return value;
  }

  /**
   * The first `n` values: what `bases` says of each one's token, and as many bits (up to 53) on top as `widths` says. In
   * local variables: a good part of the time of reading a chunk is spent here.
   */
  fill(
    values: Float64Array,
    n: number,
    p: { readonly tokens: Uint8Array; readonly bases: Float64Array; readonly widths: Uint8Array },
  ): void {
    const { tokens, bases, widths } = p;
    const bytes = this.#bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const lastWhole = bytes.byteLength - 4;
    let bit = 8 * this.#at - this.#count;
    for (let i = 0; i < n; i += 1) {
      const token = tokens[i] ?? 0;
      let width = widths[token] ?? 0;
      let value = bases[token] ?? 0;
      for (let unit = 1; width > 0; unit *= PIECE_SPACE) {
        const piece = width < PIECE ? width : PIECE;
        const at = bit >>> 3;
        const four = at <= lastWhole ? view.getUint32(at, true) : fourBytes(bytes, at);
        value += ((four >>> (bit & 7)) & ((1 << piece) - 1)) * unit;
        bit += piece;
        width -= piece;
      }
      values[i] = value;
    }
    this.#at = (bit + 7) >>> 3;
    this.#count = 8 * this.#at - bit;
    this.#pending = this.#count > 0 ? (bytes[this.#at - 1] ?? 0) >>> (8 - this.#count) : 0;
  }

  /** How many bytes were begun. @throws StoreError when more was read than there is. */
  finish(): number {
    if (this.#at > this.#bytes.length) throw corrupt('it ends early');
    return this.#at;
  }
}
