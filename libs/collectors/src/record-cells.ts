import { parseDecimal, type ColumnKind, type ColumnSpec, type Levels } from '@kairos/domain';

/** What is wrong with one cell, for people. `code` as in `Issue`. */
export interface CellFault {
  readonly code: string;
  readonly text: string;
}

const MAX_DECIMAL_CHARS = 100;
const MAX_TEXT_CHARS = 1_000;
/** 1900 to 9999: what a date can be on the wire. */
const FIRST_TIME = Date.UTC(1900, 0, 1);
const LAST_TIME = Date.UTC(10_000, 0, 1);

const INTEGER = /^-?\d{1,16}$/;
const DECIMAL = /^-?\d{1,18}(?:\.\d{1,18})?$/;
/** Half characters, which UTF-8 cannot carry, and controls other than the ends of lines and tabs. */
const UNFIT = /\p{Cs}|(?![\t\n\r])\p{Cc}/u;
const LEVEL = /\[\s*("?)([-+.\deE]{1,100})\1\s*,\s*("?)([-+.\deE]{1,100})\3\s*\]/g;
/** What is left of a list of levels when each level has become an `L`. */
const LEVEL_LIST = /^\s*\[\s*(?:L(?:\s*,\s*L)*)?\s*\]\s*$/;

/** Foreign text made short enough, and harmless, for a message. */
export const shown = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 40 ? `${text.slice(0, 39).replace(/\p{Cs}$/u, '')}…` : text;
};

/** Whether an instant lies where dates are. */
export const isTime = (ts: number): boolean => Number.isSafeInteger(ts) && ts >= FIRST_TIME && ts < LAST_TIME;

const isInteger = (cell: unknown): boolean =>
  typeof cell === 'number'
    ? Number.isSafeInteger(cell)
    : typeof cell === 'string' && INTEGER.test(cell) && Number.isSafeInteger(Number(cell));

/** A number counts as its shortest text. */
function isDecimal(cell: unknown): boolean {
  if (typeof cell === 'number') return Number.isFinite(cell);
  if (typeof cell !== 'string' || cell.length > MAX_DECIMAL_CHARS) return false;
  return DECIMAL.test(cell) || parseDecimal(cell) !== undefined;
}

/** Levels as exports write them: `[["1.5","2"],["1.4","7"]]`, best first. Undefined where the text is something else. */
function readLevels(text: string): Levels | undefined {
  if (!LEVEL_LIST.test(text.replaceAll('L', '?').replace(LEVEL, 'L'))) return undefined;
  const levels = Array.from(text.matchAll(LEVEL), ([, , price = '', , size = '']) => [price, size] as const);
  return levels.flat().every(isDecimal) ? levels : undefined;
}

const KINDS: Readonly<
  Record<
    ColumnKind,
    { readonly fits: (cell: unknown) => boolean; readonly code: string; readonly is: string }
  >
> = {
  decimal: { fits: isDecimal, code: 'not_decimal', is: 'a decimal, as text or a finite number' },
  int: { fits: isInteger, code: 'not_integer', is: 'a whole number' },
  text: {
    fits: (cell) => typeof cell === 'string' && cell.length <= MAX_TEXT_CHARS && !UNFIT.test(cell),
    code: 'not_text',
    is: `text of at most ${MAX_TEXT_CHARS} characters without control characters`,
  },
  flag: { fits: (cell) => cell === 0 || cell === 1, code: 'not_flag', is: '0 or 1' },
  levels: {
    fits: (cell) => typeof cell === 'string' && readLevels(cell) !== undefined,
    code: 'not_levels',
    is: 'text such as [["1.5","2"],["1.4","7"]]',
  },
};

/** Whether a cell can stand in the column; undefined: it can. */
export function faultOf(spec: Pick<ColumnSpec, 'kind' | 'nullable'>, cell: unknown): CellFault | undefined {
  if (cell === null || cell === undefined)
    return spec.nullable ? undefined : { code: 'required', text: 'must not be null' };
  const { fits, code, is } = KINDS[spec.kind];
  return fits(cell) ? undefined : { code, text: `${shown(cell)} is not ${is}` };
}

/** Whether a cell can be the time of a record; undefined: it can. */
export function timeFaultOf(cell: unknown): CellFault | undefined {
  if (!isInteger(cell))
    return { code: 'not_integer', text: `${shown(cell)} is not a whole number of epoch milliseconds` };
  if (isTime(Number(cell))) return undefined;
  return { code: 'time_out_of_range', text: `${shown(cell)} lies outside the years 1900 to 9999` };
}

/** Whether a cell can tell apart records of one instant; undefined: it can. */
export function tieFaultOf(cell: unknown): CellFault | undefined {
  if (isInteger(cell)) return undefined;
  if (typeof cell === 'string' && cell !== '' && cell.length <= MAX_DECIMAL_CHARS && !UNFIT.test(cell))
    return undefined;
  return { code: 'not_text', text: `${shown(cell)} is not the record's own id, as text or a whole number` };
}

/** The loose value that a column is built of, for a cell that fits. */
export const valueOf = (kind: ColumnKind, cell: string | number | null): unknown =>
  kind === 'levels' && typeof cell === 'string' ? readLevels(cell) : kind === 'flag' ? cell === 1 : cell;
