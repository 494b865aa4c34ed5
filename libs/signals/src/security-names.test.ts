import { describe, expect, it } from 'vitest';
import { identifier, symbol } from './fields.ts';

const HOSTILE: readonly (readonly [string, string])[] = [
  ['a formula', '=cmd'],
  ['another formula', '+cmd'],
  ['an at sign', '@SUM(A1)'],
  ['a quote', 'a"b'],
  ['an apostrophe', "a'b"],
  ['a path up', '../../etc/passwd?'],
  ['a backslash', 'a\\b'],
  ['a percent sign', 'a%2fb'],
  ['a space', 'a b'],
  ['a null', 'a\u0000b'],
  ['a new line', 'a\nb'],
  ['an escape', '\u001b[31m'],
  ['the one-character CSI', 'a\u009bb'],
  ['a turned direction', 'a\u202eb'],
  ['an isolate', 'a\u2066b'],
  ['a mark of direction', 'a\u200fb'],
  ['no width', 'a\u200bb'],
  ['a joiner', 'a\u200db'],
  ['a byte-order mark', '\ufeffa'],
  ['a soft hyphen', 'a\u00adb'],
  ['a variation selector', 'a\ufe0fb'],
  ['a tag character', 'a\u{e0041}b'],
  ['a combining mark left apart', 'cafe\u0301'],
  ['half a character', 'a\ud800b'],
  ['a picture', '💩'],
  ['markup', '<script>'],
  ['a comma', 'a,b'],
  ['a semicolon', 'a;b'],
  ['nothing that names', '._-'],
  ['65 characters', 'x'.repeat(65)],
  ['nothing', ''],
];

describe('names', () => {
  it.each(HOSTILE)('are refused as an id and as a symbol when they hold %s', (_, name) => {
    expect(identifier.safeParse(name).success).toBe(false);
    expect(symbol.safeParse(name).success).toBe(false);
  });

  it.each(['a/b', 'a:b', '..', '.', '/'])('are refused as an id when they could be a path: %s', (name) => {
    expect(identifier.safeParse(name).success).toBe(false);
  });

  it('may be of any script, 64 characters long', () => {
    for (const name of ['比特币', 'Ärger', 'ёж', 'a.b_c-1', 'x'.repeat(64)]) {
      expect(identifier.safeParse(name).success).toBe(true);
      expect(symbol.safeParse(name).success).toBe(true);
    }
  });
});
