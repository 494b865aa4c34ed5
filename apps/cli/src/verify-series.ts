import { existsSync } from 'node:fs';
import {
  callSource,
  HandOver,
  Tallies,
  Verifier,
  type CollectDeps,
  type CollectRun,
  type SecondSource,
  type VerifyOrder,
  type VerifyOutcome,
  type VerifyProgress,
} from '@kairos/collectors';
import { openSources, prepareSources, type PreparedSources } from '@kairos/composition';
import type { RuntimeConfig } from '@kairos/config';
import { sameSymbol, SourceError, StoreError, type KairosError, type Series } from '@kairos/domain';
import type { Clock, Ids, Logger, SeriesStore, SourceMarket, SourceRegistry } from '@kairos/ports';
import { openSqliteStore } from '@kairos/store-sqlite';
import { UsageError } from './command.ts';

/** Which series, and whom to ask besides their own source. */
export interface SeriesChoice {
  /** All three or none: everything that is stored. */
  readonly source: string | undefined;
  readonly symbol: string | undefined;
  readonly timeframe: string | undefined;
  readonly against: string | undefined;
}

/** Why a series was passed over: its source is not known here, or tells of another world. */
export type Skipped = 'source_unknown' | 'other_realm';

export interface VerifiedSeries {
  readonly series: Series;
  readonly outcome: VerifyOutcome | undefined;
  readonly skipped: Skipped | undefined;
  readonly error: KairosError | undefined;
  readonly requests: number;
  readonly weight: number;
}

/** Everything that verifying works with, opened. */
export interface Workshop {
  readonly path: string;
  /** The calendar is each series' source's. */
  readonly deps: Omit<CollectDeps, 'calendar'>;
  readonly run: CollectRun;
  readonly prepared: PreparedSources;
  readonly sources: SourceRegistry;
  close(): Promise<void>;
}

const nothing = (): void => undefined;
/** The report tells what matters. */
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silent };

