import { describe, expect, it } from 'vitest';
import { Board } from './backfill/board.ts';
import { fileOf } from './backfill/plan.ts';
import { summaryLines, type BackfillReport } from './backfill/summary.ts';
import { taskLines, tasksTable } from './commands/task-tables.ts';
import { reportLines } from './doctor/report.ts';
import { bar } from './terminal/bar.ts';
import { bytes, clock, duration, percent, short } from './terminal/figures.ts';
import { LiveBlock } from './terminal/live-block.ts';
import { displayOf } from './terminal/display.ts';
import { usageError } from './usage-errors.ts';

const DISPLAY = { width: 100, colors: false, unicode: true };

describe('figures', () => {
  it('never say 0 or 100 percent of what is not', () => {
    expect([
      percent(1, 1_000_000),
      percent(999_999, 1_000_000),
      percent(1, 3),
      percent(3, 3),
      percent(0, 3),
      percent(0, 0),
    ]).toEqual(['<0.1 %', '>99.9 %', '33.3 %', '100 %', '0 %', '–']);
  });

  it('are short', () => {
    expect([short(9_999), short(12_345), short(999_600), bytes(999), bytes(1_500_000)]).toEqual([
      '9,999',
      '12.3k',
      '1.00M',
      '999 B',
      '1.5 MB',
    ]);
    expect([
      duration(5),
      duration(4_200),
      duration(59_400),
      duration(185_000),
      duration(3_723_000),
      duration(Infinity),
    ]).toEqual(['5 ms', '4.2 s', '59 s', '3:05', '1:02:03', '–']);
    expect([clock(0), clock(1_000), clock(1)]).toEqual([
      '1970-01-01 00:00',
      '1970-01-01 00:00:01',
      '1970-01-01 00:00:00.001',
    ]);
  });
});

describe('a bar', () => {
  it('is full only when all is done, and of one width always', () => {
    expect(bar(1, 8, true)).toBe('████████');
    expect(bar(0.999, 8, true)).toBe('███████▉');
    expect(bar(0.5, 8, false)).toBe('####----');
    for (let i = 0; i <= 100; i += 1) expect([...bar(i / 100, 13, true)]).toHaveLength(13);
  });
});

describe('a block of lines', () => {
  it('is written over where it stands, and left for good at the end', () => {
    const written: string[] = [];
    const block = new LiveBlock((text) => written.push(text));
    block.draw(['a', 'b']);
    block.draw(['c']);
    block.draw([]);
    block.draw(['d']);

    expect(written.map((w) => w.startsWith('\u001b[2A'))).toEqual([false, true, false]);
    expect(written[1]).toContain('\u001b[J');
  });
});

describe('a display', () => {
  it.each([
    [{}, true, { width: 120, colors: true, unicode: true }],
    [{ NO_COLOR: '1' }, true, { width: 120, colors: false, unicode: true }],
    [{ TERM: 'dumb' }, true, { width: 120, colors: false, unicode: false }],
    [{}, false, { width: undefined, colors: false, unicode: true }],
    [{ FORCE_COLOR: '1' }, false, { width: undefined, colors: true, unicode: true }],
    [{ COLUMNS: '70' }, true, { width: 70, colors: true, unicode: true }],
  ])('with %j on a terminal: %s', (env, isTTY, expected) => {
    expect(displayOf({ isTTY, columns: 120 }, env)).toEqual(expected);
  });
});

describe('the board of a backfill', () => {
  const told = (over: object) => ({
    symbol: 'BTC/USDT',
    instrument: 'binance:BTC/USDT',
    seriesKey: 'k',
    state: 'working' as const,
    expected: 1_000,
    covered: 0,
    rows: 0,
    requests: 0,
    weight: 0,
    commits: 0,
    waitsUntil: undefined,
    ...over,
  });

  it('tells share, rows, pace, weight and what is left, of each and in all', () => {
    const board = new Board(['BTC/USDT 1m', 'ETH/USDT 1m', 'XRP/USDT 1m'], 'en');
    board.note('BTC/USDT 1m', told({}), 0);
    board.note('BTC/USDT 1m', told({ covered: 400, rows: 400, weight: 2 }), 4_000);
    board.note('ETH/USDT 1m', told({}), 0);
    board.note('ETH/USDT 1m', told({ covered: 1_000, rows: 990, weight: 4, state: 'complete' }), 2_000);
    board.note('XRP/USDT 1m', told({ state: 'waiting', waitsUntil: 34_000 }), 4_000);

    expect(board.lines(4_000, DISPLAY).join('\n')).toMatchInlineSnapshot(`
      "SERIES       PROGRESS                                 ROWS  ROWS/S  WEIGHT         ETA
      BTC/USDT 1m  ████████████░░░░░░░░░░░░░░░░░░  40.0 %    400     100       2         6 s
      ETH/USDT 1m  ██████████████████████████████   100 %    990     495       4    complete
      XRP/USDT 1m  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░     0 %      0               0  waits 30 s
      total        ██████████████░░░░░░░░░░░░░░░░  46.7 %  1,390     100       6         5 s"
    `);
    expect(new Board(['BTC/USDT 1m'], 'zh').lines(0, DISPLAY).join('\n')).toMatchInlineSnapshot(`
      "序列         进度                            行数  行/秒  权重  剩余
      BTC/USDT 1m  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░                     开始"
    `);
  });

  it('tells a log each end once', () => {
    const board = new Board(['BTC/USDT 1m'], 'en');
    board.note('BTC/USDT 1m', told({ covered: 1_000, rows: 1_000, state: 'complete' }), 1_000);

    expect(board.line(1_000)).toContain('complete');
    expect(board.line(2_000)).toBe('');
  });
});

