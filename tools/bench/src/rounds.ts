import { median, QUICK, spread } from './result.ts';

/** What a round of one way gave; every number is reported by its median. */
export type Measure = Readonly<Record<string, number>>;

export interface Medians {
  of(way: string, field: string): number;
  /** Median of the rounds' own ratios: each round has both ways side by side, so a busy machine strikes both. */
  ratio(over: string, under: string, field: string): number;
  spread(way: string, field: string): string;
}

/** Runs all ways in turn, round after round, one round to warm up; only one round at all in a quick run. */
export async function interleave(
  ways: Readonly<Record<string, (round: number) => Promise<Measure> | Measure>>,
  rounds: number,
): Promise<Medians> {
  const seen = new Map<string, Measure[]>(Object.keys(ways).map((way) => [way, []]));
  for (let round = QUICK ? 1 : 0; round <= (QUICK ? 1 : rounds); round += 1) {
    for (const [way, work] of Object.entries(ways)) {
      globalThis.gc?.();
      const measure = await work(round);
      if (round > 0) seen.get(way)?.push(measure);
    }
  }
  const all = (way: string, field: string): number[] => (seen.get(way) ?? []).map((m) => m[field] ?? NaN);
  return {
    of: (way, field) => median(all(way, field)),
    ratio: (over, under, field) => {
      const floor = all(under, field);
      return median(all(over, field).map((value, i) => value / (floor[i] ?? NaN)));
    },
    spread: (way, field) => spread(all(way, field)),
  };
}
