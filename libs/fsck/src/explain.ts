import { EN, ZH } from './texts.ts';
import type { Violation, ViolationPlace } from './violation.ts';

export type FsckLanguage = 'en' | 'zh';

export interface ExplainedViolation {
  /** What is wrong. */
  readonly what: string;
  /** What to do about it. */
  readonly mend: string;
}

const TEXTS = { en: EN, zh: ZH };

/** Instants that no calendar has are told as numbers. */
const timeText = (ts: number): string => (Math.abs(ts) <= 8.64e15 ? new Date(ts).toISOString() : String(ts));

/** Where it is, in one line: `series … block 12 at 2024-01-01T00:00:00.000Z`. Empty for the store as a whole. */
export const placeText = (where: ViolationPlace): string =>
  [
    where.series === undefined ? '' : `series ${where.series}`,
    where.block === undefined ? '' : `block ${where.block}`,
    where.task === undefined ? '' : `task ${where.task}`,
    where.task === undefined && where.uid !== undefined ? `uid ${where.uid}` : '',
    where.run === undefined ? '' : `run ${where.run}`,
    where.budget === undefined ? '' : `budget ${where.budget}`,
    where.ts === undefined ? '' : `at ${timeText(where.ts)}`,
  ]
    .filter(Boolean)
    .join(' ');

/** A violation in words. */
export function explainViolation(v: Violation, language: FsckLanguage): ExplainedViolation {
  const [what, mend] = TEXTS[language][v.code];
  const many = language === 'zh' ? `共 ${v.n} 处` : `${v.n} of them`;
  const notes = [v.n > 1 ? many : '', v.detail].filter(Boolean).join('; ');
  return { what: notes === '' ? what : `${what} (${notes})`, mend };
}
