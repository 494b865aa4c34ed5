import { collectSeries } from '@kairos/collectors';
import { SourceError } from '@kairos/domain';
import type { SourceRegistry } from '@kairos/ports';
import { Board, fit } from '../backfill/board.ts';
import { checkSource, fileOf, planOf, withAddress, type BackfillPlan } from '../backfill/plan.ts';
import { summaryJson, summaryLines, type Backfilled, type BackfillReport } from '../backfill/summary.ts';
import { text } from '../backfill/texts.ts';
import { EXIT, printable, type Call, type ExitCode, type Language, type Work } from '../command.ts';
import { loadConfigOrDefaults, storePathOf } from '../configuration.ts';
import { addressOf, findServer, isServed } from '../door/find-server.ts';
import { openHouse, type OpenHouse } from '../open-house.ts';
import { flagOf, languageOption, textOf } from '../options.ts';
import { errOf, outOf } from '../terminal/display.ts';
import { clock } from '../terminal/figures.ts';
import { painter } from '../terminal/style.ts';
import { assertFree, formatOfName, writeExport, writtenLine } from './export.ts';

interface Job {
  readonly call: Call;
  readonly house: OpenHouse;
  readonly plan: BackfillPlan;
  readonly language: Language;
  readonly signal: AbortSignal;
  readonly board: Board;
  readonly quiet: boolean;
}

/** How often what people watch is drawn, and how often a log is told. */
const DRAW_MS = 150;
const TELL_MS = 5_000;

const nameOf = (symbol: string, timeframe: string): string => `${symbol} ${timeframe}`;

/** Shows the board until told to stop. */
function show({ call, board, language, quiet, signal }: Job): () => void {
  const { terminal } = call;
  if (quiet) return () => undefined;
  const display = errOf(terminal);
  const stopping = (): string[] => (signal.aborted ? [fit(text('stopping', language), display)] : []);
  const { block } = terminal;
  if (!block) {
    signal.addEventListener('abort', () => terminal.err(text('stopping', language)));
    const tell = (): void => {
      const line = board.line(Date.now());
      if (line !== '') terminal.err(line);
    };
    const timer = setInterval(tell, TELL_MS);
    return () => clearInterval(timer);
  }
  const draw = (): void => block([...board.lines(Date.now(), display), ...stopping()]);
  const timer = setInterval(draw, DRAW_MS);
  return () => {
    clearInterval(timer);
    draw();
    block([]);
    terminal.err('');
  };
}

async function collectTimeframe(job: Job, timeframe: string): Promise<Backfilled[]> {
  const { house, plan, board, signal } = job;
  const { symbols, from, to, patienceMs } = plan;
  const reports = await collectSeries({
    source: await house.sources.open(plan.source),
    store: house.store.series,
    clock: house.clock,
    ids: house.ids,
    runId: `backfill-${house.ids.uid()}`,
    symbols,
    timeframe,
    from,
    to,
    patienceMs,
    signal,
    onProgress: (told) => board.note(nameOf(told.symbol, timeframe), told, Date.now()),
  });
  return Promise.all(
    reports.map(async (report) => {
      if (report.state === 'failed') board.fail(nameOf(report.symbol, timeframe));
      const filter = report.range ?? {};
      const found =
        report.seriesKey === null
          ? {}
          : await house.store.series.countFindings({ key: report.seriesKey, filter });
      const findings = Object.values(found).reduce((a, b) => a + b, 0);
      return { ...report, timeframe, findings };
    }),
  );
}

/** All timeframes at once: they share the venue's limit through its budget. */
async function collectAll(job: Job): Promise<readonly Backfilled[]> {
  const stop = show(job);
  try {
    const all = await Promise.all(job.plan.timeframes.map((t) => collectTimeframe(job, t)));
    return all.flat();
  } finally {
    stop();
  }
}

