import { PROBLEM_TEXTS, type ProblemCode, type ProblemLocale } from './scheduled-tasks-texts.ts';

/** One thing wrong, or odd, with a file of scheduled tasks: where it stands, what it is, how to mend it. */
export interface FileProblem {
  /** A task with an error is left out; a warning changes nothing. */
  readonly severity: 'error' | 'warning';
  /** Stable; listed in docs/reference/scheduled-tasks.md. */
  readonly code: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Such as `tasks[2].config.timeout`; empty for the file as a whole. */
  readonly path: string;
  /** Name of the task concerned, where there is one. */
  readonly task?: string | undefined;
  readonly message: string;
  readonly remedy: string;
}

/** Where a value stands. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

export type ProblemParams = Readonly<Record<string, string | number>>;

/** `tasks[2].config.timeout` of its parts. */
export const pathText = (path: readonly (string | number)[]): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');

const fill = (text: string, params: ProblemParams): string =>
  text.replace(/\{([a-z]+)\}/g, (whole, key: string) =>
    Object.hasOwn(params, key) ? String(params[key]) : whole,
  );

const LONGEST_QUOTE = 60;

/** A value as a message may show it: in JSON, cut; nothing of lists and objects. */
export function quoted(value: unknown, locale: ProblemLocale): string {
  if (value === undefined || (typeof value === 'object' && value !== null)) return '';
  const text = JSON.stringify(value);
  const cut = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return locale === 'zh' ? `，而不是 ${cut}` : `, not ${cut}`;
}

/** The problem of this code, in words. */
export function problemOf(p: {
  readonly severity?: 'error' | 'warning';
  readonly code: ProblemCode;
  /** Told in place of `code` where the rule is another room's. */
  readonly as?: string | undefined;
  readonly place: FilePlace;
  readonly task?: string | undefined;
  readonly params?: ProblemParams;
  readonly locale: ProblemLocale;
}): FileProblem {
  const { place, params = {} } = p;
  const [message, remedy] = PROBLEM_TEXTS[p.code][p.locale];
  return {
    severity: p.severity ?? 'error',
    code: p.as ?? p.code,
    ...place,
    ...(p.task !== undefined && { task: p.task }),
    message: fill(message, params),
    remedy: fill(remedy, params),
  };
}

/** In the order of the file. */
export const byPlace = (a: FileProblem, b: FileProblem): number => a.line - b.line || a.column - b.column;
