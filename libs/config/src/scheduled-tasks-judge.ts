import { contradiction, parseSymbols } from '@kairos/domain';
import { checkSchedule, scheduleText } from '@kairos/schedule';
import type { z } from 'zod';
import { nearest } from './nearest.ts';
import {
  collectTaskSchema,
  functionTaskSchema,
  unpackedRule,
  type CollectTaskText,
  type FunctionTaskText,
} from './scheduled-tasks-fields.ts';
import type { JsonPath, JsonText } from './scheduled-tasks-json.ts';
import {
  pathText,
  problemOf,
  quoted,
  type FileProblem,
  type ProblemParams,
} from './scheduled-tasks-problem.ts';
import { runtimeMeant, runtimeOf } from './scheduled-tasks-runtime.ts';
import { secretPaths } from './scheduled-tasks-secrets.ts';
import type { ProblemCode, ProblemLocale } from './scheduled-tasks-texts.ts';
import { writtenTime } from './scheduled-tasks-time.ts';
import { isTree, valueAt, type Tree } from './tree.ts';

/** A task whose fields are right by themselves. */
export type CheckedTask =
  | { readonly kind: 'function'; readonly task: FunctionTaskText }
  | { readonly kind: 'collect'; readonly task: CollectTaskText };

export interface JudgedTask {
  /** Undefined where a field is wrong. */
  readonly checked?: CheckedTask | undefined;
  readonly problems: readonly FileProblem[];
}

type ZodIssue = z.core.$ZodIssue;
interface Finding {
  readonly code: ProblemCode;
  readonly as?: string;
  /** Within the task. */
  readonly path: JsonPath;
  /** About the name of the field rather than its value. */
  readonly key?: boolean;
  readonly params?: ProblemParams;
  readonly severity?: 'warning';
}

const EXAMPLES: Readonly<Record<string, string>> = {
  name: '"name": "python-task-1"',
  function: '"function": "python_crawler"',
  runtime: '"runtime": "python3.11"',
  schedule: '"schedule": "rate(5 minutes)"',
  config: '"config": { "taskType": "simple_task_1" }',
  taskType: '"taskType": "simple_task_1"',
  source: '"source": "binance"',
  symbols: '"symbols": ["BTCUSDT"]',
  frequency: '"frequency": "1h"',
};

const FUNCTION_FIELDS = Object.keys(functionTaskSchema.shape);
const CONFIG_FIELDS = Object.keys(functionTaskSchema.shape.config.shape);
const COLLECT_FIELDS = Object.keys(collectTaskSchema.shape);
const IDLE_FIELDS: ReadonlySet<string> = new Set(['function', 'runtime', 'taskName', 'timeout', 'memory']);

/** A task collects where it says so, or says nothing of a task type and names what to collect. */
export function kindOf(entry: Tree): 'function' | 'collect' {
  const taskType = valueAt(entry, ['config', 'taskType']);
  if (taskType !== undefined) return taskType === 'collect' ? 'collect' : 'function';
  if ('source' in entry || 'symbols' in entry) return 'collect';
  return 'frequency' in entry && !('function' in entry) ? 'collect' : 'function';
}

/** A field that stands on the wrong side of `config`. */
function elsewhere(field: string, nested: boolean): string | undefined {
  if (nested) return FUNCTION_FIELDS.includes(field) ? `${field}, beside config` : undefined;
  const inside = nearest(field, CONFIG_FIELDS);
  return inside && `config.${inside}`;
}

function unknownField(kind: 'function' | 'collect', path: JsonPath): Finding {
  const field = String(path.at(-1));
  const nested = path.length > 1;
  const own = kind === 'function' ? FUNCTION_FIELDS : COLLECT_FIELDS;
  const known = (nested ? CONFIG_FIELDS : own).filter(
    (name) => kind === 'function' || !IDLE_FIELDS.has(name),
  );
  const found = { path, key: true } as const;
  if (!nested && kind === 'function' && COLLECT_FIELDS.includes(field))
    return { ...found, code: 'field_of_collect' };
  if (!nested && kind === 'collect' && FUNCTION_FIELDS.includes(field))
    return { ...found, code: 'field_of_function' };
  const near = nearest(field, known) ?? elsewhere(field, nested);
  return near === undefined
    ? { ...found, code: 'unknown_field', params: { known: known.join(', ') } }
    : { ...found, code: 'unknown_field_near', params: { near } };
}

function findingsOf(issue: ZodIssue, kind: 'function' | 'collect', entry: Tree): Finding[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(kind, [...path, key]));
  const field = String(path.at(-1));
  const value = valueAt(entry, path.map(String));
  if (value === undefined && typeof path.at(-1) === 'string') {
    return [{ code: 'missing', path, params: { example: EXAMPLES[field] ?? `"${field}": …` } }];
  }
  const { code, params } = unpackedRule(issue.message) ?? { code: 'object' as const, params: {} };
  const near = code === 'runtime_unknown' ? { near: runtimeMeant(String(value)) } : {};
  return [{ code, path, params: { ...params, ...near } }];
}

