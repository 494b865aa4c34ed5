import { existsSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import type { ExportFormat } from '@kairos/ports';
import { writeAtomically } from '../atomic-file.ts';
import {
  EXIT,
  printable,
  UsageError,
  type Call,
  type ExitCode,
  type Language,
  type Work,
} from '../command.ts';
import type { Exported, ExportOrder } from '../door/door.ts';
import { flagOf, spanOf, textOf, wholeOf } from '../options.ts';
import { bytes, percent } from '../terminal/figures.ts';
import { refusal, within } from './ask.ts';
import { deriveOf, oneSeries } from './series-words.ts';

const FORMATS: readonly ExportFormat[] = ['csv', 'ndjson', 'parquet'];

/** The format a file's name asks for. */
export const formatOfName = (file: string): ExportFormat | undefined => {
  const ending = extname(file).slice(1).toLowerCase();
  return FORMATS.find((format) => format === ending);
};

/** The format that is asked for, by option or by name. @throws UsageError */
function formatOf(call: Call, out: string | undefined): ExportFormat {
  const given = textOf(call, 'format');
  const known = FORMATS.find((format) => format === given);
  if (given !== undefined && !known)
    throw new UsageError({
      en: `--format ${given}: must be csv, ndjson or parquet`,
      zh: `--format ${given}：只能是 csv、ndjson 或 parquet`,
    });
  return known ?? (out === undefined ? undefined : formatOfName(out)) ?? 'csv';
}

const WRITTEN = {
  en: (path: string, size: string) => `wrote ${path} (${size})`,
  zh: (path: string, size: string) => `已写入 ${path}（${size}）`,
};
const WRITING = { en: 'writing', zh: '正在写入' };

/** Before anything is read for it. @throws UsageError */
export function assertFree(path: string, force: boolean): void {
  const folder = dirname(path);
  if (!existsSync(folder))
    throw new UsageError({
      en: `${path}: there is no folder ${folder}; make it first`,
      zh: `${path}：没有文件夹 ${folder}；请先创建`,
    });
  if (!force && existsSync(path))
    throw new UsageError({
      en: `${path}: there is such a file already; --force replaces it`,
      zh: `${path}：文件已存在；--force 可覆盖`,
    });
}

/** Writes an export to a file, whole or not at all, and tells how far it is. Answers the size. */
export async function writeExport(p: {
  readonly call: Call;
  readonly language: Language;
  readonly exported: Exported;
  readonly path: string;
  readonly share: () => number | undefined;
  readonly signal: AbortSignal;
}): Promise<number> {
  const { terminal } = p.call;
  const name = printable(basename(p.path));
  let shownAt = 0;
  assertFree(p.path, flagOf(p.call, 'force'));
  try {
    return await writeAtomically({
      path: resolve(p.path),
      chunks: p.exported.chunks,
      overwrite: flagOf(p.call, 'force'),
      signal: p.signal,
      onBytes: (done) => {
        const now = Date.now();
        if (now - shownAt < 100) return;
        shownAt = now;
        const share = p.share();
        const part = share === undefined ? '' : `  ${percent(share, 1)}`;
        terminal.progress?.(`${WRITING[p.language]} ${name}  ${bytes(done)}${part}`);
      },
    });
  } finally {
    terminal.progress?.('');
  }
}

export const writtenLine = (path: string, size: number, language: Language): string =>
  WRITTEN[language](printable(path), bytes(size));

/** `kairos export SOURCE SYMBOL TIMEFRAME`: records as a file, or on standard output. */
export const exportSeries: Work = (call) => {
  const { source, symbol, timeframe } = oneSeries(call);
  const out = textOf(call, 'out');
  const format = formatOf(call, out);
  const price = textOf(call, 'price');
  if (price !== undefined && price !== 'last' && price !== 'mark' && price !== 'index')
    throw new UsageError({
      en: `--price ${price}: must be last, mark or index`,
      zh: `--price ${price}：只能是 last、mark 或 index`,
    });
  let share: number | undefined;
  const order: ExportOrder = {
    series: {
      source,
      symbol,
      dataType: textOf(call, 'type') ?? 'kline',
      frequency: timeframe,
      realm: textOf(call, 'realm'),
      price,
    },
    ...spanOf(call),
    limit: wholeOf(call, 'limit', { min: 1, max: 1e12 }),
    includeProvisional: flagOf(call, 'provisional'),
    format,
    derive: deriveOf(call),
    onShare: (told) => (share = told),
  };
  return within(call, async ({ door, language }): Promise<ExitCode> => {
    const exported = await door.export(order);
    if ('body' in exported) return refusal(exported, call);
    if (out === '-') {
      for await (const chunk of exported.chunks) await call.terminal.pour?.(chunk);
      return EXIT.ok;
    }
    const path = out ?? exported.fileName;
    const signal = call.terminal.interruption?.() ?? new AbortController().signal;
    try {
      const size = await writeExport({ call, language, exported, path, share: () => share, signal });
      if (flagOf(call, 'json')) call.terminal.out(JSON.stringify({ file: path, format, bytes: size }));
      else call.terminal.out(writtenLine(path, size, language));
      return EXIT.ok;
    } catch (error) {
      if (!signal.aborted) throw error;
      return EXIT.interrupted;
    }
  });
};
