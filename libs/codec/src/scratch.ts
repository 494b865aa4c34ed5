/**
 * Working memory that calls share: a chunk passes through a dozen arrays that nobody keeps, and allocating them costs
 * more than the work on them. Each buffer belongs to one function, which is done with it before it is called again.
 */
export class Scratch<T extends Uint8Array | Uint16Array | Float64Array> {
  readonly #make: (length: number) => T;
  #memory: T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#memory = make(0);
  }

  /** At least so many elements, of any content. */
  take(length: number): T {
    if (length <= KEPT && this.#memory.length < length) this.#memory = this.#make(Math.max(length, FIRST));
    return length <= KEPT ? this.#memory : this.#make(length);
  }
}

const FIRST = 2048;
/** More is not kept from one call to the next. */
const KEPT = 2 ** 16;

export const float64Scratch = (): Scratch<Float64Array> => new Scratch((length) => new Float64Array(length));
export const uint16Scratch = (): Scratch<Uint16Array> => new Scratch((length) => new Uint16Array(length));
export const uint8Scratch = (): Scratch<Uint8Array> => new Scratch((length) => new Uint8Array(length));
