import type { BitReader, BitWriter } from './bits.ts';
import { corrupt } from './frame.ts';
import { bitLength, TOKENS } from './tokens.ts';

/**
 * How often each token occurs, coarse enough to be written down cheaply: every count becomes a level of half an octave,
 * levels are written as differences, and both sides make the same shares out of them.
 */
export interface TokenModel {
  /** The shares add up to 2^precision. */
  readonly precision: number;
  readonly shares: Int32Array;
  /** Where each token's share starts. */
  readonly starts: Int32Array;
}

const MAX_PRECISION = 11;
const MIN_PRECISION = 7;
const MAX_LEVEL = 47;
const TOKEN_BITS = 7;

/** Weights of the levels: 0 for absent, then 2^0, 2^½, 2^1 … rounded, from exactly defined operations only. */
const WEIGHTS = Float64Array.from({ length: MAX_LEVEL + 1 }, (_, level) => {
  const whole = 2 ** ((level - 1) >> 1);
  return level === 0 ? 0 : level & 1 ? whole : Math.round(whole * Math.SQRT2);
});

/** The precision that suits so many tokens: fine enough for rare ones, no finer than they can tell. */
const precisionOf = (count: number): number =>
  Math.min(MAX_PRECISION, Math.max(MIN_PRECISION, bitLength(count)));

const levelOf = (count: number): number => Math.min(MAX_LEVEL, 1 + Math.round(2 * Math.log2(count)));

function sharesOf(levels: Uint8Array, precision: number): Int32Array {
  const space = 1 << precision;
  const shares = new Int32Array(TOKENS);
  let weight = 0;
  for (let t = 0; t < TOKENS; t += 1) weight += WEIGHTS[levels[t] ?? 0] ?? 0;
  let sum = 0;
  let largest = 0;
  for (let t = 0; t < TOKENS; t += 1) {
    const own = WEIGHTS[levels[t] ?? 0] ?? 0;
    if (own > 0) shares[t] = Math.max(1, Math.floor((own * space) / weight));
    sum += shares[t] ?? 0;
    if ((shares[t] ?? 0) > (shares[largest] ?? 0)) largest = t;
  }
  if (sum <= space) shares[largest] = (shares[largest] ?? 0) + space - sum;
  for (let t = 0; sum > space; t = (t + 1) % TOKENS) {
    if ((shares[t] ?? 0) <= 1) continue;
    shares[t] = (shares[t] ?? 0) - 1;
    sum -= 1;
  }
  return shares;
}

function modelOf(levels: Uint8Array, precision: number): TokenModel {
  const shares = sharesOf(levels, precision);
  const starts = new Int32Array(TOKENS);
  for (let t = 1; t < TOKENS; t += 1) starts[t] = (starts[t - 1] ?? 0) + (shares[t - 1] ?? 0);
  return { precision, shares, starts };
}

/** Elias gamma of the zigzagged difference. */
function pushDifference(bits: BitWriter, difference: number): void {
  const value = (difference >= 0 ? 2 * difference : -2 * difference - 1) + 1;
  const length = bitLength(value);
  bits.push(0, length - 1);
  bits.push(1, 1);
  bits.push(value - (1 << (length - 1)), length - 1);
}

function pullDifference(bits: BitReader): number {
  let length = 0;
  while (bits.pull(1) === 0) {
    length += 1;
    if (length > 8) throw corrupt('a token model makes no sense');
  }
  const value = bits.pull(length) + (1 << length) - 1;
  return value & 1 ? -(value + 1) / 2 : value / 2;
}

/** Writes the model of these counts (their sum is `total`, above zero) and gives back what a reader will see. */
export function writeModel(bits: BitWriter, counts: Uint32Array, total: number): TokenModel {
  const levels = new Uint8Array(TOKENS);
  let first = TOKENS;
  let last = 0;
  for (let t = 0; t < TOKENS; t += 1) {
    if (counts[t] === 0) continue;
    levels[t] = levelOf(counts[t] ?? 0);
    last = t;
    if (first === TOKENS) first = t;
  }
  bits.push(first, TOKEN_BITS);
  bits.push(last, TOKEN_BITS);
  let before = 0;
  for (let t = first; t <= last; t += 1) {
    pushDifference(bits, (levels[t] ?? 0) - before);
    before = levels[t] ?? 0;
  }
  return modelOf(levels, precisionOf(total));
}

export function readModel(bits: BitReader, total: number): TokenModel {
  const first = bits.pull(TOKEN_BITS);
  const last = bits.pull(TOKEN_BITS);
  if (last >= TOKENS || first > last) throw corrupt('a token model makes no sense');
  const levels = new Uint8Array(TOKENS);
  let level = 0;
  let present = 0;
  for (let t = first; t <= last; t += 1) {
    level += pullDifference(bits);
    if (level < 0 || level > MAX_LEVEL) throw corrupt('a token model makes no sense');
    levels[t] = level;
    if (level > 0) present += 1;
  }
  if (present === 0) throw corrupt('a token model is empty');
  return modelOf(levels, precisionOf(total));
}
