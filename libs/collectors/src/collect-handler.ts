import {
  KairosError,
  RateLimitedError,
  SourceError,
  taskStart,
  type Task,
  type TaskSeries,
} from '@kairos/domain';
import type { RunContext, RunHandler, RunResult, SourceRegistry } from '@kairos/ports';
import { HandOver } from './call-source.ts';
import { collect, endsSeries, type SeriesOutcome } from './collect.ts';
import { Tallies, type CollectDeps } from './job.ts';
import { typeOf, type SeriesRequest } from './series-job.ts';

/** When a whole venue is out, look again after this; more with every failed attempt in a row. */
const OUTAGE_PAUSE_MS = 15_000;

/** The handler `collect`: one run brings every series of the task up to date, or as near as the venue allows. */
export class CollectHandler implements RunHandler {
  readonly name = 'collect';
  readonly #deps: CollectDeps;
  readonly #sources: SourceRegistry;

  constructor(deps: CollectDeps, sources: SourceRegistry) {
    this.#deps = deps;
    this.#sources = sources;
  }

  async run(ctx: RunContext): Promise<RunResult> {
    const tallies = new Tallies();
    const deps = { ...this.#deps, log: ctx.log };
    const found: SeriesOutcome[] = [];
    const onFound = (one: SeriesOutcome): void => void found.push(one);
    try {
      const source = await this.#sources.open(ctx.task.source);
      const outcomes = await collect(deps, ctx, { source, requests: requestsOf(ctx), tallies, onFound });
      return resultOf(ctx, outcomes, tallies, deps.clock.now());
    } catch (error) {
      if (error instanceof HandOver)
        return {
          ...base(tallies),
          outcome: 'handed_over',
          series: standings(ctx, found, deps.clock.now()),
        };
      if (!KairosError.is(error) || error.code === 'LEASE_LOST' || error.code.startsWith('STORE_'))
        throw error;
      return venueFailure(ctx, error, tallies, deps.clock.now());
    }
  }
}

const base = (
  stats: Tallies,
): Pick<RunResult, 'stats' | 'complete' | 'withUnavailable' | 'healthReasons'> => ({
  stats: { rows: stats.rows, requests: stats.requests, weight: stats.weight, commits: stats.commits },
  complete: false,
  withUnavailable: false,
  healthReasons: [],
});

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
  return {
    symbol: previous.symbol,
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

function resultOf(
  ctx: RunContext,
  outcomes: readonly SeriesOutcome[],
  tallies: Tallies,
  now: number,
): RunResult {
  const series = standings(ctx, outcomes, now);
  const complete = series.every((s) => s.state === 'settled' || s.state === 'failed');
  const common = {
    ...base(tallies),
    series,
    complete,
    withUnavailable:
      outcomes.some((o) => (o.range?.tally.counts.unavailable ?? 0) > 0) ||
      series.some((s) => s.state === 'failed'),
    healthReasons: reasonsOf(outcomes),
  };
  const outage = outcomes.find((o) => o.error && !endsSeries(o.error))?.error;
  if (outage) return { ...common, complete: false, ...outageOf(ctx, outage, now) };
  const waits = outcomes.flatMap((o) => o.range?.notBefore ?? []);
  const dead = series.every((s) => s.state === 'failed' || s.state === 'blocked')
    ? outcomes.find((o) => o.error)?.error
    : undefined;
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

function venueFailure(ctx: RunContext, error: KairosError, tallies: Tallies, now: number): RunResult {
  if (!(error instanceof SourceError)) {
    const permanent = !error.retryable;
    return {
      ...base(tallies),
      outcome: 'failed',
      error: { code: error.code, message: error.message, permanent },
      healthReasons: [error.message],
    };
  }
  return { ...base(tallies), ...outageOf(ctx, error, now), healthReasons: [error.message] };
}
