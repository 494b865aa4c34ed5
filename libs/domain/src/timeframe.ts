import type { TimeRange } from './time-range.ts';
import { ValidationError } from './errors.ts';

/** A candle's length, or a snapshot's poll interval: `1m 5m 1h 1d 1w 1M` and their like. */
export type Timeframe = string;

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
/** 1970-01-05, the first Monday of the epoch: weeks start on Monday, as venues do. */
const MONDAY = 4 * 86_400_000;
const PATTERN = /^([1-9]\d{0,3})([smhdwM])$/;

/**
 * The fixed grid of a timeframe: instant ↔ index arithmetic. Index 0 is the slot of the epoch. Months and weeks follow
 * the calendar, so a slot's length is `openOf(i + 1) - openOf(i)`, never a constant.
 */
export interface Grid {
  readonly timeframe: Timeframe;
  /** Index of the slot that holds this instant. */
  indexOf(ts: number): number;
  /** Open time of a slot. */
  openOf(index: number): number;
}

export const isTimeframe = (text: string): boolean => PATTERN.test(text);

function fixedGrid(timeframe: Timeframe, step: number, origin: number): Grid {
  return {
    timeframe,
    indexOf: (ts) => Math.floor((ts - origin) / step),
    openOf: (index) => origin + index * step,
  };
}

function monthGrid(timeframe: Timeframe, months: number, anchorMs: number): Grid {
  return {
    timeframe,
    indexOf(ts) {
      const d = new Date(ts - anchorMs);
      return Math.floor(((d.getUTCFullYear() - 1970) * 12 + d.getUTCMonth()) / months);
    },
    openOf: (index) => Date.UTC(1970, index * months, 1) + anchorMs,
  };
}

/**
 * The grid of a timeframe, shifted by `anchorMs` (0: UTC; some venues open their days at another hour).
 * @throws ValidationError `timeframe_unknown`
 */
export function gridOf(timeframe: Timeframe, anchorMs = 0): Grid {
  const match = PATTERN.exec(timeframe);
  const count = Number(match?.[1]);
  const unit = match?.[2];
  if (unit === 'M') return monthGrid(timeframe, count, anchorMs);
  const unitMs = unit === undefined ? undefined : UNIT_MS[unit];
  if (unitMs === undefined) {
    throw new ValidationError([{ path: 'frequency', code: 'timeframe_unknown', params: { got: timeframe } }]);
  }
  return fixedGrid(timeframe, count * unitMs, (unit === 'w' ? MONDAY : 0) + anchorMs);
}

/** Open time of the slot holding `ts`. */
export const floorTo = (grid: Grid, ts: number): number => grid.openOf(grid.indexOf(ts));

/** First slot open at or after `ts`. */
export function ceilTo(grid: Grid, ts: number): number {
  const open = floorTo(grid, ts);
  return open === ts ? ts : grid.openOf(grid.indexOf(ts) + 1);
}

/** Open time `n` slots after (or before) the slot holding `ts`. */
export const shiftSlots = (grid: Grid, ts: number, n: number): number => grid.openOf(grid.indexOf(ts) + n);

/** How many slots open inside the range. */
export function countSlots(grid: Grid, range: TimeRange): number {
  if (range.to <= range.from) return 0;
  return Math.max(0, grid.indexOf(ceilTo(grid, range.to)) - grid.indexOf(ceilTo(grid, range.from)));
}

/** Nominal length in milliseconds (a month counts as 30 days): for spacing and sorting, never for windows. */
export const nominalMs = (grid: Grid): number => grid.openOf(1) - grid.openOf(0);
