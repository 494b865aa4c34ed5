import { mix, streamKey } from './hash.ts';

/** One level in whole numbers: price in ticks, quantity in steps. */
export interface BookLevel {
  readonly price: number;
  readonly quantity: number;
}

export interface Book {
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

/**
 * A book around the last price: the best bid is that price, the best ask one tick above, deeper levels lie one to four
 * ticks apart. The same last print gives the same book. A side ends early where its prices would not be positive.
 */
export function bookAround(printId: number, price: number, quantity: number, limit: number): Book {
  const side = (name: string, start: number, direction: 1 | -1): BookLevel[] => {
    const key = streamKey(name, printId);
    const levels: BookLevel[] = [];
    for (let level = start; level > 0 && levels.length < limit;) {
      const hash = mix(key, levels.length);
      levels.push({ price: level, quantity: 1 + Math.floor((quantity * (hash & 0xffff)) / 0x4000) });
      level += direction * (1 + (hash >>> 30));
    }
    return levels;
  };
  return { bids: side('bid', price, -1), asks: side('ask', price + 1, 1) };
}
