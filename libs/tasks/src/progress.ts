import type { Series, Task, TaskSeries, TimeRange } from '@kairos/domain';
import { ceilTo, dataTypeOf, floorTo, gridOf, tallyCoverage, taskStart, type Grid } from '@kairos/domain';
import type { Calendars, Clock, SeriesStore, SymbolProgress } from '@kairos/ports';

const NO_COUNTS = {
  expected: 0,
  present: 0,
  empty: 0,
  unavailable: 0,
  provisional: 0,
  failed: 0,
  missing: 0,
  gaps: 0,
  findings: 0,
};

interface ProgressDeps {
  readonly series: SeriesStore;
  readonly calendars: Calendars;
  readonly clock: Clock;
}

/** A snapshot has no history: it begins with the slot that was under way at the creation. */
function firstSlot(task: Task, grid: Grid): number {
  const start = taskStart(task);
  const isSnapshot = dataTypeOf(task.dataType)?.shape === 'snapshot';
  return isSnapshot ? floorTo(grid, Math.max(start, task.createdAt)) : ceilTo(grid, start);
}

/**
 * Series that the running first run has opened, by the symbol they were asked for: the task itself learns of them when
 * that run ends, and people want to watch before.
 */
async function openedSeries(task: Task, deps: ProgressDeps): Promise<ReadonlyMap<string, Series>> {
  const found = new Map<string, Series>();
  if (task.series.every((s) => s.seriesKey !== null)) return found;
  const filter = { source: task.source, dataType: task.dataType, timeframe: task.frequency };
  let cursor: string | undefined;
  do {
    const page = await deps.series.listSeries({ filter, limit: 1_000, cursor });
    for (const series of page.items) {
      if (series.price === task.config.price && series.createdAt >= task.createdAt)
        for (const alias of series.aliases) found.set(alias, series);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

async function progressOfSeries(
  task: Task,
  s: TaskSeries,
  deps: ProgressDeps,
  opened: ReadonlyMap<string, Series>,
): Promise<SymbolProgress> {
  const series =
    s.seriesKey === null ? opened.get(s.symbol) : await deps.series.getSeries({ key: s.seriesKey });
  const instrument = s.instrument ?? series?.instrument ?? null;
  const { symbol, state, note, error, selected } = s;
  const base = { symbol, instrument, state, note, error, ...(selected ? { selected } : {}) };
  if (!series) return { ...base, ...NO_COUNTS, watermark: null };
  const grid = gridOf(task.frequency, series.anchorMs);
  const calendar = deps.calendars.of(task.source);
  const closed = calendar.closedBefore({ grid, now: deps.clock.now() });
  const from = firstSlot(task, grid);
  const span: TimeRange = { from, to: Math.max(from, Math.min(closed, task.endTime ?? closed)) };
  const runs = await deps.series.coverage({ key: series.key, range: span });
  const tally = tallyCoverage(grid, span, calendar.expected({ grid, range: span }), runs);
  const findings = Object.values(await deps.series.countFindings({ key: series.key, filter: {} }));
  return {
    ...base,
    expected: tally.expected,
    ...tally.counts,
    gaps: tally.gaps,
    findings: findings.reduce((sum, n) => sum + n, 0),
    watermark: tally.watermark,
  };
}

/** Progress of every symbol of a task, from the coverage in the store. */
export async function progressOf(task: Task, deps: ProgressDeps): Promise<SymbolProgress[]> {
  const out: SymbolProgress[] = [];
  const opened = await openedSeries(task, deps);
  for (const series of task.series) out.push(await progressOfSeries(task, series, deps, opened));
  return out;
}
