/**
 * Finds where a text stops being JSON. Engines word this differently and often leave the place out, so it is looked for
 * here, once parsing has failed. Iterative: depth costs no stack.
 */
const SPACE = /[ \t\n\r]*/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const HEX4 = /[0-9a-fA-F]{4}/y;

type Wanted = 'value' | 'value-or-close' | 'key' | 'key-or-close' | 'colon' | 'comma-or-close' | 'end';

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** End of the string that opens at `at`, or the negative (−1 based) place of its first wrong character. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 34) return i + 1;
    if (code < 32) return -1 - i;
    if (code !== 92) continue;
    const next = text[i + 1];
    if (next === undefined) break;
    if (next === 'u' ? matchEnd(HEX4, text, i + 2) < 0 : !'"\\/bfnrt'.includes(next)) return -1 - i;
    i += 1;
  }
  return -1 - text.length;
}

interface Cursor {
  at: number;
  wanted: Wanted;
  readonly open: string[];
}

const afterValue = (c: Cursor): Wanted => (c.open.length === 0 ? 'end' : 'comma-or-close');

function closes(c: Cursor, char: string): boolean {
  const opener = c.open.at(-1);
  if (!((char === '}' && opener === '{') || (char === ']' && opener === '['))) return false;
  c.open.pop();
  c.at += 1;
  c.wanted = afterValue(c);
  return true;
}

function takeString(c: Cursor, text: string, next: Wanted): number | undefined {
  const end = stringEnd(text, c.at);
  if (end < 0) return -1 - end;
  c.at = end;
  c.wanted = next;
  return undefined;
}

function takeValue(c: Cursor, text: string, char: string): number | undefined {
  if (char === '"') return takeString(c, text, afterValue(c));
  if (char === '{' || char === '[') {
    c.open.push(char);
    c.at += 1;
    c.wanted = char === '{' ? 'key-or-close' : 'value-or-close';
    return undefined;
  }
  const end = matchEnd(SCALAR, text, c.at);
  if (end < 0) return c.at;
  c.at = end;
  c.wanted = afterValue(c);
  return undefined;
}

/** Takes one token; the place of the error, or undefined to go on. */
function step(c: Cursor, text: string, char: string): number | undefined {
  if (c.wanted === 'end') return c.at;
  if (c.wanted.endsWith('close') && closes(c, char)) return undefined;
  if (c.wanted === 'value' || c.wanted === 'value-or-close') return takeValue(c, text, char);
  if (c.wanted === 'colon' || c.wanted === 'comma-or-close') {
    if (char !== (c.wanted === 'colon' ? ':' : ',')) return c.at;
    c.at += 1;
    c.wanted = c.wanted === 'comma-or-close' && c.open.at(-1) === '{' ? 'key' : 'value';
    return undefined;
  }
  return char === '"' ? takeString(c, text, 'colon') : c.at;
}

/** Index of the first character that cannot stand there; the text's length where it ends too early; −1 if it is JSON. */
export function jsonErrorAt(text: string): number {
  const c: Cursor = { at: 0, wanted: 'value', open: [] };
  for (;;) {
    c.at = matchEnd(SPACE, text, c.at);
    const char = text[c.at];
    if (char === undefined) return c.wanted === 'end' ? -1 : text.length;
    const error = step(c, text, char);
    if (error !== undefined) return error;
  }
}
