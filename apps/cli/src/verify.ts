import { SystemClock, SystemIds } from '@kairos/clock-system';
import type { VerifyOrder } from '@kairos/collectors';
import { isTimeframe, type TimeRange } from '@kairos/domain';
import { EXIT, UsageError, type Call, type ExitCode, type Work } from './command.ts';
import { loadConfigOrDefaults, storePathOf } from './configuration.ts';
import { flagOf, languageOption, spanOf, textOf } from './options.ts';
import { progressLine, reportJson, reportText, type VerifyReport } from './verify-report.ts';
import { openWorkshop, verifySeries, type SeriesChoice } from './verify-series.ts';

interface Options extends SeriesChoice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly deep: boolean;
}

function seriesOf(words: readonly string[]): Pick<SeriesChoice, 'source' | 'symbol' | 'timeframe'> {
  const [source, symbol, timeframe] = words;
  if (timeframe !== undefined && !isTimeframe(timeframe))
    throw new UsageError({
      en: `verify: ${timeframe} is no timeframe such as 1m, 1h or 1d`,
      zh: `verify：${timeframe} 不是周期；例如 1m、1h、1d`,
    });
  if (words.length > 0 && timeframe === undefined)
    throw new UsageError({
      en: 'verify: name source, symbol and timeframe, or nothing to verify all',
      zh: 'verify：请写来源、标的和周期；什么都不写则核对全部',
    });
  return { source, symbol, timeframe };
}

const optionsOf = (call: Call): Options => ({
  ...seriesOf(call.words),
  ...spanOf(call),
  deep: flagOf(call, 'deep'),
  against: textOf(call, 'against'),
});

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
export const verify: Work = async (call) => {
  const { terminal } = call;
  const options = optionsOf(call);
  const loaded = await loadConfigOrDefaults(textOf(call, 'config'), terminal.env);
  const { config } = loaded;
  const language = languageOption(call) ?? config.locale;
  const clock = new SystemClock();
  const signal = terminal.interruption?.() ?? new AbortController().signal;
  const path = textOf(call, 'store') ?? storePathOf(loaded);
  const workshop = await openWorkshop({ path, config, clock, ids: new SystemIds(), signal });
  try {
    const startedAt = clock.now();
    const order = orderOf(options);
    const series = await verifySeries(workshop, options, order, (name, progress) =>
      terminal.progress?.(progressLine(name, progress, language)),
    );
    terminal.progress?.('');
    const tookMs = Math.max(0, clock.now() - startedAt);
    const report = { store: workshop.path, series, tookMs, interrupted: signal.aborted };
    terminal.out(flagOf(call, 'json') ? reportJson(report) : reportText(report, language));
    return exitOf(report);
  } finally {
    await workshop.close();
  }
};
