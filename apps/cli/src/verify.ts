import { parseArgs } from 'node:util';
import { SystemClock, SystemIds } from '@kairos/clock-system';
import type { VerifyOrder } from '@kairos/collectors';
import { isTimeframe, type TimeRange } from '@kairos/domain';
import { EXIT, LANGUAGES, UsageError, type Command, type ExitCode, type Language } from './command.ts';
import { loadConfig } from './configuration.ts';
import { progressLine, reportJson, reportText, VERIFY_HELP, type VerifyReport } from './verify-report.ts';
import { openWorkshop, verifySeries, type SeriesChoice } from './verify-series.ts';

interface Options extends SeriesChoice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly deep: boolean;
  readonly config: string | undefined;
  readonly json: boolean;
  readonly language: Language | undefined;
  readonly help: boolean;
}

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  deep: { type: 'boolean' },
  against: { type: 'string' },
  config: { type: 'string' },
  json: { type: 'boolean' },
  lang: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** A zone is wanted beside a time of day: whose else would it be? */
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

function instantOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = INSTANT.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) throw new UsageError(`--${option} ${text}: write 2024-01-31 or 2024-01-31T10:00:00Z`);
  return at;
}

function seriesOf(words: readonly string[]): Pick<SeriesChoice, 'source' | 'symbol' | 'timeframe'> {
  const [source, symbol, timeframe] = words;
  if (words.length > 3) throw new UsageError(`verify: ${words[3]} is one word too many`);
  if (timeframe !== undefined && !isTimeframe(timeframe))
    throw new UsageError(`verify: ${timeframe} is no timeframe such as 1m, 1h or 1d`);
  if (words.length > 0 && timeframe === undefined)
    throw new UsageError('verify: name source, symbol and timeframe, or nothing to verify all');
  return { source, symbol, timeframe };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function optionsOf(args: readonly string[]): Options {
  const { values, positionals } = parsed(args);
  const { deep = false, json = false, help = false, against, config, lang } = values;
  const language = LANGUAGES.find((known) => known === lang);
  if (lang !== undefined && !language) throw new UsageError(`--lang ${lang}: must be en or zh`);
  const from = instantOf('from', values.from);
  const to = instantOf('to', values.to);
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError('--from must lie before --to');
  return { ...seriesOf(positionals), from, to, deep, against, config, json, help, language };
}

function orderOf({ from, to, deep }: Options): VerifyOrder {
  const range: TimeRange | null =
    from === undefined && to === undefined ? null : { from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER };
  return { range, deep };
}

function exitOf({ interrupted, series }: VerifyReport): ExitCode {
  if (interrupted) return EXIT.interrupted;
  if (series.some((s) => s.error)) return EXIT.venue;
  return series.some((s) => (s.outcome?.defects.length ?? 0) > 0) ? EXIT.found : EXIT.ok;
}

/** `kairos verify`: holds stored candles against what else their source tells; findings go into the store. */
export const verify: Command = {
  name: 'verify',
  summary: { en: 'hold stored candles against other evidence', zh: '用其他证据核对已存的 K 线' },
  async run(args, terminal): Promise<ExitCode> {
    const options = optionsOf(args);
    if (options.help) {
      terminal.out(VERIFY_HELP[options.language ?? 'en']);
      return EXIT.ok;
    }
    const { file, config } = await loadConfig(options.config, terminal.env);
    const language = options.language ?? config.locale;
    const clock = new SystemClock();
    const signal = terminal.interruption?.() ?? new AbortController().signal;
    const workshop = await openWorkshop({ file, config, clock, ids: new SystemIds(), signal });
    try {
      const startedAt = clock.now();
      const order = orderOf(options);
      const series = await verifySeries(workshop, options, order, (name, progress) =>
        terminal.progress?.(progressLine(name, progress, language)),
      );
      terminal.progress?.('');
      const tookMs = Math.max(0, clock.now() - startedAt);
      const report = { store: workshop.path, series, tookMs, interrupted: signal.aborted };
      terminal.out(options.json ? reportJson(report) : reportText(report, language));
      return exitOf(report);
    } finally {
      await workshop.close();
    }
  },
};
