import { MINUTE } from '../intervals.ts';
import type { MinuteSums } from './bar.ts';
import { mix } from './hash.ts';

/**
 * One minute of trading, decided before its prints are looked at. Each print then follows from the minute and its own
 * hash: bits 0–7 move it in time, 8–19 in price, 20–30 size it, bit 31 says who took.
 */
export interface MinuteShape {
  /** The number of prints. */
  readonly count: number;
  /** Ticks at the beginning of the minute, and from one print to the next so as to end where the next minute begins. */
  readonly start: number;
  readonly slope: number;
  /** The mean quantity of a print, in steps. */
  readonly quantity: number;
}

const PRINT_SWING = 0.0003;

/** Milliseconds into the minute; rising with the index, and 0 for the first print. */
export function offsetOf(shape: MinuteShape, index: number, hash: number): number {
  if (index === 0) return 0;
  return Math.floor(((index + (hash & 0xff) / 288) / shape.count) * MINUTE);
}

/** Ticks: on the way from this minute's first price to the next one's, shaken, the last print only a little. */
export function priceOf(shape: MinuteShape, index: number, hash: number): number {
  if (index === 0) return shape.start;
  const shake = (((hash >>> 8) & 0xfff) / 2_048 - 1) * PRINT_SWING * (index === shape.count - 1 ? 0.25 : 1);
  return Math.max(1, Math.round(shape.start + shape.slope * index + shake * shape.start));
}

/** Steps, at least one. */
export const quantityOf = (shape: MinuteShape, hash: number): number =>
  1 + Math.floor((shape.quantity * ((hash >>> 20) & 0x7ff)) / 1_024);

/** 1 if the buyer crossed the spread, 0 if the seller did. */
export const buyerTakes = (hash: number): number => hash >>> 31;

/** Adds up the prints [first, end) of the minute with hash key `key`. The hot loop of long spans: locals only. */
export function sumPrints(
  shape: MinuteShape,
  key: number,
  first: number,
  end: number,
  trades: number,
): MinuteSums {
  const open = priceOf(shape, first, mix(key, first));
  let high = open;
  let low = open;
  let close = open;
  let volume = 0;
  let quote = 0;
  let takerBase = 0;
  let takerQuote = 0;
  for (let index = first; index < end; index += 1) {
    const hash = mix(key, index);
    close = priceOf(shape, index, hash);
    if (close > high) high = close;
    if (close < low) low = close;
    const quantity = quantityOf(shape, hash);
    const taken = quantity * buyerTakes(hash);
    volume += quantity;
    quote += close * quantity;
    takerBase += taken;
    takerQuote += close * taken;
  }
  return { open, high, low, close, volume, quote, trades, takerBase, takerQuote };
}
