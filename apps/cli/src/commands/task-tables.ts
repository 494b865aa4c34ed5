import type { Display, Language } from '../command.ts';
import { PAGE } from '../terminal/display.ts';
import { bar } from '../terminal/bar.ts';
import { count, duration, percent } from '../terminal/figures.ts';
import { painter, type Painter } from '../terminal/style.ts';
import { table, type Column } from '../terminal/table.ts';
import { padded } from '../terminal/text-width.ts';
import type { Data } from './ask.ts';
import { dataAt, listAt, minuteAt, numberAt, textAt, textsAt, timeAt } from './data.ts';
import { HEADS, phrase, wordOf, type Phrase } from './task-words.ts';

type Head = keyof typeof HEADS;

const COLOURS: Readonly<Record<string, Parameters<Painter>[0]>> = {
  running: 'green',
  completed: 'green',
  succeeded: 'green',
  pending: 'cyan',
  partial: 'yellow',
  degraded: 'yellow',
  stopped: 'yellow',
  handed_over: 'cyan',
  failed: 'red',
  blocked: 'red',
  expired: 'red',
};

/** One line a task. */
export function tasksTable(tasks: readonly Data[], language: Language, display: Display): string[] {
  const columns = columnsOf(language, [
    ['task', { least: 12 }],
    ['status'],
    ['health'],
    ['source', { least: 6 }],
    ['symbols', { least: 10 }],
    ['timeframe'],
    ['next'],
    ['last'],
  ]);
  const states = tasks.map((t) => [textAt(t, 'status'), textAt(dataAt(t, 'health'), 'state')]);
  const rows = tasks.map((t, i) => {
    const last = dataAt(t, 'last_run');
    return [
      textAt(t, 'task_id'),
      wordOf(states[i]?.[0] ?? '', language),
      wordOf(states[i]?.[1] ?? '', language),
      textAt(t, 'source') || textAt(t, 'function'),
      textsAt(t, 'symbols').join(' ') || textAt(t, 'task_type'),
      textAt(t, 'frequency'),
      minuteAt(t, 'next_run_at') || '–',
      last ? `${wordOf(textAt(last, 'outcome'), language)} ${minuteAt(last, 'ended_at')}` : '–',
    ];
  });
  const paint = painter(display);
  const head = paint;
  const painted = (cell: string, column: number, row: number): string => {
    const colour = column === 1 || column === 2 ? COLOURS[states[row]?.[column - 1] ?? ''] : undefined;
    return colour ? paint(colour, cell) : cell;
  };
  return table({ columns, rows, width: display.width, head, paint: painted });
}

function columnsOf(language: Language, heads: readonly (readonly [Head, Omit<Column, 'head'>?])[]): Column[] {
  return heads.map(([name, more]) => ({ ...more, head: HEADS[name][language] }));
}

/** Everything that is known of one task. */
export function taskLines(t: Data, language: Language, display: Display): string[] {
  const paint = painter(display);
  const status = textAt(t, 'status');
  const health = dataAt(t, 'health') ?? {};
  const colour = COLOURS[status] ?? 'bold';
  const isJob = textAt(t, 'function') !== '';
  const facts: [Phrase, string][] = [
    ...(isJob ? jobFacts(t) : collectFacts(t, language)),
    ['schedule', textAt(t, 'schedule') || phrase('ownSchedule', language)],
    ['nextRun', timeAt(t, 'next_run_at') || '–'],
    ['lastRun', lastRunText(dataAt(t, 'last_run'), language)],
  ];
  const reasons = textsAt(health, 'reasons');
  if (reasons.length > 0) facts.push(['reasons', reasons.join(', ')]);
  const error = dataAt(t, 'error');
  if (error) facts.push(['error', `${textAt(error, 'code')}: ${textAt(error, 'message')}`]);
  const labels = facts.map(([name]) => phrase(name, language));
  const wide = Math.max(...labels.map((l) => (language === 'zh' ? l.length * 2 : l.length)));
  return [
    `${paint('bold', textAt(t, 'task_id'))}  ${paint(colour, wordOf(status, language))}  ${wordOf(textAt(health, 'state'), language)}`,
    ...facts.map(([, value], i) => `  ${paint('dim', padded(labels[i] ?? '', wide))}  ${value}`),
    ...(isJob ? [] : ['', ...progressTable(listAt(t, 'progress'), language, display)]),
  ];
}

