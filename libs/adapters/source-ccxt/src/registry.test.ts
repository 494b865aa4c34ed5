import { FakeClock, silentLogger } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { catalogEntry, catalogIds } from './catalog.ts';
import { createExchange } from './ccxt-exchange.ts';
import { budgetShares, createCcxtSources, type CcxtSourcesSettings } from './registry.ts';
import { NotingBudget } from './testing/bench.ts';

const registry = (sources: CcxtSourcesSettings = {}) =>
  createCcxtSources({ sources, budget: new NotingBudget(), clock: new FakeClock(), log: silentLogger });

describe('createCcxtSources', () => {
  it('describes every exchange without loading it', () => {
    const sources = registry();

    expect(sources.ids()).toEqual([...catalogIds()].sort());
    expect(sources.ids().length).toBeGreaterThan(90);
    expect(sources.describe('binance')).toMatchObject({
      id: 'binance',
      realm: 'live',
      dataTypes: { kline: expect.arrayContaining(['1m', '1h', '1d', '1w', '1M']), ticker: [] },
    });
    expect(sources.describe('nowhere')).toBeUndefined();
    expect(sources.describe('constructor')).toBeUndefined();
  });

  it('opens a source once, and refuses what it does not know', async () => {
    const sources = registry();

    expect(await sources.open('kraken')).toBe(await sources.open('kraken'));
    await expect(sources.open('nowhere')).rejects.toMatchObject({ code: 'SOURCE_UNKNOWN' });
    await expect(sources.open('../base/Exchange')).rejects.toMatchObject({ code: 'SOURCE_UNKNOWN' });
    await sources.close();
  });

  it('never calls the data of another address live by itself', async () => {
    const sources = registry({
      binance: { baseUrl: 'http://127.0.0.1:9' },
      mirror: { exchange: 'binance', baseUrl: 'https://mirror.example', realm: 'mirror' },
    });

    expect(sources.describe('binance')?.realm).toBe('custom:127.0.0.1:9');
    expect((await sources.open('mirror')).realm).toBe('mirror');
    await sources.close();
  });

  it.each([
    [{ nowhere: {} }, 'sources.nowhere.exchange'],
    [{ a: { exchange: 'constructor' } }, 'sources.a.exchange'],
    [{ binance: { baseUrl: 'http://venue.example' } }, 'sources.binance.baseUrl'],
    [{ binance: { baseUrl: 'http://169.254.169.254' } }, 'sources.binance.baseUrl'],
    [{ binance: { baseUrl: 'https://[fd00:ec2::254]' } }, 'sources.binance.baseUrl'],
    [{ binance: { baseUrl: 'http://127.0.0.1:1', realm: 'live' } }, 'sources.binance.realm'],
    [{ binance: { timeoutMs: 0 } }, 'sources.binance.timeoutMs'],
  ])('refuses wrong settings at once, naming the key: %j', (sources, key) => {
    expect(() => registry(sources)).toThrow(expect.objectContaining({ code: 'CONFIG', details: { key } }));
  });
});

describe('the catalog', () => {
  const SAMPLE = [
    'binance',
    'okx',
    'bybit',
    'coinbase',
    'coinbaseexchange',
    'kraken',
    'kucoin',
    'gate',
    'mexc',
    'htx',
    'bitget',
    'upbit',
    'bitfinex',
    'gemini',
    'bitstamp',
    'hyperliquid',
  ];

  it.each(SAMPLE)(
    'says of %s what the exchange itself says, which is built without a request',
    async (id) => {
      const exchange = await createExchange(id, { number: String });

      const entry = catalogEntry(id);
      expect(entry?.ohlcv).toEqual(
        Object.keys(exchange.timeframes ?? {}).filter((t) => /^[1-9]\d*[smhdwM]$/.test(t)),
      );
      expect(entry?.ticker).toBe(
        exchange.has['fetchTicker'] === true || exchange.has['fetchTickers'] === true,
      );
    },
  );
});

describe('budgetShares', () => {
  it('gives each pool the smallest share its sources ask for', () => {
    const share = budgetShares({
      binance: { budgetShare: 0.5 },
      futures: { exchange: 'binanceusdm', budgetShare: 0.3 },
      okx: { budgetShare: 0.9 },
      kraken: {},
    });

    expect([share('binance/fapi'), share('okx/rest'), share('kraken/rest'), share('bybit/rest')]).toEqual([
      0.3,
      0.9,
      undefined,
      undefined,
    ]);
  });
});
