import { ConfigError } from '@kairos/domain';
import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type ParseError,
} from 'jsonc-parser';
import { isFacts, mistakesIn, type FactsMistake } from './check-facts.ts';
import { SessionCalendar } from './session-calendar.ts';

/** More would hide the first, which often cause the others. */
const MOST_SHOWN = 20;
const LONGEST_TEXT = 1_000_000;

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

const nameOf = (path: FactsMistake['path']): string =>
  path.reduce<string>(
    (name, key) => (typeof key === 'number' ? `${name}[${key}]` : name === '' ? key : `${name}.${key}`),
    '',
  );

function refusal(file: string, lines: readonly string[]): ConfigError {
  const count = lines.length === 1 ? '1 mistake' : `${lines.length} mistakes`;
  const shown = lines.slice(0, MOST_SHOWN).map((line) => `  ${line}`);
  const more = lines.length > MOST_SHOWN ? [`  … and ${lines.length - MOST_SHOWN} more`] : [];
  return new ConfigError([`the calendar ${file} has ${count}:`, ...shown, ...more].join('\n'), { file });
}

/**
 * A calendar out of a dated file's text: JSON, in which comments and trailing commas are allowed. `file` is what messages
 * call it. @throws ConfigError with every mistake, each with its line and path
 */
export function parseCalendar(text: string, file: string): SessionCalendar {
  if (text.length > LONGEST_TEXT) throw refusal(file, [`${file}: is longer than ${LONGEST_TEXT} characters`]);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  if (!root || errors.length > 0)
    throw refusal(
      file,
      errors.length === 0
        ? [`${file}:1: holds nothing; a calendar is a JSON object`]
        : errors.map((e) => `${file}:${lineAt(text, e.offset)}: is no JSON: ${printParseErrorCode(e.error)}`),
    );
  const value: unknown = getNodeValue(root);
  if (isFacts(value)) return new SessionCalendar(value);
  const placeOf = ({ path }: FactsMistake): number => {
    for (let n = path.length; n >= 0; n -= 1) {
      const node = findNodeAtLocation(root, path.slice(0, n));
      if (node) return lineAt(text, node.offset);
    }
    return 1;
  };
  const lines = mistakesIn(value)
    .map((mistake) => ({ line: placeOf(mistake), mistake }))
    .sort((a, b) => a.line - b.line)
    .map(
      ({ line, mistake }) => `${file}:${line}: ${nameOf(mistake.path) || 'the calendar'} ${mistake.problem}`,
    );
  throw refusal(file, lines);
}
