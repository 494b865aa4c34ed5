/** Lines at the end of a terminal that are written over as a whole. Lines must not be wider than the terminal. */
export class LiveBlock {
  readonly #write: (text: string) => void;
  #height = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** An empty list leaves what stands there for good. */
  draw(lines: readonly string[]): void {
    if (lines.length === 0) {
      this.#height = 0;
      return;
    }
    const up = this.#height > 0 ? `\u001b[${this.#height}A` : '';
    // One write, or the eye sees half of it. What the block no longer needs is wiped.
    this.#write(`${up}\r${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    this.#height = lines.length;
  }
}