/** What no field shows by itself. */
function* aboutCollect(task: CollectTaskText): Generator<Finding> {
  for (const field of ['start_time', 'end_time'] as const) {
    if (writtenTime(task[field])?.zoned === false)
      yield { code: 'time_zone_missing', path: [field], severity: 'warning' };
  }
  const start = writtenTime(task.start_time)?.ms ?? -Infinity;
  if (start >= (writtenTime(task.end_time)?.ms ?? Infinity)) yield { code: 'time_order', path: ['end_time'] };

  const selection = parseSymbols(task.symbols);
  const excluded = contradiction(selection);
  if (selection.exclusions.length > 0 && selection.selectors.length === 0)
    yield { code: 'exclusions_alone', path: ['symbols'] };
  else if (excluded !== undefined)
    yield { code: 'symbol_excluded', path: ['symbols'], params: { got: excluded } };
  for (const [i, symbol] of task.symbols.entries()) {
    if (task.symbols.indexOf(symbol) < i)
      yield { code: 'symbol_repeated', path: ['symbols', i], params: { got: symbol }, severity: 'warning' };
  }

  for (const field of ['function', 'runtime'] as const)
    if (task[field] !== undefined)
      yield { code: 'without_effect', path: [field], key: true, severity: 'warning' };
  for (const field of Object.keys(task.config ?? {}))
    if (field !== 'taskType')
      yield { code: 'without_effect', path: ['config', field], key: true, severity: 'warning' };
}

function* aboutFunction(task: FunctionTaskText): Generator<Finding> {
  const runtime = runtimeOf(task.runtime);
  if (runtime?.deprecated === true) {
    const params = { got: task.runtime, near: runtime.runtime };
    yield { code: 'runtime_deprecated', path: ['runtime'], params, severity: 'warning' };
  }
}

/** Of the schedule and its zone, by the grammar's own rules and in its words. */
function* aboutSchedule(
  schedule: string | undefined,
  timezone: string,
  locale: ProblemLocale,
): Generator<Finding> {
  // Without a schedule the zone alone is judged, beside one that is always right.
  const { issues, warnings } = checkSchedule({ schedule: schedule ?? 'rate(1 minute)', timezone });
  const remarks = [
    ...issues.map((issue) => ({ ...issue, severity: undefined })),
    ...warnings.map((warning) => ({ ...warning, path: 'schedule', severity: 'warning' as const })),
  ];
  for (const { path, code, params, severity } of remarks) {
    yield {
      code: 'schedule',
      as: code,
      path: [path],
      params: { reason: scheduleText({ code, params }, locale) },
      ...(severity && { severity }),
    };
  }
}

function check(kind: 'function' | 'collect', entry: Tree): { checked?: CheckedTask; findings: Finding[] } {
  if (kind === 'function') {
    const read = functionTaskSchema.safeParse(entry);
    return read.success
      ? { checked: { kind, task: read.data }, findings: [...aboutFunction(read.data)] }
      : { findings: read.error.issues.flatMap((issue) => findingsOf(issue, kind, entry)) };
  }
  const read = collectTaskSchema.safeParse(entry);
  return read.success
    ? { checked: { kind, task: read.data }, findings: [...aboutCollect(read.data)] }
    : { findings: read.error.issues.flatMap((issue) => findingsOf(issue, kind, entry)) };
}

/** One entry of `tasks`, by itself. */
export function judgeTask(p: {
  readonly entry: unknown;
  readonly at: JsonPath;
  readonly json: JsonText;
  readonly locale: ProblemLocale;
}): JudgedTask {
  const { entry, at, json, locale } = p;
  const name = valueAt(entry, ['name']);
  const task = typeof name === 'string' && name.length <= 128 ? { task: name } : {};
  const tell = ({ path, key, params, ...finding }: Finding): FileProblem =>
    problemOf({
      ...finding,
      ...task,
      locale,
      place: key === true ? json.placeOfKey([...at, ...path]) : json.placeOf([...at, ...path]),
      params: {
        field: path.length === 0 ? pathText(at) : pathText(path),
        got: path[0] === 'params' ? '' : quoted(valueAtPath(entry, path), locale),
        ...params,
      },
    });
  if (!isTree(entry)) return { problems: [tell({ code: 'object', path: [] })] };
  const { checked, findings } = check(kindOf(entry), entry);
  const { schedule, timezone = 'UTC' } = checked?.task ?? entry;
  const about =
    (schedule === undefined || typeof schedule === 'string') && typeof timezone === 'string'
      ? [...aboutSchedule(schedule, timezone, locale)]
      : [];
  const secrets = [...secretPaths(entry, [])].map((path): Finding => ({ code: 'secret_in_file', path }));
  return { checked, problems: [...findings, ...about, ...secrets].map(tell) };
}

const valueAtPath = (entry: unknown, path: JsonPath): unknown =>
  path.reduce<unknown>(
    (at, part) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, part) ? Reflect.get(at, part) : undefined,
    entry,
  );
