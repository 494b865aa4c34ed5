import {
  COLLECT_HANDLER,
  contentId,
  dataTypeOf,
  DEFAULT_TASK_CONFIG,
  JOB_HANDLER,
  type TaskContent,
  type TaskDeclaration,
} from '@kairos/domain';
import type { CollectTaskText, FunctionTaskText } from './scheduled-tasks-fields.ts';
import { runtimeOf } from './scheduled-tasks-runtime.ts';
import { writtenTime } from './scheduled-tasks-time.ts';

const declared = (
  task: FunctionTaskText | CollectTaskText,
  content: Omit<TaskContent, 'timezone'>,
): TaskDeclaration => ({
  taskId: task.name,
  description: task.description,
  enabled: task.enabled,
  content: { ...content, timezone: task.timezone },
});

const msOf = (value: unknown): number | null => writtenTime(value)?.ms ?? null;

/** The declaration of a checked task that runs a function. */
export function functionDeclaration(task: FunctionTaskText): TaskDeclaration {
  const { taskType, taskName = task.name, timeout, memory } = task.config;
  const runtime = runtimeOf(task.runtime);
  return declared(task, {
    handler: JOB_HANDLER,
    projectId: 'default',
    dataset: '',
    dataType: '',
    source: '',
    symbols: [],
    frequency: '1m',
    startTime: null,
    endTime: null,
    schedule: task.schedule,
    config: { ...DEFAULT_TASK_CONFIG, missed: task.missed, retries: task.retries },
    job: {
      function: task.function,
      language: runtime?.language ?? 'nodejs',
      runtime: runtime?.runtime ?? task.runtime,
      taskType,
      taskName,
      timeoutMs: timeout * 1_000,
      memoryMb: memory,
      params: task.params,
    },
  });
}

/** The declaration of a checked task that collects. */
export function collectDeclaration(task: CollectTaskText): TaskDeclaration {
  // Snapshots have no history, whatever was asked.
  const snapshot = dataTypeOf(task.data_type)?.shape === 'snapshot';
  return declared(task, {
    handler: COLLECT_HANDLER,
    projectId: task.project_id,
    dataset: task.dataset ?? task.name,
    dataType: task.data_type,
    source: task.source,
    symbols: [...new Set(task.symbols)],
    frequency: task.frequency,
    startTime: msOf(task.start_time),
    endTime: msOf(task.end_time),
    schedule: task.schedule ?? null,
    config: {
      ...DEFAULT_TASK_CONFIG,
      batchSize: task.batch_size ?? null,
      historyDays: snapshot ? 0 : task.history_days,
      missed: task.missed,
      retries: task.retries,
      price: task.price,
    },
    job: null,
  });
}

/** The same value with the names of every object in order: equal meanings become equal texts. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, ordered(inner)]));
}

/** A hash of what the declarations mean: their order, and the order of fields, mean nothing. */
export function declarationsRevision(declarations: readonly TaskDeclaration[]): string {
  const sorted = [...declarations].sort((a, b) => (a.taskId < b.taskId ? -1 : 1));
  return contentId(JSON.stringify(ordered(sorted)));
}
