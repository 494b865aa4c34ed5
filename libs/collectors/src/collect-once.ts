import {
  KairosError,
  RateLimitedError,
  SourceError,
  UnsupportedError,
  type PriceKind,
  type Tally,
  type TimeRange,
} from '@kairos/domain';
import type {
  Calendar,
  Clock,
  Ids,
  Logger,
  MarketDataSource,
  SeriesStore,
  SourceMarket,
} from '@kairos/ports';
import { assertGoing, callSource, HandOver } from './call-source.ts';
import { RangeCollector } from './collect-range.ts';
import { endsSeries, frozenNow } from './collect.ts';
import { Tallies, type CollectDeps, type CollectRun, type SeriesJob } from './job.ts';
import { Lanes } from './lanes.ts';
import { ALWAYS_OPEN, NO_CHANCE, SILENT } from './once-defaults.ts';
import { SeriesWatch, type SeriesProgress } from './once-progress.ts';
import { jobOf, openSeries, typeOf, type SeriesRequest } from './series-job.ts';

/** How long to go on without anything new, when a venue asks for a pause, fails, or must be asked again later. */
const PATIENCE_MS = 300_000;
/** After a venue was out, look again after this. */
const OUTAGE_PAUSE_MS = 15_000;

/** What to collect, of whom, into what. Only the first six are needed. */
export interface CollectOrder {
  readonly source: MarketDataSource;
  readonly store: SeriesStore;
  readonly clock: Clock;
  /** As a person or the venue writes them. */
  readonly symbols: readonly string[];
  readonly timeframe: string;
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, exclusive. Default: all that is final now. */
  readonly to?: number | undefined;
  /** Default: `kline`. Types that come by range only. */
  readonly dataType?: string | undefined;
  /** Default: `last`. */
  readonly price?: PriceKind | undefined;
  /** At most so many records uncommitted. Default: a page of the venue. */
  readonly batchSize?: number | undefined;
  /** How long each series may wait for the venue while nothing new comes. Default: 5 minutes; 0: never wait. */
  readonly patienceMs?: number | undefined;
  /** Stops after the commits under way. What was committed stays: the same order again goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** Told in the order of events, several series interleaved. Must not throw. */
  readonly onProgress?: ((progress: SeriesProgress) => void) | undefined;
  /** Default: open around the clock. */
  readonly calendar?: Calendar | undefined;
  /** Spreads retries. Default: no spread. */
  readonly ids?: Ids | undefined;
  /** Default: silent. */
  readonly log?: Logger | undefined;
  /** Under which name evidence and findings are kept. Default: made of the time. */
  readonly runId?: string | undefined;
}

/** How one series stands at the end. */
export interface SeriesReport {
  readonly symbol: string;
  /**
   * `complete`: every record of the asked span is settled. `open`: some are not, because they are not closed yet or the
   * venue did not give them; `error` or `notBefore` tell more. `interrupted`: by the signal. `failed`: nothing could be
   * asked for; see `error`.
   */
  readonly state: 'complete' | 'open' | 'interrupted' | 'failed';
  /** Null when the symbol was not found; so are the next four. */
  readonly seriesKey: string | null;
  readonly instrument: string | null;
  /** How the symbol was read, where that is worth telling. */
  readonly note: string | null;
  /** The asked span, on slot bounds. */
  readonly range: TimeRange | null;
  /** Every expected record of the span that is closed, counted by state. */
  readonly coverage: Tally | null;
  readonly rows: number;
  readonly requests: number;
  readonly weight: number;
  /** When to ask again, for what stays open. Epoch milliseconds. */
  readonly notBefore: number | undefined;
  readonly error: KairosError | undefined;
}

interface Work {
  readonly order: CollectOrder;
  readonly deps: CollectDeps;
  readonly run: CollectRun;
}

interface Found {
  readonly request: SeriesRequest;
  readonly market: SourceMarket;
}

/**
 * Collects series once, without tasks and schedules: plans what the store lacks, fetches it page by page, judges and
 * commits, waits out what a venue asks to wait for, and reports one series per symbol, in order. Collected again, nothing
 * settled is asked for. A symbol that is not found fails alone. @throws StoreError; UnsupportedError for a data type that
 * does not come by range; SourceError when the venue cannot be asked at all
 */
export async function collectSeries(order: CollectOrder): Promise<readonly SeriesReport[]> {
  const work = workOf(order);
  const dataType = typeOf(order.dataType ?? 'kline');
  if (dataType.shape !== 'range')
    throw new UnsupportedError(`${dataType.id} does not come by range: collect it with a task`);
  const found: (Found | SeriesReport)[] = [];
  let now: number;
  try {
    for (const symbol of order.symbols) found.push(await find(work, symbol));
    now = await venueNow(work, new Tallies());
  } catch (error) {
    if (!(error instanceof HandOver)) throw error;
    return order.symbols.map((symbol) => unopened(symbol, 'interrupted', undefined));
  }
  const shared: Shared = { now };
  const settled = await Promise.allSettled(
    found.map(async (one) => ('state' in one ? one : collectOne(work, one, shared))),
  );
  return settled.map((s) => {
    if (s.status === 'rejected') throw s.reason;
    return s.value;
  });
}

/** `collectSeries` of one symbol. @throws also the SourceError of a symbol that is not found */
export async function collectCandles(
  order: Omit<CollectOrder, 'symbols'> & { readonly symbol: string },
): Promise<SeriesReport> {
  const { symbol, ...rest } = order;
  const [report] = await collectSeries({ ...rest, symbols: [symbol] });
  if (report?.state === 'failed' && report.error) throw report.error;
  return report ?? unopened(symbol, 'interrupted', undefined);
}

