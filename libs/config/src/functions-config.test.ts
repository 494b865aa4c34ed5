import { describe, expect, it } from 'vitest';
import { parseRuntimeConfig } from './parse-runtime-config.ts';
import type { RuntimeConfig } from './runtime-config.ts';

const parse = (text: string, env: Readonly<Record<string, string>> = {}): RuntimeConfig =>
  parseRuntimeConfig({ text, file: 'k.yaml', env });

describe('the settings of scheduled tasks', () => {
  it('are read from the file', () => {
    const config = parse(`
scheduled_tasks: config/scheduled-tasks.json
functions:
  dir: jobs
  env: [BINANCE_API_KEY, TZ, TZ]
  nodejs: { max_workers: 16 }
  python: { interpreter: /opt/python/bin/python3.12, max_workers: 1, venv_dir: /var/venvs }
calendars: { mine: { file: calendars/mine.json } }
sources: { shares: { calendar: mine }, sandbox: { calendar: sse } }
`);

    expect(config.scheduledTasks).toEqual({ path: 'config/scheduled-tasks.json', given: true });
    expect(config.functions).toEqual({
      dir: 'jobs',
      env: ['BINANCE_API_KEY', 'TZ'],
      nodejs: { maxWorkers: 16 },
      python: { interpreter: '/opt/python/bin/python3.12', maxWorkers: 1, venvDir: '/var/venvs' },
    });
    expect(config.calendars).toEqual({ mine: { file: 'calendars/mine.json' } });
    expect([config.sources['shares']?.calendar, config.sources['sandbox']?.calendar]).toEqual([
      'mine',
      'sse',
    ]);
  });

  it('are read from the environment, lists parted by commas or spaces', () => {
    const config = parse('', {
      KAIROS_SCHEDULED_TASKS: 'other.json',
      KAIROS_FUNCTIONS__ENV: 'A_KEY, B_KEY',
      KAIROS_FUNCTIONS__PYTHON__MAX_WORKERS: '3',
      KAIROS_CALENDARS__MINE__FILE: 'mine.json',
    });

    expect(config.scheduledTasks).toEqual({ path: 'other.json', given: true });
    expect(config.functions.env).toEqual(['A_KEY', 'B_KEY']);
    expect(config.functions.python.maxWorkers).toBe(3);
    expect(config.calendars).toEqual({ mine: { file: 'mine.json' } });
  });

  it('do not count as given where only a default names the file', () => {
    const defaults = { scheduled_tasks: 'elsewhere.json' };

    expect(parseRuntimeConfig({ text: '', file: 'k.yaml', env: {}, defaults }).scheduledTasks).toEqual({
      path: 'elsewhere.json',
      given: false,
    });
  });

  it.each([
    [
      'functions: { env: [sk-live-1234] }',
      'k.yaml:1: functions.env.0 must be the NAME of an environment variable',
    ],
    ['functions: { env: A_KEY }', 'functions.env must be a list'],
    [
      'functions: { nodejs: { max_workers: 17 } }',
      'functions.nodejs.max_workers must be a whole number from 1 to 16',
    ],
    ['calendars: { Mine: { file: x } }', 'calendars.Mine must be 1 to 64 lower-case letters'],
    ['calendars: { mine: {} }', 'calendars.mine.file must be a text'],
    ['sources: { a: { calender: sse } }', 'did you mean sources.a.calendar?'],
  ])('are refused when wrong, and no key is quoted: %s', (text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).not.toThrow('sk-live');
  });
});