const jobFacts = (t: Data): [Phrase, string][] => [
  ['runs', `${textAt(t, 'function')} ${textAt(t, 'task_type')}  (${textAt(t, 'runtime')})`],
];

const collectFacts = (t: Data, language: Language): [Phrase, string][] => [
  [
    'collects',
    `${textAt(t, 'source')}  ${textsAt(t, 'symbols').join(' ')}  ${textAt(t, 'data_type')} ${textAt(t, 'frequency')}`,
  ],
  ['project', `${textAt(t, 'project_id')} / ${textAt(t, 'dataset')}`],
  ['span', `${minuteAt(t, 'start_time')} – ${minuteAt(t, 'end_time') || phrase('forEver', language)}`],
];

function lastRunText(run: Data | undefined, language: Language): string {
  if (!run) return '–';
  const rows = phrase('rows', language, { n: count(numberAt(run, 'rows')) });
  return `${wordOf(textAt(run, 'outcome'), language)}  ${timeAt(run, 'ended_at')}  ${rows}`;
}

const settledOf = (p: Data): number =>
  numberAt(p, 'present') + numberAt(p, 'empty') + numberAt(p, 'unavailable');

/** How far each series of a task is. */
export function progressTable(progress: readonly Data[], language: Language, display: Display): string[] {
  const right = { align: 'right' } as const;
  const columns = columnsOf(language, [
    ['symbol', { least: 8 }],
    ['progress'],
    ['expected', right],
    ['present', right],
    ['empty', right],
    ['unavailable', right],
    ['missing', right],
    ['findings', right],
    ['upTo'],
  ]);
  const barWidth = (display.width ?? PAGE) >= 110 ? 12 : 6;
  const rows = progress.map((p) => {
    const expected = numberAt(p, 'expected');
    const share = expected > 0 ? settledOf(p) / expected : 0;
    const open = numberAt(p, 'missing') + numberAt(p, 'failed') + numberAt(p, 'provisional');
    return [
      textAt(p, 'symbol'),
      `${bar(share, barWidth, display.unicode)} ${percent(settledOf(p), expected).padStart(7)}`,
      count(expected),
      count(numberAt(p, 'present')),
      count(numberAt(p, 'empty')),
      count(numberAt(p, 'unavailable')),
      count(open),
      count(numberAt(p, 'findings')),
      minuteAt(p, 'watermark') || '–',
    ];
  });
  const notes = progress.flatMap((p) => {
    const error = dataAt(p, 'error');
    const about = `${textAt(p, 'symbol')}: `;
    return [
      ...(textAt(p, 'note') === '' ? [] : [`${about}${textAt(p, 'note')}`]),
      ...(error ? [`${about}${textAt(error, 'code')}: ${textAt(error, 'message')}`] : []),
    ];
  });
  const paint = painter(display);
  const shown = table({ columns, rows, width: display.width, head: paint });
  return notes.length > 0 ? [...shown, '', ...notes] : shown;
}

/** One line a run, newest first. */
export function runsTable(runs: readonly Data[], language: Language, display: Display): string[] {
  const right = { align: 'right' } as const;
  const columns = columnsOf(language, [
    ['slot'],
    ['kind'],
    ['outcome'],
    ['started'],
    ['took', right],
    ['rows', right],
    ['requests', right],
    ['why', { least: 16 }],
  ]);
  const rows = runs.map((r) => {
    const error = dataAt(r, 'error');
    const took = Date.parse(textAt(r, 'ended_at')) - Date.parse(textAt(r, 'started_at'));
    return [
      timeAt(r, 'slot'),
      wordOf(textAt(r, 'kind'), language),
      wordOf(textAt(r, 'outcome'), language),
      timeAt(r, 'started_at'),
      Number.isNaN(took) ? '–' : duration(took),
      count(numberAt(r, 'rows')),
      count(numberAt(r, 'requests')),
      error ? `${textAt(error, 'code')}: ${textAt(error, 'message')}` : '',
    ];
  });
  const paint = painter(display);
  const painted = (cell: string, column: number, row: number): string => {
    const run = runs[row];
    const colour = column === 2 && run ? COLOURS[textAt(run, 'outcome')] : undefined;
    return colour ? paint(colour, cell) : cell;
  };
  return table({ columns, rows, width: display.width, head: paint, paint: painted });
}
