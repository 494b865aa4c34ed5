import { explainViolation, placeText, type CheckCounts, type Violation } from '@kairos/fsck';
import { printable, type Language } from '../command.ts';

export interface FsckReport {
  readonly path: string;
  readonly checked: CheckCounts;
  readonly tookMs: number;
  readonly violations: readonly Violation[];
}

const number = (n: number): string => n.toLocaleString('en-US');
const counted = (n: number, one: string, many: string): string => `${number(n)} ${n === 1 ? one : many}`;

interface Words {
  checked(counts: CheckCounts, seconds: string): string;
  readonly store: string;
  readonly none: string;
  found(errors: number, warnings: number): string;
  readonly severity: Readonly<Record<Violation['severity'], string>>;
  readonly mend: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    store: 'store  ',
    checked: (c, seconds) =>
      `checked ${[
        counted(c.series, 'series', 'series'),
        counted(c.blocks, 'chunk', 'chunks'),
        counted(c.rows, 'row', 'rows'),
        counted(c.tasks, 'task', 'tasks'),
        counted(c.runs, 'run', 'runs'),
      ].join(', ')} in ${seconds} s`,
    none: 'no violation found',
    found: (errors, warnings) =>
      `${counted(errors, 'violation', 'violations')}, ${counted(warnings, 'warning', 'warnings')}`,
    severity: { error: 'error', warning: 'warning' },
    mend: 'to mend: ',
  },
  zh: {
    store: '存储 ',
    checked: (c, seconds) =>
      `已检查 ${number(c.series)} 个序列、${number(c.blocks)} 个数据块、${number(c.rows)} 行、${number(c.tasks)} 个任务、${number(c.runs)} 次运行，用时 ${seconds} 秒`,
    none: '未发现违例',
    found: (errors, warnings) => `${number(errors)} 处违例，${number(warnings)} 处警告`,
    severity: { error: '错误', warning: '警告' },
    mend: '修复：',
  },
};

function lines(v: Violation, language: Language): string[] {
  const words = WORDS[language];
  const { what, mend } = explainViolation(v, language);
  const head = [words.severity[v.severity], v.code, placeText(v.where)].filter(Boolean).join('  ');
  return ['', printable(head), `  ${printable(what)}`, `  ${words.mend}${mend}`];
}

/** For people. */
export function reportText(report: FsckReport, language: Language): string {
  const words = WORDS[language];
  const { violations } = report;
  const errors = violations.filter((v) => v.severity === 'error').length;
  return [
    `${words.store}${printable(report.path)}`,
    words.checked(report.checked, (report.tookMs / 1_000).toFixed(1)),
    violations.length === 0 ? words.none : words.found(errors, violations.length - errors),
    ...violations.flatMap((v) => lines(v, language)),
  ].join('\n');
}

/** For programs: one object, on one line. */
export function reportJson(report: FsckReport, language: Language): string {
  const errors = report.violations.filter((v) => v.severity === 'error').length;
  return JSON.stringify({
    store: report.path,
    checked: report.checked,
    took_ms: report.tookMs,
    errors,
    warnings: report.violations.length - errors,
    violations: report.violations.map((v) => ({ ...v, ...explainViolation(v, language) })),
  });
}
