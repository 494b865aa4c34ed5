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
   * Adds to each of the first `n` values as many bits (up to 53) as `widths` says of its token. In local variables: a
   * good part of the time of reading a chunk is spent here.
   */
  addAll(values: Float64Array, tokens: Uint8Array, n: number, widths: Uint8Array): void {
    const bytes = this.#bytes;
    let [at, pending, count] = [this.#at, this.#pending, this.#count];
    for (let i = 0; i < n; i += 1) {
      let width = widths[tokens[i] ?? 0] ?? 0;
      let value = values[i] ?? 0;
      for (let unit = 1; width > 0; unit *= PIECE_SPACE) {
        const piece = width < PIECE ? width : PIECE;
        for (; count < piece; count += 8) {
          pending |= (bytes[at] ?? 0) << count;
          at += 1;
        }
        value += (pending & ((1 << piece) - 1)) * unit;
        pending >>>= piece;
        count -= piece;
        width -= piece;
      }
      values[i] = value;
    }
    [this.#at, this.#pending, this.#count] = [at, pending, count];
  }

  /** How many bytes were begun. @throws StoreError when more was read than there is. */
  finish(): number {
    if (this.#at > this.#bytes.length) throw corrupt('it ends early');
    return this.#at;
  }
}
