import { rowsOf, ValidationError, type Issue } from '@kairos/domain';
import type { JobRecords } from '@kairos/ports';
import { T0 } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { readFrame } from './record-frame.ts';

const MINUTE = 60_000;
const COLUMNS = ['timestamp_ms', 'open', 'high', 'low', 'close', 'volume'];
const BAR = [T0, '1', '2', '0.5', '1.5', '100'];

const SERIES = { source: 'own', symbol: 'ABC', dataType: 'kline', frequency: '1m' };

const frame = (over: Partial<JobRecords> = {}): JobRecords => ({
  series: SERIES,
  range: null,
  complete: false,
  columns: COLUMNS,
  rows: [BAR],
  ...over,
});

function errorOf(records: JobRecords): ValidationError {
  try {
    readFrame(records, 0);
  } catch (error) {
    if (error instanceof ValidationError) return error;
    throw error;
  }
  throw new Error('the frame was taken');
}

const pathsOf = (records: JobRecords): string[] =>
  errorOf(records).issues.map(({ path, code }: Issue) => `${path} ${code}`);

const named = (over: Partial<JobRecords['series']>): JobRecords => frame({ series: { ...SERIES, ...over } });
const cell = (column: string, value: unknown): JobRecords =>
  frame({ rows: [BAR.map((v, i) => (COLUMNS[i] === column ? (value as string) : v))] });

