import type { DataType, Series, TimeRange } from '@kairos/domain';
import { bareSymbol, ceilTo, dataTypeOf, floorTo, gridOf, seriesKey, UnsupportedError } from '@kairos/domain';
import type { MarketDataSource, SourceMarket } from '@kairos/ports';
import type { CollectDeps, SeriesJob } from './job.ts';

/** What a person asks to have collected of one instrument. */
export interface SeriesRequest {
  readonly symbol: string;
  readonly dataType: string;
  readonly timeframe: string;
  readonly price: 'last' | 'mark' | 'index';
  /** `to` null: up to now, for ever. */
  readonly from: number;
  readonly to: number | null;
  readonly batchSize: number | null;
  readonly refetch: { readonly range: TimeRange; readonly reason: string } | null;
}

/** @throws UnsupportedError for a data type nobody defined */
export function typeOf(id: string): DataType {
  const type = dataTypeOf(id);
  if (!type) throw new UnsupportedError(`data type ${id} is not known`, { data_type: id });
  return type;
}

/** The series that a resolved market and a request make, registered with the store. */
export async function openSeries(
  deps: CollectDeps,
  source: MarketDataSource,
  market: SourceMarket,
  request: SeriesRequest,
): Promise<Series> {
  const facts = source.facts({ market, dataType: request.dataType, timeframe: request.timeframe });
  const spec = {
    realm: source.realm,
    source: source.id,
    instrument: market.instrument,
    dataType: request.dataType,
    timeframe: request.timeframe,
    price: request.price,
    anchorMs: facts.anchorMs,
  };
  const aliases = [...new Set([market.marketId, bareSymbol(request.symbol), request.symbol])];
  const series: Series = {
    ...spec,
    key: seriesKey(spec),
    marketId: market.marketId,
    aliases,
    volumeUnit: facts.volumeUnit,
    createdAt: deps.clock.now(),
  };
  return deps.store.ensureSeries({ series });
}

/** The job of making a series complete, with every instant fixed once: `now` is the earlier of the two clocks. */
export function jobOf(
  deps: CollectDeps,
  p: {
    readonly source: MarketDataSource;
    readonly market: SourceMarket;
    readonly series: Series;
    readonly request: SeriesRequest;
    readonly now: number;
  },
): SeriesJob {
  const { source, market, series, request, now } = p;
  const type = typeOf(request.dataType);
  const grid = gridOf(request.timeframe, series.anchorMs);
  const facts = source.facts({ market, dataType: type.id, timeframe: request.timeframe });
  const closedBefore = deps.calendar.closedBefore({ grid, now });
  const finalBefore = deps.calendar.closedBefore({ grid, now: now - facts.settleMs });
  // A snapshot taken now stands for the slot that is under way; a range begins with the first slot that opens in it.
  const firstSlot = type.shape === 'snapshot' ? floorTo : ceilTo;
  const from = request.refetch?.range.from ?? request.from;
  const to = request.refetch?.range.to ?? request.to;
  const openEnd = type.shape === 'snapshot' ? Infinity : closedBefore;
  return {
    series,
    market,
    facts,
    source,
    type,
    grid,
    asked: { from: firstSlot(grid, from), to: to === null ? openEnd : ceilTo(grid, to) },
    now,
    closedBefore,
    finalBefore,
    batchSize: request.batchSize,
    refetch: request.refetch?.reason ?? null,
  };
}
