import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
} from 'yaml';
import type { Mistake } from './mistake.ts';
import { FORBIDDEN_NAMES } from './runtime-schema.ts';
import type { Path } from './settings.ts';

/** A YAML text as plain values, and where in the text each of them stands. */
export interface YamlText {
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** Line of the key at this path, or of the nearest thing above it; lines count from 1. */
  lineOf(path: Path): number | undefined;
}

const LONGEST_TEXT = 1_000_000;
/** Enough for honest re-use of anchors; few enough that nested ones cannot explode. */
const MOST_ALIASES = 50;

const refused = (mistakes: readonly Mistake[]): YamlText => ({
  value: {},
  mistakes,
  lineOf: () => undefined,
});

const keyName = (key: unknown): string => String(isScalar(key) ? key.value : key);

/** The library's message without the excerpt it draws under it: the excerpt could show a secret. */
const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');

function forbiddenKeys(doc: Document, lines: LineCounter): Mistake[] {
  const found: Mistake[] = [];
  visit(doc, {
    Pair(_at, pair) {
      const name = keyName(pair.key);
      if (!FORBIDDEN_NAMES.has(name)) return;
      const line = isNode(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : undefined;
      found.push({ line, key: name, problem: 'cannot be used as a name; remove it' });
    },
  });
  return found;
}

function lineFinder(doc: Document, lines: LineCounter): (path: Path) => number | undefined {
  return (path) => {
    let node: unknown = doc.contents;
    let offset: number | undefined;
    for (const name of path) {
      if (isAlias(node)) node = node.resolve(doc);
      if (isSeq(node)) node = node.items[Number(name)];
      else if (isMap(node)) node = node.items.find((pair) => keyName(pair.key) === name);
      if (!isNode(node) && !isPair(node)) break;
      const mark: unknown = isPair(node) ? node.key : node;
      if (isNode(mark) && mark.range) [offset] = mark.range;
      if (isPair(node)) node = node.value;
    }
    return offset === undefined ? undefined : lines.linePos(offset).line;
  };
}

function plainValue(doc: Document): { value: unknown } | { problem: string } {
  try {
    return { value: doc.toJS({ maxAliasCount: MOST_ALIASES }) ?? {} };
  } catch (error) {
    return {
      problem: `cannot be read: ${firstLine(error instanceof Error ? error.message : String(error))}`,
    };
  }
}

/** Reads one YAML document. Never throws: what is wrong with the text comes back as mistakes, all of them. */
export function readYaml(text: string): YamlText {
  if (text.length > LONGEST_TEXT) {
    return refused([
      { line: undefined, key: '', problem: 'is longer than a megabyte; a configuration is not' },
    ]);
  }
  const lines = new LineCounter();
  const docs = parseAllDocuments(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: true });
  const [doc, second] = Array.isArray(docs) ? docs : [];
  if (doc === undefined) return { value: {}, mistakes: [], lineOf: () => undefined };
  const mistakes: Mistake[] = [...doc.errors, ...doc.warnings].map((error) => ({
    line: error.linePos?.[0].line,
    key: '',
    problem: `is not YAML as it should be: ${firstLine(error.message)}`,
  }));
  if (second !== undefined) {
    mistakes.push({
      line: lines.linePos(second.range[0]).line,
      key: '',
      problem: 'begins a second document; keep everything in one',
    });
  }
  mistakes.push(...forbiddenKeys(doc, lines));
  if (mistakes.length > 0) return refused(mistakes);
  const plain = plainValue(doc);
  if ('problem' in plain) return refused([{ line: 1, key: '', problem: plain.problem }]);
  return { value: plain.value, mistakes: [], lineOf: lineFinder(doc, lines) };
}