function workOf(order: CollectOrder): Work {
  const { store, clock, calendar = ALWAYS_OPEN, ids = NO_CHANCE, log = SILENT } = order;
  const run: CollectRun = {
    runId: order.runId ?? `once-${new Date(clock.now()).toISOString()}`,
    deadline: Infinity,
    signal: order.signal ?? new AbortController().signal,
    ensure: async () => undefined,
  };
  return { order, run, deps: { store, calendar, clock, ids, log } };
}

async function find(work: Work, symbol: string): Promise<Found | SeriesReport> {
  const { order, deps, run } = work;
  const { source, timeframe, from, to = null } = order;
  const dataType = order.dataType ?? 'kline';
  const caller = { run, clock: deps.clock, ids: deps.ids, tallies: new Tallies(), priority: 'live' as const };
  try {
    const market = await patiently(work, () =>
      callSource(caller, (call) => source.resolve({ symbol, dataType }, call)),
    );
    const request: SeriesRequest = {
      symbol,
      dataType,
      timeframe,
      price: order.price ?? 'last',
      from,
      to,
      batchSize: order.batchSize ?? null,
      refetch: null,
    };
    return { market, request };
  } catch (error) {
    if (!KairosError.is(error) || !endsSeries(error)) throw error;
    return unopened(symbol, 'failed', error);
  }
}

const venueNow = (work: Work, tallies: Tallies): Promise<number> => {
  const { deps, run, order } = work;
  const caller = { run, clock: deps.clock, ids: deps.ids, tallies, priority: 'live' as const };
  return patiently(work, () => frozenNow(deps, order.source, caller));
};

/** Tries again what fails in passing, as long as patience lasts. */
async function patiently<T>({ order, deps, run }: Work, attempt: () => Promise<T>): Promise<T> {
  const giveUpAt = deps.clock.now() + (order.patienceMs ?? PATIENCE_MS);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const again = KairosError.is(error) ? lookAgainAt(error, deps.clock.now()) : undefined;
      if (again === undefined || again > giveUpAt) throw error;
      await pauseUntil(again, deps.clock, run);
    }
  }
}

function lookAgainAt(error: KairosError, now: number): number | undefined {
  if (!(error instanceof SourceError) || !error.retryable || endsSeries(error)) return undefined;
  return now + (error instanceof RateLimitedError ? error.retryAfterMs : OUTAGE_PAUSE_MS);
}

async function pauseUntil(instant: number, clock: Clock, run: CollectRun): Promise<void> {
  await clock.sleep(Math.max(0, instant - clock.now()), run.signal).catch(() => undefined);
  assertGoing({ run, clock });
}

interface Shared {
  readonly now: number;
  /** All series take turns at the venue; made with the first. */
  lanes?: Lanes;
}

/** Passes over one series until it is complete, cannot be, or patience ends. */
async function collectOne(work: Work, { request, market }: Found, shared: Shared): Promise<SeriesReport> {
  const { order, deps, run } = work;
  const { source } = order;
  const series = await openSeries(deps, source, market, request);
  const first = jobOf(deps, { source, market, series, request, now: shared.now });
  const asked = askedOf(first, order.to);
  const lanes = (shared.lanes ??= new Lanes(first.facts.concurrency));
  const watch = new SeriesWatch({ symbol: request.symbol, calendar: deps.calendar, tell: order.onProgress });
  const watched = { ...deps, store: watch.watching(deps.store) };
  const patience = order.patienceMs ?? PATIENCE_MS;
  const passes = async (): Promise<Ending> => {
    let newAt = deps.clock.now();
    for (let now = shared.now; ; now = await venueNow(work, watch.tallies)) {
      const job = { ...jobOf(deps, { source, market, series, request, now }), asked };
      await watch.begin(job, deps.store);
      const before = watch.covered;
      const collector = new RangeCollector(watched, run, job, { lanes, tallies: watch.tallies });
      const { error, settled, notBefore } = await collector.collect();
      if (settled) return { state: 'complete' };
      const at = deps.clock.now();
      if (watch.covered > before) newAt = at;
      const again = error ? lookAgainAt(error, at) : notBefore;
      if (again === undefined || again - newAt > patience) return { state: 'open', error, notBefore: again };
      watch.tell('waiting', again);
      await pauseUntil(again, deps.clock, run);
    }
  };
  const ending = await passes().catch((error: unknown): Ending => {
    if (error instanceof HandOver) return { state: 'interrupted' };
    // The venue was lost half-way: what is there is there.
    if (error instanceof SourceError) return { state: 'open', error };
    throw error;
  });
  watch.tell(ending.state);
  const { rows, requests, weight } = watch.tallies;
  const { symbol } = request;
  const { instrument, note = null } = market;
  const standing = { symbol, seriesKey: series.key, instrument, note, range: asked, coverage: watch.tally() };
  return { ...standing, rows, requests, weight, notBefore: undefined, error: undefined, ...ending };
}

type Ending = Pick<SeriesReport, 'state'> &
  Partial<Pick<SeriesReport, 'error' | 'notBefore'>> & {
    readonly state: 'complete' | 'open' | 'interrupted';
  };

/** Without an end, all that is final now: what has yet to settle would keep the caller waiting. */
function askedOf({ asked, finalBefore }: SeriesJob, to: number | undefined): TimeRange {
  return { from: asked.from, to: Math.max(asked.from, to === undefined ? finalBefore : asked.to) };
}

const unopened = (
  symbol: string,
  state: 'interrupted' | 'failed',
  error: KairosError | undefined,
): SeriesReport => ({
  symbol,
  state,
  seriesKey: null,
  instrument: null,
  note: null,
  range: null,
  coverage: null,
  rows: 0,
  requests: 0,
  weight: 0,
  notBefore: undefined,
  error,
});
