import {
  followsListings,
  type JobSpec,
  type LastRun,
  type RunRecord,
  type SelectionStats,
  type SeriesSelection,
  type SkippedSlots,
  type Task,
  type TaskError,
} from '@kairos/domain';
import type { SymbolProgress, TaskSummaryPage, TaskView } from '@kairos/ports';
import type { ReplyData } from './action.ts';
import { iso } from './wire-time.ts';

const RUN_KIND_NAMES = { s: 'scheduled', m: 'manual', r: 'refetch' } as const;

const errorView = (e: TaskError | null): ReplyData | null =>
  e && { code: e.code, message: e.message, at: iso(e.at) };

const lastRunView = (r: LastRun | null): ReplyData | null =>
  r && { run_id: r.runId, outcome: r.outcome, slot: iso(r.slot), ended_at: iso(r.endedAt), rows: r.rows };

const configView = (c: Task['config']): ReplyData => ({
  batch_size: c.batchSize,
  history_days: c.historyDays,
  missed: c.missed,
  retries: c.retries,
  price: c.price,
  confirm_large: c.confirmLarge,
});

const selectedView = ({ by, left }: SeriesSelection): ReplyData => ({
  selected_by: by,
  ...(left === null ? {} : { left_selection: iso(left) }),
});

const progressView = (p: SymbolProgress): ReplyData => ({
  symbol: p.symbol,
  instrument: p.instrument,
  ...(p.selected ? selectedView(p.selected) : {}),
  state: p.state,
  expected: p.expected,
  present: p.present,
  empty: p.empty,
  unavailable: p.unavailable,
  provisional: p.provisional,
  failed: p.failed,
  missing: p.missing,
  watermark: iso(p.watermark),
  gaps: p.gaps,
  findings: p.findings,
  ...(p.note === null ? {} : { note: p.note }),
  ...(p.error === null ? {} : { error: errorView(p.error) }),
});

const identityView = (t: Task): ReplyData => ({
  task_id: t.taskId,
  uid: t.uid,
  rev: t.rev,
  origin: t.origin,
  status: t.status,
  ...(t.withUnavailable ? { with_unavailable: true } : {}),
  health: { state: t.health.state, reasons: t.health.reasons },
});

const collectView = (t: Task, start: number): ReplyData => ({
  handler: t.handler,
  project_id: t.projectId,
  dataset: t.dataset,
  data_type: t.dataType,
  source: t.source,
  symbols: t.symbols,
  ...(followsListings(t.symbols) ? { series_count: t.series.length } : {}),
  frequency: t.frequency,
  start_time: iso(start),
  end_time: iso(t.endTime),
  schedule: t.schedule,
  timezone: t.timezone,
  config: configView(t.config),
});

/** A job has no series: what it runs stands in place of what it collects. Seconds and megabytes, as its file has them. */
const jobView = (t: Task, job: JobSpec): ReplyData => ({
  handler: t.handler,
  function: job.function,
  runtime: job.runtime,
  task_type: job.taskType,
  task_name: job.taskName,
  timeout: job.timeoutMs / 1_000,
  memory: job.memoryMb,
  params: job.params,
  schedule: t.schedule,
  timezone: t.timezone,
  config: { missed: t.config.missed, retries: t.config.retries },
});

const declaredView = ({ declared }: Task): ReplyData =>
  declared ? { declared: { description: declared.description, withdrawn: declared.withdrawn } } : {};

const subjectView = (t: Task, start: number): ReplyData => ({
  ...(t.job ? jobView(t, t.job) : collectView(t, start)),
  ...declaredView(t),
});

/** A task without its progress. `start_time` is the resolved start of what it asks for. */
export const taskSummary = (p: TaskSummaryPage['items'][number]): ReplyData => ({
  ...identityView(p.task),
  ...subjectView(p.task, p.start),
  created_at: iso(p.task.createdAt),
  updated_at: iso(p.task.updatedAt),
  next_run_at: iso(p.nextRunAt),
  last_run: lastRunView(p.task.lastRun),
  error: errorView(p.task.error),
});

/** A task with everything known of it. */
export function taskView(v: TaskView): ReplyData {
  const { last_run, error, ...head } = taskSummary(v);
  return { ...head, active_run_id: v.activeRunId, progress: v.progress.map(progressView), last_run, error };
}

const skippedView = (s: SkippedSlots): ReplyData => ({
  from: iso(s.from),
  to: iso(s.to),
  n: s.n,
  reason: s.reason,
});

const selectionView = ({ found, came, left }: SelectionStats): ReplyData => ({ found, came, left });

export const runView = (r: RunRecord): ReplyData => ({
  run_id: r.runId,
  kind: RUN_KIND_NAMES[r.kind],
  slot: iso(r.slot),
  outcome: r.outcome,
  attempt: r.attempt,
  started_at: iso(r.startedAt),
  ended_at: iso(r.endedAt),
  ...(r.skipped === null ? {} : { skipped: skippedView(r.skipped) }),
  ...(r.error === null ? {} : { error: { code: r.error.code, message: r.error.message } }),
  rows: r.stats.rows,
  requests: r.stats.requests,
  ...(r.result === undefined ? {} : { result: r.result }),
  ...(r.stats.selection ? { selection: selectionView(r.stats.selection) } : {}),
});
