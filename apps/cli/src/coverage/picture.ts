import { gridOf, countSlots, nominalMs, type Grid } from '@kairos/domain';
import type { Display, Language } from '../command.ts';
import { PAGE } from '../terminal/display.ts';
import { clock, count, percent } from '../terminal/figures.ts';
import { painter, type Painter } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';
import { padded } from '../terminal/text-width.ts';
import { cellGlyph, COLOURS, glyphOf, markOf, type Mark, type Shares } from './glyphs.ts';
import { layoutOf, type Layout, type Row } from './layout.ts';
import { SHOWN, settledOf, type CoverageTold, type Shown, type Stretch } from './model.ts';
import { gradeText, MEANINGS, reasonText, STATES, TEXTS } from './texts.ts';

export interface PictureOptions {
  readonly language: Language;
  readonly display: Display;
  /** At most so many gaps are listed. */
  readonly gaps: number;
}

interface Frame {
  readonly told: CoverageTold;
  readonly options: PictureOptions;
  readonly paint: Painter;
  readonly grid: Grid;
}

/** Columns right of the cells, for a share. */
const MARGIN = 9;

/** The whole picture: calendar, legend, gaps. */
export function picture(told: CoverageTold, options: PictureOptions): string[] {
  const paint = painter(options.display);
  const frame = { told, options, paint, grid: gridOf(told.timeframe) };
  const head = headLines(frame);
  if (told.expected === 0) return [...head, '', TEXTS.nothing[options.language]];
  const { lines, marks } = calendar(frame);
  return [...head, '', ...lines, '', ...legend(frame, marks), ...gapLines(frame), ...foot(frame)];
}

function closedSpan({ stretches }: CoverageTold): { readonly from: number; readonly to: number } {
  const closed = stretches.filter((s) => s.state !== 'pending');
  return { from: closed[0]?.from ?? 0, to: closed.at(-1)?.to ?? 0 };
}

function headLines({ told, options, paint }: Frame): string[] {
  const { language } = options;
  const { from, to } = closedSpan(told);
  const name = `${told.source} ${told.symbol} ${told.timeframe}`;
  const kind = told.dataType === 'kline' ? '' : ` ${told.dataType}`;
  const derived = told.derivedFrom === '' ? '' : `  ${TEXTS.derived[language]} ${told.derivedFrom}`;
  const settled = settledOf(told);
  return [
    `${paint('bold', name)}${kind}  ${paint('dim', `(${told.realm})`)}${derived}`,
    `${clock(from)} – ${clock(to)} UTC   ${TEXTS.expected[language]} ${count(told.expected)}   ${TEXTS.settled[language]} ${percent(settled, told.expected)}`,
  ];
}

const EMPTY: Shares = { present: 0, empty: 0, unavailable: 0, provisional: 0, failed: 0, missing: 0 };

/** Sums up what lies in each cell, in one pass over cells and stretches that are both in order. */
function sharesOf(stretches: readonly Stretch[]): (cell: { from: number; to: number }) => Shares {
  let at = 0;
  return ({ from, to }) => {
    const shares = { ...EMPTY };
    while ((stretches[at]?.to ?? Infinity) <= from) at += 1;
    for (let i = at; i < stretches.length; i += 1) {
      const s = stretches[i];
      if (!s || s.from >= to) break;
      if (s.state !== 'pending') shares[s.state] += Math.min(to, s.to) - Math.max(from, s.from);
    }
    return shares;
  };
}

function calendar({ told, options, paint, grid }: Frame): { lines: string[]; marks: Set<Mark> } {
  const { display } = options;
  const width = display.width ?? PAGE;
  const span = closedSpan(told);
  const labelWidth = 13;
  const room = width - labelWidth - MARGIN - 2;
  const layout = layoutOf({ ...span, stepMs: nominalMs(grid), room });
  const cellWidth = Math.max(1, Math.min(layout.columns <= 12 ? 4 : 2, Math.floor(room / layout.columns)));
  const shares = sharesOf(told.stretches);
  const marks = new Set<Mark>();
  const lines = layout.rows.map((row) => {
    const cells = row.cells.map((cell) => {
      const part = shares(cell);
      const mark = markOf(part);
      marks.add(mark);
      return paint(COLOURS[mark], cellGlyph(mark, part, display.unicode).repeat(cellWidth));
    });
    const unused = ' '.repeat((layout.columns - row.cells.length) * cellWidth);
    const label = paint('dim', padded(row.label, labelWidth));
    return `${label}${cells.join('')}${unused}  ${rowShare(row, told.stretches)}`.trimEnd();
  });
  return { lines: [paint('dim', headOf(layout, labelWidth, cellWidth)), ...lines], marks };
}

