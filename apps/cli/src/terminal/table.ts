import { clipped, padded, widthOf } from './text-width.ts';
import type { Painter } from './style.ts';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** What this column may be cut to when the table is too wide; default: never cut. */
  readonly least?: number;
}

const GAP = '  ';

/** Takes columns away from those that may give some, the widest first, until the whole fits. */
function fitted(columns: readonly Column[], widths: readonly number[], width: number): number[] {
  const out = [...widths];
  const total = (): number => out.reduce((a, b) => a + b, 0) + GAP.length * (out.length - 1);
  while (total() > width) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      const w = out[i] ?? 0;
      if (column.least !== undefined && w > column.least && w > (out[widest] ?? 0)) widest = i;
    }
    if (widest < 0) break;
    out[widest] = (out[widest] ?? 1) - 1;
  }
  return out;
}

/** Rows under heads, aligned by the columns they take; cut to `width` where that is given. `paint` colours a cell that has been aligned. */
export function table(p: {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  readonly width?: number | undefined;
  readonly head: Painter;
  /** Stands where a cell is cut; default: `…`. */
  readonly mark?: string | undefined;
  readonly paint?: ((cell: string, column: number, row: number) => string) | undefined;
}): string[] {
  const natural = p.columns.map((c, i) =>
    Math.max(widthOf(c.head), ...p.rows.map((row) => widthOf(row[i] ?? ''))),
  );
  const widths = p.width === undefined ? natural : fitted(p.columns, natural, p.width);
  const line = (cells: readonly string[], dress: (cell: string, i: number) => string): string =>
    cells
      .map((cell, i) => {
        const w = widths[i] ?? 0;
        const last = i === cells.length - 1 && p.columns[i]?.align !== 'right';
        const cut = clipped(cell, w, p.mark);
        return dress(last ? cut : padded(cut, w, p.columns[i]?.align), i);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      p.columns.map((c) => c.head),
      (cell) => p.head('dim', cell),
    ),
    ...p.rows.map((row, r) => line(row, (cell, i) => p.paint?.(cell, i, r) ?? cell)),
  ];
}
