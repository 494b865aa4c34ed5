import {
  followsListings,
  MAX_SERIES,
  parseSymbols,
  selectMarkets,
  SourceError,
  type KairosError,
  type SelectionStats,
  type SymbolSelection,
  type Task,
  type TaskSeries,
} from '@kairos/domain';
import type { ListedMarket, MarketDataSource, RunContext } from '@kairos/ports';
import { callSource } from './call-source.ts';
import { followSeries, type Followed } from './follow-series.ts';
import { Tallies, type CollectDeps } from './job.ts';

/** What a run works on once the selectors of its task have been looked up. */
export interface Following {
  readonly series: readonly TaskSeries[];
  readonly stats: SelectionStats | undefined;
  /** What a person should know: for the task's health. */
  readonly reasons: readonly string[];
  /** What kept the listing from being read: the series are those of the last one. */
  readonly error: KairosError | undefined;
}

/** Names of series in one line of the log. */
const LOGGED = 50;

const unchanged = (series: readonly TaskSeries[]): Following => ({
  series,
  stats: undefined,
  reasons: [],
  error: undefined,
});

/**
 * Looks up the selectors of the run's task in what the source lists now, and puts the series they bring into the task
 * before any of them is collected. Where the source cannot list, the series stay as they are, and the reason is told.
 * @throws HandOver, LeaseLostError, StoreError
 */
export async function followListings(
  deps: CollectDeps,
  ctx: RunContext,
  source: MarketDataSource,
): Promise<Following> {
  const { task } = ctx;
  if (ctx.refetch || !followsListings(task.symbols)) return unchanged(task.series);
  if (!source.markets) {
    const reason = `${source.id} cannot list its markets: no selector in symbols finds anything`;
    return { ...unchanged(task.series), reasons: [reason] };
  }
  const selection = parseSymbols(task.symbols);
  try {
    const markets = await listed(deps, ctx, source, selection);
    return await followed(deps, ctx, selection, markets);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const reason = `the markets of ${source.id} could not be listed, those of the last listing go on: ${error.message}`;
    return { ...unchanged(task.series), reasons: [reason], error };
  }
}

async function listed(
  deps: CollectDeps,
  run: RunContext,
  source: MarketDataSource,
  { selectors }: SymbolSelection,
): Promise<readonly ListedMarket[]> {
  const swaps = selectors.some((e) => e.kind === 'pattern' && e.pattern.settle !== null);
  const spot = selectors.some((e) => e.kind === 'top' || e.pattern.settle === null);
  const kinds = [...(spot ? (['spot'] as const) : []), ...(swaps ? (['swap'] as const) : [])];
  const turnover = selectors.some((e) => e.kind === 'top');
  // Like finding a market, listing them is the source's own affair, mostly answered from what it keeps.
  const caller = { run, clock: deps.clock, ids: deps.ids, tallies: new Tallies(), priority: 'live' as const };
  return callSource(caller, async (call) => (await source.markets?.({ kinds, turnover }, call)) ?? []);
}

async function followed(
  deps: CollectDeps,
  ctx: RunContext,
  selection: SymbolSelection,
  markets: readonly ListedMarket[],
): Promise<Following> {
  const { found, barren } = selectMarkets(selection, markets);
  const now = deps.clock.now();
  const fold = (series: readonly TaskSeries[]): Followed => followSeries(series, { selection, found, now });
  // Told of the list the run began with: the store may have to be asked twice.
  const { came, left, cut, series } = fold(ctx.task.series);
  const stored = (await ctx.changeSeries?.((held) => fold(held).series)) ?? series;
  if (came.length + left.length > 0)
    ctx.log.info('symbols.changed', {
      found: found.length,
      series: stored.length,
      came: came.slice(0, LOGGED),
      came_count: came.length,
      left: left.slice(0, LOGGED),
      left_count: left.length,
    });
  const tellsNone = markets.every((m) => m.turnover === undefined);
  const reasons = barren.map((text) => whyBarren(ctx.task, text, tellsNone));
  if (cut > 0) reasons.push(whyCut(cut));
  return {
    series: stored,
    stats: { found: found.length, came: came.length, left: left.length },
    reasons,
    error: undefined,
  };
}

const whyBarren = ({ source }: Task, selector: string, tellsNone: boolean): string =>
  tellsNone && /^top:/i.test(selector)
    ? `${source} tells no turnover: ${selector} finds nothing`
    : `${selector} finds no active market of ${source} that is not excluded`;

const whyCut = (cut: number): string =>
  `selectors find ${cut} more than the ${MAX_SERIES} series a task may have: they are left out; narrow the selectors, or divide them among tasks`;
