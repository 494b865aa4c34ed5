import { ConfigError, ConflictError, nearestName, NotFoundError } from '@kairos/domain';
import { applyEdits, createScanner, findNodeAtLocation, parseTree, type Edit, type Node } from 'jsonc-parser';
import type { ScheduledTaskText } from './scheduled-tasks-fields.ts';
import { readJson, withoutMark } from './scheduled-tasks-json.ts';
import { isTree } from './tree.ts';

/**
 * Edits of a file of scheduled tasks that leave every other character alone: comments, order, indentation, line ends. The
 * parser gives the places; it is not asked to edit, because it would lay out the whole line anew, in a file of one line all.
 */

const MARK = '\uFEFF';
const LINE_END = /\r\n|\n|\r/;
const REST_OF_LINE_COMMENT = /[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/)/y;

interface Opened {
  readonly text: string;
  readonly array: Node;
  readonly tasks: readonly Node[];
  readonly value: { readonly tasks: readonly unknown[] };
}

/** @throws ConfigError where the text is no file of tasks */
function open(text: string): Opened {
  const { value, problems } = readJson({ text, file: 'the file', locale: 'en' });
  const error = problems.find((p) => p.severity === 'error');
  const root = error === undefined ? parseTree(text, [], { allowTrailingComma: true }) : undefined;
  const array = root && findNodeAtLocation(root, ['tasks']);
  if (array?.type !== 'array' || !isTree(value) || !Array.isArray(value['tasks'])) {
    const why = error === undefined ? 'it has no list named tasks' : `line ${error.line}: ${error.message}`;
    throw new ConfigError(`the file of scheduled tasks cannot be edited: ${why}; mend that first`);
  }
  return { text, array, tasks: array.children ?? [], value: { ...value, tasks: value['tasks'] } };
}

const nameOf = (task: unknown): unknown => (isTree(task) ? task['name'] : undefined);

/** @throws NotFoundError `TASK_NOT_FOUND`, ConfigError where two tasks have the name */
function indexOf({ value: { tasks } }: Opened, name: string): number {
  const at = tasks.flatMap((task, i) => (nameOf(task) === name ? [i] : []));
  const [index] = at;
  if (index === undefined) {
    const near = nearestName(
      name,
      tasks.map(nameOf).filter((n) => typeof n === 'string'),
    );
    throw new NotFoundError('task', name, 'TASK_NOT_FOUND', {
      ...(near !== undefined && { remedy: `did you mean ${near}?` }),
    });
  }
  if (at.length > 1)
    throw new ConfigError(
      `${at.length} tasks of the file have the name ${name}; give each one of its own first`,
    );
  return index;
}

const endOf = (node: Node): number => node.offset + node.length;

/** The white space before an offset on its line; undefined where something else stands there too. */
function indentAt(text: string, offset: number): string | undefined {
  const before = text.slice(0, offset).split(LINE_END).at(-1) ?? '';
  return before.trim() === '' && before.length < offset ? before : undefined;
}

/** Offset of the comma that is the next token; undefined where another one is. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  const at = scanner.getTokenOffset();
  return text.charAt(at) === ',' ? at : undefined;
}

/** Past the comments that follow on the same line: they belong to what stands before them. */
function pastComments(text: string, offset: number): number {
  let at = offset;
  for (;;) {
    REST_OF_LINE_COMMENT.lastIndex = at;
    const match = REST_OF_LINE_COMMENT.exec(text);
    if (match === null) return at;
    at += match[0].length;
  }
}

const lineEndOf = (text: string): string => LINE_END.exec(text)?.[0] ?? '\n';

