import { findNodeAtLocation, parseTree } from 'jsonc-parser';

/** Line and column, both from 1, of a value in a text of JSON with comments; of what is not there, its nearest holder's. */
export function placeIn(
  text: string,
  path: readonly (string | number)[],
): { readonly line: number; readonly column: number } {
  const root = parseTree(text, [], { allowTrailingComma: true });
  let offset = 0;
  for (let n = path.length; root && n >= 0; n -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, n));
    if (!node) continue;
    offset = node.offset;
    break;
  }
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