/** Opens a store beside a server that may use it too, and the sources on its budget. @throws ConfigError, StoreError */
export async function openWorkshop(p: {
  readonly path: string;
  readonly config: RuntimeConfig;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly signal: AbortSignal;
}): Promise<Workshop> {
  const { path } = p;
  if (!existsSync(path))
    throw new StoreError(
      'STORE_MISSING',
      `store ${path}: there is no such file; name another with --store PATH`,
    );
  const { clock, ids, signal } = p;
  const store = await openSqliteStore({ path });
  try {
    const prepared = await prepareSources(p.config);
    const sources = openSources({ sources: prepared, budget: store.budget, clock, log: silent });
    const ensure = async (): Promise<void> => undefined;
    return {
      path,
      deps: { store: store.series, clock, ids, log: silent },
      run: { runId: `verify-${ids.uid()}`, deadline: Infinity, signal, ensure },
      prepared,
      sources,
      close: async () => {
        await sources.close();
        for (const venue of prepared.venues) await venue.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function* storedCandles(store: SeriesStore): AsyncGenerator<Series> {
  for (let cursor: string | undefined; ;) {
    const page = await store.listSeries({ filter: { dataType: 'kline' }, limit: 1_000, cursor });
    yield* page.items;
    cursor = page.next;
    if (cursor === undefined) return;
  }
}

const unified = (series: Series): string => series.instrument.slice(series.instrument.indexOf(':') + 1);

const isNamed = (series: Series, symbol: string): boolean =>
  [series.instrument, unified(series), series.marketId, ...series.aliases].some((name) =>
    sameSymbol(name, symbol),
  );

async function chosen(store: SeriesStore, choice: SeriesChoice): Promise<Series[]> {
  const { source, symbol, timeframe } = choice;
  const out: Series[] = [];
  for await (const series of storedCandles(store))
    if (
      (source === undefined || series.source === source) &&
      (timeframe === undefined || series.timeframe === timeframe) &&
      (symbol === undefined || isNamed(series, symbol))
    )
      out.push(series);
  if (out.length === 0 && source !== undefined)
    throw new UsageError({
      en: `no candles of ${source} ${symbol} ${timeframe} are stored`,
      zh: `没有已存的 ${source} ${symbol} ${timeframe} K 线`,
    });
  return out;
}

/** Made-up and replayed worlds are each their own; the live one and its mirrors are one. */
const worldOf = (realm: string): string => (/^(sandbox|recording):/.test(realm) ? realm : 'live');

/** Another configured source of the same exchange and world, or the one that is asked for. */
function secondOf(w: Workshop, series: Series, against: string | undefined): string | undefined {
  if (against !== undefined) return against === series.source ? undefined : against;
  const own = exchangeOf(w, series.source);
  return Object.keys(w.prepared.settings)
    .sort()
    .find((id) => {
      const realm = w.sources.describe(id)?.realm;
      return (
        id !== series.source &&
        exchangeOf(w, id) === own &&
        realm !== undefined &&
        worldOf(realm) === worldOf(series.realm)
      );
    });
}

const exchangeOf = (w: Workshop, id: string): string => w.prepared.settings[id]?.exchange ?? id;

async function marketOf(
  w: Workshop,
  sourceId: string,
  series: Series,
  tallies: Tallies,
): Promise<SourceMarket> {
  const source = await w.sources.open(sourceId);
  const { clock, ids } = w.deps;
  const caller = { run: w.run, clock, ids, tallies, priority: 'backfill' as const };
  return callSource(caller, (call) => source.resolve({ symbol: unified(series), dataType: 'kline' }, call));
}

async function second(
  w: Workshop,
  series: Series,
  choice: SeriesChoice,
  tallies: Tallies,
): Promise<SecondSource | undefined> {
  const id = secondOf(w, series, choice.against);
  if (id === undefined) return undefined;
  try {
    const market = await marketOf(w, id, series, tallies);
    const sameExchange = exchangeOf(w, id) === exchangeOf(w, series.source);
    return { source: await w.sources.open(id), market, sameExchange };
  } catch (error) {
    // It need not have everything. Whoever asked for it by name wants to know.
    if (choice.against === undefined && error instanceof SourceError && error.scope === 'series')
      return undefined;
    throw error;
  }
}

/** Verifies one series after the other; one that cannot be verified does not stop the rest. @throws StoreError */
export async function verifySeries(
  w: Workshop,
  choice: SeriesChoice,
  order: VerifyOrder,
  onProgress: (name: string, progress: VerifyProgress) => void,
): Promise<readonly VerifiedSeries[]> {
  if (choice.against !== undefined && !w.sources.describe(choice.against))
    throw new UsageError({
      en: `--against ${choice.against}: there is no such source`,
      zh: `--against ${choice.against}：没有该来源`,
    });
  const out: VerifiedSeries[] = [];
  for (const series of await chosen(w.deps.store, choice)) {
    if (w.run.signal.aborted) break;
    const name = `${series.source} ${unified(series)} ${series.timeframe}`;
    const tallies = new Tallies();
    const described = w.sources.describe(series.source);
    const skipped = !described
      ? 'source_unknown'
      : described.realm !== series.realm
        ? 'other_realm'
        : undefined;
    let outcome: VerifyOutcome | undefined;
    let error: KairosError | undefined;
    try {
      if (described && !skipped) {
        const target = {
          series,
          source: await w.sources.open(series.source),
          market: await marketOf(w, series.source, series, tallies),
          timeframes: described.dataTypes['kline'] ?? [],
          second: await second(w, series, choice, tallies),
        };
        const calendar = w.prepared.calendars.of(series.source);
        const verifier = new Verifier({ ...w.deps, calendar }, w.run, target, tallies);
        outcome = await verifier.verify(order, (progress) => onProgress(name, progress));
        error = outcome.error;
      }
    } catch (caught) {
      if (caught instanceof HandOver) break;
      if (!(caught instanceof SourceError)) throw caught;
      error = caught;
    }
    out.push({ series, outcome, skipped, error, requests: tallies.requests, weight: tallies.weight });
  }
  return out;
}
