import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { FORBIDDEN_NAMES } from './runtime-schema.ts';
import {
  pathText,
  problemOf,
  type FilePlace,
  type FileProblem,
  type ProblemParams,
} from './scheduled-tasks-problem.ts';
import { syntaxText, type ProblemCode, type ProblemLocale } from './scheduled-tasks-texts.ts';

export type JsonPath = readonly (string | number)[];

/** A text of JSON with comments as plain values, and where in the text each of them stands. */
export interface JsonText {
  /** Undefined where the text is no JSON, or holds what no value may hold. */
  readonly value: unknown;
  readonly problems: readonly FileProblem[];
  /** Of the value at the path, or of the nearest thing above it that is there. */
  placeOf(path: JsonPath): FilePlace;
  /** Of the name of a field. */
  placeOfKey(path: JsonPath): FilePlace;
}

/** Room for as many tasks as a file may have, each with twice of what the documented ones take; files of people are far smaller. */
const LONGEST_FILE = 8_000_000;
const DEEPEST = 64;
/** The first ones; those that follow are mostly their consequences. */
const MOST_SYNTAX_PROBLEMS = 20;
const OPENING: ReadonlySet<string> = new Set(['{', '[']);
const CLOSING: ReadonlySet<string> = new Set(['}', ']']);

/** The byte-order mark is no part of the text. */
export const withoutMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);

/** Offset at which nesting exceeds what the recursive reader may be given; undefined where it does not. */
function tooDeepAt(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (;;) {
    scanner.scan();
    const offset = scanner.getTokenOffset();
    // Not by the token's length: after a comment that is cut short within CRLF the scanner stands beyond the end.
    if (offset >= text.length) return undefined;
    const token = scanner.getTokenLength() === 1 ? text.charAt(offset) : '';
    if (OPENING.has(token)) depth += 1;
    if (CLOSING.has(token)) depth -= 1;
    if (depth > DEEPEST) return offset;
  }
}

/** Line and column of an offset, both from 1. A line ends at LF, CRLF or CR, as editors count. */
function lineFinder(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** Plain values of a tree. Names are own properties, whatever they are. */
function valueOf(node: Node): unknown {
  const { children = [] } = node;
  if (node.type === 'array') return children.map(valueOf);
  if (node.type !== 'object') return getNodeValue(node);
  return Object.fromEntries(
    children.flatMap(({ children: [key, value] = [] }) =>
      key !== undefined && value !== undefined ? [[String(key.value), valueOf(value)] as const] : [],
    ),
  );
}

interface Visit {
  readonly node: Node;
  readonly path: JsonPath;
}

function* inside({ node, path }: Visit): Generator<Visit> {
  const { children = [] } = node;
  for (const [i, child] of children.entries()) {
    if (node.type === 'array') yield { node: child, path: [...path, i] };
    const [key, value] = child.children ?? [];
    if (node.type === 'object' && key !== undefined && value !== undefined)
      yield { node: value, path: [...path, String(key.value)] };
  }
}

type Tell = (p: {
  readonly code: ProblemCode;
  readonly offset: number;
  readonly path: JsonPath;
  readonly params?: ProblemParams;
  readonly severity?: 'error' | 'warning';
}) => void;

function judgeKeys(p: Visit & { readonly tell: Tell; readonly lineAt: (offset: number) => number }): void {
  const seen = new Map<string, number>();
  for (const property of p.node.type === 'object' ? (p.node.children ?? []) : []) {
    const [key] = property.children ?? [];
    if (key === undefined) continue;
    const name = String(key.value);
    const at = { offset: key.offset, path: [...p.path, name] };
    const first = seen.get(name);
    if (FORBIDDEN_NAMES.has(name)) p.tell({ ...at, code: 'forbidden_name', params: { got: name } });
    else if (first !== undefined)
      p.tell({ ...at, code: 'duplicate_key', params: { key: name.slice(0, 60), line: p.lineAt(first) } });
    else seen.set(name, key.offset);
    if (/\p{Cs}/u.test(name)) p.tell({ ...at, code: 'text_broken' });
  }
}

function judgeValue({ node, path }: Visit, tell: Tell): void {
  const value: unknown = node.value;
  if (typeof value === 'number' && !Number.isFinite(value))
    tell({ code: 'number_out_of_range', offset: node.offset, path });
  else if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    tell({ code: 'number_inexact', offset: node.offset, path, severity: 'warning' });
  if (typeof value === 'string' && /\p{Cs}/u.test(value))
    tell({ code: 'text_broken', offset: node.offset, path });
}

/** Reads one text. Never throws: what is wrong with it comes back as problems. */
export function readJson(p: {
  readonly text: string;
  readonly file: string;
  readonly locale: ProblemLocale;
}): JsonText {
  const { file, locale } = p;
  const text = withoutMark(p.text);
  const at = lineFinder(text.length > LONGEST_FILE ? '' : text);
  const place = (offset: number, path: JsonPath): FilePlace => ({
    file,
    ...at(offset),
    path: pathText(path),
  });
  const refused = (problems: readonly FileProblem[]): JsonText => {
    const start = { file, line: 1, column: 1, path: '' };
    return { value: undefined, problems, placeOf: () => start, placeOfKey: () => start };
  };
  const one = (code: ProblemCode, offset: number, params: ProblemParams): FileProblem =>
    problemOf({ code, place: place(offset, []), params, locale });

  if (text.length > LONGEST_FILE) return refused([one('file_too_long', 0, { max: LONGEST_FILE })]);
  const deep = tooDeepAt(text);
  if (deep !== undefined) return refused([one('too_deep', deep, { max: DEEPEST })]);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || root === undefined) {
    return refused(
      errors.slice(0, MOST_SYNTAX_PROBLEMS).map(({ error, offset }) => {
        return one('syntax', offset, { expected: syntaxText(printParseErrorCode(error), locale) });
      }),
    );
  }

  const problems: FileProblem[] = [];
  const tell: Tell = ({ offset, path, ...rest }) =>
    problems.push(problemOf({ ...rest, place: place(offset, path), locale }));
  const waiting: Visit[] = [{ node: root, path: [] }];
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    judgeKeys({ ...visit, tell, lineAt: (offset) => at(offset).line });
    judgeValue(visit, tell);
    // One by one: a call takes only so many arguments.
    for (const next of inside(visit)) waiting.push(next);
  }

  const nodeAt = (path: JsonPath): Node => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = findNodeAtLocation(root, path.slice(0, length));
      if (node !== undefined) return node;
    }
    return root;
  };
  return {
    value: valueOf(root),
    problems,
    placeOf: (path) => place(nodeAt(path).offset, path),
    placeOfKey: (path) =>
      place(findNodeAtLocation(root, [...path])?.parent?.offset ?? nodeAt(path).offset, path),
  };
}
