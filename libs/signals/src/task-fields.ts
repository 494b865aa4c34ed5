import {
  dataTypeOf,
  DEFAULT_TASK_CONFIG,
  type MissedPolicy,
  type PriceKind,
  type Task,
  type TaskConfig,
  type TaskContent,
} from '@kairos/domain';
import type { TaskPatch } from '@kairos/ports';
import type { ActionContext } from './action.ts';
import { DEFAULT_TIMEZONE } from './check-schedule.ts';
import type { TaskQuestion } from './check-task.ts';
import { readTime } from './wire-time.ts';

/** The task fields of `create_task` and `update_task`, as they stand on the wire. */
export interface WireTaskFields {
  readonly project_id?: string | undefined;
  readonly dataset?: string | undefined;
  readonly data_type?: string | undefined;
  readonly source?: string | undefined;
  readonly symbols?: readonly string[] | undefined;
  readonly frequency?: string | undefined;
  readonly start_time?: string | number | null | undefined;
  readonly end_time?: string | number | null | undefined;
  readonly schedule?: string | null | undefined;
  readonly timezone?: string | null | undefined;
  readonly batch_size?: number | null | undefined;
  readonly history_days?: number | null | undefined;
  readonly missed?: MissedPolicy | null | undefined;
  readonly retries?: number | null | undefined;
  readonly price?: PriceKind | null | undefined;
  readonly confirm_large?: boolean | null | undefined;
}

/** Milliseconds of a wire time; null and undefined stay what they are. */
export function timeOf(value: string | number | null | undefined): number | null | undefined {
  if (value === null || value === undefined) return value;
  const time = readTime(value);
  return 'ms' in time ? time.ms : undefined;
}

const isSnapshot = (dataType: string | undefined): boolean =>
  dataType !== undefined && dataTypeOf(dataType)?.shape === 'snapshot';

/** The same symbol written twice is one symbol, and worth a word. */
function distinct(symbols: readonly string[], context: ActionContext): readonly string[] {
  const unique = [...new Set(symbols)];
  if (unique.length < symbols.length)
    context.warn('symbols_duplicate', { count: symbols.length - unique.length });
  return unique;
}

export function warnOfZones(
  fields: Readonly<Record<string, string | number | null | undefined>>,
  context: ActionContext,
): void {
  for (const [field, value] of Object.entries(fields)) {
    const time = readTime(value);
    if ('ms' in time && !time.zoned) context.warn('time_zone_missing', { field });
  }
}

/**
 * History before the creation. Snapshots have none, so theirs is 0 whatever was asked: it depends on the content alone,
 * never on the time of asking, and the same signal again gives the same task.
 */
const historyOf = (dataType: string, asked: number | null | undefined): number =>
  isSnapshot(dataType) ? 0 : (asked ?? DEFAULT_TASK_CONFIG.historyDays);

function warnOfSnapshots(f: WireTaskFields, dataType: string | undefined, context: ActionContext): void {
  const start = timeOf(f.start_time);
  const asksHistory = typeof start === 'number' ? start < context.now : typeof f.history_days === 'number';
  if (isSnapshot(dataType) && asksHistory) context.warn('snapshot_history');
}

function configOf(f: WireTaskFields, dataType: string): TaskConfig {
  const d = DEFAULT_TASK_CONFIG;
  return {
    batchSize: f.batch_size ?? d.batchSize,
    historyDays: historyOf(dataType, f.history_days),
    missed: f.missed ?? d.missed,
    retries: f.retries ?? d.retries,
    price: f.price ?? d.price,
    confirmLarge: f.confirm_large ?? d.confirmLarge,
  };
}

type Required6 = 'project_id' | 'dataset' | 'data_type' | 'source' | 'symbols' | 'frequency';
type CompleteFields = WireTaskFields & { readonly [K in Required6]: NonNullable<WireTaskFields[K]> };

/** The content a `create_task` asks for: a pure function of the signal, so that its hash can name the task. */
export function contentOf(f: CompleteFields, context: ActionContext): TaskContent {
  warnOfSnapshots(f, f.data_type, context);
  warnOfZones({ start_time: f.start_time, end_time: f.end_time }, context);
  return {
    handler: 'collect',
    projectId: f.project_id,
    dataset: f.dataset,
    dataType: f.data_type,
    source: f.source,
    symbols: distinct(f.symbols, context),
    frequency: f.frequency,
    startTime: timeOf(f.start_time) ?? null,
    endTime: timeOf(f.end_time) ?? null,
    schedule: f.schedule ?? null,
    timezone: f.timezone ?? DEFAULT_TIMEZONE,
    config: configOf(f, f.data_type),
    job: null,
  };
}

/** Only what is there, so that a patch names nothing it does not change. */
function present<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Changing the kind of data changes what its history can be. */
function patchedHistory(f: WireTaskFields, task: Task): number | undefined {
  const dataType = f.data_type ?? task.dataType;
  const asked = f.history_days ?? (task.config.historyDays || null);
  const days = historyOf(dataType, asked);
  return days === task.config.historyDays && f.history_days === undefined ? undefined : days;
}

/** The change an `update_task` asks of this task. Null clears a start, an end, a schedule or a batch size. */
export function patchOf(f: WireTaskFields, task: Task, context: ActionContext): TaskPatch {
  warnOfSnapshots(f, f.data_type ?? task.dataType, context);
  warnOfZones({ start_time: f.start_time, end_time: f.end_time }, context);
  const config = present({
    batchSize: f.batch_size,
    historyDays: patchedHistory(f, task),
    missed: f.missed ?? undefined,
    retries: f.retries ?? undefined,
    price: f.price ?? undefined,
    confirmLarge: f.confirm_large ?? undefined,
  });
  const fields = present({
    projectId: f.project_id,
    dataset: f.dataset,
    dataType: f.data_type,
    source: f.source,
    symbols: f.symbols && distinct(f.symbols, context),
    frequency: f.frequency,
    startTime: timeOf(f.start_time),
    endTime: timeOf(f.end_time),
    schedule: f.schedule,
    timezone: f.timezone === null ? DEFAULT_TIMEZONE : f.timezone,
  });
  return Object.keys(config).length > 0 ? { ...fields, config } : fields;
}

/** What is known of a task from a signal alone. */
export const questionOf = (f: WireTaskFields, now: number): TaskQuestion => ({
  source: f.source,
  dataType: f.data_type,
  frequency: f.frequency,
  symbols: f.symbols,
  start: timeOf(f.start_time),
  end: timeOf(f.end_time),
  historyDays: f.history_days ?? undefined,
  confirmLarge: f.confirm_large ?? undefined,
  schedule: f.schedule,
  timezone: f.timezone,
  createdAt: now,
  now,
});

/** The task as it would be after the patch. */
export const questionAfter = (task: Task, patch: TaskPatch, now: number): TaskQuestion => {
  const next = { ...task, ...patch, config: { ...task.config, ...patch.config } };
  return {
    source: next.source,
    dataType: next.dataType,
    frequency: next.frequency,
    symbols: next.symbols,
    start: next.startTime,
    end: next.endTime,
    historyDays: next.config.historyDays,
    confirmLarge: next.config.confirmLarge,
    schedule: next.schedule,
    timezone: next.timezone,
    createdAt: task.createdAt,
    now,
  };
};
