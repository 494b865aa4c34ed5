/** Decimal text as the venue prints it: plain notation, eight decimals. No value passes through a double. */

const PLACES = 8;
const PLAIN = /^-?\d+(?:\.\d+)?$/;

export const ZERO = '0.00000000';

/** Prints an integer count of 10^-decimals as decimal text padded to eight places (`decimals` at most 8). */
export function formatUnits(units: number | bigint, decimals: number): string {
  const text = String(units);
  const negative = text.startsWith('-');
  const digits = (negative ? text.slice(1) : text).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).padEnd(PLACES, '0');
  return `${negative ? '-' : ''}${whole}.${fraction}`;
}

/** Pads plain decimal text to eight places; longer fractions stay as they are. Throws on anything else. */
export function padDecimal(text: string): string {
  if (!PLAIN.test(text)) throw new Error(`Not a plain decimal: "${text}"`);
  const dot = text.indexOf('.');
  if (dot < 0) return `${text}.${'0'.repeat(PLACES)}`;
  return text.padEnd(dot + 1 + PLACES, '0');
}

/** Reads printed text into an integer count of 10^-8. Throws if the text holds more than eight decimals. */
export function toUnits(text: string): bigint {
  const padded = padDecimal(text);
  const dot = padded.indexOf('.');
  if (padded.length - dot - 1 > PLACES) throw new Error(`More than ${PLACES} decimals: "${text}"`);
  return BigInt(padded.slice(0, dot) + padded.slice(dot + 1));
}

/** Prints a count of 10^-8. */
export const fromUnits = (units: bigint): string => formatUnits(units, PLACES);
