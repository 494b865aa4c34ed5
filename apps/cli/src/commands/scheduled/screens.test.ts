import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readScheduledTasks, type ScheduledEntry } from '@kairos/config';
import type { LoggedLine } from '@kairos/ports';
import { describe, expect, it } from 'vitest';
import type { Display, Language } from '../../command.ts';
import { widthOf } from '../../terminal/text-width.ts';
import { LogScreen } from './logs-screen.ts';
import { scheduleWords } from './schedule-words.ts';
import { listLines, nextLines, type Scene, type ToldTask } from './screens.ts';

const LANGUAGES = ['en', 'zh'] as const;
/** A Sunday, three weeks after the clocks of New York went back. */
const NOW = Date.UTC(2026, 10, 22, 19, 8, 39);
const PIPED: Display = { width: undefined, colors: false, unicode: true };

/** To the letter of the requirement. */
const DOCUMENTED = `📋 Scheduled Tasks Configuration

1. python-task-1 🟢 ENABLED
   Schedule: rate(5 minutes)
   Function: python_crawler (python3.11)

2. python-task-2 🟢 ENABLED
   Schedule: rate(10 minutes)
   Function: python_crawler (python3.11)

3. nodejs-task-1 🟢 ENABLED
   Schedule: rate(3 minutes)
   Function: nodejs_crawler (nodejs18.x)

4. nodejs-task-2 🟢 ENABLED
   Schedule: rate(7 minutes)
   Function: nodejs_crawler (nodejs18.x)

5. daily-summary 🔴 DISABLED
   Schedule: cron(0 18 * * ? *)
   Function: python_crawler (python3.11)

Total: 5 tasks (4 enabled)`;

const shipped = readFileSync(join(import.meta.dirname, '../../../../../config/scheduled-tasks.json'), 'utf8');

/** More of what a file may hold: zones with changing clocks, dates, bars, long names. */
const OTHERS = JSON.stringify({
  tasks: [
    job('gap', { schedule: 'cron(30 2 * * ? *)', timezone: 'America/New_York' }),
    job('gap-often', { schedule: 'cron(0/15 2 14-15 3 ? 2027)', timezone: 'America/New_York' }),
    job('fold', { schedule: 'cron(30 1 1 11 ? *)', timezone: 'America/New_York' }),
    job('shanghai', { schedule: 'cron(0 9 ? * MON-FRI *)', timezone: 'Asia/Shanghai' }),
    job('once', { schedule: 'at(2026-12-24T18:00:00)', timezone: 'Europe/Berlin' }),
    job('over', { schedule: 'at(2020-01-01T00:00:00)' }),
    job('off', { schedule: 'rate(1 day)', enabled: false }),
    { name: 'btc', source: 'binance', symbols: ['BTC/USDT'], frequency: '1h' },
    {
      name: `a-name-of-${'many-'.repeat(12)}words`,
      source: 'binance',
      symbols: ['BTC/USDT', 'ETH/USDT', 'XRP/USDT', 'SOL/USDT', 'ADA/USDT', 'DOGE/USDT'],
      frequency: '1m',
    },
  ],
});

function job(name: string, more: object): object {
  return {
    name,
    function: 'python_crawler',
    runtime: 'python3.11',
    ...more,
    config: { taskType: 'simple_task_1' },
  };
}

const entriesOf = (text: string): readonly ScheduledEntry[] => {
  const { entries, problems } = readScheduledTasks({ text, file: 'tasks.json' });
  expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
  return entries;
};
const others = entriesOf(OTHERS);
const five = entriesOf(shipped);

const scene = (language: Language, more: Partial<Scene> = {}): Scene => ({
  now: NOW,
  language,
  display: PIPED,
  told: new Map(),
  words: (timing) => scheduleWords(timing, language),
  ...more,
});

function named(name: string): ScheduledEntry {
  const entry = others.find((e) => e.name === name);
  if (!entry) throw new Error(`no ${name}`);
  return entry;
}

const nextOf = (name: string, n: number, s: Scene): string => nextLines(named(name), n, s).join('\n');

