import {
  followsListings,
  KairosError,
  RateLimitedError,
  SourceError,
  taskStart,
  type Task,
  type TaskSeries,
} from '@kairos/domain';
import type { Calendar, Calendars, RunContext, RunHandler, RunResult, SourceRegistry } from '@kairos/ports';
import { HandOver } from './call-source.ts';
import { collect, endsSeries, type SeriesOutcome } from './collect.ts';
import { followListings, type Following } from './follow-listings.ts';
import { Tallies, type CollectDeps } from './job.ts';
import { typeOf, type SeriesRequest } from './series-job.ts';

/** When a whole venue is out, look again after this; more with every failed attempt in a row. */
const OUTAGE_PAUSE_MS = 15_000;

/** What the handler works with: the calendar is each task's source's. */
export type CollectHandlerDeps = Omit<CollectDeps, 'calendar'> & { readonly calendars: Calendars };

/** A run and what it has found out so far. */
interface Work {
  /** What people should know of the calendar. */
  readonly warnings: readonly string[];
  readonly ctx: RunContext;
  readonly tallies: Tallies;
  readonly following: Following | undefined;
}

/**
 * The handler `collect`: one run brings every series of the task up to date, or as near as the venue allows. Where the
 * task's symbols hold selectors, it first looks up which series they are.
 */
export class CollectHandler implements RunHandler {
  readonly name = 'collect';
  readonly #deps: CollectHandlerDeps;
  readonly #sources: SourceRegistry;

  constructor(deps: CollectHandlerDeps, sources: SourceRegistry) {
    this.#deps = deps;
    this.#sources = sources;
  }

  async run(begun: RunContext): Promise<RunResult> {
    const tallies = new Tallies();
    const { calendars, ...others } = this.#deps;
    const deps: CollectDeps = { ...others, calendar: calendars.of(begun.task.source), log: begun.log };
    const found: SeriesOutcome[] = [];
    const onFound = (one: SeriesOutcome): void => void found.push(one);
    const warnings = expiryOf(deps.calendar, deps.clock.now());
    let work: Work = { warnings, ctx: begun, tallies, following: undefined };
    try {
      const source = await this.#sources.open(begun.task.source);
      const following = await followListings(deps, begun, source);
      const ctx: RunContext = { ...begun, task: { ...begun.task, series: following.series } };
      work = { warnings, ctx, tallies, following };
      // With nothing to go on with, a listing that failed is the run's failure.
      if (following.error && following.series.length === 0) throw following.error;
      const outcomes = await collect(deps, ctx, { source, requests: requestsOf(ctx), tallies, onFound });
      return resultOf(work, outcomes, deps.clock.now());
    } catch (error) {
      if (error instanceof HandOver)
        return {
          ...base(work),
          outcome: 'handed_over',
          series: standings(work.ctx, found, deps.clock.now()),
        };
      if (!KairosError.is(error) || error.code === 'LEASE_LOST' || error.code.startsWith('STORE_'))
        throw error;
      return venueFailure(work, error, deps.clock.now());
    }
  }
}

/** Beyond its last known day a calendar takes every weekday for a trading day: somebody should give it newer facts. */
function expiryOf({ id, known }: Calendar, now: number): string[] {
  if (known === undefined || now < known.to) return [];
  const until = new Date(known.to - 1).toISOString().slice(0, 10);
  return [
    `CALENDAR_EXPIRED: the calendar ${id} knows no holidays after ${until} and expects every weekday; give it a newer file`,
  ];
}

const base = ({
  warnings,
  tallies,
  following,
}: Work): Pick<RunResult, 'stats' | 'complete' | 'withUnavailable' | 'healthReasons'> => {
  const { rows, requests, weight, commits } = tallies;
  const selection = following?.stats;
  return {
    stats: { rows, requests, weight, commits, ...(selection ? { selection } : {}) },
    complete: false,
    withUnavailable: false,
    healthReasons: [...warnings, ...(following?.reasons ?? [])],
  };
};

function requestsOf(ctx: RunContext): SeriesRequest[] {
  const { task, refetch } = ctx;
  const snapshot = typeOf(task.dataType).shape === 'snapshot';
  const from = snapshot ? Math.max(taskStart(task), task.createdAt) : taskStart(task);
  return task.series
    .filter((s) =>
      refetch ? s.seriesKey === refetch.seriesKey : s.state !== 'failed' && s.state !== 'blocked',
    )
    .map((s) => ({
      symbol: s.symbol,
      dataType: task.dataType,
      timeframe: task.frequency,
      price: task.config.price,
      from,
      to: task.endTime,
      batchSize: task.config.batchSize,
      refetch: refetch && { range: { from: refetch.from, to: refetch.to }, reason: refetch.reason },
    }));
}

