import { closeTimeOf, nextOpen, openOf } from '../intervals.ts';
import type { Kline, KlineQuery } from '../market.ts';
import { altered } from './altered.ts';
import type { Fault, Lie, RowFault } from './plan.ts';

/** A page to spoil and what to spoil it by. */
export interface Spoiling {
  readonly fault: Fault & { readonly kind: RowFault };
  readonly query: KlineQuery;
  /** The latest bar of the market at venue time, for the bar that is still forming. */
  readonly latest: () => Kline | undefined;
  readonly chance: (index: number) => number;
  /** Asks leave to lie about a bar, and counts the lie. */
  readonly mayLie: (openTime: number) => boolean;
}

/** The page as it is shown, and the open times of the rows that are wrong or missing in it; none: nothing happened. */
export interface Spoiled {
  readonly bars: readonly Kline[];
  readonly openTimes: readonly number[];
}

/** Applies one fault to one page. The bars themselves are not changed. */
export function spoil(bars: readonly Kline[], spoiling: Spoiling): Spoiled {
  const { kind } = spoiling.fault;
  switch (kind) {
    case 'empty-page':
    case 'short-tail':
    case 'short-head':
    case 'hole':
    case 'revised':
      return lieAbout(kind, bars, spoiling);
    case 'duplicated':
      return duplicated(bars, spoiling);
    case 'unsorted':
      return unsorted(bars, spoiling);
    case 'off-grid':
      return offGrid(bars, spoiling);
    case 'out-of-range':
      return outOfRange(bars, spoiling);
    case 'forming':
      return forming(bars, spoiling);
  }
}

function lieAbout(kind: Lie, bars: readonly Kline[], spoiling: Spoiling): Spoiled {
  const { from, to } = victims(kind, bars.length, spoiling);
  const wrong = new Set(
    bars
      .slice(from, to)
      .map(({ openTime }) => openTime)
      .filter(spoiling.mayLie),
  );
  const shown =
    kind === 'revised'
      ? bars.map((bar) => (wrong.has(bar.openTime) ? altered(bar, 'volume') : bar))
      : bars.filter((bar) => !wrong.has(bar.openTime));
  return { bars: shown, openTimes: [...wrong] };
}

/** The rows a lie is about: places [from, to) of the page. */
function victims(kind: Lie, length: number, { fault, chance }: Spoiling): { from: number; to: number } {
  if (kind === 'empty-page') return { from: 0, to: length };
  if (kind === 'short-tail') return { from: Math.max(0, length - tenth(fault, length)), to: length };
  if (kind === 'short-head') return { from: 0, to: tenth(fault, length) };
  const rows = fault.rows ?? 1;
  if (kind === 'revised') return stretch(0, length, rows, chance(0));
  return stretch(1, length - 1, rows, chance(0));
}

const tenth = (fault: Fault, length: number): number => fault.rows ?? Math.ceil(length / 10);

/** At most `rows` places somewhere in [first, end). */
function stretch(first: number, end: number, rows: number, drawn: number): { from: number; to: number } {
  const width = Math.min(rows, Math.max(0, end - first));
  const from = first + Math.floor(drawn * (end - first - width + 1));
  return { from, to: from + width };
}

function duplicated(bars: readonly Kline[], { fault, chance }: Spoiling): Spoiled {
  const { from, to } = stretch(0, bars.length, fault.rows ?? 1, chance(0));
  const again = bars.slice(from, to);
  return { bars: bars.toSpliced(to, 0, ...again), openTimes: timesOf(again) };
}

/** Two rows change places. */
function unsorted(bars: readonly Kline[], { chance }: Spoiling): Spoiled {
  const place = Math.floor(chance(0) * (bars.length - 1));
  const pair = bars.slice(place, place + 2);
  if (pair.length < 2) return { bars, openTimes: [] };
  return { bars: bars.toSpliced(place, 2, ...pair.toReversed()), openTimes: timesOf(pair) };
}

/** One more row between two bars, with the values of the first. */
function offGrid(bars: readonly Kline[], { query, chance }: Spoiling): Spoiled {
  const place = Math.floor(chance(0) * bars.length);
  const bar = bars[place];
  if (bar === undefined) return { bars, openTimes: [] };
  const length = nextOpen(query.interval, bar.openTime) - bar.openTime;
  const offset = 1 + Math.floor(chance(1) * (length - 1));
  const row = { ...bar, openTime: bar.openTime + offset, closeTime: bar.closeTime + offset };
  return { bars: bars.toSpliced(place + 1, 0, row), openTimes: [row.openTime] };
}

/** One more row from outside the window that was asked for, with the values of its neighbour: before it or behind it. */
function outOfRange(bars: readonly Kline[], { query, chance }: Spoiling): Spoiled {
  const { interval, startTime, endTime = query.now } = query;
  const before = startTime !== undefined && chance(0) < 0.5;
  const near = before ? bars[0] : bars.at(-1);
  if (near === undefined) return { bars, openTimes: [] };
  const edge = before ? Math.min(startTime, near.openTime) : Math.max(endTime, near.openTime);
  const openTime = before ? openOf(interval, edge - 1) : nextOpen(interval, openOf(interval, edge));
  const row = { ...near, openTime, closeTime: closeTimeOf(interval, openTime) };
  return { bars: before ? [row, ...bars] : [...bars, row], openTimes: [openTime] };
}

/** The bar that is still forming comes last, past the end that was asked for. Flat where the market knows none. */
function forming(bars: readonly Kline[], { query, latest }: Spoiling): Spoiled {
  const openTime = openOf(query.interval, query.now);
  const known = latest();
  if (known === undefined || bars.at(-1)?.openTime === openTime) return { bars, openTimes: [] };
  return {
    bars: [...bars, known.openTime === openTime ? known : flatAt(known, query, openTime)],
    openTimes: [openTime],
  };
}

function flatAt(bar: Kline, { interval }: KlineQuery, openTime: number): Kline {
  const { close } = bar;
  const closeTime = closeTimeOf(interval, openTime);
  return { ...bar, openTime, closeTime, open: close, high: close, low: close, close };
}

const timesOf = (bars: readonly Kline[]): readonly number[] => bars.map(({ openTime }) => openTime);
