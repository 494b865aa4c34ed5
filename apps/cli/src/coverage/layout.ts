const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** One line of the picture: a stretch of calendar, cut into cells. */
export interface Row {
  readonly label: string;
  readonly cells: readonly { readonly from: number; readonly to: number }[];
}

export interface Layout {
  readonly rows: readonly Row[];
  /** How many cells a full row has. */
  readonly columns: number;
  /** Texts over the columns, by the column they begin at. */
  readonly heads: readonly { readonly column: number; readonly text: string }[];
  /** One cell's length in words of the calendar. */
  readonly cell: 'week' | 'month' | 'day' | 'part';
  readonly cellMs: number;
}

const two = (n: number): string => String(n).padStart(2, '0');
const yearOf = (ts: number): number => new Date(ts).getUTCFullYear();
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Cells of equal length from one instant to another; the last may be shorter. */
function cut(from: number, to: number, ms: number): Row['cells'] {
  const cells = [];
  for (let at = from; at < to; at += ms) cells.push({ from: at, to: Math.min(to, at + ms) });
  return cells;
}

function years(from: number, to: number, cellsOf: (year: number) => Row['cells']): Row[] {
  const rows: Row[] = [];
  for (let year = yearOf(from); Date.UTC(year, 0) < to; year += 1)
    rows.push({ label: String(year), cells: cellsOf(year) });
  return rows;
}

const byMonth = (from: number, to: number): Layout => ({
  rows: years(from, to, (year) =>
    MONTHS.map((_name, m) => ({ from: Date.UTC(year, m), to: Date.UTC(year, m + 1) })),
  ),
  columns: 12,
  heads: MONTHS.map((_name, m) => ({ column: m, text: two(m + 1) })),
  cell: 'month',
  cellMs: 30 * DAY,
});

const byWeek = (from: number, to: number): Layout => ({
  rows: years(from, to, (year) => cut(Date.UTC(year, 0), Date.UTC(year + 1, 0), 7 * DAY)),
  columns: 53,
  heads: MONTHS.map((_name, m) => ({
    column: Math.round((Date.UTC(2023, m) - Date.UTC(2023, 0)) / (7 * DAY)),
    text: two(m + 1),
  })),
  cell: 'week',
  cellMs: 7 * DAY,
});

function byDay(from: number, to: number): Layout {
  const rows: Row[] = [];
  const first = new Date(from);
  for (let m = first.getUTCMonth(); ; m += 1) {
    const start = Date.UTC(first.getUTCFullYear(), m);
    if (start >= to) break;
    const label = new Date(start).toISOString().slice(0, 7);
    rows.push({ label, cells: cut(start, Date.UTC(first.getUTCFullYear(), m + 1), DAY) });
  }
  const heads = [1, 5, 10, 15, 20, 25, 30].map((d) => ({ column: d - 1, text: two(d) }));
  return { rows, columns: 31, heads, cell: 'day', cellMs: DAY };
}

/** Days, or hours, cut into equal parts. */
function byPart(p: { readonly from: number; readonly to: number }, rowMs: number, cellMs: number): Layout {
  const rows: Row[] = [];
  for (let at = Math.floor(p.from / rowMs) * rowMs; at < p.to; at += rowMs) {
    const iso = new Date(at).toISOString();
    const label = rowMs === DAY ? iso.slice(0, 10) : `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
    rows.push({ label, cells: cut(at, at + rowMs, cellMs) });
  }
  const marks = rowMs === DAY ? [0, 3, 6, 9, 12, 15, 18, 21] : [0, 10, 20, 30, 40, 50];
  const unit = rowMs === DAY ? HOUR : MINUTE;
  const heads = marks.map((n) => ({ column: Math.floor((n * unit) / cellMs), text: two(n) }));
  return { rows, columns: rowMs / cellMs, heads, cell: 'part', cellMs };
}

/** The calendar that shows a span best: at most some forty lines, no cell shorter than a record. */
export function layoutOf(p: {
  readonly from: number;
  readonly to: number;
  /** About how long a record is. */
  readonly stepMs: number;
  /** Columns for cells. */
  readonly room: number;
}): Layout {
  const { from, to, stepMs, room } = p;
  const span = to - from;
  if (stepMs > 7 * DAY) return byMonth(from, to);
  if (stepMs > DAY || span > 1_150 * DAY) return room >= 53 ? byWeek(from, to) : byMonth(from, to);
  if (stepMs > 6 * HOUR || span > 40 * DAY) return byDay(from, to);
  const fine = Math.max(stepMs, room >= 48 ? HOUR / 2 : HOUR);
  if (stepMs > MINUTE * 15 || span > 36 * HOUR || room < 60)
    return DAY % fine === 0 ? byPart(p, DAY, fine) : byDay(from, to);
  const minutes = Math.max(stepMs, MINUTE);
  return HOUR % minutes === 0 ? byPart(p, HOUR, minutes) : byPart(p, DAY, HOUR / 2);
}