/** Puts an item behind `last` in a list or object, on a line of its own if `last` has one. */
function insertAfter(text: string, last: Node, item: (indent: string | undefined) => string): Edit[] {
  const end = endOf(last);
  const indent = indentAt(text, last.offset);
  if (indent === undefined) return [{ offset: end, length: 0, content: `, ${item(undefined)}` }];
  const comma = commaAfter(text, end);
  // Only a comma beside it: one on a later line has comments before it that are nobody's.
  const beside =
    comma !== undefined && text.slice(end, comma).trim() === '' && !LINE_END.test(text.slice(end, comma));
  const after = pastComments(text, beside ? comma + 1 : end);
  const content = lineEndOf(text) + indent + item(indent);
  if (beside) return [{ offset: after, length: 0, content: `${content},` }];
  if (comma !== undefined) return [{ offset: end, length: 0, content: `,${content}` }];
  return [
    { offset: end, length: 0, content: ',' },
    { offset: after, length: 0, content },
  ];
}

/** The text after the edits, which must mean what was wanted: better no edit than a wrong one. */
function edited(text: string, edits: readonly Edit[], wanted: unknown): string {
  const out = applyEdits(text, [...edits]);
  if (JSON.stringify(readJson({ text: out, file: '', locale: 'en' }).value) === JSON.stringify(wanted))
    return out;
  throw new ConfigError(
    'the file of scheduled tasks is laid out too unusually to be edited safely; edit it by hand',
  );
}

/** Runs an edit on the text without its byte-order mark, and puts that back. */
const keepingMark = (text: string, edit: (bare: string) => string): string =>
  (text.startsWith(MARK) ? MARK : '') + edit(withoutMark(text));

/** A task as it stands after a change of one field, in the order that the edit gives it. */
const changed = (task: unknown, after: string, field: string, to: unknown): unknown => {
  const entries = Object.entries(isTree(task) ? task : {});
  if (entries.some(([name]) => name === field))
    return Object.fromEntries(entries.map(([name, value]) => [name, name === field ? to : value]));
  const at = entries.findIndex(([name]) => name === after) + 1;
  return Object.fromEntries([...entries.slice(0, at), [field, to], ...entries.slice(at)]);
};

/**
 * The text with the task switched on or off, every other character as it was.
 * @throws NotFoundError `TASK_NOT_FOUND`; ConfigError where the text is no file of tasks
 */
export function setTaskEnabled(text: string, name: string, enabled: boolean): string {
  return keepingMark(text, (bare) => {
    const opened = open(bare);
    const index = indexOf(opened, name);
    const properties = opened.tasks[index]?.children ?? [];
    const keyOf = (property: Node): unknown => property.children?.[0]?.value;
    const value = properties.find((p) => keyOf(p) === 'enabled')?.children?.[1];
    if (value === undefined && enabled) return bare;
    const anchor = properties.find((p) => keyOf(p) === 'schedule') ?? properties.at(-1);
    if (anchor === undefined) throw new NotFoundError('task', name, 'TASK_NOT_FOUND');
    const edits =
      value === undefined
        ? insertAfter(bare, anchor, () => `"enabled": ${enabled}`)
        : [{ offset: value.offset, length: value.length, content: String(enabled) }];
    const tasks = opened.value.tasks.map((task, i) =>
      i === index ? changed(task, String(keyOf(anchor)), 'enabled', enabled) : task,
    );
    return edited(bare, edits, { ...opened.value, tasks });
  });
}

/** Lines are taken out whole where nothing else stands on them. */
function withItsLine(text: string, from: number, to: number): Edit {
  const indent = indentAt(text, from);
  const rest = /[ \t]*(?:\r\n|\n|\r)/y;
  rest.lastIndex = to;
  const match = rest.exec(text);
  if (indent !== undefined && match !== null)
    return { offset: from - indent.length, length: to - from + indent.length + match[0].length, content: '' };
  return { offset: from, length: to - from, content: '' };
}

