/**
 * A value that must not be seen. Printing, joining or serialising it shows only that it is set; `reveal()` is the one way
 * to the value, so each use can be found by its name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[set]';
  }

  toJSON(): string {
    return '[set]';
  }
}
