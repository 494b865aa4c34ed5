import {
  MAX_SERIES,
  sameSymbol,
  symbolOf,
  type SelectableMarket,
  type SelectedMarket,
  type SymbolSelection,
  type TaskSeries,
} from '@kairos/domain';

/** What became of a task's list of series when its selectors were looked up. Symbols by name. */
export interface Followed {
  /** The same object as before where nothing changed. */
  readonly series: readonly TaskSeries[];
  readonly came: readonly string[];
  readonly left: readonly string[];
  /** Found, and more than a task may have. */
  readonly cut: number;
}

interface Lookup {
  readonly selection: SymbolSelection;
  readonly found: readonly SelectedMarket<SelectableMarket>[];
  readonly now: number;
}

/** Whether a named entry of the list means this market, as far as names show or its series has found out. */
const means = (named: TaskSeries, market: SelectableMarket): boolean =>
  named.instrument === null
    ? sameSymbol(named.symbol, symbolOf(market.instrument)) ||
      (market.kind === 'spot' && named.symbol.toUpperCase() === market.marketId.toUpperCase())
    : named.instrument === market.instrument;

/**
 * Folds what selectors find into the list of series. A series that was brought once stays: when no selector finds it any
 * more it is marked so and goes on being collected, and no hole appears should it come back. Only one that turns out to
 * be a named one goes, for it is that. Applying the same lookup again changes nothing.
 */
export function followSeries(series: readonly TaskSeries[], { selection, found, now }: Lookup): Followed {
  const named = series.filter((s) => !s.selected);
  const wanted = found.filter(({ market }) => !named.some((n) => means(n, market)));
  const bySymbol = new Map(wanted.map((w) => [symbolOf(w.market.instrument), w]));
  const instruments = new Set(named.map((n) => n.instrument));
  const left: string[] = [];
  const kept = series.flatMap((s) => {
    if (!s.selected) return [s];
    if (s.instrument !== null && instruments.has(s.instrument)) return [];
    const match = bySymbol.get(s.symbol);
    if (match) return [returned(s, s.selected, match.by, selection)];
    if (s.selected.left !== null) return [s];
    left.push(s.symbol);
    return [{ ...s, selected: { ...s.selected, left: now } }];
  });
  const known = new Set(kept.map((s) => s.symbol));
  const fresh = wanted.filter(({ market }) => !known.has(symbolOf(market.instrument)));
  const room = Math.max(0, MAX_SERIES - kept.length);
  const came = fresh.slice(0, room).map(joined);
  const changed = came.length > 0 || kept.length !== series.length || kept.some((s, i) => s !== series[i]);
  return {
    series: changed ? [...kept, ...came] : series,
    came: came.map((s) => s.symbol),
    left,
    cut: fresh.length - came.length,
  };
}

const joined = ({ market, by }: SelectedMarket<SelectableMarket>): TaskSeries => ({
  symbol: symbolOf(market.instrument),
  state: 'pending',
  instrument: null,
  seriesKey: null,
  note: null,
  error: null,
  watermark: null,
  selected: { by, left: null },
});

/** A series that is found, perhaps again: one the venue did not know any more has another chance. */
function returned(
  s: TaskSeries,
  selected: NonNullable<TaskSeries['selected']>,
  by: string,
  selection: SymbolSelection,
): TaskSeries {
  const isThere = selection.selectors.some((e) => e.text === selected.by);
  const again = s.state === 'failed' && s.error?.code === 'SYMBOL_UNKNOWN';
  if (selected.left === null && isThere && !again) return s;
  return {
    ...s,
    ...(again ? { state: 'pending' as const, error: null } : {}),
    selected: { by: isThere ? selected.by : by, left: null },
  };
}