function removal({ text, tasks }: Opened, index: number): Edit[] {
  const task = tasks[index];
  if (task === undefined) return [];
  const end = endOf(task);
  const comma = commaAfter(text, end);
  if (comma !== undefined) {
    const beside = text.slice(end, comma).trim() === '';
    if (!beside) return [withItsLine(text, task.offset, end), { offset: comma, length: 1, content: '' }];
    const own = indentAt(text, task.offset) !== undefined;
    const gap = own ? 0 : (/^[ \t]*/.exec(text.slice(comma + 1))?.[0].length ?? 0);
    return [withItsLine(text, task.offset, comma + 1 + gap)];
  }
  const before = tasks[index - 1];
  const previous = before && commaAfter(text, endOf(before));
  if (previous === undefined) return [withItsLine(text, task.offset, end)];
  const between = text.slice(previous + 1, task.offset);
  if (/^[ \t]*$/.test(between)) return [{ offset: previous, length: end - previous, content: '' }];
  return [{ offset: previous, length: 1, content: '' }, withItsLine(text, task.offset, end)];
}

/**
 * The text without the task. Comments inside the task go with it, those around it stay.
 * @throws NotFoundError `TASK_NOT_FOUND`; ConfigError where the text is no file of tasks
 */
export function removeTask(text: string, name: string): string {
  return keepingMark(text, (bare) => {
    const opened = open(bare);
    const index = indexOf(opened, name);
    const tasks = opened.value.tasks.filter((_, i) => i !== index);
    return edited(bare, removal(opened, index), { ...opened.value, tasks });
  });
}

/** One step of indentation, as the file has it. */
function unitOf({ text, array, tasks }: Opened): string {
  const last = tasks.at(-1);
  const outer = last && indentAt(text, last.offset);
  const inner = last?.children?.[0] && indentAt(text, last.children[0].offset);
  if (outer !== undefined && inner?.startsWith(outer) === true && inner.length > outer.length)
    return inner.slice(outer.length);
  const own = array.parent && indentAt(text, array.parent.offset);
  return own === undefined || own === '' ? '  ' : own;
}

function insertionIntoNone(opened: Opened, item: (indent: string | undefined) => string): Edit[] {
  const { text, array } = opened;
  const close = endOf(array) - 1;
  const outer = array.parent && indentAt(text, array.parent.offset);
  const closing = indentAt(text, close);
  const eol = lineEndOf(text);
  if (closing !== undefined) {
    const indent = closing + unitOf(opened);
    return [{ offset: close - closing.length, length: 0, content: indent + item(indent) + eol }];
  }
  const inside = text.slice(array.offset + 1, close);
  if (outer === undefined || inside.trim() !== '')
    return [{ offset: close, length: 0, content: item(undefined) }];
  const indent = outer + unitOf(opened);
  const content = eol + indent + item(indent) + eol + outer;
  return [{ offset: array.offset + 1, length: inside.length, content }];
}

/**
 * The text with the task at the end of its list, laid out as its neighbours are. An empty text becomes a whole file. The
 * task is not judged: `readScheduledTasks` does that with the text that comes out.
 * @throws ConflictError `TASK_EXISTS` where the name is taken; ConfigError where the text is no file of tasks
 */
export function addTask(text: string, entry: ScheduledTaskText): string {
  if (withoutMark(text).trim() === '') return `${JSON.stringify({ tasks: [entry] }, null, 2)}\n`;
  return keepingMark(text, (bare) => {
    const opened = open(bare);
    if (opened.value.tasks.some((task) => nameOf(task) === entry.name))
      throw new ConflictError(
        'TASK_EXISTS',
        `the file has a task ${entry.name} already; choose another name`,
      );
    const item = (indent: string | undefined): string =>
      indent === undefined
        ? JSON.stringify(entry)
        : JSON.stringify(entry, null, unitOf(opened))
            .split('\n')
            .join(lineEndOf(bare) + indent);
    const last = opened.tasks.at(-1);
    const edits = last === undefined ? insertionIntoNone(opened, item) : insertAfter(bare, last, item);
    const tasks = [...opened.value.tasks, JSON.parse(JSON.stringify(entry)) as unknown];
    return edited(bare, edits, { ...opened.value, tasks });
  });
}
