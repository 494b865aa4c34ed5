import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contradiction,
  followsListings,
  isExcluded,
  mostSeries,
  parseSymbolEntry,
  parseSymbols,
  patternMatches,
  selectMarkets,
  symbolParts,
  type SelectableMarket,
} from './symbol-selector.ts';

const market = (symbol: string, more: Partial<SelectableMarket> = {}): SelectableMarket => {
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
    ...more,
  };
};

const MARKETS = [
  market('BTC/USDT', { turnover: '900' }),
  market('ETH/USDT', { turnover: '1000.5' }),
  market('BNB/USDT', { turnover: '900.0' }),
  market('BTCUP/USDT', { turnover: '5' }),
  market('JUP/USDT', { turnover: '7' }),
  market('OLD/USDT', { turnover: '99999', active: false }),
  market('NEW/USDT'),
  market('BTC/EUR', { turnover: '3' }),
  market('ETH/BTC', { turnover: '2' }),
  market('BTC/USDT:USDT', { turnover: '5000' }),
  market('BTC/USD:BTC'),
  market('BTC/USDT:USDT-250328', { kind: 'future', settle: 'USDT' }),
];

const found = (...symbols: string[]): string[] =>
  selectMarkets(parseSymbols(symbols), MARKETS).found.map((f) => f.market.instrument.slice(8));

describe('an entry of symbols', () => {
  it.each(['BTCUSDT', 'BTC/USDT', 'BTC/USDT:USDT', '000001.SH', '比特币', 'TOP/USDT', 'TOPUSDT', '-A'])(
    'is a name: %s',
    (text) => expect(parseSymbolEntry(text)).toEqual({ kind: 'name', text }),
  );

  it.each([
    ['*', 'selector_pattern'],
    ['*USDT', 'selector_pattern'],
    ['*/USDT/X', 'selector_pattern'],
    ['*/', 'selector_pattern'],
    ['*/USDT:', 'selector_pattern'],
    ['top:', 'selector_top'],
    ['top:0:USDT', 'selector_top'],
    ['top:05:USDT', 'selector_top'],
    ['top:1001:USDT', 'selector_top'],
    ['top:50', 'selector_top'],
    ['top:50:*', 'selector_top'],
    ['top:50:USDT:USDT', 'selector_top'],
    ['!', 'selector_exclusion'],
    ['!!BTC/USDT', 'selector_exclusion'],
    ['!top:5:USDT', 'selector_exclusion'],
    ['!*UP', 'selector_exclusion'],
    ['!--', 'selector_exclusion'],
    ['BTC!/USDT', 'selector_exclusion'],
  ])('is refused: %s', (text, problem) => expect(parseSymbolEntry(text)).toEqual({ kind: 'wrong', problem }));

  it('is read without regard to case', () => {
    expect(found('*/usdt:usdt')).toEqual(['BTC/USDT:USDT']);
    expect(found('TOP:1:usdt')).toEqual(['ETH/USDT']);
    expect(found('*/BTC', '!eth/btc')).toEqual([]);
  });
});

describe('selecting', () => {
  it('takes active spot markets for a pattern of two parts', () => {
    expect(found('*/USDT')).toEqual([
      'BNB/USDT',
      'BTC/USDT',
      'BTCUP/USDT',
      'ETH/USDT',
      'JUP/USDT',
      'NEW/USDT',
    ]);
    expect(found('BTC/*')).toEqual(['BTC/EUR', 'BTC/USDT']);
  });

  it('takes swaps, and no dated futures, for a pattern of three parts', () => {
    expect(found('*/USDT:USDT')).toEqual(['BTC/USDT:USDT']);
    expect(found('*/*:*')).toEqual(['BTC/USD:BTC', 'BTC/USDT:USDT']);
  });

  it('ranks by turnover as decimals, equal ones by symbol, and leaves out what tells none', () => {
    expect(found('top:3:USDT')).toEqual(['ETH/USDT', 'BNB/USDT', 'BTC/USDT']);
    expect(found('top:100:USDT')).not.toContain('NEW/USDT');
  });

  it('takes exclusions away after ranking: a top list is not filled up again', () => {
    expect(found('top:3:USDT', '!BNBUSDT')).toEqual(['ETH/USDT', 'BTC/USDT']);
    expect(found('*/USDT', '!*UP/USDT', '!B*/*')).toEqual(['ETH/USDT', 'NEW/USDT']);
  });

  it('does not exclude a swap by the name of its spot market, nor the reverse', () => {
    expect(found('BTC/*', '*/USDT:USDT', '!BTC/USDT')).toEqual(['BTC/USDT:USDT', 'BTC/EUR']);
  });

  it('tells selectors that find nothing, also after exclusions', () => {
    const list = ['*/XYZ', 'top:1:EUR', '!BTC/EUR', '*/USDT'];
    expect(selectMarkets(parseSymbols(list), MARKETS).barren).toEqual(['top:1:EUR', '*/XYZ']);
  });

  it('names the same selector for a market however the list is ordered', () => {
    const list = ['top:3:USDT', '*/USDT', 'BTC/*'];
    const of = (symbols: readonly string[]) =>
      selectMarkets(parseSymbols(symbols), MARKETS).found.map((f) => [f.market.instrument, f.by]);
    expect(of([...list].reverse())).toEqual(of(list));
  });
});

