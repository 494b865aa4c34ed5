import { countSlots, dataTypeOf, gridOf, type Issue } from '@kairos/domain';
import type { QueryPage, SeriesQueries, SeriesRef } from '@kairos/ports';
import { defineAction, type ActionContext } from './action.ts';
import { checkOrder, checkSource, MAX_PLANNED_RECORDS } from './check-task.ts';
import { DEFAULT_LIST, DEFAULT_ROWS } from './fields.ts';
import { SIGNAL_SCHEMAS, type Signal } from './schemas.ts';
import { coverageView, findingsView, MAX_RANGES, rowsView } from './series-views.ts';
import { questionOf, timeOf, warnOfZones } from './task-fields.ts';

/** Function replies may hold 6 MB at most; rows beyond this go to the next page. */
export const MAX_ROWS_CHARS = 5_000_000;

type SeriesSignal =
  Signal<'get_coverage'> | Signal<'list_findings'> | Signal<'query_data'> | Signal<'refetch'>;

const seriesOf = (s: SeriesSignal): SeriesRef => ({
  source: s.source,
  symbol: s.symbol,
  dataType: s.data_type,
  frequency: s.frequency,
  realm: s.realm ?? undefined,
  price: s.price ?? undefined,
});

const bound = (value: string | number | null | undefined): number | undefined => timeOf(value) ?? undefined;

const checkBounds = (good: Partial<SeriesSignal>): Issue[] =>
  checkOrder(timeOf(good.from), timeOf(good.to), { start: 'from', end: 'to' });

export const getCoverage = defineAction({
  schema: SIGNAL_SCHEMAS.get_coverage,
  check: checkBounds,
  async run(signal, context) {
    warnOfZones({ from: signal.from, to: signal.to }, context);
    const bounds = { from: bound(signal.from), to: bound(signal.to) };
    const report = await context.deps.series.coverage({
      series: seriesOf(signal),
      ...bounds,
      derive: signal.derive ?? undefined,
    });
    if (report.ranges.length > MAX_RANGES) context.warn('ranges_cut');
    return coverageView(report, signal.symbol);
  },
});

export const listFindings = defineAction({
  schema: SIGNAL_SCHEMAS.list_findings,
  check: checkBounds,
  async run(signal, context) {
    warnOfZones({ from: signal.from, to: signal.to }, context);
    const page = await context.deps.series.findings({
      series: seriesOf(signal),
      code: signal.code ?? undefined,
      from: bound(signal.from),
      to: bound(signal.to),
      limit: signal.limit ?? DEFAULT_LIST,
      cursor: signal.cursor ?? undefined,
    });
    return findingsView(page, signal.symbol);
  },
});

/** A page that fits a reply: asked again, smaller, while its rows are too long. */
async function fittingPage(
  series: SeriesQueries,
  asked: Parameters<SeriesQueries['query']>[0],
): Promise<QueryPage> {
  const page = await series.query(asked);
  const size = page.rows.length > 1 ? JSON.stringify(page.rows).length : 0;
  if (size <= MAX_ROWS_CHARS) return page;
  const limit = Math.floor((page.rows.length * MAX_ROWS_CHARS) / size / 1.2);
  return fittingPage(series, { ...asked, limit: Math.max(1, limit) });
}

export const queryData = defineAction({
  schema: SIGNAL_SCHEMAS.query_data,
  check: checkBounds,
  async run(signal, context) {
    warnOfZones({ from: signal.from, to: signal.to }, context);
    const page = await fittingPage(context.deps.series, {
      series: seriesOf(signal),
      from: bound(signal.from),
      to: bound(signal.to),
      limit: signal.limit ?? DEFAULT_ROWS,
      cursor: signal.cursor ?? undefined,
      includeProvisional: signal.include_provisional ?? false,
      derive: signal.derive ?? undefined,
    });
    return rowsView(page, signal.symbol);
  },
});

/** A refetch of more records than a task may plan is taken for a slip. */
function checkRefetch(good: Partial<Signal<'refetch'>>, context: ActionContext): Issue[] {
  const { data_type, frequency } = good;
  const from = bound(good.from);
  const to = bound(good.to);
  const issues = [
    ...checkSource(questionOf({ ...good, symbols: undefined }, context.now), context.deps.sources),
    ...checkBounds(good),
  ];
  if (from === undefined || to === undefined || frequency === undefined) return issues;
  const isGrid = data_type !== undefined && dataTypeOf(data_type)?.axis === 'grid';
  const planned = isGrid ? countSlots(gridOf(frequency), { from, to }) : 0;
  const params = { max: MAX_PLANNED_RECORDS, planned };
  return planned > MAX_PLANNED_RECORDS
    ? [...issues, { path: 'to', code: 'refetch_too_large', params }]
    : issues;
}

export const refetch = defineAction({
  schema: SIGNAL_SCHEMAS.refetch,
  check: checkRefetch,
  async run(signal, context) {
    warnOfZones({ from: signal.from, to: signal.to }, context);
    const reason = signal.reason ?? context.deps.defaultRefetchReason ?? 'requested';
    const range = { from: timeOf(signal.from) ?? 0, to: timeOf(signal.to) ?? 0 };
    const { runId, task } = await context.deps.tasks.refetch({ series: seriesOf(signal), range, reason });
    return {
      task_id: task.taskId,
      status: task.status,
      run_id: runId,
      message: context.say('refetch_ordered'),
    };
  },
});
