import { printable, type Display, type Language, type Text } from '../command.ts';
import { PAGE } from '../terminal/display.ts';
import { painter } from '../terminal/style.ts';
import { padded, widthOf, wrapped } from '../terminal/text-width.ts';
import type { Check, Verdict } from './check.ts';

const SIGNS: Readonly<Record<Verdict, { readonly unicode: string; readonly ascii: string }>> = {
  ok: { unicode: '✓', ascii: 'ok  ' },
  warn: { unicode: '!', ascii: 'warn' },
  fail: { unicode: '✗', ascii: 'FAIL' },
};
const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

const TEXTS = {
  well: { en: 'all is well', zh: '一切正常' },
  warned: { en: '{n} to look at', zh: '{n} 处需留意' },
  failed: { en: '{n} must be mended', zh: '{n} 处需修复' },
} as const satisfies Readonly<Record<string, Text>>;

const number = (checks: readonly Check[], verdict: Verdict): number =>
  checks.filter((c) => c.verdict === verdict).length;

/** For people: a line each, the remedy below what wants one. */
export function reportLines(checks: readonly Check[], language: Language, display: Display): string[] {
  const paint = painter(display);
  const labels = checks.map((c) => printable(c.label[language]));
  const wide = Math.max(...labels.map(widthOf));
  const lines = checks.flatMap((check, i) => {
    const { unicode, ascii } = SIGNS[check.verdict];
    const sign = display.unicode ? unicode : ascii;
    const indent = widthOf(sign) + wide + 4;
    const width = Math.max(30, (display.width ?? PAGE) - indent);
    const colour = COLOURS[check.verdict];
    const [first = '', ...rest] = check.seen[language]
      .split('\n')
      .flatMap((line) => wrapped(printable(line), width));
    const remedy = (check.remedy?.[language] ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => wrapped(`→ ${line}`, width));
    return [
      `${paint(colour, sign)} ${padded(labels[i] ?? '', wide)}   ${first}`,
      ...rest.map((line) => `${' '.repeat(indent)}${line}`),
      ...remedy.map((line) => `${' '.repeat(indent)}${paint('cyan', line)}`),
    ];
  });
  const [failed, warned] = [number(checks, 'fail'), number(checks, 'warn')];
  const last = [
    ...(failed > 0 ? [paint('red', TEXTS.failed[language].replace('{n}', String(failed)))] : []),
    ...(warned > 0 ? [paint('yellow', TEXTS.warned[language].replace('{n}', String(warned)))] : []),
  ];
  return [
    ...lines,
    '',
    last.length > 0 ? last.join(language === 'zh' ? '，' : ', ') : paint('green', TEXTS.well[language]),
  ];
}

/** For programs. */
export const reportJson = (checks: readonly Check[], language: Language): string =>
  JSON.stringify({
    ok: number(checks, 'fail') === 0,
    failed: number(checks, 'fail'),
    warnings: number(checks, 'warn'),
    checks: checks.map((c) => ({
      id: c.id,
      verdict: c.verdict,
      seen: c.seen[language],
      ...(c.remedy && { remedy: c.remedy[language] }),
    })),
  });
