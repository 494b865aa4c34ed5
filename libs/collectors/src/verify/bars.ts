import type { DecimalColumn, RecordBatch } from '@kairos/domain';
import { KLINE, parseDecimal, toScaled, valueAt } from '@kairos/domain';

/** Columns that a bar is compared by. */
export const PRICES = ['open', 'high', 'low', 'close'] as const;
export const SUMS = ['volume', 'quote_volume', 'trades'] as const;
export type Price = (typeof PRICES)[number];
export type Sum = (typeof SUMS)[number];
/** `bar`: whether there is one at all. */
export type Field = Price | Sum | 'bar';

/** A candle in whole numbers: decimals times a power of ten that all bars under comparison share; trades as they are. */
export interface Bar {
  readonly ts: number;
  readonly open: bigint;
  readonly high: bigint;
  readonly low: bigint;
  readonly close: bigint;
  readonly volume: bigint;
  readonly quote_volume: bigint | null;
  readonly trades: bigint | null;
}

const place = (name: string): number => KLINE.columns.findIndex((column) => column.name === name);
const DECIMALS = [...PRICES, 'volume', 'quote_volume'].map(place);

const decimalsOfColumn = (column: DecimalColumn): number =>
  [...(column.exceptions?.values() ?? [])].reduce(
    (most, text) => Math.max(most, parseDecimal(text)?.scale ?? 0),
    column.scale,
  );

/** The most decimals that any value of the batches has, in all columns or in one. */
export function decimalsOf(batches: readonly RecordBatch[], name?: Price | Sum): number {
  const places = name === undefined ? DECIMALS : [place(name)];
  const columns = batches.flatMap(({ columns }) => places.map((c) => columns[c]));
  return columns.reduce((most, c) => (c?.kind === 'decimal' ? Math.max(most, decimalsOfColumn(c)) : most), 0);
}

/** A column's values as whole numbers at `scale`; null where there is none. */
function scaled(batch: RecordBatch, name: string, scale: number): (i: number) => bigint | null {
  const column = batch.columns[place(name)];
  if (column?.kind !== 'decimal') return () => null;
  const factor = 10n ** BigInt(scale - column.scale);
  return (i) => {
    if (column.nulls?.[i] === 1) return null;
    if (column.exceptions?.has(i)) {
      const parts = parseDecimal(String(valueAt(column, i)));
      return parts ? toScaled(parts, scale) : null;
    }
    return BigInt(column.ints[i] ?? 0) * factor;
  };
}

/** The batch's bars, in its order; `scale` must not be below `decimalsOf` it. */
export function barsOf(batch: RecordBatch, scale: number): Bar[] {
  const [open, high, low, close, volume, quote] = DECIMALS.map((c) =>
    scaled(batch, KLINE.columns[c]?.name ?? '', scale),
  );
  const trades = batch.columns[place('trades')];
  return Array.from(batch.ts, (ts, i) => ({
    ts,
    open: open?.(i) ?? 0n,
    high: high?.(i) ?? 0n,
    low: low?.(i) ?? 0n,
    close: close?.(i) ?? 0n,
    volume: volume?.(i) ?? 0n,
    quote_volume: quote?.(i) ?? null,
    trades: trades?.kind === 'int' && trades.nulls?.[i] !== 1 ? BigInt(trades.ints[i] ?? 0) : null,
  }));
}

/** Consecutive bars as one. Undefined for none. */
export function joined(bars: readonly Bar[]): Bar | undefined {
  const [first] = bars;
  const last = bars.at(-1);
  if (!first || !last) return undefined;
  let { high, low, volume, quote_volume, trades } = first;
  for (let i = 1; i < bars.length; i += 1) {
    const bar = bars[i];
    if (!bar) continue;
    if (bar.high > high) high = bar.high;
    if (bar.low < low) low = bar.low;
    volume += bar.volume;
    quote_volume =
      quote_volume === null || bar.quote_volume === null ? null : quote_volume + bar.quote_volume;
    trades = trades === null || bar.trades === null ? null : trades + bar.trades;
  }
  return { ts: first.ts, open: first.open, high, low, close: last.close, volume, quote_volume, trades };
}
