/**
 * Seeded randomness without state: a value is a function of (key, index), so any instant can be asked first.
 * The mixing steps are the finalizer of MurmurHash3 (public domain) and FNV-1a for text keys.
 */

/** A 32-bit key for a named stream of numbers. */
export function streamKey(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const char of parts.join('\u0000')) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

/** An unsigned 32-bit number for place `index` of the stream. */
export function mix(key: number, index: number): number {
  let hash = key ^ Math.imul(index, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number in [0, 1) for place `index` of the stream. */
export const unit = (key: number, index: number): number => mix(key, index) / 4_294_967_296;
