import { explainViolation, placeText, type CheckCounts, type Violation } from '@kairos/fsck';
import { printable, type Language } from './command.ts';

export interface DoctorReport {
  readonly path: string;
  readonly checked: CheckCounts;
  readonly tookMs: number;
  readonly violations: readonly Violation[];
}

export const DOCTOR_HELP: Readonly<Record<Language, string>> = {
  en: `Usage: kairos doctor --fsck [--config FILE] [--store PATH] [--json] [--lang en|zh]

Reads all of a store and says which promises it breaks, and how to mend them. Writes nothing.

  --fsck          check the store
  --config FILE   configuration that names the store (default config/standalone.yaml, or $KAIROS_CONFIG)
  --store PATH    the store itself
  --json          one JSON object instead of text
  --lang en|zh    language (default: locale of the configuration, else en)

Exit code: 0 nothing broken, 1 violations, 2 usage or configuration, 3 the store cannot be opened.`,
  zh: `用法：kairos doctor --fsck [--config FILE] [--store PATH] [--json] [--lang en|zh]

读取整个存储，指出违背了哪些承诺以及如何修复。不写入任何内容。

  --fsck          检查存储
  --config FILE   指明存储位置的配置（默认 config/standalone.yaml，或 $KAIROS_CONFIG）
  --store PATH    存储文件本身
  --json          输出一个 JSON 对象而不是文字
  --lang en|zh    语言（默认取配置的 locale，否则为 en）

退出码：0 完好，1 有违例，2 用法或配置错误，3 存储无法打开。`,
};

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
export function reportText(report: DoctorReport, language: Language): string {
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
export function reportJson(report: DoctorReport, language: Language): string {
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
