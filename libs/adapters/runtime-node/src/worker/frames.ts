import type { JobRecords } from '@kairos/ports';
import type { TaskRecords } from '../task-context.ts';

/**
 * Records as the server takes them: checked, and cut into frames of at most so many bytes. Where there is a range, each frame
 * gets its own part of it, so that each speaks for what it holds. @throws Error with code `JOB_FRAME`
 */
export function framesOf(given: TaskRecords, maxBytes: number): JobRecords[] {
  const wrong = (text: string): Error => Object.assign(new Error(text), { code: 'JOB_FRAME' });
  const shown = (value: unknown): string =>
    typeof value === 'string' ? `text of ${value.length} characters` : String(value).slice(0, 60);
  const cellOf = (value: unknown, where: string): string | number | null => {
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'bigint') return String(value);
    const number = value instanceof Date ? value.getTime() : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw wrong(`${where} is ${shown(value)}; a cell is text, a finite number, a date or null`);
  };
  const timeOf = (value: number | Date): number => (value instanceof Date ? value.getTime() : value);
  const sizeOf = (row: readonly (string | number | null)[]): number =>
    row.reduce<number>((sum, c) => sum + (typeof c === 'string' ? 3 * Math.min(c.length, maxBytes) : 22), 2);

  const { source, symbol, dataType, frequency } = given.series ?? {};
  for (const [name, value] of Object.entries({ source, symbol, dataType, frequency }))
    if (typeof value !== 'string') throw wrong(`series.${name} is ${shown(value)}, expected text`);
  if (!Array.isArray(given.columns) || !Array.isArray(given.rows))
    throw wrong('records want columns and rows, both lists');
  const rows = given.rows.map((row: unknown, i) => {
    const cells: unknown[] = Array.isArray(row) ? row : [];
    if (cells.length !== given.columns.length)
      throw wrong(`rows[${i}] has ${cells.length} cells for ${given.columns.length} columns`);
    return Array.from(cells, (cell, c) => cellOf(cell, `rows[${i}].${given.columns[c]}`));
  });
  const range = given.range ? { from: timeOf(given.range.from), to: timeOf(given.range.to) } : null;
  if (range && !(Number.isSafeInteger(range.from) && range.from < range.to))
    throw wrong('range wants from and to in whole milliseconds, to behind from');
  const frame = { series: { source, symbol, dataType, frequency }, complete: given.complete === true };
  const columns = given.columns.map(String);

  const sizes = rows.map(sizeOf);
  const big = sizes.findIndex((size) => size > maxBytes);
  if (big >= 0) throw wrong(`rows[${big}] is too long: a record takes at most ${maxBytes} bytes`);
  if (sizes.reduce((a, b) => a + b, 0) <= maxBytes) return [{ ...frame, columns, range, rows }];

  const ts = (row: readonly unknown[]): number => Number(row[0]);
  const ordered = rows.map((row, i) => ({ row, size: sizes[i] ?? 0 })).sort((a, b) => ts(a.row) - ts(b.row));
  const frames: { range: { from: number; to: number } | null; rows: (typeof rows)[number][] }[] = [];
  let size = Infinity;
  let before = NaN;
  for (const { row, size: more } of ordered) {
    const at = ts(row);
    // Records of one instant stay together, and so do those outside the range, of which no part speaks.
    const apart = at !== before && (!range || (at > range.from && at < range.to));
    const last = frames.at(-1);
    if (!last) frames.push({ range: range && { ...range }, rows: [row] });
    else if (size + more > maxBytes && apart) {
      if (last.range) last.range.to = at;
      frames.push({ range: range && { from: at, to: range.to }, rows: [row] });
      size = 0;
    } else last.rows.push(row);
    size = frames.at(-1)?.rows.length === 1 ? more : size + more;
    before = at;
  }
  return frames.map((f) => ({ ...frame, columns, range: f.range, rows: f.rows }));
}
