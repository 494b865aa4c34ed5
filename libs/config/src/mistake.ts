import { ConfigError } from '@kairos/domain';

/** One thing wrong with the configuration: where it stands, which key, and what to do about it. */
export interface Mistake {
  /** In the file; undefined when it is not about a place in it. */
  readonly line?: number | undefined;
  /** The environment variable that brought the value, when one did. */
  readonly variable?: string | undefined;
  /** Dotted; empty for the file as a whole. */
  readonly key: string;
  /** Reads on after the key: `must be …, not …; do …`. */
  readonly problem: string;
}

/** More would scroll the first ones, which often cause the others, out of sight. */
const MOST_SHOWN = 50;

const byPlace = (a: Mistake, b: Mistake): number =>
  (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER) ||
  (a.variable ?? '').localeCompare(b.variable ?? '');

function sentence(file: string, m: Mistake): string {
  const place = m.variable ?? (m.line === undefined ? file : `${file}:${m.line}`);
  return `  ${place}: ${m.key === '' ? 'the file' : m.key} ${m.problem}`;
}

/** One error for all mistakes, in the order of the file, then of the environment. */
export function configError(file: string, mistakes: readonly Mistake[]): ConfigError {
  const sorted = [...mistakes].sort(byPlace);
  const count = sorted.length === 1 ? '1 mistake' : `${sorted.length} mistakes`;
  const shown = sorted.slice(0, MOST_SHOWN).map((m) => sentence(file, m));
  const more = sorted.length > MOST_SHOWN ? [`  … and ${sorted.length - MOST_SHOWN} more`] : [];
  return new ConfigError([`the configuration has ${count}:`, ...shown, ...more].join('\n'), {
    file,
    key: sorted[0]?.key ?? '',
    mistakes: sorted.slice(0, MOST_SHOWN),
  });
}
