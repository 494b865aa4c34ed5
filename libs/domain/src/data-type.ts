/**
 * Kinds of records. A *grid* type has at most one record per slot of its timeframe (candles by open time, snapshots by
 * planned slot); an *event* type has records at any instant, told apart by `(ts, tie)`.
 */
export type ColumnKind = 'decimal' | 'int' | 'text' | 'flag' | 'levels';

/** How the codec foretells a value: from the previous row, or from another column of the same row. */
export type Predictor = 'none' | 'prev' | `col(${string})`;

export interface ColumnSpec {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  readonly predictor: Predictor;
}

export interface DataType {
  /** The wire's word: `kline`, `ticker`, … */
  readonly id: string;
  readonly version: number;
  readonly axis: 'grid' | 'event';
  readonly shape: 'range' | 'snapshot';
  /** Event types: does the key need the tie text besides the time. */
  readonly tied: boolean;
  /** Event types: the fixed span of a block in milliseconds. Grid types count slots instead. */
  readonly blockSpanMs: number;
  readonly columns: readonly ColumnSpec[];
  readonly revisable: boolean;
}

const column = (
  name: string,
  kind: ColumnKind,
  nullable = false,
  predictor: Predictor = 'prev',
): ColumnSpec => ({ name, kind, nullable, predictor });

const HOUR = 3_600_000;

export const KLINE: DataType = {
  id: 'kline',
  version: 1,
  axis: 'grid',
  shape: 'range',
  tied: false,
  blockSpanMs: 0,
  columns: [
    column('open', 'decimal', false, 'col(close)'),
    column('high', 'decimal', false, 'col(open)'),
    column('low', 'decimal', false, 'col(open)'),
    column('close', 'decimal', false, 'col(open)'),
    column('volume', 'decimal', false, 'none'),
    column('quote_volume', 'decimal', true, 'col(volume)'),
    column('trades', 'int', true, 'none'),
  ],
  revisable: true,
};

export const TICKER: DataType = {
  id: 'ticker',
  version: 1,
  axis: 'grid',
  shape: 'snapshot',
  tied: false,
  blockSpanMs: 0,
  columns: [
    column('venue_ts', 'int', true),
    column('received_at', 'int'),
    column('last', 'decimal', true),
    column('bid', 'decimal', true, 'col(last)'),
    column('ask', 'decimal', true, 'col(last)'),
    column('bid_size', 'decimal', true, 'none'),
    column('ask_size', 'decimal', true, 'none'),
    column('open_24h', 'decimal', true),
    column('high_24h', 'decimal', true),
    column('low_24h', 'decimal', true),
    column('volume_24h', 'decimal', true),
    column('quote_volume_24h', 'decimal', true),
  ],
  revisable: false,
};

export const ORDER_BOOK: DataType = {
  id: 'order_book',
  version: 1,
  axis: 'grid',
  shape: 'snapshot',
  tied: false,
  blockSpanMs: 0,
  columns: [
    column('venue_ts', 'int', true),
    column('received_at', 'int'),
    column('bids', 'levels', false, 'none'),
    column('asks', 'levels', false, 'none'),
    column('nonce', 'int', true),
  ],
  revisable: false,
};

export const TRADE: DataType = {
  id: 'trade',
  version: 1,
  axis: 'event',
  shape: 'range',
  tied: true,
  blockSpanMs: HOUR,
  columns: [
    column('price', 'decimal'),
    column('amount', 'decimal', false, 'none'),
    column('side', 'text', true, 'none'),
  ],
  revisable: false,
};

export const FUNDING: DataType = {
  id: 'funding',
  version: 1,
  axis: 'event',
  shape: 'range',
  tied: false,
  blockSpanMs: 24 * 90 * HOUR,
  columns: [column('rate', 'decimal', false, 'none'), column('mark', 'decimal', true)],
  revisable: false,
};

export const FUND_NAV: DataType = {
  id: 'fund_nav',
  version: 1,
  axis: 'grid',
  shape: 'range',
  tied: false,
  blockSpanMs: 0,
  columns: [
    column('nav', 'decimal'),
    column('acc_nav', 'decimal', true, 'col(nav)'),
    column('status', 'text', true, 'none'),
  ],
  revisable: true,
};

const ALL = new Map([KLINE, TICKER, ORDER_BOOK, TRADE, FUNDING, FUND_NAV].map((t) => [t.id, t]));

/** The data type of this id, or `undefined`. */
export const dataTypeOf = (id: string): DataType | undefined => ALL.get(id);

/** Ids of every known data type, in a fixed order. */
export const dataTypeIds = (): string[] => [...ALL.keys()];
