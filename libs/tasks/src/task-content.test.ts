import { DEFAULT_TASK_CONFIG, type SeriesSelection, type TaskContent, type TaskSeries } from '@kairos/domain';
import { aTask, T0 } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import {
  contentOf,
  freshSeries,
  nameOf,
  newTask,
  patchContent,
  restarted,
  sameContent,
  seriesAfterUpdate,
} from './task-content.ts';

const CONTENT: TaskContent = contentOf(aTask());

describe('the content of a task', () => {
  it('is the same whatever the order of its fields', () => {
    const reversed = Object.fromEntries(Object.entries(CONTENT).reverse()) as unknown as TaskContent;

    expect(Object.keys(reversed)).not.toEqual(Object.keys(CONTENT));
    expect(sameContent(reversed, CONTENT)).toBe(true);
  });

  it.each([
    { symbols: ['ETHUSDT'] },
    { symbols: ['BTCUSDT', 'ETHUSDT'] },
    { endTime: T0 + 1 },
    { startTime: null },
    { schedule: 'rate(5 minutes)' },
    { config: { ...DEFAULT_TASK_CONFIG, retries: 4 } },
  ] satisfies Partial<TaskContent>[])('differs by %j', (patch) => {
    expect(sameContent({ ...CONTENT, ...patch }, CONTENT)).toBe(false);
  });

  it('takes only content from a task, none of its standing', () => {
    const done = aTask({ status: 'completed', rev: 9, withUnavailable: true, updatedAt: T0 + 5 });

    expect(contentOf(done)).toEqual(CONTENT);
  });
});

describe('the id of a task that was given none', () => {
  it('is what it was before there were zones and jobs', () => {
    expect(nameOf(CONTENT)).toBe('task_z2mavnurtkhqrlzvh5rd');
  });

  it('is another one in another zone, and for a job', () => {
    const job = {
      function: 'f',
      language: 'python',
      runtime: 'python3.11',
      taskType: 't',
      taskName: 'n',
      timeoutMs: 1,
      memoryMb: 1,
      params: {},
    } as const;
    const ids = [
      CONTENT,
      { ...CONTENT, timezone: 'Asia/Shanghai' },
      { ...CONTENT, job },
      { ...CONTENT, job: { ...job, params: { a: 1 } } },
    ].map(nameOf);

    expect(new Set(ids).size).toBe(4);
  });
});

describe('patching content', () => {
  it('changes the named fields and no others', () => {
    expect(patchContent(CONTENT, { frequency: '1h', endTime: T0 + 9 })).toEqual({
      ...CONTENT,
      frequency: '1h',
      endTime: T0 + 9,
    });
  });

  it('changes fields of config one by one', () => {
    const tuned = { ...CONTENT, config: { ...DEFAULT_TASK_CONFIG, batchSize: 10, retries: 3 } };

    expect(patchContent(tuned, { config: { retries: 7 } }).config).toEqual({
      ...DEFAULT_TASK_CONFIG,
      batchSize: 10,
      retries: 7,
    });
  });

  it('replaces the list of symbols as a whole', () => {
    expect(patchContent(CONTENT, { symbols: ['SOLUSDT'] }).symbols).toEqual(['SOLUSDT']);
  });

  it('tells a field that is cleared from one that is left out', () => {
    const ending = { ...CONTENT, endTime: T0 + 9, schedule: 'rate(1 hour)' };

    expect(patchContent(ending, { endTime: null })).toMatchObject({
      endTime: null,
      schedule: 'rate(1 hour)',
    });
  });

  it('lets nothing through that is no content', () => {
    const smuggled: object = { rev: 99, status: 'completed', uid: 'zzzzzzzzzzzz' };

    expect(patchContent(CONTENT, smuggled)).toEqual(CONTENT);
  });
});

describe('a new task', () => {
  const made = (content: Partial<TaskContent>) =>
    newTask({ content: { ...CONTENT, ...content }, taskId: 't', uid: 'aaaaaaaaaaaa', now: T0 });

  it('is running at revision 1 with a fresh series per symbol', () => {
    expect(made({ symbols: ['A', 'B'] })).toMatchObject({
      rev: 1,
      status: 'running',
      epochAt: T0,
      series: [
        { symbol: 'A', state: 'pending', seriesKey: null },
        { symbol: 'B', state: 'pending', seriesKey: null },
      ],
    });
  });

  it.each([
    [T0 + 1, 'pending'],
    [T0, 'running'],
    [null, 'running'],
  ] as const)('that starts at %s is %s', (startTime, status) => {
    expect(made({ startTime }).status).toBe(status);
  });
});

