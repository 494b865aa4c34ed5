import { MAX_SERIES, parseSymbols, type SelectableMarket, type TaskSeries } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { followSeries } from './follow-series.ts';

const NOW = Date.UTC(2024, 0, 2);

const market = (symbol: string): SelectableMarket => {
  const [base = '', quote = '', settle = null] = symbol.split(/[/:]/);
  const kind = settle === null ? 'spot' : 'swap';
  return {
    instrument: `binance:${symbol}`,
    marketId: base + quote,
    kind,
    active: true,
    base,
    quote,
    settle,
  };
};

const series = (symbol: string, more: Partial<TaskSeries> = {}): TaskSeries => ({
  symbol,
  state: 'active',
  instrument: null,
  seriesKey: null,
  note: null,
  error: null,
  watermark: null,
  ...more,
});

const by = (selector: string, left: number | null = null) => ({ selected: { by: selector, left } });
const follow = (before: readonly TaskSeries[], symbols: readonly string[], by = '*/USDT', list = [by]) =>
  followSeries(before, {
    selection: parseSymbols(list),
    found: symbols.map((s) => ({ market: market(s), by })),
    now: NOW,
  });

describe('following listings', () => {
  it('adds what is new behind what is there', () => {
    const before = [series('ETHUSDT'), series('BTC/USDT', by('*/USDT'))];
    const { series: after, came, left } = follow(before, ['ADA/USDT', 'BTC/USDT']);

    expect(after.slice(0, 2)).toEqual(before);
    expect(after[2]).toEqual(series('ADA/USDT', { state: 'pending', ...by('*/USDT') }));
    expect([came, left]).toEqual([['ADA/USDT'], []]);
  });

  it('marks what is found no more, once, and never takes it away', () => {
    const before = [series('BTC/USDT', { watermark: 5, ...by('*/USDT') })];
    const first = follow(before, []);

    expect(first.series).toEqual([series('BTC/USDT', { watermark: 5, ...by('*/USDT', NOW) })]);
    expect(first.left).toEqual(['BTC/USDT']);
    expect(follow(first.series, []).left).toEqual([]);
  });

  it('takes the mark away when it is found again', () => {
    const { series: after, came } = follow([series('BTC/USDT', by('*/USDT', 7))], ['BTC/USDT']);

    expect(after).toEqual([series('BTC/USDT', by('*/USDT'))]);
    expect(came).toEqual([]);
  });

  it('gives the same list back when there is nothing to write', () => {
    const before = [series('ETHUSDT'), series('BTC/USDT', by('*/USDT')), series('OLD/USDT', by('*/USDT', 7))];

    expect(follow(before, ['BTC/USDT']).series).toBe(before);
    const once = follow(before, ['NEW/USDT']);
    expect(follow(once.series, ['NEW/USDT']).series).toBe(once.series);
  });

  it('tells the selector that finds it now where the one that brought it is gone', () => {
    const { series: after } = follow([series('BTC/USDT', by('top:5:USDT'))], ['BTC/USDT']);

    expect(after).toEqual([series('BTC/USDT', by('*/USDT'))]);
  });

  it('collects nothing twice that the list names, by whatever name', () => {
    const named = [
      series('btc-usdt'),
      series('ETHUSDT'),
      series('weird', { instrument: 'binance:ADA/USDT', seriesKey: 'k' }),
    ];

    expect(follow(named, ['BTC/USDT', 'ETH/USDT', 'ADA/USDT', 'BTC/USDT:USDT']).came).toEqual([
      'BTC/USDT:USDT',
    ]);
  });

  it('merges a followed series into the named one that it turns out to be', () => {
    const named = series('weird', { instrument: 'binance:ADA/USDT' });
    const before = [named, series('ADA/USDT', { instrument: 'binance:ADA/USDT', ...by('*/USDT') })];

    expect(follow(before, ['ADA/USDT']).series).toEqual([named]);
  });

  it('gives another chance to what the venue had not known and lists again, and to nothing else', () => {
    const ended = (symbol: string, code: string) =>
      series(symbol, { state: 'failed', error: { code, message: '', at: 1 }, ...by('*/USDT', 7) });
    const before = [ended('A/USDT', 'SYMBOL_UNKNOWN'), ended('B/USDT', 'SERIES_REFUSED')];

    expect(follow(before, ['A/USDT', 'B/USDT']).series).toMatchObject([
      { state: 'pending', error: null },
      { state: 'failed', error: { code: 'SERIES_REFUSED' } },
    ]);
  });

  it('stops at the most series a task may have, keeps what is there, and tells how many are left out', () => {
    const before = Array.from({ length: MAX_SERIES - 2 }, (_, i) => series(`OLD${i}/USDT`, by('*/USDT', 7)));
    const { series: after, came, cut } = follow(before, ['A/USDT', 'B/USDT', 'C/USDT', 'OLD0/USDT']);

    expect(after).toHaveLength(MAX_SERIES);
    expect([came, cut]).toEqual([['A/USDT', 'B/USDT'], 1]);
    expect(after.slice(0, MAX_SERIES - 2).map((s) => s.symbol)).toEqual(before.map((s) => s.symbol));
  });
});
