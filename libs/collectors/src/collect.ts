import { KairosError, SourceError } from '@kairos/domain';
import type { MarketDataSource, SourceMarket } from '@kairos/ports';
import { callSource } from './call-source.ts';
import { RangeCollector, type RangeOutcome } from './collect-range.ts';
import { collectSnapshots } from './collect-snapshots.ts';
import { Tallies, type CollectDeps, type CollectRun, type SeriesJob } from './job.ts';
import { Lanes } from './lanes.ts';
import { jobOf, openSeries, typeOf, type SeriesRequest } from './series-job.ts';

/** How one requested series stands after a run. */
export interface SeriesOutcome {
  readonly symbol: string;
  readonly instrument: string | null;
  readonly seriesKey: string | null;
  readonly note: string | null;
  /** What keeps the series from going on, or made part of it fail. */
  readonly error: KairosError | undefined;
  readonly range: RangeOutcome | undefined;
}

interface Opened {
  readonly request: SeriesRequest;
  readonly market: SourceMarket;
  readonly job: SeriesJob;
}

/** An error that ends one series and lets the others go on. */
export const endsSeries = (error: KairosError): boolean =>
  error instanceof SourceError && error.scope === 'series';

/**
 * Collects many series of one source: resolves their symbols, then makes each complete over its asked span. One bad
 * symbol ends one series only. @throws HandOver, LeaseLostError, StoreError, and SourceError of scope `venue`
 */
export async function collect(
  deps: CollectDeps,
  run: CollectRun,
  p: {
    readonly source: MarketDataSource;
    readonly requests: readonly SeriesRequest[];
    readonly tallies: Tallies;
    /** Told each series that is found, before it is collected: what is known should the run not come to its end. */
    readonly onFound?: (found: SeriesOutcome) => void;
  },
): Promise<readonly SeriesOutcome[]> {
  const { source, tallies } = p;
  // Finding a market is the source's own affair, mostly answered from its list: it is not counted as a request.
  const caller = { run, clock: deps.clock, ids: deps.ids, tallies: new Tallies(), priority: 'live' as const };
  const outcomes = new Map<SeriesRequest, SeriesOutcome>();
  const resolved: { request: SeriesRequest; market: SourceMarket }[] = [];
  for (const request of p.requests) {
    try {
      const { symbol, dataType } = request;
      resolved.push({
        request,
        market: await callSource(caller, (call) => source.resolve({ symbol, dataType }, call)),
      });
    } catch (error) {
      if (!KairosError.is(error) || !endsSeries(error)) throw error;
      outcomes.set(request, {
        symbol: request.symbol,
        instrument: null,
        seriesKey: null,
        note: null,
        error,
        range: undefined,
      });
    }
  }
  const now = resolved.length > 0 ? await frozenNow(deps, source, { ...caller, tallies }) : 0;
  const opened: Opened[] = [];
  for (const { request, market } of resolved) {
    const series = await openSeries(deps, source, market, request);
    const one = { request, market, job: jobOf(deps, { source, market, series, request, now }) };
    opened.push(one);
    p.onFound?.(outcomeOf(one, undefined));
  }
  const ranges = await collectOpened(deps, run, opened, tallies);
  for (const [i, one] of opened.entries()) outcomes.set(one.request, outcomeOf(one, ranges[i]));
  return p.requests.flatMap((request) => outcomes.get(request) ?? []);
}

const outcomeOf = ({ request, market, job }: Opened, range: RangeOutcome | undefined): SeriesOutcome => ({
  symbol: request.symbol,
  instrument: market.instrument,
  seriesKey: job.series.key,
  note: market.note ?? null,
  error: range?.error,
  range,
});

/** The earlier of the venue's and our clock, read once per run: no bar counts as closed before both say so. */
export async function frozenNow(
  deps: CollectDeps,
  source: MarketDataSource,
  caller: Parameters<typeof callSource>[0],
): Promise<number> {
  const venue = await callSource(caller, (call) => source.venueTime(call));
  const own = deps.clock.now();
  if (venue !== undefined && Math.abs(venue - own) > 5_000)
    deps.log.warn('clock.skew', { source: source.id, venue_minus_local_ms: venue - own });
  return venue === undefined ? own : Math.min(venue, own);
}

async function collectOpened(
  deps: CollectDeps,
  run: CollectRun,
  opened: readonly Opened[],
  tallies: Tallies,
): Promise<readonly RangeOutcome[]> {
  const first = opened[0];
  if (!first) return [];
  const jobs = opened.map((o) => o.job);
  if (typeOf(first.request.dataType).shape === 'snapshot') return collectSnapshots(deps, run, jobs, tallies);
  const lanes = new Lanes(first.job.facts.concurrency);
  const settled = await Promise.allSettled(
    jobs.map((job) => new RangeCollector(deps, run, job, { lanes, tallies }).collect()),
  );
  return settled.map((s) => {
    if (s.status === 'rejected') throw s.reason;
    return s.value;
  });
}
