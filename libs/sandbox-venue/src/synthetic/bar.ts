/**
 * Bars in whole numbers: prices in ticks, volume in steps, quote volume in ticks times steps. Sums are exact:
 * those of a minute stay below 10^15, those of longer spans are bigint, or two limbs while a tally runs.
 */
export interface Bar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly quote: bigint;
  readonly trades: number;
  readonly takerBase: number;
  readonly takerQuote: bigint;
}

/** The trades of a minute, or of a part of one, added up; both quote sums stay below 10^15. */
export interface MinuteSums {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  quote: number;
  trades: number;
  takerBase: number;
  takerQuote: number;
}

export const barOf = (sums: MinuteSums): Bar => ({
  ...sums,
  quote: BigInt(sums.quote),
  takerQuote: BigInt(sums.takerQuote),
});

/** A bar without trades, at the price of the last trade before it. */
export const flatBar = (price: number): Bar => ({
  open: price,
  high: price,
  low: price,
  close: price,
  volume: 0,
  quote: 0n,
  trades: 0,
  takerBase: 0,
  takerQuote: 0n,
});

/** One bar over consecutive ones. Throws if there are none. */
export function joinBars(bars: readonly Bar[]): Bar {
  const [first, ...rest] = bars;
  if (first === undefined) throw new Error('A bar is joined of at least one bar');
  return rest.reduce(
    (sum, bar) => ({
      open: sum.open,
      high: Math.max(sum.high, bar.high),
      low: Math.min(sum.low, bar.low),
      close: bar.close,
      volume: sum.volume + bar.volume,
      quote: sum.quote + bar.quote,
      trades: sum.trades + bar.trades,
      takerBase: sum.takerBase + bar.takerBase,
      takerQuote: sum.takerQuote + bar.takerQuote,
    }),
    first,
  );
}

const LIMB = 1e15;

/** An exact sum of whole numbers, each below 10^15, that may itself pass 2^53. */
class LongSum {
  #limbs = 0;
  #rest = 0;

  add(value: number): void {
    this.#rest += value;
    if (this.#rest < LIMB) return;
    this.#rest -= LIMB;
    this.#limbs += 1;
  }

  get value(): bigint {
    return BigInt(this.#limbs) * BigInt(LIMB) + BigInt(this.#rest);
  }
}

/** Adds up minutes into a bar of any length. */
export class Tally {
  readonly #quote = new LongSum();
  readonly #takerQuote = new LongSum();
  #sums: MinuteSums | undefined;

  add(next: MinuteSums): void {
    const sums = this.#sums;
    this.#quote.add(next.quote);
    this.#takerQuote.add(next.takerQuote);
    if (sums === undefined) this.#sums = { ...next };
    else extend(sums, next);
  }

  /** Throws if nothing was added. */
  toBar(): Bar {
    if (this.#sums === undefined) throw new Error('A bar is made of at least one minute with a trade');
    return { ...this.#sums, quote: this.#quote.value, takerQuote: this.#takerQuote.value };
  }
}

function extend(sums: MinuteSums, next: MinuteSums): void {
  if (next.high > sums.high) sums.high = next.high;
  if (next.low < sums.low) sums.low = next.low;
  sums.close = next.close;
  sums.volume += next.volume;
  sums.trades += next.trades;
  sums.takerBase += next.takerBase;
}
