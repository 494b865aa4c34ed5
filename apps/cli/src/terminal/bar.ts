const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `width` columns, filled to `share` (0 to 1), to the eighth of a column. Never full before all is done. */
export function bar(share: number, width: number, unicode: boolean): string {
  const part = Math.min(1, Math.max(0, share));
  if (!unicode) {
    const full = Math.floor(part * width);
    return '#'.repeat(full) + '-'.repeat(width - full);
  }
  const eighths = Math.floor(part * width * 8);
  const full = Math.floor(eighths / 8);
  const rest = EIGHTHS[eighths % 8] ?? '';
  return '█'.repeat(full) + rest + '░'.repeat(width - full - (rest === '' ? 0 : 1));
}
