import type { FileProblem } from '@kairos/config';
import { printable, type Display, type Language } from '../../command.ts';
import { painter } from '../../terminal/style.ts';
import { block } from './screens.ts';
import { tell } from './texts.ts';

const COLOURS = { error: 'red', warning: 'yellow' } as const;

/** A problem, its place first, so that editors and terminals can go there; below it what it is, and how to mend it. */
export function problemLines(problem: FileProblem, language: Language, display: Display): string[] {
  const paint = painter(display);
  const { file, line, column, path, severity, message, remedy } = problem;
  const at = { width: display.width, indent: '  ' };
  const word = paint(COLOURS[severity], tell(`severity_${severity}`, language));
  const place = paint('bold', `${printable(file)}:${line}:${column}`);
  return [
    `${place} ${word}${path === '' ? '' : ` ${printable(path)}`}`,
    ...block(printable(message), at),
    ...block(tell('toMend', language, { text: printable(remedy) }), at),
  ];
}
