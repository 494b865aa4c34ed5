import { dataTypeOf, type DataType } from './data-type.ts';
import { gridOf, type Grid, type Timeframe } from './timeframe.ts';
import type { TimeRange } from './time-range.ts';

/**
 * Which world data are from: `live`, `sandbox:<seed>`, `recording:<id>`, `custom:<host>` or a named mirror. Set by the
 * source adapter, part of the series key, never merged or defaulted across.
 */
export type Realm = string;

/** The canonical thing measured, venue-qualified: `binance:BTC/USDT`, `binance:BTC/USDT:USDT`, `sse:600519`. */
export type InstrumentId = string;

export type PriceKind = 'last' | 'mark' | 'index';

/** What makes a series one series. `anchorMs` shifts the grid where a venue opens its days off UTC midnight. */
export interface SeriesSpec {
  readonly realm: Realm;
  readonly source: string;
  readonly instrument: InstrumentId;
  readonly dataType: string;
  readonly timeframe: Timeframe;
  readonly price: PriceKind;
  readonly anchorMs: number;
}

export type VolumeUnit = 'base' | 'quote' | 'contracts' | 'shares' | 'lots' | 'unknown';

/** A series as the store keeps it: its spec, and facts a reader needs. */
export interface Series extends SeriesSpec {
  readonly key: string;
  /** The source's own name of the instrument: `BTCUSDT`. */
  readonly marketId: string;
  /** Names people have asked for it by, newest last. */
  readonly aliases: readonly string[];
  readonly volumeUnit: VolumeUnit;
  readonly createdAt: number;
}

/**
 * The series' identity as text, equal for equal specs. The realm comes first: data of two worlds never share a prefix.
 * Fields are percent-escaped, so no name can forge another's key.
 */
export function seriesKey(s: SeriesSpec): string {
  const anchor = s.anchorMs === 0 ? [] : [`a${s.anchorMs}`];
  return [s.realm, s.source, s.instrument, s.dataType, s.timeframe, s.price, ...anchor]
    .map((part) => part.replace(/[%|]/g, (c) => (c === '%' ? '%25' : '%7C')))
    .join('|');
}

/** Slots in a block of a grid type: one full page of the widest venues, so a page is a block (ADR 0006). */
export const BLOCK_SLOTS = 1_000;

/**
 * How a series is cut into blocks: a pure function of time, never of arrival. Grid types count slots; event types take
 * a fixed span.
 */
export interface BlockLayout {
  readonly type: DataType;
  readonly grid: Grid | undefined;
  blockOf(ts: number): number;
  rangeOf(block: number): TimeRange;
}

function gridLayout(type: DataType, grid: Grid): BlockLayout {
  return {
    type,
    grid,
    blockOf: (ts) => Math.floor(grid.indexOf(ts) / BLOCK_SLOTS),
    rangeOf: (block) => ({
      from: grid.openOf(block * BLOCK_SLOTS),
      to: grid.openOf((block + 1) * BLOCK_SLOTS),
    }),
  };
}

function spanLayout(type: DataType): BlockLayout {
  const span = type.blockSpanMs;
  return {
    type,
    grid: undefined,
    blockOf: (ts) => Math.floor(ts / span),
    rangeOf: (block) => ({ from: block * span, to: (block + 1) * span }),
  };
}

/** The block layout of a series. @throws RangeError on an unknown data type. */
export function layoutOf(s: Pick<SeriesSpec, 'dataType' | 'timeframe' | 'anchorMs'>): BlockLayout {
  const type = dataTypeOf(s.dataType);
  if (!type) throw new RangeError(`unknown data type ${s.dataType}`);
  return type.axis === 'grid' ? gridLayout(type, gridOf(s.timeframe, s.anchorMs)) : spanLayout(type);
}

/** The blocks a range touches, ascending. */
export function* blocksOf(layout: BlockLayout, range: TimeRange): Generator<number> {
  if (range.to <= range.from) return;
  const last = layout.blockOf(range.to - 1);
  for (let block = layout.blockOf(range.from); block <= last; block += 1) yield block;
}
