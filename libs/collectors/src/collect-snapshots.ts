import type { CoverageRun, RecordBatch } from '@kairos/domain';
import {
  emptyPart,
  floorTo,
  isEmptyRange,
  isSettled,
  runAt,
  shiftSlots,
  SourceError,
  subtractRanges,
  tallyCoverage,
} from '@kairos/domain';
import { callSource } from './call-source.ts';
import type { RangeOutcome } from './collect-range.ts';
import type { CollectDeps, CollectRun, SeriesJob, Tallies } from './job.ts';

const atSlot = (batch: RecordBatch, slot: number): RecordBatch => ({ ...batch, ts: Float64Array.of(slot) });

/** Slots that passed unread can never be had: the venue tells only of now. */
async function markMissed(deps: CollectDeps, run: CollectRun, job: SeriesJob, slot: number): Promise<void> {
  const past = { from: job.asked.from, to: slot };
  if (isEmptyRange(past)) return;
  const known = await deps.store.coverage({ key: job.series.key, range: past });
  const settled = known.filter(isSettled);
  const expected = deps.calendar.expected({ grid: job.grid, range: past });
  const missed = expected.flatMap((range) => subtractRanges(range, settled));
  const runs = missed.map((r): CoverageRun => ({
    ...r,
    state: 'unavailable',
    reason: 'missed_snapshot',
  }));
  if (runs.length === 0) return;
  await run.ensure();
  await deps.store.commit({ series: job.series, part: { ...emptyPart(job.type), runs }, fence: run.fence });
}

async function outcomeOf(
  deps: CollectDeps,
  job: SeriesJob,
  slot: number,
  error?: SourceError,
): Promise<RangeOutcome> {
  const span = { from: job.asked.from, to: Math.max(job.asked.from, shiftSlots(job.grid, slot, 1)) };
  const known = await deps.store.coverage({ key: job.series.key, range: span });
  const expected = deps.calendar.expected({ grid: job.grid, range: span });
  const tally = tallyCoverage(job.grid, span, expected, known);
  const settled = tally.counts.missing + tally.counts.failed === 0 && span.to >= job.asked.to;
  return { tally, settled, notBefore: undefined, error };
}

/**
 * Reads the current slot of many snapshot series in as few requests as the source allows. A slot already read is left
 * alone; slots missed since the last read become `unavailable`. Answers one outcome per job, in order.
 */
export async function collectSnapshots(
  deps: CollectDeps,
  run: CollectRun,
  jobs: readonly SeriesJob[],
  tallies: Tallies,
): Promise<readonly RangeOutcome[]> {
  const first = jobs[0];
  if (!first) return [];
  const slot = floorTo(first.grid, deps.clock.now());
  const wanted: SeriesJob[] = [];
  for (const job of jobs) {
    await markMissed(deps, run, job, slot);
    const known = await deps.store.coverage({
      key: job.series.key,
      range: { from: slot, to: shiftSlots(job.grid, slot, 1) },
    });
    if (runAt(known, slot)?.state !== 'present' && slot >= job.asked.from && slot < job.asked.to)
      wanted.push(job);
  }
  const errors = await readSlot(deps, run, wanted, slot, tallies);
  const outcomes: RangeOutcome[] = [];
  for (const job of jobs) outcomes.push(await outcomeOf(deps, job, slot, errors.get(job)));
  return outcomes;
}

async function readSlot(
  deps: CollectDeps,
  run: CollectRun,
  jobs: readonly SeriesJob[],
  slot: number,
  tallies: Tallies,
): Promise<ReadonlyMap<SeriesJob, SourceError>> {
  const first = jobs[0];
  if (!first) return new Map();
  const { source, type } = first;
  const markets = jobs.map((j) => j.market);
  const caller = { run, clock: deps.clock, ids: deps.ids, tallies, priority: 'live' as const };
  try {
    const answer = await callSource(caller, (call) =>
      source.fetchSnapshots({ markets, dataType: type.id }, call),
    );
    tallies.weight += answer.weight;
    const byInstrument = new Map(answer.snapshots.map((s) => [s.instrument, s.batch]));
    for (const job of jobs)
      await commitSlot(deps, run, job, slot, byInstrument.get(job.market.instrument), tallies);
    return new Map();
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    for (const job of jobs) await commitSlot(deps, run, job, slot, undefined, tallies, error.code);
    return new Map(jobs.map((job) => [job, error]));
  }
}

async function commitSlot(
  deps: CollectDeps,
  run: CollectRun,
  job: SeriesJob,
  slot: number,
  batch: RecordBatch | undefined,
  tallies: Tallies,
  code = 'SNAPSHOT_NOT_ANSWERED',
): Promise<void> {
  const range = { from: slot, to: shiftSlots(job.grid, slot, 1) };
  const at = deps.clock.now();
  const read: CoverageRun = batch
    ? { ...range, state: 'present' }
    : { ...range, state: 'failed', error: code, attempts: 1, at };
  const part = batch
    ? { batch: atSlot(batch, slot), runs: [read] }
    : { ...emptyPart(job.type), runs: [read] };
  await run.ensure();
  await deps.store.commit({ series: job.series, part, fence: run.fence });
  tallies.commits += 1;
  tallies.rows += part.batch.n;
}
