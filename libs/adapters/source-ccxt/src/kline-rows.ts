import { BadSourceDataError, batchOfColumns, KLINE, type RecordBatch } from '@kairos/domain';

/** Where a row has its values: the first six are alike everywhere; the others by index, or nowhere. */
export interface KlineShape {
  readonly quoteVolume: number | undefined;
  readonly trades: number | undefined;
  /** Stands for a volume the row does not have. Undefined: every row must have one. */
  readonly absentVolume?: string | undefined;
}

/** Binance's row: open time, o, h, l, c, volume, close time, quote volume, trades, … */
export const BINANCE_ROW: KlineShape = { quoteVolume: 7, trades: 8 };
/** COIN-M: volume in contracts, and a base volume where others have the quote's. */
export const BINANCE_INVERSE_ROW: KlineShape = { quoteVolume: undefined, trades: 8 };
/** What ccxt keeps of any row. */
export const CCXT_ROW: KlineShape = { quoteVolume: undefined, trades: undefined };

/** The shape without the columns that an announcing venue says it never recorded. */
export function onlyColumns(shape: KlineShape, columns: readonly string[] | undefined): KlineShape {
  if (!columns) return shape;
  return {
    ...shape,
    quoteVolume: columns.includes('quote_volume') ? shape.quoteVolume : undefined,
    trades: columns.includes('trades') ? shape.trades : undefined,
  };
}

const TS = 0;
const FIRST_VALUE = 1;
const VALUES = 5;
const FEWEST = FIRST_VALUE + VALUES;

/** Candles out of rows as a venue or ccxt gives them, in their order. @throws BadSourceDataError naming what is wrong. */
export function klineBatch(rows: unknown, shape: KlineShape, what: string): RecordBatch {
  if (!Array.isArray(rows)) throw bad(what, `is not a list of candles but ${kindOf(rows)}`);
  const n = rows.length;
  const ts = new Float64Array(n);
  const columns: unknown[][] = KLINE.columns.map(() => new Array<unknown>(n));
  const fewest = Math.max(FEWEST, (shape.quoteVolume ?? 0) + 1, (shape.trades ?? 0) + 1);
  for (let i = 0; i < n; i += 1) readRow(rows[i], i, { ts, columns, shape, fewest, what });
  try {
    return batchOfColumns(KLINE, ts, columns);
  } catch (error) {
    throw bad(what, error instanceof Error ? error.message : String(error));
  }
}

interface Target {
  readonly ts: Float64Array;
  readonly columns: readonly unknown[][];
  readonly shape: KlineShape;
  readonly fewest: number;
  readonly what: string;
}

function readRow(row: unknown, i: number, { ts, columns, shape, fewest, what }: Target): void {
  if (!Array.isArray(row)) throw bad(what, `row ${i} is not a list but ${kindOf(row)}`);
  if (row.length < fewest) throw bad(what, `row ${i} has ${row.length} values, not ${fewest}`);
  const open: unknown = row[TS];
  if (!Number.isSafeInteger(open) || Number(open) < 0)
    throw bad(what, `row ${i} has no time in whole milliseconds`);
  ts[i] = Number(open);
  for (let c = 0; c < VALUES; c += 1) put(columns, c, i, row[FIRST_VALUE + c]);
  if (row[VALUES] === undefined || row[VALUES] === null) put(columns, VALUES - 1, i, shape.absentVolume);
  put(columns, VALUES, i, shape.quoteVolume === undefined ? null : row[shape.quoteVolume]);
  put(columns, VALUES + 1, i, shape.trades === undefined ? null : row[shape.trades]);
}

const put = (columns: readonly unknown[][], c: number, i: number, value: unknown): void => {
  const column = columns[c];
  if (column) column[i] = value;
};

const kindOf = (value: unknown): string => (value === null ? 'null' : `a ${typeof value}`);

const bad = (what: string, why: string): BadSourceDataError =>
  new BadSourceDataError(`${what}: the answer ${why}`);
