import type { SeriesReport } from '@kairos/collectors';
import { printable, type Display, type Language } from '../command.ts';
import { clock, count, duration, short } from '../terminal/figures.ts';
import { painter } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';
import { padded } from '../terminal/text-width.ts';
import { regionHint } from '../venue-hints.ts';
import { stateText, text } from './texts.ts';

/** How one series of a backfill ended. */
export interface Backfilled extends SeriesReport {
  readonly timeframe: string;
  readonly findings: number;
}

export interface BackfillReport {
  readonly store: string;
  readonly source: string;
  readonly exchange: string;
  /** Of data from an address that only this call names. */
  readonly realm: string | undefined;
  readonly series: readonly Backfilled[];
  readonly tookMs: number;
  readonly interrupted: boolean;
  /** Files written. */
  readonly files: readonly string[];
}

const COLOURS = { complete: 'green', open: 'yellow', interrupted: 'yellow', failed: 'red' } as const;

const nameOf = (s: Backfilled): string =>
  printable(`${s.instrument?.replace(/^[^:]*:/, '') ?? s.symbol} ${s.timeframe}`);

type Step = [name: Parameters<typeof text>[0], command: string];

/** What came of it, and what to do next. */
export function summaryLines(report: BackfillReport, language: Language, display: Display): string[] {
  const paint = painter(display);
  const right = { align: 'right' } as const;
  const head = (name: Parameters<typeof text>[0]) => ({ head: text(name, language), ...right });
  const cell = (n: number | undefined): string => (n === undefined ? '–' : count(n));
  const lines = table({
    columns: [
      { head: text('series', language), least: 10 },
      { head: text('state', language) },
      ...(['expected', 'present', 'empty', 'unavailable', 'open', 'findings', 'newRows'] as const).map(head),
    ],
    rows: report.series.map((s) => {
      const c = s.coverage?.counts;
      const open = c && c.missing + c.failed + c.provisional;
      return [
        nameOf(s),
        stateText(s.state, language),
        cell(s.coverage?.expected),
        cell(c?.present),
        cell(c?.empty),
        cell(c?.unavailable),
        cell(open),
        count(s.findings),
        count(s.rows),
      ];
    }),
    width: display.width,
    head: paint,
    paint: (shown, column, row) => {
      const state = report.series[row]?.state;
      return column === 1 && state ? paint(COLOURS[state], shown) : shown;
    },
  });
  const trouble = report.series.flatMap((s) => troubleLines(s, report, language));
  return [
    ...lines,
    '',
    totals(report, language),
    ...(trouble.length > 0 ? ['', ...trouble] : []),
    ...(report.interrupted ? ['', paint('yellow', text('interrupted', language))] : []),
    ...nextSteps(report, language),
  ];
}

function totals({ series, tookMs }: BackfillReport, language: Language): string {
  const sum = (of: (s: Backfilled) => number): number => series.reduce((n, s) => n + of(s), 0);
  const rows = sum((s) => s.rows);
  const time = duration(tookMs);
  if (rows === 0 && series.every((s) => s.state === 'complete'))
    return text('nothingNew', language, { time });
  return text('took', language, {
    rows: count(rows),
    time,
    rate: short((rows * 1_000) / Math.max(1, tookMs)),
    requests: count(sum((s) => s.requests)),
    weight: count(sum((s) => s.weight)),
  });
}

function troubleLines(s: Backfilled, report: BackfillReport, language: Language): string[] {
  const about = nameOf(s);
  const hint = s.error && regionHint(s.error, report.exchange, language);
  return [
    ...(s.note === null ? [] : [`${about}: ${printable(s.note)}`]),
    ...(s.error ? [`${about}: ${s.error.code}: ${printable(s.error.message)}`] : []),
    ...(hint === undefined ? [] : hint.split('\n')),
    ...(s.notBefore === undefined
      ? []
      : [`${about}: ${text('again', language, { time: clock(s.notBefore) })}`]),
  ];
}

function nextSteps(report: BackfillReport, language: Language): string[] {
  const first = report.series.find((s) => s.instrument !== null);
  if (!first || report.interrupted) return [];
  const named = `${report.source} ${nameOf(first)}`;
  const series = report.realm === undefined ? named : `${named} --realm ${printable(report.realm)}`;
  const steps: Step[] = [
    ['look', `kairos coverage ${series}`],
    ...(first.findings > 0 ? [['odd', `kairos findings ${series}`] as Step] : []),
    ...(report.files.length > 0 ? [] : [['takeOut', `kairos export ${series} --format parquet`] as Step]),
    // A task would go to the address that is configured.
    ...(report.realm === undefined ? [['goOn', `kairos tasks create ${series}`] as Step] : []),
  ];
  const labels = steps.map(([name]) => text(name, language));
  const wide = Math.max(...labels.map((l) => (language === 'zh' ? 2 * l.length : l.length)));
  return ['', ...steps.map(([, command], i) => `${padded(labels[i] ?? '', wide)}   ${command}`)];
}

/** For programs. */
export const summaryJson = (report: BackfillReport): string =>
  JSON.stringify({
    store: report.store,
    source: report.source,
    took_ms: report.tookMs,
    interrupted: report.interrupted,
    files: report.files,
    series: report.series.map((s) => ({
      symbol: s.symbol,
      instrument: s.instrument,
      frequency: s.timeframe,
      state: s.state,
      ...(s.range && { from: new Date(s.range.from).toISOString(), to: new Date(s.range.to).toISOString() }),
      ...(s.coverage && { expected: s.coverage.expected, ...s.coverage.counts }),
      findings: s.findings,
      rows: s.rows,
      requests: s.requests,
      weight: s.weight,
      ...(s.note !== null && { note: s.note }),
      ...(s.notBefore !== undefined && { not_before: new Date(s.notBefore).toISOString() }),
      ...(s.error && { error: { code: s.error.code, message: s.error.message } }),
    })),
  });
