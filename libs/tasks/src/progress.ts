import type { Task, TaskSeries, TimeRange } from '@kairos/domain';
import { ceilTo, dataTypeOf, floorTo, gridOf, tallyCoverage, taskStart, type Grid } from '@kairos/domain';
import type { Calendar, Clock, SeriesStore, SymbolProgress } from '@kairos/ports';

const NO_COUNTS = {
  expected: 0,
  present: 0,
  empty: 0,
  unavailable: 0,
  provisional: 0,
  failed: 0,
  missing: 0,
  gaps: 0,
};

interface ProgressDeps {
  readonly series: SeriesStore;
  readonly calendar: Calendar;
  readonly clock: Clock;
}

/** A snapshot has no history: it begins with the slot that was under way at the creation. */
function firstSlot(task: Task, grid: Grid): number {
  const start = taskStart(task);
  const isSnapshot = dataTypeOf(task.dataType)?.shape === 'snapshot';
  return isSnapshot ? floorTo(grid, Math.max(start, task.createdAt)) : ceilTo(grid, start);
}

async function progressOfSeries(task: Task, s: TaskSeries, deps: ProgressDeps): Promise<SymbolProgress> {
  const base = { symbol: s.symbol, instrument: s.instrument, state: s.state, note: s.note, error: s.error };
  const series = s.seriesKey === null ? undefined : await deps.series.getSeries({ key: s.seriesKey });
  if (!series) return { ...base, ...NO_COUNTS, watermark: null };
  const grid = gridOf(task.frequency, series.anchorMs);
  const closed = deps.calendar.closedBefore({ grid, now: deps.clock.now() });
  const from = firstSlot(task, grid);
  const span: TimeRange = { from, to: Math.max(from, Math.min(closed, task.endTime ?? closed)) };
  const runs = await deps.series.coverage({ key: series.key, range: span });
  const tally = tallyCoverage(grid, span, deps.calendar.expected({ grid, range: span }), runs);
  return { ...base, expected: tally.expected, ...tally.counts, gaps: tally.gaps, watermark: tally.watermark };
}

/** Progress of every symbol of a task, from the coverage in the store. */
export async function progressOf(task: Task, deps: ProgressDeps): Promise<SymbolProgress[]> {
  const out: SymbolProgress[] = [];
  for (const series of task.series) out.push(await progressOfSeries(task, series, deps));
  return out;
}
