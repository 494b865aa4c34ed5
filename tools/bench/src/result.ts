/** One figure as a benchmark tells it: a line of JSON that `run.mjs` collects. */
export interface Result {
  readonly name: string;
  readonly figures: Readonly<Record<string, number | string>>;
  /** Ours over the naive way, or over the floor. */
  readonly ratio?: number;
  /** What the ratio is over. */
  readonly floor?: string;
  readonly target?: string;
  readonly met?: boolean;
}

/** Only shows that everything works, in seconds: the figures mean nothing. */
export const QUICK = process.argv.includes('--quick');

export function report(result: Result): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** To so many decimals. */
export const round = (value: number, decimals = 2): number => Number(value.toFixed(decimals));

/** The value below which the share `q` lies; NaN of nothing. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}

export const median = (values: ArrayLike<number>): number => quantile(values, 0.5);

/** Half of (max − min) / median: how far the rounds lay apart. */
export function spread(values: readonly number[]): string {
  const half = (Math.max(...values) - Math.min(...values)) / 2;
  return `±${Math.round((half / median(values)) * 100)}%`;
}
