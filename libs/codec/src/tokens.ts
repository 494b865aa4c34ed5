/**
 * Non-negative integers below 2^53 as a token and raw bits. Below 16 the token is the number itself; above, it names
 * the number's bit length and second highest bit, and the lower bits follow raw. Tokens are worth modelling, the raw
 * bits are noise.
 */
const DIRECT = 16;
const DIRECT_BITS = 4;

/** Tokens there are: 16 direct ones and two for each length from 5 to 53 bits. */
export const TOKENS = DIRECT + 2 * (53 - DIRECT_BITS);

/** How many raw bits follow each token. */
export const RAW_BITS = Uint8Array.from({ length: TOKENS }, (_, t) =>
  t < DIRECT ? 0 : ((t - DIRECT) >> 1) + DIRECT_BITS - 1,
);

/** The smallest number of each token. */
export const TOKEN_BASE = Float64Array.from({ length: TOKENS }, (_, t) =>
  t < DIRECT ? t : (2 + ((t - DIRECT) & 1)) * 2 ** (((t - DIRECT) >> 1) + DIRECT_BITS - 1),
);

/** Bits of the number without its leading zeros. */
export const bitLength = (value: number): number =>
  value < 4294967296 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 4294967296);

export function tokenOf(value: number): number {
  if (value < DIRECT) return value;
  const raw = bitLength(value) - 2;
  const second = value < 2147483648 ? (value >> raw) & 1 : Math.floor(value / 2 ** raw) & 1;
  return DIRECT + 2 * (raw - DIRECT_BITS + 1) + second;
}
