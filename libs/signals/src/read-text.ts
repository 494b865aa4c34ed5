import { found, type Found } from './found.ts';
import { jsonErrorAt } from './locate-json-error.ts';

/** A signal's text may be so long, in bytes of UTF-8. */
export const MAX_SIGNAL_BYTES = 1_048_576;
/** Objects and lists may stand so deep in each other; a flat object has depth 1. */
export const MAX_DEPTH = 32;

export type TextAnswer =
  { readonly value: unknown } | { readonly tooLarge: true } | { readonly found: readonly Found[] };

/** Deepest nesting of brackets outside strings. Iterative, so that no depth can exhaust the stack. */
export function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 92) i += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) deepest = Math.max(deepest, (depth += 1));
    else if (code === 125 || code === 93) depth -= 1;
  }
  return deepest;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const isTooLarge = (text: string | Uint8Array): boolean => {
  if (text.length > MAX_SIGNAL_BYTES) return true;
  // Three bytes of UTF-8 per unit at most: shorter texts need no counting.
  if (typeof text !== 'string' || text.length * 3 <= MAX_SIGNAL_BYTES) return false;
  return new TextEncoder().encode(text).length > MAX_SIGNAL_BYTES;
};

function syntaxError(text: string): Found {
  const at = Math.max(0, jsonErrorAt(text));
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const params = { line, column: at - before.lastIndexOf('\n') };
  return found('', at >= text.length ? 'json_unexpected_end' : 'json_invalid', params);
}

/** Text to a JSON value: bounded in size and depth before it is parsed; a byte-order mark is passed over. */
export function readText(input: string | Uint8Array): TextAnswer {
  if (typeof input !== 'string' && !(input instanceof Uint8Array))
    return { found: [found('', 'not_object')] };
  if (isTooLarge(input)) return { tooLarge: true };
  const decoded = typeof input === 'string' ? input : decode(input);
  if (decoded === undefined) return { found: [found('', 'not_utf8')] };
  const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
  if (nestingOf(text) > MAX_DEPTH) return { found: [found('', 'too_deep', { max: MAX_DEPTH })] };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { found: [syntaxError(text)] };
  }
}
