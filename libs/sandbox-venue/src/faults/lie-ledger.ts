/** Counts the lies told about each bar, keyed by (symbol, interval, open time). */
export class LieLedger {
  readonly #most: number;
  readonly #told = new Map<string, Map<number, number>>();

  constructor(most = Infinity) {
    this.#most = most;
  }

  /** Counts one more lie about a bar, unless it has had its share. */
  spend(series: string, openTime: number): boolean {
    const told = this.#told.get(series) ?? new Map<number, number>();
    this.#told.set(series, told);
    const count = told.get(openTime) ?? 0;
    if (count >= this.#most) return false;
    told.set(openTime, count + 1);
    return true;
  }
}