async function exportAll(job: Job, series: readonly Backfilled[]): Promise<string[]> {
  const { call, house, plan, language, signal } = job;
  const { out } = plan;
  const there = series.filter((s) => s.seriesKey !== null);
  if (out === undefined || signal.aborted) return [];
  const files: string[] = [];
  for (const s of there) {
    let share: number | undefined;
    const exported = await house.series.export({
      series: {
        source: plan.source,
        symbol: s.instrument?.replace(/^[^:]*:/, '') ?? s.symbol,
        dataType: 'kline',
        frequency: s.timeframe,
      },
      from: s.range?.from,
      to: s.range?.to,
      includeProvisional: false,
      format: formatOfName(out) ?? 'csv',
      onProgress: (told) => (share = told.share),
    });
    const path = fileOf(out, s.symbol, s.timeframe, series.length > 1);
    const size = await writeExport({ call, language, exported, path, share: () => share, signal });
    files.push(path);
    if (!job.quiet) call.terminal.out(writtenLine(path, size, language));
  }
  return files;
}

/** A file in the way is told before the work, not after it. @throws UsageError */
function checkFiles(call: Call, { out, symbols, timeframes }: BackfillPlan): void {
  if (out === undefined) return;
  const several = symbols.length * timeframes.length > 1;
  for (const timeframe of timeframes)
    for (const symbol of symbols) assertFree(fileOf(out, symbol, timeframe, several), flagOf(call, 'force'));
}

/** Small writes into chunks, as a server would do by and by. */
async function tidy({ house, signal }: Job): Promise<void> {
  const settledBefore = house.clock.now();
  for (let more = true; more && !signal.aborted;)
    ({ more } = await house.store.series.compact({ settledBefore, maxRows: 4_000 }));
}

function exitOf(report: BackfillReport): ExitCode {
  if (report.interrupted) return EXIT.interrupted;
  if (report.series.some((s) => s.error instanceof SourceError)) return EXIT.venue;
  return report.series.every((s) => s.state === 'complete') ? EXIT.ok : EXIT.found;
}

async function tellStart(job: Job, serverUrl: string | undefined, token: string | undefined): Promise<void> {
  const { call, house, plan, language } = job;
  if (job.quiet) return;
  const paint = painter(errOf(call.terminal));
  const to = plan.to === undefined ? text('now', language) : clock(plan.to);
  const head = text('head', language, {
    source: printable(plan.source),
    store: printable(house.path),
    from: clock(plan.from - (plan.from % 60_000)),
    to,
  });
  call.terminal.err(paint('dim', head));
  const found = serverUrl === undefined ? undefined : await findServer(serverUrl, token);
  if (found?.kind === 'server' && isServed(found.store, house.path))
    call.terminal.err(paint('dim', text('beside', language, { pid: String(found.pid ?? '?') })));
}

/** `kairos backfill SOURCE SYMBOL... TIMEFRAME`: fetches what is missing of a span, once. */
export const backfill: Work = async (call) => {
  const plan = planOf(call, Date.now());
  const loaded = await loadConfigOrDefaults(textOf(call, 'config'), call.terminal.env);
  const config = withAddress(call, loaded.config, plan.source);
  const language = languageOption(call) ?? config.locale;
  const path = textOf(call, 'store') ?? storePathOf(loaded);
  checkFiles(call, plan);
  const check = (sources: SourceRegistry): void => checkSource(plan, sources);
  const house = await openHouse({ config, path, create: true, check });
  try {
    const names = plan.timeframes.flatMap((t) => plan.symbols.map((s) => nameOf(s, t)));
    const signal = call.terminal.interruption?.() ?? new AbortController().signal;
    const board = new Board(names, language);
    const job: Job = { call, house, plan, language, signal, board, quiet: flagOf(call, 'json') };
    await tellStart(job, addressOf(config.http), config.http.token?.reveal());
    const startedAt = performance.now();
    const series = await collectAll(job);
    const tookMs = performance.now() - startedAt;
    await tidy(job);
    const files = await exportAll(job, series);
    const report: BackfillReport = {
      store: path,
      source: plan.source,
      exchange: house.exchangeOf(plan.source),
      realm: textOf(call, 'baseUrl') === undefined ? undefined : house.sources.describe(plan.source)?.realm,
      series,
      tookMs,
      interrupted: signal.aborted && series.some((s) => s.state === 'interrupted'),
      files,
    };
    const { out } = call.terminal;
    if (job.quiet) out(summaryJson(report));
    else for (const line of summaryLines(report, language, outOf(call.terminal))) out(line);
    return exitOf(report);
  } finally {
    await house.close();
  }
};
