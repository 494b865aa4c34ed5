import type { JobSpec } from '@kairos/domain';
import type { SymbolProgress } from '@kairos/ports';
import { aRunRecord, aTask, T0 } from '@kairos/testkit';
import { expect, it } from 'vitest';
import { runView, taskSummary, taskView } from './task-views.ts';

const progress = (symbol: string, selected?: SymbolProgress['selected']): SymbolProgress => ({
  symbol,
  instrument: null,
  state: 'active',
  note: null,
  expected: 0,
  present: 0,
  empty: 0,
  unavailable: 0,
  provisional: 0,
  failed: 0,
  missing: 0,
  watermark: null,
  gaps: 0,
  findings: 0,
  error: null,
  ...(selected ? { selected } : {}),
});

it('tells how each series came into a task, and since when no selector finds it', () => {
  const task = aTask({ symbols: ['top:2:USDT', 'BTC/EUR'] });
  const series = [
    progress('BTC/EUR'),
    progress('ETH/USDT', { by: 'top:2:USDT', left: null }),
    progress('OLD/USDT', { by: 'top:2:USDT', left: T0 }),
  ];

  const view = taskView({ task, start: T0, nextRunAt: null, activeRunId: null, progress: series });

  expect(view['symbols']).toEqual(['top:2:USDT', 'BTC/EUR']);
  const told = (view['progress'] as Record<string, unknown>[]).map((p) => [
    p['selected_by'],
    p['left_selection'],
  ]);
  expect(told).toEqual([
    [undefined, undefined],
    ['top:2:USDT', undefined],
    ['top:2:USDT', '2024-01-01T00:00:00Z'],
  ]);
});

it('counts the series of a task with selectors, and of no other', () => {
  const [series] = aTask().series;
  const of = (symbols: readonly string[]) =>
    taskSummary({
      task: aTask({ symbols, series: series ? [series] : [] }),
      start: T0,
      nextRunAt: null,
    });

  expect(of(['*/USDT'])).toMatchObject({ symbols: ['*/USDT'], series_count: aTask().series.length });
  expect(of(['BTCUSDT'])).not.toHaveProperty('series_count');
});

it('tells of a run what its selectors found, where there were any', () => {
  const record = aRunRecord();
  const selection = { found: 50, came: 2, left: 1 };

  expect(runView({ ...record, stats: { ...record.stats, selection } })).toMatchObject({ selection });
  expect(runView(record)).not.toHaveProperty('selection');
});

const JOB: JobSpec = {
  function: 'python_crawler',
  language: 'python',
  runtime: 'python3.11',
  taskType: 'simple_task_1',
  taskName: 'one',
  timeoutMs: 300_000,
  memoryMb: 512,
  params: { depth: 2 },
};

it('shows of a job what it runs, in place of what it collects', () => {
  const task = aTask({
    handler: 'job',
    origin: 'config',
    job: JOB,
    dataset: '',
    dataType: '',
    source: '',
    symbols: [],
    schedule: 'cron(0 18 * * ? *)',
    timezone: 'Asia/Shanghai',
    declared: { description: 'every evening', revision: 'r', withdrawn: false },
  });

  const view = taskView({ task, start: T0, nextRunAt: null, activeRunId: null, progress: [] });

  expect(view).toMatchObject({
    handler: 'job',
    function: 'python_crawler',
    runtime: 'python3.11',
    task_type: 'simple_task_1',
    task_name: 'one',
    timeout: 300,
    memory: 512,
    params: { depth: 2 },
    schedule: 'cron(0 18 * * ? *)',
    timezone: 'Asia/Shanghai',
    config: { missed: 'once', retries: 5 },
    declared: { description: 'every evening', withdrawn: false },
  });
  for (const field of ['dataset', 'source', 'symbols', 'frequency', 'start_time', 'data_type'])
    expect(view).not.toHaveProperty(field);
  expect(JSON.stringify(view)).not.toContain('revision');
});

it('always tells the zone, and of undeclared tasks no declaration', () => {
  const view = taskSummary({ task: aTask(), start: T0, nextRunAt: null });

  expect(view).toMatchObject({ timezone: 'UTC', schedule: null });
  expect(view).not.toHaveProperty('declared');
});

it('tells what a job answered, null among it', () => {
  expect(runView(aRunRecord({ result: { n: 1 } }))).toMatchObject({ result: { n: 1 } });
  expect(runView(aRunRecord({ result: null }))).toMatchObject({ result: null });
  expect(runView(aRunRecord())).not.toHaveProperty('result');
});