describe('the summary of a backfill', () => {
  const REPORT: BackfillReport = {
    store: 'data/kairos.sqlite',
    source: 'binance',
    exchange: 'binance',
    realm: undefined,
    series: [
      {
        symbol: 'BTCUSDT',
        timeframe: '1m',
        state: 'complete',
        seriesKey: 'k',
        instrument: 'binance:BTC/USDT',
        note: 'BTCUSDT was read as the spot market BTC/USDT',
        range: { from: 0, to: 60_000_000 },
        coverage: {
          ranges: [],
          expected: 1_000,
          counts: { present: 990, empty: 10, unavailable: 0, provisional: 0, failed: 0, missing: 0 },
          watermark: 60_000_000,
          gaps: 0,
        },
        rows: 990,
        requests: 2,
        weight: 4,
        notBefore: undefined,
        error: undefined,
        findings: 1,
      },
    ],
    tookMs: 1_500,
    interrupted: false,
    files: [],
  };

  it.each(['en', 'zh'] as const)('tells what is there and what to do next, in %s', (language) => {
    expect(summaryLines(REPORT, language, DISPLAY).join('\n')).toMatchSnapshot();
  });

  it('says how to go on after an interruption, and that nothing was missing', () => {
    const interrupted = summaryLines({ ...REPORT, interrupted: true }, 'en', DISPLAY).join('\n');
    const idle = REPORT.series.map((s) => ({ ...s, rows: 0 }));

    expect(interrupted).toContain('the same command again goes on from there');
    expect(interrupted).not.toContain('kairos tasks create');
    expect(summaryLines({ ...REPORT, series: idle }, 'en', DISPLAY).join('\n')).toContain(
      'nothing was missing',
    );
  });
});

describe('the table of tasks', () => {
  it('gives up columns of names before those of states, and prints no control characters', () => {
    const task = {
      task_id: 'a-very-long-name-of-a-task-that-goes-on\u001b[2J',
      status: 'running',
      health: { state: 'ok' },
      source: 'binance',
      symbols: ['BTC/USDT', 'ETH/USDT', 'XRP/USDT', 'SOL/USDT'],
      frequency: '1m',
      next_run_at: '2024-01-01T00:01:02.500Z',
      last_run: null,
    };

    const lines = tasksTable([task], 'zh', { ...DISPLAY, width: 90 });

    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "任务             状态    健康  来源     标的              周期  下次运行          上次运行
      a-very-long-na…  运行中  正常  binance  BTC/USDT ETH/US…  1m    2024-01-01 00:01  –"
    `);
  });
});

describe('a task that runs a function', () => {
  it('tells the function in place of series', () => {
    const task = {
      ...{ task_id: 'hourly', status: 'running', health: { state: 'ok' }, function: 'python_crawler' },
      ...{ task_type: 'simple_task_1', runtime: 'python3.11', schedule: 'rate(1 hour)', progress: [] },
    };

    expect(taskLines(task, 'en', DISPLAY).join('\n')).toMatchInlineSnapshot(`
      "hourly  running  ok
        runs      python_crawler simple_task_1  (python3.11)
        schedule  rate(1 hour)
        next run  –
        last run  –"
    `);
    expect(tasksTable([task], 'en', DISPLAY)[1]).toMatch(/running {2}ok {6}python_crawler {2}simple_task_1/);
  });
});

describe('the report of the doctor', () => {
  it('has a remedy below each trouble', () => {
    const lines = reportLines(
      [
        { id: 'node', label: { en: 'Node', zh: 'Node' }, verdict: 'ok', seen: { en: 'v20', zh: 'v20' } },
        {
          id: 'disk',
          label: { en: 'disk', zh: '磁盘' },
          verdict: 'fail',
          seen: { en: 'full', zh: '已满' },
          remedy: { en: 'make room', zh: '请清理' },
        },
      ],
      'zh',
      DISPLAY,
    );

    expect(lines).toEqual(['✓ Node   v20', '✗ 磁盘   已满', '         → 请清理', '', '1 处需修复']);
  });
});

describe('a wrong call', () => {
  it.each([
    [
      'commander.unknownCommand',
      "error: unknown command 'bakfill'\n(Did you mean backfill?)",
      "unknown command 'bakfill'; did you mean backfill?",
      '没有命令 bakfill；是否要用 backfill？',
    ],
    [
      'commander.unknownOption',
      "error: unknown option '--dys'\n(Did you mean --days?)",
      "unknown option '--dys'; did you mean --days?",
      '没有选项 --dys；是否要用 --days？',
    ],
    [
      'commander.missingArgument',
      "error: missing required argument 'source'",
      "missing required argument 'SOURCE'",
      '缺少参数 SOURCE',
    ],
    [
      'commander.optionMissingArgument',
      "error: option '--days <n>' argument missing",
      "option '--days <n>' wants a value",
      '选项 --days <n> 需要一个值',
    ],
    [
      'commander.excessArguments',
      "error: too many arguments for 'coverage'. Expected 3 arguments but got 4.",
      'too many words: 3 expected, 4 given',
      '参数过多：应为 3 个，写了 4 个',
    ],
    ['commander.somethingNew', 'error: not known here', 'not known here', 'not known here'],
  ])('%s is told in both languages', (code, message, en, zh) => {
    expect(usageError({ code, message })).toEqual({ en, zh });
  });
});

describe('the files of several series', () => {
  it('are named after them', () => {
    expect(fileOf('a/out.csv', 'BTC/USDT', '1m', false)).toBe('a/out.csv');
    expect(fileOf('a/out.csv', 'BTC/USDT:USDT', '1m', true)).toBe('a/out-BTC-USDT-USDT-1m.csv');
  });
});