describe('readFrame', () => {
  it('takes columns in any order behind the time, and null for those that are left out', () => {
    const columns = ['timestamp_ms', 'volume', 'close', 'low', 'high', 'open'];
    const { batch } = readFrame(frame({ columns, rows: [[T0, '100', '1.5', '0.5', '2', '1']] }), 0);
    expect([...rowsOf(batch)]).toEqual([
      { ts: T0, tie: undefined, values: ['1', '2', '0.5', '1.5', '100', null, null] },
    ]);
  });

  it.each([
    [0.1, '0.1'],
    [1e21, '1000000000000000000000'],
    [5e-7, '0.0000005'],
    [-0, '0'],
    ['1e-7', '0.0000001'],
    ['+01.500', '1.5'],
    ['123456789012345678901234567890.123456789', '123456789012345678901234567890.123456789'],
  ])('takes %j as the decimal %s', (given, taken) => {
    const { batch } = readFrame(cell('volume', given), 0);
    expect([...rowsOf(batch)][0]?.values[4]).toBe(taken);
  });

  it.each([
    ['1e999', 'not_decimal'],
    ['1,5', 'not_decimal'],
    ['', 'not_decimal'],
    ['NaN', 'not_decimal'],
    [NaN, 'not_decimal'],
    [Infinity, 'not_decimal'],
    ['1'.repeat(101), 'not_decimal'],
    [{}, 'not_decimal'],
    [null, 'required'],
  ])('refuses %j as a decimal', (given, code) => {
    expect(pathsOf(cell('open', given))).toEqual([`rows[0][1] ${code}`]);
  });

  it.each([
    [T0 + 0.5, 'not_integer'],
    ['2024-01-01', 'not_integer'],
    [null, 'not_integer'],
    [NaN, 'not_integer'],
    [1e15, 'time_out_of_range'],
    ['9007199254740993', 'not_integer'],
  ])('refuses %j as a time', (given, code) => {
    expect(pathsOf(cell('timestamp_ms', given))).toEqual([`rows[0][0] ${code}`]);
  });

  it('takes whole numbers as text, as languages send those that are too long for a double', () => {
    const rows = [[String(T0), '1', '2', '0.5', '1.5', '100', '7']];
    const { batch } = readFrame(frame({ columns: [...COLUMNS, 'trades'], rows }), 0);
    expect([...rowsOf(batch)][0]).toMatchObject({ ts: T0, values: ['1', '2', '0.5', '1.5', '100', null, 7] });
  });

  it.each([
    ['columns that do not begin with the time', { columns: COLUMNS.toReversed() }, 'columns time_first'],
    ['an unknown column', { columns: [...COLUMNS.slice(0, 5), 'vol'] }, 'columns[5] unknown_column'],
    ['a missing column', { columns: COLUMNS.slice(0, 5), rows: [BAR.slice(0, 5)] }, 'columns missing_column'],
    [
      'a column that is repeated',
      { columns: [...COLUMNS, 'open'], rows: [[...BAR, '1']] },
      'columns[6] repeated',
    ],
    ['a row that is too short', { rows: [BAR, BAR.slice(1)] }, 'rows[1] row_width'],
    ['a reversed range', { range: { from: T0 + MINUTE, to: T0 }, rows: [] }, 'range time_order'],
    ['an empty range', { range: { from: T0, to: T0 }, rows: [] }, 'range time_order'],
    ['a range off the grid', { range: { from: T0, to: T0 + 1 } }, 'range.to off_grid'],
    ['a range of fractions', { range: { from: T0 + 0.5, to: T0 + MINUTE } }, 'range.from not_integer'],
    ['a row outside the range', { range: { from: T0 - MINUTE, to: T0 } }, 'rows[0][0] out_of_range'],
    ['too many rows', { rows: new Array<(typeof BAR)[]>(50_001).fill([]) as never }, 'rows too_many'],
  ] as const)('refuses %s', (_, over, issue) => {
    expect(pathsOf(frame(over as Partial<JobRecords>))).toContain(issue);
  });

  it.each([
    [{ source: '' }, 'series.source required'],
    [{ source: 'a'.repeat(65) }, 'series.source too_long'],
    [{ source: 'a:b' }, 'series.source name_invalid'],
    [{ source: 'a\u0000b' }, 'series.source name_invalid'],
    [{ symbol: '' }, 'series.symbol required'],
    [{ symbol: 'A\nB' }, 'series.symbol name_invalid'],
    [{ symbol: 'e\u0301' }, 'series.symbol name_invalid'],
    [{ symbol: 'x'.repeat(1e6) }, 'series.symbol too_long'],
    [{ dataType: 'klines' }, 'series.dataType unknown_data_type'],
    [{ dataType: '__proto__' }, 'series.dataType unknown_data_type'],
    [{ frequency: '0m' }, 'series.frequency timeframe_invalid'],
  ])('refuses the series %j', (over, issue) => {
    expect(pathsOf(named(over))).toEqual([issue]);
  });

  it('takes names in any script', () => {
    expect(() => readFrame(named({ source: '天天基金', symbol: '沪深300' }), 0)).not.toThrow();
  });

  it('names all that is wrong, the first 20, in words that say how to mend it', () => {
    const bad = errorOf(
      frame({ rows: Array.from({ length: 30 }, () => [0.5, 'x', '2', '0.5', '1.5', '1']) }),
    );
    expect(bad.issues).toHaveLength(20);
    expect(bad.message).toContain(
      'records of "own" "ABC" cannot be taken: rows[0][0]: timestamp_ms 0.5 is not a whole number of epoch milliseconds; ' +
        'rows[0][1]: open "x" is not a decimal, as text or a finite number; ',
    );
    expect(bad.message).toMatch(/; there may be more$/);
  });

  it('keeps foreign text in its messages short', () => {
    const [long] = [named({ dataType: 'k'.repeat(1e6) })];
    expect(errorOf(long).message.length).toBeLessThan(300);
  });

  it('takes a frame without rows whatever its columns are', () => {
    const range = { from: T0, to: T0 + MINUTE };
    const empty = frame({ range, complete: true, columns: ['timestamp_ms'], rows: [] });
    expect(readFrame(empty, 0)).toMatchObject({ batch: { n: 0 }, span: range, claimed: range });
  });

  it('claims nothing without a range or without being complete', () => {
    const range = { from: T0, to: T0 + MINUTE };
    expect(readFrame(frame({ complete: true }), 0).claimed).toBeUndefined();
    expect(readFrame(frame({ range }), 0).claimed).toBeUndefined();
  });

  it('claims of a range of events only the slots that lie wholly inside', () => {
    const funding = frame({
      series: { ...SERIES, dataType: 'funding', frequency: '8h' },
      range: { from: T0 + 1, to: T0 + 480 * 3 * MINUTE + 1 },
      complete: true,
      columns: ['timestamp_ms', 'rate'],
      rows: [[T0 + 5, '0.0001']],
    });
    expect(readFrame(funding, 0).claimed).toEqual({ from: T0 + 480 * MINUTE, to: T0 + 480 * 3 * MINUTE });
  });

  it('wants of trades what tells those of one instant apart', () => {
    const trade = (columns: readonly string[], row: JobRecords['rows'][number]): JobRecords =>
      frame({ series: { ...SERIES, dataType: 'trade' }, columns: ['timestamp_ms', ...columns], rows: [row] });
    expect(pathsOf(trade(['price', 'amount'], [T0, '1', '2']))).toEqual(['columns missing_column']);
    expect(pathsOf(trade(['tie', 'price', 'amount'], [T0, null, '1', '2']))).toEqual(['rows[0][1] not_text']);
    const { batch } = readFrame(trade(['tie', 'price', 'amount'], [T0, 77, '1', '2']), 0);
    expect(batch.ties).toEqual(['77']);
  });

  it.each([
    ['[]', []],
    [
      '[["1.5","2"],["1.4","7"]]',
      [
        ['1.5', '2'],
        ['1.4', '7'],
      ],
    ],
    [' [ [1.5, 2] ] ', [['1.5', '2']]],
  ])('takes the levels %s as exports write them', (text, levels) => {
    const book = frame({
      series: { ...SERIES, dataType: 'order_book' },
      columns: ['timestamp_ms', 'received_at', 'bids', 'asks'],
      rows: [[T0, T0, text, '[]']],
    });
    expect([...rowsOf(readFrame(book, 0).batch)][0]?.values).toEqual([null, T0, levels, [], null]);
  });

  it.each([
    '',
    '[',
    '[L]',
    '[["1"]]',
    '[["1","2"]["3","4"]]',
    '[["1","x"]]',
    '[["1,2"]]',
    '{}',
    '[["1","2"],]',
  ])('refuses the levels %s', (text) => {
    const book = frame({
      series: { ...SERIES, dataType: 'order_book' },
      columns: ['timestamp_ms', 'received_at', 'bids', 'asks'],
      rows: [[T0, T0, text, '[]']],
    });
    expect(pathsOf(book)).toEqual(['rows[0][2] not_levels']);
  });

  it.each([
    ['plain\ttext\n', []],
    ['a\u0000', ['rows[0][2] not_text']],
    ['\ud800', ['rows[0][2] not_text']],
    [7, ['rows[0][2] not_text']],
    ['x'.repeat(1_001), ['rows[0][2] not_text']],
  ])('judges the text %j', (status, issues) => {
    const nav = frame({
      series: { ...SERIES, dataType: 'fund_nav', frequency: '1d' },
      columns: ['timestamp_ms', 'nav', 'status'],
      rows: [[T0, '1', status]],
    });
    if (issues.length === 0) expect(() => readFrame(nav, 0)).not.toThrow();
    else expect(pathsOf(nav)).toEqual(issues);
  });
});