describe('the list of scheduled tasks', () => {
  it('is the documented one, but for the lines that tell the next run', () => {
    const lines = listLines(five, scene('en'));
    const next = lines.filter((line) => line.startsWith('   Next run: '));

    expect(lines.filter((line) => !next.includes(line)).join('\n')).toBe(DOCUMENTED);
    expect(next).toHaveLength(5);
  });

  it.each(LANGUAGES)('tells the next run of each in its own zone, in %s', (language) => {
    const told = new Map<string, ToldTask>([
      ['python-task-1', { nextRunAt: Date.UTC(2026, 10, 22, 19, 10), status: 'running' }],
    ]);

    expect(listLines([...five, ...others], scene(language, { told })).join('\n')).toMatchSnapshot();
  });

  it('says what it says in ASCII where nothing else is shown', () => {
    const lines = listLines(five, scene('en', { display: { ...PIPED, unicode: false } }));

    expect(lines.join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
    expect(lines[2]).toBe('1. python-task-1 ENABLED');
  });

  it('counts one task as one, and none as none', () => {
    expect(listLines(five.slice(0, 1), scene('en')).at(-1)).toBe('Total: 1 task (1 enabled)');
    expect(listLines([], scene('en')).at(-1)).toBe('Total: 0 tasks (0 enabled)');
  });
});

describe('the next runs of a task', () => {
  it.each(LANGUAGES)('stand in its zone and in UTC, and in words, in %s', (language) => {
    const shown = ['shanghai', 'once', 'over', 'off', 'btc'].map((name) => nextOf(name, 3, scene(language)));

    expect(shown.join('\n\n')).toMatchSnapshot();
  });

  it.each(LANGUAGES)('come with a note where a change of the clocks takes one away, in %s', (language) => {
    const before = Date.UTC(2027, 2, 12, 12);

    expect(nextOf('gap', 3, scene(language, { now: before }))).toMatchSnapshot();
    expect(nextOf('gap', 1, scene(language, { now: before }))).not.toContain('2027-03-14');
  });

  it.each(LANGUAGES)('come with a note where a change of the clocks repeats one, in %s', (language) => {
    expect(nextOf('fold', 1, scene(language, { now: Date.UTC(2026, 9, 30) }))).toMatchSnapshot();
    // In 2027 the clocks go back on the seventh.
    expect(nextOf('fold', 1, scene(language))).not.toMatch(/note|提示/);
  });

  it('pass over the gap where several of them fall into it', () => {
    const shown = nextOf('gap-often', 9, scene('en', { now: Date.UTC(2027, 2, 13) }));

    expect(shown).toContain('2027-03-15 02:45 Mon  2027-03-15 06:45');
    expect(shown).not.toMatch(/2027-03-14 \d/);
    expect(shown).toContain('02:00–02:45 does not exist on that day');
  });

  it('of a rate go on from the one that the server tells', () => {
    const told = new Map([['off', { nextRunAt: Date.UTC(2026, 10, 23, 1, 2, 3), status: 'running' }]]);
    const shown = nextOf('off', 2, scene('en', { told }));

    expect(shown).toContain('2026-11-23 01:02:03 Mon\n   2026-11-24 01:02:03 Tue');
    expect(shown).not.toContain('as if a server started now');
  });
});

const SAID: readonly LoggedLine[] = [
  { at: NOW, runId: 'u.s1', level: 'info', stream: 'log', message: 'fetching' },
  { at: NOW + 7, runId: 'u.s1', level: 'info', stream: 'stdout', message: 'printed\n' },
  { at: NOW + 8, runId: 'u.s1', level: 'warn', stream: 'log', message: 'slow\u001b[2J' },
  { at: NOW + 9, runId: 'u.s2', level: 'debug', stream: 'log', message: '' },
  {
    at: NOW + 10,
    runId: 'u.s2',
    level: 'error',
    stream: 'log',
    message: 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: 中文',
  },
  { at: NOW + 11, runId: 'u.s2', level: 'error', stream: 'stderr', message: 'last words' },
];

describe('the log of runs', () => {
  it.each(LANGUAGES)('has a heading for each run, and no control characters, in %s', (language) => {
    const screen = new LogScreen({ display: PIPED, language, headings: true });

    expect(SAID.flatMap((line) => screen.lines(line)).join('\n')).toMatchSnapshot();
  });
});

describe.each([60, 72, 80, 100, 120])('on %i columns', (width) => {
  it.each(LANGUAGES)('no screen is wider, in %s', (language) => {
    const s = scene(language, { display: { ...PIPED, width } });
    const lines = [
      ...listLines([...five, ...others], s),
      ...others.flatMap((entry) => nextLines(entry, 3, s)),
      ...nextLines(named('gap'), 3, { ...s, now: Date.UTC(2027, 2, 12, 12) }),
    ];
    // A name is never broken: it is there to be copied.
    const tooWide = lines.filter((line) => widthOf(line) > width && !line.includes('many-many-'));

    expect(tooWide).toEqual([]);
  });
});

describe('colours', () => {
  it('are there where they are seen, and change no character', () => {
    const plain = scene('en', { display: { width: 100, colors: false, unicode: true } });
    const painted = { ...plain, display: { ...plain.display, colors: true } };
    const bare = (text: string): string => text.replaceAll(new RegExp(`${'\u001b'}\\[\\d+m`, 'g'), '');

    for (const entry of others) {
      const [a, b] = [nextLines(entry, 2, plain).join('\n'), nextLines(entry, 2, painted).join('\n')];
      expect(b).not.toBe(a);
      expect(bare(b)).toBe(a);
      expect(a).toBe(bare(a));
    }
  });
});
