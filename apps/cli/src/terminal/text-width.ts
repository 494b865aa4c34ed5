import stringWidth from 'string-width';

/** Columns a text takes: Chinese characters take two. */
export const widthOf = (text: string): number => stringWidth(text);

/** The text with spaces to its right (or left) until it takes `width` columns. */
export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const spaces = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + spaces : spaces + text;
}

/** The text cut to `width` columns, with a mark where something is left out. No colours in it. */
export function clipped(text: string, width: number, mark = '…'): string {
  if (widthOf(text) <= width) return text;
  let out = '';
  let used = 0;
  const room = Math.max(0, width - widthOf(mark));
  for (const char of text) {
    const w = widthOf(char);
    if (used + w > room) break;
    out += char;
    used += w;
  }
  return used + widthOf(mark) <= width ? out + mark : out;
}

/** The text in lines of at most `width` columns: broken at spaces, and between wide characters. */
export function wrapped(text: string, width: number): string[] {
  const pieces = text.match(/\s*(?:[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+)/gu) ?? [];
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces) {
    // A full stop or comma never begins a line.
    const clings = /^[，。；：、）」！？]/u.test(piece);
    if (line !== '' && !clings && widthOf(line + piece) > width) {
      lines.push(line);
      line = piece.trimStart();
    } else line += piece;
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}
