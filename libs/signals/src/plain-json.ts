import type { Json } from './copy-input.ts';

/** Deeper than any reply of ours; a value that goes deeper holds itself. */
const MAX_REPLY_DEPTH = 64;

function copyObject(value: object, depth: number): Json {
  const out: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined && typeof item !== 'function' && typeof item !== 'symbol')
      out[key] = copy(item, depth + 1);
  }
  return out;
}

function copy(value: unknown, depth: number): Json {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || depth > MAX_REPLY_DEPTH) return null;
  return Array.isArray(value) ? value.map((item) => copy(item, depth + 1)) : copyObject(value, depth);
}

/** A copy that JSON.stringify can always write: no big integers, no cycles, nothing that is not a number. */
export const plainJson = (value: unknown): Json => copy(value, 0);
