import { COLLECT_HANDLER } from '@kairos/domain';
import type { ScheduledEntry } from '@kairos/config';
import { printable, type Display, type Language } from '../../command.ts';
import { painter, type Painter } from '../../terminal/style.ts';
import { padded, widthOf, wrapped } from '../../terminal/text-width.ts';
import { counted, tell } from './texts.ts';
import { effectsOn, isRate, upcoming, type ClockEffect, type Timing } from './upcoming.ts';
import { dayText, instantText, timeText, wallOf, wallText, weekdayText } from './zone-time.ts';

/** What a screen is drawn from, besides its tasks. */
export interface Scene {
  readonly now: number;
  readonly language: Language;
  readonly display: Display;
  /** What who runs the tasks knows of them, by name; empty where nobody answers. */
  readonly told: ReadonlyMap<string, ToldTask>;
  /** A schedule in words. */
  readonly words: (timing: Timing) => string;
}

export interface ToldTask {
  /** Epoch milliseconds. */
  readonly nextRunAt: number | undefined;
  readonly status: string;
}

const STEP = '   ';

/** Lines of a text below `indent`, none wider than what shows them; one line where nobody watches. */
export function block(
  text: string,
  p: { readonly width: number | undefined; readonly indent: string },
): string[] {
  if (p.width === undefined) return [`${p.indent}${text}`];
  // A full stop or comma that clings to a full line takes up to two columns more.
  const room = Math.max(20, p.width - widthOf(p.indent) - 2);
  return wrapped(text, room).map((line) => `${p.indent}${line}`);
}

export const timingOf = ({ declaration }: ScheduledEntry): Timing => declaration.content;

/** As the file has it; of a task that goes by its timeframe, in words. */
export function scheduleText(entry: ScheduledEntry, language: Language): string {
  const { schedule, frequency } = entry.declaration.content;
  return schedule === null ? tell('atEachClose', language, { timeframe: frequency }) : printable(schedule);
}

/** The line on what a task does. */
function workText(entry: ScheduledEntry, language: Language): string {
  const { content } = entry.declaration;
  if (content.handler !== COLLECT_HANDLER || content.job !== null) {
    const { function: name, runtime } = entry.written;
    const text = `${name ?? content.job?.function ?? ''} (${runtime ?? content.job?.runtime ?? ''})`;
    return tell('function', language, { text: printable(text) });
  }
  const { source, symbols, frequency } = content;
  const shown = symbols.length > 4 ? [...symbols.slice(0, 3), `+${symbols.length - 3}`] : symbols;
  return tell('collects', language, { text: printable(`${source} ${shown.join(' ')} ${frequency}`) });
}

function nextText(entry: ScheduledEntry, s: Scene): string {
  const { language, now } = s;
  const timing = timingOf(entry);
  const { timezone: zone } = timing;
  if (!entry.declaration.enabled) return tell('notWhileDisabled', language, { zone });
  const told = s.told.get(entry.name);
  if (told?.nextRunAt !== undefined) return instantText(told.nextRunAt, zone);
  const { instants, floating } = upcoming(timing, { now, n: 1 });
  if (floating) return tell('asServerStarts', language, { zone });
  const [first] = instants;
  return first === undefined ? tell('never', language, { zone }) : instantText(first, zone);
}

function heading(entry: ScheduledEntry, s: Scene, paint: Painter): string {
  const { enabled } = entry.declaration;
  const word = tell(enabled ? 'enabled' : 'disabled', s.language);
  const mark = s.display.unicode ? (enabled ? '🟢 ' : '🔴 ') : '';
  return `${paint('bold', printable(entry.name))} ${mark}${paint(enabled ? 'green' : 'red', word)}`;
}

/** The table of `list`: the documented one, with when each runs next. */
export function listLines(entries: readonly ScheduledEntry[], s: Scene): string[] {
  const { language, display } = s;
  const paint = painter(display);
  const title = `${display.unicode ? '📋 ' : ''}${tell('title', language)}`;
  const enabled = entries.filter((e) => e.declaration.enabled).length;
  const at = { width: display.width, indent: STEP };
  const tasks = entries.flatMap((entry, i) => [
    `${i + 1}. ${heading(entry, s, paint)}`,
    ...block(tell('schedule', language, { text: scheduleText(entry, language) }), at),
    ...block(workText(entry, language), at),
    ...block(tell('nextRun', language, { text: nextText(entry, s) }), at).map((line) => paint('dim', line)),
    '',
  ]);
  const total = entries.length === 1 ? 'totalOne' : 'total';
  return [paint('bold', title), '', ...tasks, tell(total, language, { n: entries.length, m: enabled })];
}

function effectText(effect: ClockEffect, zone: string, language: Language): string {
  const { at, before, after, walls, kind } = effect;
  const [first = 0] = walls;
  const last = walls.at(-1) ?? first;
  const time = first === last ? timeText(first) : `${timeText(first)}–${timeText(last)}`;
  return tell(kind === 'gap' ? 'gapNote' : 'foldNote', language, {
    date: dayText(at + before),
    ...{ zone, time, from: timeText(at + before), to: timeText(at + after) },
  });
}

/** Two columns of the same instants: in the task's zone, and in UTC. */
function instantRows(
  instants: readonly number[],
  zone: string,
  { language }: Scene,
  paint: Painter,
): string[] {
  const local = instants.map((at) => {
    const wall = wallOf(at, zone);
    return `${wallText(wall)} ${weekdayText(wall, language)}`;
  });
  const head = tell('localTime', language, { zone });
  if (zone === 'UTC') return [paint('dim', head), ...local];
  const width = Math.max(widthOf(head), ...local.map(widthOf));
  const other = instants.map((at) => wallText(Math.floor(at / 1_000) * 1_000));
  return [
    paint('dim', `${padded(head, width)}  ${tell('utc', language)}`),
    ...local.map((text, i) => `${padded(text, width)}  ${other[i] ?? ''}`),
  ];
}

/** One task of `next`: when it runs, in words and in instants, and what the clocks' changes do to it. */
export function nextLines(entry: ScheduledEntry, n: number, s: Scene): string[] {
  const { language, display, now } = s;
  const paint = painter(display);
  const timing = timingOf(entry);
  const told = s.told.get(entry.name)?.nextRunAt;
  const { instants, floating } = upcoming(timing, { now, n, told });
  const { timezone } = timing;
  const notes = [
    ...(entry.declaration.enabled ? [] : [tell('disabledNote', language)]),
    ...(floating && isRate(timing) ? [tell('fromStart', language)] : []),
    ...effectsOn(timing, now, instants).map((effect) => effectText(effect, timezone, language)),
  ];
  const at = { width: display.width, indent: STEP };
  return [
    heading(entry, s, paint),
    ...block(tell('schedule', language, { text: scheduleText(entry, language) }), at),
    ...block(tell('inWords', language, { text: s.words(timing) }), at),
    ...(instants.length === 0
      ? [`${STEP}${tell('never', language, { zone: timezone })}`]
      : instantRows(instants, timezone, s, paint).map((line) => `${STEP}${line}`)),
    ...notes.flatMap((text) => block(tell('note', language, { text }), at).map((l) => paint('yellow', l))),
  ];
}

/** `2 errors, 1 warning`. */
export const tally = (
  problems: readonly { readonly severity: 'error' | 'warning' }[],
  language: Language,
): { readonly errors: string; readonly warnings: string } => {
  const n = (severity: string): number => problems.filter((p) => p.severity === severity).length;
  return {
    errors: counted('error', 'errors', n('error'), language),
    warnings: counted('warning', 'warnings', n('warning'), language),
  };
};
