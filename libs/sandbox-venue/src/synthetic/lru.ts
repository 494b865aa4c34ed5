/** A bounded memory of computed values: the least recently used one is forgotten first. */
export class Lru<V> {
  readonly #capacity: number;
  readonly #values = new Map<number, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#values.size;
  }

  /** The remembered value, or the one `compute` returns, which is then remembered. */
  get(key: number, compute: () => V): V {
    const known = this.#values.get(key);
    const value = known ?? compute();
    if (known !== undefined) this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#capacity) this.#forgetOldest();
    return value;
  }

  #forgetOldest(): void {
    for (const key of this.#values.keys()) {
      this.#values.delete(key);
      return;
    }
  }
}
