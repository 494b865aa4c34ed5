import type { TaskDeclaration } from '@kairos/domain';
import { nearest } from './nearest.ts';
import { collectDeclaration, declarationsRevision, functionDeclaration } from './scheduled-tasks-declare.ts';
import { MAX_TASKS } from './scheduled-tasks-fields.ts';
import { readJson, type JsonText } from './scheduled-tasks-json.ts';
import { judgeTask, type CheckedTask } from './scheduled-tasks-judge.ts';
import { byPlace, problemOf, quoted, type FilePlace, type FileProblem } from './scheduled-tasks-problem.ts';
import type { ProblemLocale } from './scheduled-tasks-texts.ts';
import { isTree, type Tree } from './tree.ts';

export interface ScheduledTasksSource {
  /** JSON, in which comments and trailing commas may stand. */
  readonly text: string;
  /** Name of the file, for problems. */
  readonly file: string;
  /** Language of the problems; default English. */
  readonly locale?: ProblemLocale | undefined;
}

/** A declared task, and where it stands in the file. */
export interface ScheduledEntry {
  readonly name: string;
  readonly declaration: TaskDeclaration;
  /** From 1. */
  readonly line: number;
  /** As the file has them; null where it has none. */
  readonly written: {
    readonly function: string | null;
    readonly runtime: string | null;
    readonly schedule: string | null;
  };
  /** Of the schedule, or of the whole task where it has none of its own. */
  readonly schedulePlace: FilePlace;
}

export interface ScheduledTasks {
  /** In the order of the file. Those with an error are left out. */
  readonly entries: readonly ScheduledEntry[];
  /** In the order of the file. */
  readonly problems: readonly FileProblem[];
  /** A hash of what the entries mean: it stays the same when only order, comments or spaces change. */
  readonly revision: string;
}

const ROOT_FIELDS = ['$schema', 'tasks'];
/** More helps nobody. */
const MOST_PROBLEMS = 1_000;

interface Reading {
  readonly json: JsonText;
  readonly locale: ProblemLocale;
}

function entryOf({ kind, task }: CheckedTask, index: number, json: JsonText): ScheduledEntry {
  const place = json.placeOf(['tasks', index]);
  const written = { schedule: task.schedule ?? null };
  return {
    name: task.name,
    declaration: kind === 'function' ? functionDeclaration(task) : collectDeclaration(task),
    line: place.line,
    written:
      kind === 'function'
        ? { function: task.function, runtime: task.runtime, ...written }
        : { function: null, runtime: null, ...written },
    schedulePlace: task.schedule === undefined ? place : json.placeOf(['tasks', index, 'schedule']),
  };
}

/** Fields of the file itself. */
function judgeRoot(root: Tree, { json, locale }: Reading): FileProblem[] {
  const unknown = Object.keys(root).filter((field) => !ROOT_FIELDS.includes(field));
  const problems = unknown.map((field) => {
    const near = nearest(field, ROOT_FIELDS);
    const about = { place: json.placeOfKey([field]), locale };
    return near === undefined
      ? problemOf({ ...about, code: 'unknown_field', params: { field, known: ROOT_FIELDS.join(', ') } })
      : problemOf({ ...about, code: 'unknown_field_near', params: { field, near } });
  });
  const { $schema, tasks } = root;
  if ($schema !== undefined && typeof $schema !== 'string') {
    const params = { field: '$schema', got: quoted($schema, locale) };
    problems.push(problemOf({ code: 'text', place: json.placeOf(['$schema']), params, locale }));
  }
  const place = json.placeOf(['tasks']);
  if (tasks === undefined)
    problems.push(
      problemOf({ code: 'missing', place, params: { field: 'tasks', example: '"tasks": []' }, locale }),
    );
  else if (!Array.isArray(tasks))
    problems.push(
      problemOf({ code: 'list', place, params: { field: 'tasks', got: quoted(tasks, locale) }, locale }),
    );
  else if (tasks.length > MAX_TASKS)
    problems.push(
      problemOf({ code: 'too_many_tasks', place, params: { count: tasks.length, max: MAX_TASKS }, locale }),
    );
  return problems;
}

