import { describe, expect, it } from 'vitest';
import type { CcxtMarket } from './ccxt-exchange.ts';
import { matchSymbol, nearestSymbols, sourceMarket } from './symbols.ts';

const spot = (base: string, quote: string, id = base + quote): CcxtMarket => ({
  id,
  symbol: `${base}/${quote}`,
  base,
  quote,
  type: 'spot',
  active: true,
});
const swap = (base: string, quote: string, settle: string, id: string): CcxtMarket => ({
  ...spot(base, quote, id),
  symbol: `${base}/${quote}:${settle}`,
  settle,
  type: 'swap',
});

const MARKETS = [
  spot('BTC', 'USDT'),
  spot('ETH', 'USDT'),
  swap('BTC', 'USDT', 'USDT', 'BTCUSDT'),
  swap('BTC', 'USD', 'BTC', 'BTCUSD_PERP'),
  swap('SOL', 'USDC', 'USDC', 'SOL-USDC-SWAP'),
  spot('AB', 'CUSD'),
  spot('ABC', 'USD'),
  { ...spot('LUNA', 'USDT'), active: false },
];

const found = (symbol: string): string => {
  const match = matchSymbol(symbol, MARKETS);
  return match.match === 'one' ? match.market.symbol : match.match;
};

describe('matchSymbol', () => {
  it.each([
    ['BTC/USDT', 'BTC/USDT'],
    ['btc/usdt', 'BTC/USDT'],
    ['BTCUSDT', 'BTC/USDT'],
    ['BTC-USDT', 'BTC/USDT'],
    ['btc_usdt', 'BTC/USDT'],
    [' BTCUSDT ', 'BTC/USDT'],
    ['BTC/USDT:USDT', 'BTC/USDT:USDT'],
    ['BTCUSD_PERP', 'BTC/USD:BTC'],
    ['SOL-USDC-SWAP', 'SOL/USDC:USDC'],
    ['LUNAUSDT', 'LUNA/USDT'],
    ['ABC/USD', 'ABC/USD'],
    ['AB-CUSD', 'AB/CUSD'],
    ['ABCUSD', 'many'],
    ['BTC/USDT:USDC', 'none'],
    ['BTC/EUR', 'none'],
    ['', 'none'],
    ['/', 'none'],
  ])('reads %s as %s', (symbol, expected) => {
    expect(found(symbol)).toBe(expected);
  });

  it('says how it read a symbol that was not written out', () => {
    expect(matchSymbol('BTCUSDT', MARKETS)).toMatchObject({
      note: 'BTCUSDT was taken as the spot instrument BTC/USDT',
    });
    expect(matchSymbol('BTC/USDT', MARKETS)).not.toHaveProperty('note');
  });

  it('names the candidates of what may mean several', () => {
    const match = matchSymbol('ABCUSD', MARKETS);

    expect(match.match === 'many' ? match.candidates.map((m) => m.symbol) : []).toEqual([
      'AB/CUSD',
      'ABC/USD',
    ]);
  });
});

describe('nearestSymbols', () => {
  it('offers at most three that look alike, nearest first', () => {
    expect(nearestSymbols('BTCUSTD', MARKETS)[0]).toBe('BTC/USDT');
    expect(nearestSymbols('BTCUSDT', MARKETS).length).toBeLessThanOrEqual(3);
  });

  it('offers nothing for what is too long or too strange', () => {
    expect(nearestSymbols('x'.repeat(65), MARKETS)).toEqual([]);
    expect(nearestSymbols('比特币对美元永续合约', MARKETS)).toEqual([]);
  });
});

describe('sourceMarket', () => {
  it('keeps a delisted market, marked as inactive', () => {
    expect(sourceMarket('mirror', { ...spot('LUNA', 'USDT'), active: false })).toEqual({
      instrument: 'mirror:LUNA/USDT',
      marketId: 'LUNAUSDT',
      kind: 'spot',
      active: false,
    });
  });
});