describe('a list of symbols', () => {
  it('follows listings when it holds a selector', () => {
    expect(followsListings(['BTCUSDT', 'TOP/USDT'])).toBe(false);
    expect(followsListings(['BTCUSDT', 'top:1:USDT'])).toBe(true);
  });

  it('contradicts itself when it names and excludes the same', () => {
    expect(contradiction(parseSymbols(['btc-usdt', '*/USDT', '!BTC/USDT']))).toBe('btc-usdt');
    expect(contradiction(parseSymbols(['JUP/USDT', '*/USDT', '!*UP/USDT']))).toBeUndefined();
    expect(contradiction(parseSymbols(['BTC/USDT:USDT', '*/USDT', '!BTC/USDT']))).toBeUndefined();
  });

  it('is judged by what it may come to', () => {
    expect(mostSeries(['A', 'B', 'A'])).toBe(2);
    expect(mostSeries(['A', 'top:50:USDT', 'BTC/*', '!X/USDT'])).toBe(101);
    expect(mostSeries(['A', '*/USDT', '*/BTC'])).toBe(1_000);
  });
});

const part = fc.stringMatching(/^[A-C]{1,4}$/);
const name = fc.tuple(part, part).map(([b, q]) => `${b}/${q}`);
const glob = fc.stringMatching(/^[A-C*]{1,5}$/);
const pattern = fc.tuple(glob, glob).map(([b, q]) => `${b}/${q}`);
const entry = fc.oneof(
  name,
  pattern,
  fc.tuple(fc.integer({ min: 1, max: 9 }), part).map(([n, q]) => `top:${n}:${q}`),
  fc.oneof(name, pattern).map((p) => `!${p}`),
);
const listing = fc
  .uniqueArray(fc.tuple(name, fc.nat(5), fc.boolean()), { selector: ([n]) => n, maxLength: 40 })
  .map((all) => all.map(([n, t, active]) => market(n, { turnover: String(t), active })));
const seeded = { seed: 20_261_122, numRuns: 500 };

describe('for any list and any listing', () => {
  it('a star stands for any run of characters, as in a regular expression', () => {
    fc.assert(
      fc.property(pattern, name, (p, n) => {
        const parsed = parseSymbolEntry(p.includes('*') ? p : `!${p}`);
        const parts = symbolParts(n);
        if (!('pattern' in parsed) || typeof parsed.pattern === 'string' || !parts)
          throw new Error('unparsed');
        const expression = new RegExp(`^${p.replaceAll('*', '[A-C]*')}$`);
        expect(patternMatches(parsed.pattern, parts)).toBe(expression.test(n));
      }),
      seeded,
    );
  });

  it('order and repetition of entries and of markets mean nothing', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 8 }),
        listing,
        fc.infiniteStream(fc.nat()),
        (list, all, random) => {
          const shuffled = <T>(items: readonly T[]): T[] =>
            items
              .map((item) => ({ item, key: random.next().value as number }))
              .sort((a, b) => a.key - b.key)
              .map((k) => k.item);
          const once = selectMarkets(parseSymbols(list), all);
          expect(selectMarkets(parseSymbols(shuffled([...list, ...list])), shuffled(all))).toEqual(once);
        },
      ),
      seeded,
    );
  });

  it('finds each market once, active, not excluded, and by an entry of the list', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), listing, (list, all) => {
        const selection = parseSymbols(list);
        const { found: chosen, barren } = selectMarkets(selection, all);
        expect(new Set(chosen.map((f) => f.market.instrument)).size).toBe(chosen.length);
        for (const { market: m, by } of chosen) {
          expect(m.active && !isExcluded(selection, m)).toBe(true);
          expect(list).toContain(by);
          expect(barren).not.toContain(by);
        }
      }),
      seeded,
    );
  });

  it('more entries without exclusions never find less', () => {
    const inclusive = entry.filter((e) => !e.startsWith('!'));
    fc.assert(
      fc.property(fc.array(inclusive, { maxLength: 5 }), inclusive, listing, (list, more, all) => {
        const of = (symbols: readonly string[]) =>
          selectMarkets(parseSymbols(symbols), all).found.map((f) => f.market.instrument);
        expect(of([...list, more])).toEqual(expect.arrayContaining(of(list)));
      }),
      seeded,
    );
  });
});