function standing(
  previous: TaskSeries,
  outcome: SeriesOutcome | undefined,
  task: Task,
  now: number,
): TaskSeries {
  if (!outcome) return previous;
  const error = outcome.error && { code: outcome.error.code, message: outcome.error.message, at: now };
  if (outcome.error && endsSeries(outcome.error)) {
    const state = outcome.error.code === 'SYMBOL_AMBIGUOUS' ? 'blocked' : 'failed';
    return { ...previous, state, error: error ?? null };
  }
  const { symbol, selected } = previous;
  return {
    symbol,
    ...(selected ? { selected } : {}),
    state: outcome.range?.settled === true && task.endTime !== null ? 'settled' : 'active',
    instrument: outcome.instrument,
    seriesKey: outcome.seriesKey,
    note: outcome.note,
    error: error ?? null,
    watermark: outcome.range?.tally.watermark ?? previous.watermark,
  };
}

function standings(ctx: RunContext, outcomes: readonly SeriesOutcome[], now: number): TaskSeries[] {
  const bySymbol = new Map(outcomes.map((o) => [o.symbol, o]));
  return ctx.task.series.map((s) => (ctx.refetch ? s : standing(s, bySymbol.get(s.symbol), ctx.task, now)));
}

function reasonsOf(outcomes: readonly SeriesOutcome[]): string[] {
  return outcomes.flatMap((o) => {
    if (o.error) return [`${o.symbol}: ${o.error.message}`];
    const failed = o.range?.tally.counts.failed ?? 0;
    return failed > 0
      ? [`${o.symbol}: ${failed} records could not be fetched; they will be asked for again`]
      : [];
  });
}

function resultOf(work: Work, outcomes: readonly SeriesOutcome[], now: number): RunResult {
  const { ctx, following } = work;
  const series = standings(ctx, outcomes, now);
  const follows = followsListings(ctx.task.symbols);
  // New listings may join until the end has come; without a list, or without series, nobody knows.
  const isOver = ctx.task.endTime !== null && now >= ctx.task.endTime;
  const isKnown = !follows || (isOver && series.length > 0 && following?.error === undefined);
  const common = {
    ...base(work),
    series,
    complete: isKnown && series.every((s) => s.state === 'settled' || s.state === 'failed'),
    withUnavailable:
      outcomes.some((o) => (o.range?.tally.counts.unavailable ?? 0) > 0) ||
      series.some((s) => s.state === 'failed'),
    healthReasons: [...base(work).healthReasons, ...reasonsOf(outcomes)],
  };
  const outage = outcomes.find((o) => o.error && !endsSeries(o.error))?.error;
  if (outage) return { ...common, complete: false, ...outageOf(ctx, outage, now) };
  const waits = outcomes.flatMap((o) => o.range?.notBefore ?? []);
  const isDead = !follows && series.every((s) => s.state === 'failed' || s.state === 'blocked');
  const dead = isDead ? outcomes.find((o) => o.error)?.error : undefined;
  if (dead)
    return {
      ...common,
      outcome: 'failed',
      error: { code: dead.code, message: dead.message, permanent: true },
    };
  return waits.length > 0
    ? { ...common, outcome: 'partial', notBefore: Math.min(...waits) }
    : { ...common, outcome: 'succeeded' };
}

function outageOf(
  ctx: RunContext,
  error: KairosError,
  now: number,
): Pick<RunResult, 'outcome' | 'error' | 'freeRetry' | 'notBefore'> {
  const venueWide = error instanceof SourceError && error.scope === 'venue';
  const pause =
    error instanceof RateLimitedError ? error.retryAfterMs : OUTAGE_PAUSE_MS * 2 ** Math.min(ctx.attempt, 5);
  const permanent = venueWide && !error.retryable;
  return {
    outcome: 'failed',
    error: { code: error.code, message: error.message, permanent },
    freeRetry: error.retryable,
    notBefore: now + pause,
  };
}

function venueFailure(work: Work, error: KairosError, now: number): RunResult {
  const { following } = work;
  const reasons = following?.error === error ? [] : [error.message];
  const common = { ...base(work), healthReasons: [...base(work).healthReasons, ...reasons] };
  const series = following && { series: following.series };
  if (error instanceof SourceError) return { ...common, ...series, ...outageOf(work.ctx, error, now) };
  const permanent = !error.retryable;
  return {
    ...common,
    ...series,
    outcome: 'failed',
    error: { code: error.code, message: error.message, permanent },
  };
}
