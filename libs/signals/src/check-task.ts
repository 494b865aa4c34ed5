import {
  contradiction,
  countSlots,
  dataTypeIds,
  dataTypeOf,
  gridOf,
  mostSeries,
  parseSymbols,
  type Issue,
} from '@kairos/domain';
import type { SourceDescription } from '@kairos/ports';
import { scheduleIssues } from './check-schedule.ts';
import { suggestionFor } from './nearest.ts';

/** What this deployment can fetch, known without opening a source. */
export interface KnownSources {
  ids(): readonly string[];
  describe(id: string): SourceDescription | undefined;
}

/** Fields of a task that depend on each other. Absent ones are not known, or were found wrong by themselves. */
export interface TaskQuestion {
  readonly source?: string | undefined;
  readonly dataType?: string | undefined;
  readonly frequency?: string | undefined;
  readonly symbols?: readonly string[] | undefined;
  readonly start?: number | null | undefined;
  readonly end?: number | null | undefined;
  readonly historyDays?: number | undefined;
  readonly confirmLarge?: boolean | undefined;
  readonly schedule?: string | null | undefined;
  readonly timezone?: string | null | undefined;
  /** From when `historyDays` count back. */
  readonly createdAt: number;
  readonly now: number;
}

export interface TaskRules {
  readonly sources: KnownSources;
}

/** A task that would bring more records wants `confirm_large`. */
export const MAX_PLANNED_RECORDS = 50_000_000;
const DAY = 86_400_000;
const LISTED = 40;

const listed = (options: readonly string[]): string =>
  options.length > LISTED ? `${options.slice(0, LISTED).join(', ')}, …` : options.join(', ');

function describe(sources: KnownSources, id: string | undefined): SourceDescription | undefined {
  // Asked only for ids it lists: a name such as `toString` must not reach a lookup by property.
  return id !== undefined && sources.ids().includes(id) ? sources.describe(id) : undefined;
}

function checkDataType(dataType: string, source: SourceDescription | undefined): Issue | undefined {
  const offered = source ? Object.keys(source.dataTypes) : dataTypeIds();
  if (offered.includes(dataType)) return undefined;
  const params = { got: dataType, options: listed(offered), ...suggestionFor(dataType, offered) };
  return source
    ? { path: 'data_type', code: 'unsupported_data_type', params: { ...params, source: source.id } }
    : { path: 'data_type', code: 'unknown_data_type', params };
}

function checkFrequency(q: TaskQuestion, source: SourceDescription | undefined): Issue | undefined {
  if (!source || q.dataType === undefined || q.frequency === undefined) return undefined;
  const offered = Object.hasOwn(source.dataTypes, q.dataType) ? (source.dataTypes[q.dataType] ?? []) : [];
  if (offered.length === 0 || offered.includes(q.frequency)) return undefined;
  const params = { got: q.frequency, source: source.id, data_type: q.dataType, options: listed(offered) };
  return {
    path: 'frequency',
    code: 'unsupported_frequency',
    params: { ...params, ...suggestionFor(q.frequency, offered) },
  };
}

/** Whether the source, its kind of data and their frequency go together. */
export function checkSource(q: TaskQuestion, sources: KnownSources): Issue[] {
  const source = describe(sources, q.source);
  const issues: (Issue | undefined)[] = [];
  if (q.source !== undefined && !source) {
    const params = { got: q.source, ...suggestionFor(q.source, sources.ids()) };
    issues.push({ path: 'source', code: 'unknown_source', params });
  }
  if (q.dataType !== undefined) issues.push(checkDataType(q.dataType, source));
  issues.push(checkFrequency(q, source));
  return issues.filter((i) => i !== undefined);
}

/** An order of times, told at the later one. */
export function checkOrder(
  start: number | null | undefined,
  end: number | null | undefined,
  names: { readonly start: string; readonly end: string },
): Issue[] {
  if (start === null || start === undefined || end === null || end === undefined || start < end) return [];
  return [{ path: names.end, code: 'time_order', params: { start: names.start } }];
}

/** Records the task would plan up to its end, or to now for a standing order; undefined where too little is known. */
export function plannedRecords(q: TaskQuestion): number | undefined {
  const type = q.dataType === undefined ? undefined : dataTypeOf(q.dataType);
  if (q.symbols === undefined || q.frequency === undefined || type?.axis !== 'grid') return undefined;
  const asked = q.start ?? (q.historyDays === undefined ? undefined : q.createdAt - q.historyDays * DAY);
  if (asked === undefined) return undefined;
  const from = type.shape === 'snapshot' ? Math.max(asked, q.now) : asked;
  return mostSeries(q.symbols) * countSlots(gridOf(q.frequency), { from, to: q.end ?? q.now });
}

/** Entries of `symbols` that do not go together. */
function checkSymbols(symbols: readonly string[]): Issue[] {
  const selection = parseSymbols(symbols);
  if (selection.exclusions.length === 0) return [];
  if (selection.selectors.length === 0) return [{ path: 'symbols', code: 'exclusions_alone', params: {} }];
  const symbol = contradiction(selection);
  return symbol === undefined ? [] : [{ path: 'symbols', code: 'symbol_excluded', params: { symbol } }];
}

function checkSize(q: TaskQuestion): Issue[] {
  const planned = plannedRecords(q);
  if (planned === undefined || planned <= MAX_PLANNED_RECORDS || q.confirmLarge === true) return [];
  return [
    { path: 'config.confirm_large', code: 'too_many_records', params: { planned, max: MAX_PLANNED_RECORDS } },
  ];
}

/** Everything wrong with a task that no field shows by itself. */
export function checkTask(q: TaskQuestion, rules: TaskRules): Issue[] {
  return [
    ...checkSource(q, rules.sources),
    ...checkSymbols(q.symbols ?? []),
    ...checkOrder(q.start, q.end, { start: 'start_time', end: 'end_time' }),
    ...scheduleIssues(q),
    ...checkSize(q),
  ];
}
