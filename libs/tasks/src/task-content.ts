import type { Task, TaskContent, TaskSeries } from '@kairos/domain';
import type { TaskPatch } from '@kairos/ports';

const FIELDS = [
  'handler',
  'projectId',
  'dataset',
  'dataType',
  'source',
  'symbols',
  'frequency',
  'startTime',
  'endTime',
  'schedule',
  'config',
] as const;

/** The part of a task that people set, in a fixed order of fields. */
export function contentOf(task: TaskContent): TaskContent {
  const { handler, projectId, dataset, dataType, source, symbols, frequency, startTime, endTime, schedule } =
    task;
  const { batchSize, historyDays, missed, retries, price, confirmLarge } = task.config;
  const config = { batchSize, historyDays, missed, retries, price, confirmLarge };
  return {
    handler,
    projectId,
    dataset,
    dataType,
    source,
    symbols,
    frequency,
    startTime,
    endTime,
    schedule,
    config,
  };
}

export const sameContent = (a: TaskContent, b: TaskContent): boolean =>
  JSON.stringify(contentOf(a)) === JSON.stringify(contentOf(b));

/** The content with the patch's fields in place; those of `config` one by one. */
export function patchContent(task: TaskContent, patch: TaskPatch): TaskContent {
  const content = contentOf(task);
  const { config, ...fields } = patch;
  const given = Object.fromEntries(
    Object.entries(fields).filter(
      ([key, value]) => value !== undefined && (FIELDS as readonly string[]).includes(key),
    ),
  );
  return contentOf({ ...content, ...given, config: { ...content.config, ...config } });
}

export const freshSeries = (symbol: string): TaskSeries => ({
  symbol,
  state: 'pending',
  instrument: null,
  seriesKey: null,
  note: null,
  error: null,
  watermark: null,
});

export function newTask(p: {
  readonly content: TaskContent;
  readonly taskId: string;
  readonly uid: string;
  readonly now: number;
}): Task {
  const content = contentOf(p.content);
  return {
    ...content,
    uid: p.uid,
    taskId: p.taskId,
    rev: 1,
    v: 1,
    origin: 'signal',
    status: content.startTime !== null && content.startTime > p.now ? 'pending' : 'running',
    health: { state: 'ok', reasons: [] },
    series: content.symbols.map(freshSeries),
    error: null,
    lastRun: null,
    createdAt: p.now,
    updatedAt: p.now,
    epochAt: Math.max(p.now, content.startTime ?? 0),
    withUnavailable: false,
  };
}

/** Symbols that stay keep their standing unless what they mean has changed. */
export function seriesAfterUpdate(task: Task, content: TaskContent): TaskSeries[] {
  const same =
    task.source === content.source &&
    task.dataType === content.dataType &&
    task.frequency === content.frequency &&
    task.config.price === content.config.price;
  const known = new Map(task.series.map((s) => [s.symbol, s]));
  return content.symbols.map((symbol) => {
    const old = known.get(symbol);
    return old && same && old.state !== 'failed' && old.state !== 'blocked'
      ? { ...old, state: 'pending' }
      : freshSeries(symbol);
  });
}
