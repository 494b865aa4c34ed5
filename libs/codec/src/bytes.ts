import { corrupt } from './frame.ts';

const SPACE = 2 ** 53;

/** A growing buffer of bytes and variable-length integers. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Forgets what was written after the first `length` bytes. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Overwrites a byte written earlier. */
  patch(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** Seven bits a byte, lowest first; 0 … 2^53. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A varint whose first byte gives its lowest bit to the sign; −2^53 … 2^53. */
  signed(value: number): void {
    const size = Math.abs(value);
    const rest = Math.floor(size / 64);
    this.byte(((size % 64) << 1) | (value < 0 ? 1 : 0) | (rest > 0 ? 128 : 0));
    if (rest > 0) this.varint(rest);
  }

  bytes(values: Uint8Array): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** Words of 16 bits, low byte first. */
  words(values: Uint16Array): void {
    this.#reserve(2 * values.length);
    for (let i = 0; i < values.length; i += 1) {
      const word = values[i] ?? 0;
      this.#bytes[this.#length++] = word;
      this.#bytes[this.#length++] = word >> 8;
    }
  }

  /** Another writer's bytes behind their length. */
  section(part: ByteWriter): void {
    this.varint(part.length);
    this.bytes(part.view());
  }

  /** What was written; shares memory until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Reads what `ByteWriter` wrote. Reading past the end, or a number out of range, is `STORE_CORRUPT`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw corrupt('it ends early');
    this.#at += 1;
    return value;
  }

  varint(max = SPACE): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (value > max) throw corrupt('a number is out of range');
      if (byte < 128) return value;
      if (unit >= SPACE) throw corrupt('a number does not end');
    }
  }

  signed(): number {
    const head = this.byte();
    const size = ((head & 127) >> 1) + (head < 128 ? 0 : this.varint(SPACE / 64) * 64);
    if (size > SPACE) throw corrupt('a number is out of range');
    return head & 1 && size > 0 ? -size : size;
  }

  bytes(count: number): Uint8Array {
    if (count > this.left) throw corrupt('it ends early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  section(): ByteReader {
    return new ByteReader(this.bytes(this.varint()));
  }

  /** All that is left, not yet taken. */
  view(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** @throws StoreError when something is left over. */
  end(): void {
    if (this.left > 0) throw corrupt('bytes are left over');
  }
}