function headOf(layout: Layout, labelWidth: number, cellWidth: number): string {
  let line = ' '.repeat(labelWidth);
  for (const { column, text } of layout.heads) {
    const place = labelWidth + column * cellWidth;
    if (place >= line.length) line = line.padEnd(place) + text;
  }
  return line;
}

/** How much of what is closed in a row is settled. */
function rowShare(row: Row, stretches: readonly Stretch[]): string {
  const from = row.cells[0]?.from ?? 0;
  const to = row.cells.at(-1)?.to ?? 0;
  const part = sharesOf(stretches.filter((s) => s.to > from && s.from < to))({ from, to });
  const total = Object.values(part).reduce((a, b) => a + b, 0);
  return total === 0 ? '' : percent(part.present + part.empty + part.unavailable, total).padStart(7);
}

function legend({ told, options, paint }: Frame, marks: ReadonlySet<Mark>): string[] {
  const { language, display } = options;
  const sign = (mark: Mark): string => paint(COLOURS[mark], glyphOf(mark, display.unicode));
  const rows = SHOWN.filter((state) => told.counts[state] > 0 || state === 'present');
  const names = rows.map((state) => STATES[state][language]);
  const wide = Math.max(...names.map((n) => (language === 'zh' ? 2 * n.length : n.length)));
  const numbers = rows.map((state) => count(told.counts[state]));
  const digits = Math.max(...numbers.map((n) => n.length));
  const lines = rows.map((state, i) => {
    const share = percent(told.counts[state], told.expected).padStart(8);
    const line = `${padded(names[i] ?? '', wide)}  ${(numbers[i] ?? '').padStart(digits)}  ${share}`;
    return `${sign(state)} ${line}   ${MEANINGS[state][language] === '' ? '' : paint('dim', MEANINGS[state][language])}`.trimEnd();
  });
  const mixtures = (['mixed', 'partly'] as const)
    .filter((mark) => marks.has(mark))
    .map((mark) => `${sign(mark)} ${STATES[mark][language]}`);
  return mixtures.length > 0 ? [...lines, mixtures.join('   ')] : lines;
}

/** What wants attention first, then by length, then by time. */
const ORDER: readonly Shown[] = ['failed', 'missing', 'provisional', 'empty', 'unavailable'];

function gapLines({ told, options, paint, grid }: Frame): string[] {
  const { language, display } = options;
  const gaps = told.stretches.filter((s): s is Stretch & { state: Shown } =>
    ORDER.some((state) => state === s.state),
  );
  if (gaps.length === 0) return ['', TEXTS.complete[language]];
  const records = (s: Stretch): number => countSlots(grid, s);
  const sorted = gaps
    .map((gap) => ({ gap, n: records(gap) }))
    .sort((a, b) => ORDER.indexOf(a.gap.state) - ORDER.indexOf(b.gap.state) || b.n - a.n);
  const told_ = sorted.slice(0, options.gaps).sort((a, b) => a.gap.from - b.gap.from);
  const rest = gaps.length - told_.length;
  const lines = table({
    columns: [
      { head: '' },
      { head: TEXTS.from[language] },
      { head: TEXTS.to[language] },
      { head: TEXTS.records[language], align: 'right' },
      { head: TEXTS.state[language] },
      { head: TEXTS.reason[language], least: 10 },
      { head: TEXTS.evidence[language] },
    ],
    rows: told_.map(({ gap, n }) => [
      glyphOf(gap.state, display.unicode),
      clock(gap.from),
      clock(gap.to),
      count(n),
      STATES[gap.state][language],
      gap.error === '' ? reasonText(gap.reason, language) : gap.error,
      gradeText(gap.grade, language),
    ]),
    width: display.width,
    ...(!display.unicode && { mark: '~' }),
    head: paint,
    paint: (cell, column, row) => {
      const state = told_[row]?.gap.state;
      return column === 0 && state ? paint(COLOURS[state], cell) : cell;
    },
  });
  const more = TEXTS.moreGaps[language].replace('{n}', count(rest)).replace('{all}', String(gaps.length));
  return ['', ...lines, ...(rest > 0 ? [paint('dim', more)] : [])];
}

function foot({ told, options }: Frame): string[] {
  if (told.findings === 0) return [];
  const series = `${told.source} ${told.symbol} ${told.timeframe}`;
  const text = TEXTS.findings[options.language];
  return ['', text.replace('{n}', count(told.findings)).replace('{series}', series)];
}
