import type { SeriesSelection, SymbolSelection, Task, TaskContent, TaskSeries } from '@kairos/domain';
import { contentId, isExcluded, parseSymbols, patternMatches, sameSymbol, symbolParts } from '@kairos/domain';
import type { TaskPatch } from '@kairos/ports';
import { beginning } from './standing.ts';
import { timingOf, type Timing } from './timing.ts';

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
  'timezone',
  'config',
  'job',
] as const;

/** The part of a task that people set, in a fixed order of fields. */
export function contentOf(task: TaskContent): TaskContent {
  const { handler, projectId, dataset, dataType, source, symbols, frequency } = task;
  const { startTime, endTime, schedule, timezone, job } = task;
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
    timezone,
    config,
    job,
  };
}

/** With the fields of every object in one order: two writings of the same value become the same text. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, ordered(inner)]);
}

/** Text that is equal for equal values, whatever the order of their fields. */
export const canonical = (value: unknown): string => JSON.stringify(ordered(value));

export const sameContent = (a: TaskContent, b: TaskContent): boolean =>
  canonical(contentOf(a)) === canonical(contentOf(b));

/** The fields of content that differ, in the order of `contentOf`. */
export const changedFields = (a: TaskContent, b: TaskContent): string[] =>
  FIELDS.filter((field) => canonical(a[field]) !== canonical(contentOf(b)[field]));

/**
 * The id of a task that was given none: a hash of its content. Fields that came after the first release count only where
 * they are not at their default, so that the same signal goes on naming the same task.
 */
export function nameOf(content: TaskContent): string {
  const { timezone, job, ...first } = contentOf(content);
  const later = { ...(timezone === 'UTC' ? {} : { timezone }), ...(job === null ? {} : { job }) };
  return `task_${contentId(JSON.stringify({ ...first, ...later }))}`;
}

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

/** A task by signal, as it begins. */
export function newTask(p: {
  readonly content: TaskContent;
  readonly taskId: string;
  readonly uid: string;
  readonly now: number;
  /** Default: without regard to any calendar. */
  readonly timing?: Timing | undefined;
}): Task {
  const content = contentOf(p.content);
  const epochAt = Math.max(p.now, content.startTime ?? 0);
  const scheduled = { ...content, epochAt };
  const timing = p.timing ?? timingOf(undefined);
  return {
    ...content,
    uid: p.uid,
    taskId: p.taskId,
    rev: 1,
    v: 1,
    origin: 'signal',
    ...beginning(scheduled, timing(scheduled), { cursor: epochAt - 1, now: p.now }),
    series: parseSymbols(content.symbols).names.map(freshSeries),
    error: null,
    lastRun: null,
    createdAt: p.now,
    updatedAt: p.now,
    epochAt,
    withUnavailable: false,
    declared: null,
    jobState: null,
  };
}

/** A series begun anew, which keeps how it came into the task. */
export const restarted = ({ symbol, selected }: TaskSeries): TaskSeries =>
  selected ? { ...freshSeries(symbol), selected } : freshSeries(symbol);

/**
 * Symbols that stay keep their standing unless what they mean has changed. Those named are the list's. Of the others, those
 * stay that the new list would still bring, as far as can be told without asking the venue.
 */
export function seriesAfterUpdate(task: Task, content: TaskContent): TaskSeries[] {
  const selection = parseSymbols(content.symbols);
  const sameVenue = task.source === content.source;
  const same =
    sameVenue &&
    task.dataType === content.dataType &&
    task.frequency === content.frequency &&
    task.config.price === content.config.price;
  const known = new Map(task.series.map((s) => [s.symbol, s]));
  const kept = (old: TaskSeries): TaskSeries =>
    same && old.state !== 'failed' && old.state !== 'blocked' ? { ...old, state: 'pending' } : restarted(old);
  const named = selection.names.map((symbol): TaskSeries => {
    const { selected: _, ...old } = known.get(symbol) ?? freshSeries(symbol);
    return kept(old);
  });
  const followed = task.series.flatMap((old) => {
    const selected = sameVenue ? stillSelected(old, selection) : undefined;
    return selected ? [{ ...kept(old), selected }] : [];
  });
  return [...named, ...followed];
}

/**
 * How a series stays in a task whose list was replaced: the selector that brought it is still there, or a pattern of the
 * new list fits it. Undefined where it does not stay: it is excluded or named now, or only a venue could tell.
 */
function stillSelected(s: TaskSeries, selection: SymbolSelection): SeriesSelection | undefined {
  const parts = symbolParts(s.symbol);
  if (!parts || isExcluded(selection, parts)) return undefined;
  if (selection.names.some((name) => sameSymbol(name, s.symbol))) return undefined;
  const { selected } = s;
  if (selected && selection.selectors.some((e) => e.text === selected.by)) return selected;
  if (!selected && s.seriesKey === null) return undefined;
  const fits = selection.selectors.find((e) => e.kind === 'pattern' && patternMatches(e.pattern, parts));
  return fits && { by: fits.text, left: selected?.left ?? null };
}