function judgeTasks(
  tasks: readonly unknown[],
  { json, locale }: Reading,
): { readonly entries: ScheduledEntry[]; readonly problems: FileProblem[] } {
  const entries: ScheduledEntry[] = [];
  const problems: FileProblem[] = [];
  const lines = new Map<string, number>();
  for (const [index, entry] of tasks.entries()) {
    const at = ['tasks', index];
    const judged = judgeTask({ entry, at, json, locale });
    problems.push(...judged.problems);
    const name = isTree(entry) ? entry['name'] : undefined;
    const first = typeof name === 'string' ? lines.get(name) : undefined;
    if (typeof name === 'string' && first !== undefined) {
      const params = { got: name, line: first };
      const place = json.placeOf([...at, 'name']);
      problems.push(problemOf({ code: 'duplicate_name', place, task: name, params, locale }));
    } else if (typeof name === 'string') lines.set(name, json.placeOf(at).line);
    if (judged.checked !== undefined && first === undefined)
      entries.push(entryOf(judged.checked, index, json));
  }
  return { entries, problems };
}

/** Which task a path such as `tasks[2].config.timeout` belongs to. */
const taskIndexOf = (path: string): string => /^tasks\[\d+\]/.exec(path)?.[0] ?? '';

/** The name of the task that a problem of the text itself lies in. */
function taskNamed(tasks: unknown, path: string): { readonly task?: string } {
  const entry: unknown = Array.isArray(tasks) ? tasks[Number(/^tasks\[(\d+)\]/.exec(path)?.[1])] : undefined;
  const name = isTree(entry) ? entry['name'] : undefined;
  return typeof name === 'string' && name.length <= 128 ? { task: name } : {};
}

function finished(
  entries: readonly ScheduledEntry[],
  problems: readonly FileProblem[],
  p: Reading,
): ScheduledTasks {
  const sorted = [...problems].sort(byPlace);
  const more = sorted.length - MOST_PROBLEMS;
  const shown = sorted.slice(0, MOST_PROBLEMS);
  const last = shown.at(-1);
  // An error among those not shown must not be lost to whoever asks whether there was one.
  const severity = sorted.slice(MOST_PROBLEMS).some((x) => x.severity === 'error') ? 'error' : 'warning';
  if (more > 0 && last !== undefined)
    shown.push(
      problemOf({
        severity,
        code: 'more_problems',
        place: { file: last.file, line: last.line, column: last.column, path: '' },
        params: { count: more },
        locale: p.locale,
      }),
    );
  return { entries, problems: shown, revision: declarationsRevision(entries.map((e) => e.declaration)) };
}

/**
 * Reads the text of `config/scheduled-tasks.json`. Never throws: whatever is wrong comes back as problems, all of them, each
 * with its place and its remedy; tasks with an error are left out of `entries`. A text that is no JSON has no entries.
 */
export function readScheduledTasks(source: ScheduledTasksSource): ScheduledTasks {
  const { text, file, locale = 'en' } = source;
  const json = readJson({ text, file, locale });
  const reading = { json, locale };
  if (json.value === undefined) return finished([], json.problems, reading);
  if (!isTree(json.value)) {
    const params = { field: locale === 'zh' ? '文件' : 'the file', got: quoted(json.value, locale) };
    return finished([], [problemOf({ code: 'object', place: json.placeOf([]), params, locale })], reading);
  }
  const { tasks } = json.value;
  const ofRoot = judgeRoot(json.value, reading);
  const judged =
    Array.isArray(tasks) && tasks.length <= MAX_TASKS
      ? judgeTasks(tasks, reading)
      : { entries: [], problems: [] };
  const ofText = json.problems.map((p) => ({ ...p, ...taskNamed(tasks, p.path) }));
  const problems = [...ofText, ...ofRoot, ...judged.problems];
  const wrong = new Set(problems.filter((p) => p.severity === 'error').map((p) => taskIndexOf(p.path)));
  const entries = judged.entries.filter((e) => !wrong.has(taskIndexOf(e.schedulePlace.path)));
  return finished(entries, problems, reading);
}