describe('a task with selectors', () => {
  const known = (symbol: string, selected?: SeriesSelection): TaskSeries => ({
    ...freshSeries(symbol),
    state: 'active',
    instrument: `binance:${symbol}`,
    seriesKey: `key of ${symbol}`,
    watermark: T0,
    ...(selected ? { selected } : {}),
  });
  const top = { by: 'top:2:USDT', left: null };
  const was = { by: 'top:2:USDT', left: T0 };
  const task = aTask({
    symbols: ['top:2:USDT', 'BTC/EUR'],
    series: [known('BTC/EUR'), known('BTC/USDT', top), known('ETH/USDT', was)],
  });
  const after = (...symbols: string[]) =>
    seriesAfterUpdate(task, { ...contentOf(task), symbols }).map((s) => [s.symbol, s.selected]);

  it('begins with the series that are named', () => {
    const content = { ...CONTENT, symbols: ['top:2:USDT', 'BTC/EUR', '*/BTC', '!ETH/BTC'] };
    const made = newTask({ content, taskId: 't', uid: 'aaaaaaaaaaaa', now: T0 });

    expect(made.series).toEqual([freshSeries('BTC/EUR')]);
    expect(made.symbols).toEqual(content.symbols);
  });

  it('keeps what a selector brought as long as it stands in the list, also what it finds no more', () => {
    expect(after('XRP/USDT', 'top:2:USDT')).toEqual([
      ['XRP/USDT', undefined],
      ['BTC/USDT', top],
      ['ETH/USDT', was],
    ]);
  });

  it('keeps what a pattern of the new list fits, named before or not', () => {
    expect(after('*/USDT', 'BTC/*')).toEqual([
      ['BTC/EUR', { by: 'BTC/*', left: null }],
      ['BTC/USDT', { by: '*/USDT', left: null }],
      ['ETH/USDT', { by: '*/USDT', left: T0 }],
    ]);
  });

  it('drops what is excluded, and what only the venue could tell', () => {
    expect(after('top:2:USDT', '!ETH/USDT')).toEqual([['BTC/USDT', top]]);
    expect(after('top:3:USDT')).toEqual([]);
    expect(after('BTC/EUR')).toEqual([['BTC/EUR', undefined]]);
  });

  it('makes a followed series a named one when the list names it, however it is spelt', () => {
    expect(after('top:2:USDT', 'BTC/USDT', 'ETHUSDT')).toEqual([
      ['BTC/USDT', undefined],
      ['ETHUSDT', undefined],
    ]);
    const [btc] = seriesAfterUpdate(task, { ...contentOf(task), symbols: ['BTC/USDT'] });
    expect(btc).toMatchObject({ seriesKey: 'key of BTC/USDT', watermark: T0 });
  });

  it('begins anew at another source, and with other records', () => {
    expect(seriesAfterUpdate(task, { ...contentOf(task), source: 'okx' })).toEqual([freshSeries('BTC/EUR')]);
    expect(seriesAfterUpdate(task, { ...contentOf(task), frequency: '1d' })).toEqual([
      freshSeries('BTC/EUR'),
      { ...freshSeries('BTC/USDT'), selected: top },
      { ...freshSeries('ETH/USDT'), selected: was },
    ]);
  });

  it('remembers how a series came in when it is started anew', () => {
    const ended = { ...known('BTC/USDT', top), state: 'failed' as const };
    expect(restarted(ended)).toEqual({ ...freshSeries('BTC/USDT'), selected: top });
  });
});

describe('the series of an updated task', () => {
  const known = {
    symbol: 'BTCUSDT',
    state: 'active',
    instrument: 'binance:BTC/USDT',
    seriesKey: 'key',
    note: 'taken as spot',
    error: null,
    watermark: T0,
  } as const;
  const task = aTask({ symbols: ['BTCUSDT'], series: [known] });

  it('keep what is known of symbols that stay, and look at them again', () => {
    const content = { ...contentOf(task), symbols: ['ETHUSDT', 'BTCUSDT'] };

    expect(seriesAfterUpdate(task, content)).toMatchObject([
      { symbol: 'ETHUSDT', state: 'pending', seriesKey: null },
      { ...known, state: 'pending' },
    ]);
  });

  it.each([
    { source: 'okx' },
    { dataType: 'ticker' },
    { frequency: '1h' },
    { config: { ...DEFAULT_TASK_CONFIG, price: 'mark' } },
  ] satisfies Partial<TaskContent>[])('begin anew when %j makes them mean something else', (patch) => {
    expect(seriesAfterUpdate(task, { ...contentOf(task), ...patch })).toMatchObject([
      { symbol: 'BTCUSDT', state: 'pending', instrument: null, seriesKey: null, watermark: null },
    ]);
  });

  it.each(['failed', 'blocked'] as const)('begin anew when they were %s', (state) => {
    const ended = aTask({ series: [{ ...known, state, error: { code: 'X', message: 'x', at: T0 } }] });

    expect(seriesAfterUpdate(ended, contentOf(ended))).toMatchObject([
      { state: 'pending', seriesKey: null, error: null },
    ]);
  });
});
