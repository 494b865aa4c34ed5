/** How fast something grows lately: over the last ten seconds, or since it began. */
export class Pace {
  readonly #windowMs: number;
  readonly #samples: { readonly at: number; readonly value: number }[] = [];

  constructor(windowMs = 10_000) {
    this.#windowMs = windowMs;
  }

  note(at: number, value: number): void {
    this.#samples.push({ at, value });
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) <= at - this.#windowMs)
      this.#samples.shift();
  }

  /** A second; undefined while there is nothing to tell it by. */
  rate(now: number): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || now - first.at < 200 || last.value <= first.value) return undefined;
    return ((last.value - first.value) * 1_000) / (now - first.at);
  }
}
