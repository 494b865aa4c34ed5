import type { CoverageRun, Grid, Part, Series, TimeRange } from '@kairos/domain';
import { ceilTo, dataTypeOf, floorTo, gridOf, isEmptyRange, UnsupportedError } from '@kairos/domain';
import type { Calendar, SeriesStore } from '@kairos/ports';
import { deriveParts, deriveRuns, expectedSlots, onSlots, type Derivation } from './derive.ts';
import type { FoundSeries } from './find-series.ts';

/** A part of stored or derived records; derived ones name the closed slots that want finer records. */
export type SomePart = Part & { readonly incomplete?: readonly TimeRange[] | undefined };

/** Beyond these no date exists. */
const END_OF_TIME = 8e15;
export const EVER: TimeRange = { from: -END_OF_TIME, to: END_OF_TIME };

/** Runs, and the stretch of slots of which anything is known; undefined where nothing is. */
export interface Known {
  readonly runs: readonly CoverageRun[];
  readonly extent: TimeRange | undefined;
}

const extentOf = (runs: readonly CoverageRun[]): TimeRange | undefined => {
  const [first, last] = [runs[0], runs.at(-1)];
  return first && last && { from: first.from, to: last.to };
};

/** A series as its readers see it: they need not know whether it is stored or derived. */
export interface Reading {
  readonly series: Series;
  /** What it is derived from. */
  readonly finer: Series | undefined;
  /** @throws UnsupportedError where records have no slots */
  grid(): Grid;
  /** Parts in order, of the records that open inside the span. */
  read(span: TimeRange): AsyncIterable<SomePart>;
  /** What is known of the span. */
  known(span: TimeRange): Promise<Known>;
  /** The parts of a range in which every record is expected. */
  expected(range: TimeRange): readonly TimeRange[];
}

interface ReadingDeps {
  readonly store: SeriesStore;
  readonly calendar: Calendar;
  readonly now: number;
}

function gridOfSeries(series: Series): Grid {
  if (dataTypeOf(series.dataType)?.axis !== 'grid')
    throw new UnsupportedError(`coverage of ${series.dataType} is not counted yet`);
  return gridOf(series.timeframe, series.anchorMs);
}

function stored(series: Series, { store, calendar }: ReadingDeps): Reading {
  const { key } = series;
  const grid = (): Grid => gridOfSeries(series);
  return {
    series,
    finer: undefined,
    grid,
    read: (span) => store.read({ key, range: span }),
    known: async (span) => {
      const runs = await store.coverage({ key, range: span });
      return { runs, extent: extentOf(runs) };
    },
    expected: (range) => (isEmptyRange(range) ? [] : calendar.expected({ grid: grid(), range })),
  };
}

function derived(series: Series, finer: Series, { store, calendar, now }: ReadingDeps): Reading {
  const { key } = finer;
  const coarse = gridOf(series.timeframe, series.anchorMs);
  const fine = gridOf(finer.timeframe, finer.anchorMs);
  const d: Derivation = { coarse, fine, calendar, closed: calendar.closedBefore({ grid: coarse, now }) };
  const asked = (span: TimeRange): TimeRange =>
    onSlots(coarse, { from: Math.max(span.from, EVER.from), to: Math.min(span.to, EVER.to) });
  return {
    series,
    finer,
    grid: () => coarse,
    read: (span) => deriveParts(store.read({ key, range: asked(span) }), d),
    known: async (span) => {
      const runs = await store.coverage({ key, range: asked(span) });
      const extent = extentOf(runs);
      return {
        runs: deriveRuns(runs, d),
        extent: extent && { from: floorTo(coarse, extent.from), to: ceilTo(coarse, extent.to) },
      };
    },
    expected: (range) => expectedSlots(range, d),
  };
}

export const readingOf = ({ series, finer }: FoundSeries, deps: ReadingDeps): Reading =>
  finer ? derived(series, finer, deps) : stored(series, deps);
