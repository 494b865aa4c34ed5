import type { SeriesProgress } from '@kairos/collectors';
import { printable, type Display, type Language } from '../command.ts';
import { bar } from '../terminal/bar.ts';
import { count, duration, percent, short } from '../terminal/figures.ts';
import { painter, type Painter } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';
import { clipped } from '../terminal/text-width.ts';
import { Pace } from './pace.ts';
import { stateText, text } from './texts.ts';

interface Lane {
  readonly name: string;
  readonly rowPace: Pace;
  readonly slotPace: Pace;
  told: SeriesProgress | undefined;
  startedAt: number | undefined;
  /** Rows a second from beginning to end, once it has ended. */
  average: number | undefined;
  failed: boolean;
  /** Its end was told in a line. */
  said: boolean;
}

/** Whole seconds: an estimate that shows less is no better. */
const etaText = (ms: number): string =>
  duration(Math.max(1, Math.ceil(ms / 1_000)) * 1_000).replace('.0', '');

const hasEnded = ({ state }: SeriesProgress): boolean => state !== 'working' && state !== 'waiting';

/** More series than this are counted, not shown. */
const MOST_LINES = 30;

/** How far every series is, for people who watch. */
export class Board {
  readonly #lanes = new Map<string, Lane>();
  readonly #language: Language;

  constructor(names: readonly string[], language: Language) {
    this.#language = language;
    for (const name of names)
      this.#lanes.set(name, {
        name,
        rowPace: new Pace(),
        slotPace: new Pace(),
        told: undefined,
        startedAt: undefined,
        average: undefined,
        failed: false,
        said: false,
      });
  }

  note(name: string, told: SeriesProgress, now: number): void {
    const lane = this.#lanes.get(name);
    if (!lane) return;
    lane.told = told;
    const startedAt = (lane.startedAt ??= now);
    if (hasEnded(told) && told.rows > 0) lane.average = (told.rows * 1_000) / Math.max(1, now - startedAt);
    lane.rowPace.note(now, told.rows);
    lane.slotPace.note(now, told.covered);
  }

  fail(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane) lane.failed = true;
  }

  /** As lines that are no wider than the display. */
  lines(now: number, display: Display): string[] {
    const language = this.#language;
    const width = (display.width ?? 100) - 1;
    const lanes = [...this.#lanes.values()];
    const shown = lanes.slice(0, MOST_LINES);
    const barWidth = Math.max(8, Math.min(30, width - 62));
    const paint = painter(display);
    const rows = shown.map((lane) => this.#cells(lane, { now, barWidth, unicode: display.unicode }));
    const all = lanes.length > 1 ? [this.#total(lanes, { now, barWidth, unicode: display.unicode })] : [];
    const right = { align: 'right' } as const;
    const drawn = table({
      columns: [
        { head: text('series', language), least: 10 },
        { head: text('progress', language) },
        { head: text('rows', language), ...right },
        { head: text('rate', language), ...right },
        { head: text('weight', language), ...right },
        { head: text('eta', language), ...right },
      ],
      rows: [...rows, ...all],
      width,
      head: paint,
      paint: (cell, column, row) => this.#painted(cell, column, { lane: shown[row], paint }),
    });
    const rest = lanes.length - shown.length;
    return rest > 0 ? [...drawn, text('andMore', language, { n: String(rest) })] : drawn;
  }

  /** One line for a log: what is not done yet. */
  line(now: number): string {
    const told = [...this.#lanes.values()].flatMap((lane) => {
      if (!lane.told) return [];
      const { expected, covered, rows, weight } = lane.told;
      const rate = lane.rowPace.rate(now);
      const pace = rate === undefined ? '' : `  ${short(rate)} ${text('rate', this.#language).toLowerCase()}`;
      if (hasEnded(lane.told) && lane.said) return [];
      lane.said = hasEnded(lane.told);
      return `${lane.name}  ${percent(covered, expected)}  ${count(rows)} ${text('rows', this.#language).toLowerCase()}${pace}  ${text('weight', this.#language).toLowerCase()} ${count(weight)}  ${text('eta', this.#language)} ${this.#eta(lane, now)}`;
    });
    return told.map(printable).join('\n');
  }

  #cells(lane: Lane, p: { now: number; barWidth: number; unicode: boolean }): string[] {
    const { told } = lane;
    const name = printable(lane.name);
    if (!told)
      return [
        name,
        `${bar(0, p.barWidth, p.unicode)}`,
        '',
        '',
        '',
        lane.failed ? stateText('failed', this.#language) : text('starting', this.#language),
      ];
    const share = told.expected > 0 ? told.covered / told.expected : told.state === 'complete' ? 1 : 0;
    const rate = lane.average ?? (hasEnded(told) ? undefined : lane.rowPace.rate(p.now));
    return [
      name,
      `${bar(share, p.barWidth, p.unicode)} ${percent(told.covered, told.expected).padStart(7)}`,
      count(told.rows),
      rate === undefined ? '' : short(rate),
      count(told.weight),
      this.#eta(lane, p.now),
    ];
  }

  #eta(lane: Lane, now: number): string {
    const { told } = lane;
    if (!told) return '';
    if (told.state === 'waiting')
      return text('waiting', this.#language, { time: duration(Math.max(0, (told.waitsUntil ?? now) - now)) });
    if (told.state !== 'working') return stateText(told.state, this.#language);
    const rate = lane.slotPace.rate(now);
    if (rate === undefined) return '…';
    return etaText(((told.expected - told.covered) * 1_000) / rate);
  }

  #total(lanes: readonly Lane[], p: { now: number; barWidth: number; unicode: boolean }): string[] {
    const sum = (of: (told: SeriesProgress) => number): number =>
      lanes.reduce((total, { told }) => total + (told ? of(told) : 0), 0);
    const [covered, expected] = [sum((t) => t.covered), sum((t) => t.expected)];
    const rate = lanes.reduce(
      (total, lane) => total + (lane.average === undefined ? (lane.rowPace.rate(p.now) ?? 0) : 0),
      0,
    );
    const pace = lanes.reduce((total, lane) => total + (lane.slotPace.rate(p.now) ?? 0), 0);
    const known = lanes.every((lane) => lane.told !== undefined || lane.failed);
    const left = pace > 0 && known ? etaText(((expected - covered) * 1_000) / pace) : '';
    const share = expected > 0 ? covered / expected : 0;
    return [
      text('total', this.#language),
      `${bar(known ? share : 0, p.barWidth, p.unicode)} ${known ? percent(covered, expected).padStart(7) : ''}`,
      count(sum((t) => t.rows)),
      rate > 0 ? short(rate) : '',
      count(sum((t) => t.weight)),
      covered === expected ? '' : left,
    ];
  }

  #painted(cell: string, column: number, p: { lane: Lane | undefined; paint: Painter }): string {
    const state = p.lane?.failed === true ? 'failed' : p.lane?.told?.state;
    if (column === 1) return cell.replace(/^[█▏▎▍▌▋▊▉#]+/u, (full) => p.paint('green', full));
    if (column !== 5) return p.lane ? cell : p.paint('bold', cell);
    if (state === 'complete') return p.paint('green', cell);
    if (state === 'failed') return p.paint('red', cell);
    return state === 'waiting' || state === 'open' || state === 'interrupted'
      ? p.paint('yellow', cell)
      : cell;
  }
}

/** For a block that must not break its lines. */
export const fit = (line: string, display: Display): string =>
  display.width === undefined ? line : clipped(line, display.width - 1);
