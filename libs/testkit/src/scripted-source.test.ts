import {
  BadSourceDataError,
  SourceError,
  RateLimitedError,
  SourceUnavailableError,
  type Row,
} from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import {
  marketDataSourceContract,
  RETRY_AFTER_MS,
  type SourceFault,
} from './contracts/market-data-source.contract.ts';
import { ScriptedSource, type ScriptedOutcome } from './scripted-source.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 1);
const BTC = 'binance:BTC/USDT';

const candles: readonly Row[] = Array.from({ length: 20 }, (_, i) => ({
  ts: START + i * MINUTE,
  tie: undefined,
  values: ['1', '2', '0.5', `1.${i + 1}`, '123456789012345678.12345678', '7', 3],
}));

const OUTCOMES: Readonly<Record<SourceFault, ScriptedOutcome>> = {
  html: new BadSourceDataError('a page of HTML'),
  blank: new BadSourceDataError('nothing'),
  'no-list': new BadSourceDataError('no list'),
  cut: new BadSourceDataError('cut short'),
  'rate-limited': new RateLimitedError('slow down', RETRY_AFTER_MS),
  unavailable: new SourceUnavailableError('503'),
  'other-realm': new SourceError('SOURCE_REALM', 'realm live, not sandbox:7', { scope: 'venue' }),
  hang: { hang: true },
};

const scripted = (options: Partial<ConstructorParameters<typeof ScriptedSource>[0]> = {}): ScriptedSource =>
  new ScriptedSource({
    id: 'binance',
    realm: 'sandbox:7',
    truth: new Map([[BTC, candles]]),
    venueNow: () => START + 10_000 * MINUTE,
    ...options,
  });

marketDataSourceContract('ScriptedSource', {
  open: async ({ budget }) => {
    const source = scripted({ budget });
    return {
      source,
      symbol: 'BTCUSDT',
      unknownSymbol: 'NOPE/USDT',
      timeframe: '1m',
      range: { from: START, to: START + 10 * MINUTE },
      truth: candles.slice(0, 10),
      fail: (fault) => {
        source.script = () => (fault === undefined ? 'ok' : OUTCOMES[fault]);
      },
      requests: () => source.calls.length,
      close: () => source.close(),
    };
  },
});

describe('ScriptedSource', () => {
  const call = { signal: new AbortController().signal, priority: 'live' } as const;
  const ask = async (source: ScriptedSource) => {
    const market = await source.resolve({ symbol: 'BTC/USDT', dataType: 'kline' }, call);
    const range = { from: START, to: START + 20 * MINUTE };
    return source.fetchRange(
      { market, dataType: 'kline', timeframe: '1m', price: 'last', range, limit: 100 },
      call,
    );
  };

  it('shows the bar that is still open, and none that opens later', async () => {
    const page = await ask(scripted({ venueNow: () => START + 4 * MINUTE + 1 }));

    expect([...page.batch.ts]).toEqual([0, 1, 2, 3, 4].map((i) => START + i * MINUTE));
  });

  it('lets the script change rows of a chosen call, and notes every call', async () => {
    const source = scripted({
      script: ({ method }) => (method === 'fetchRange' ? { rows: (rows) => rows.slice(1).reverse() } : 'ok'),
    });

    const page = await ask(source);

    expect(page.batch.n).toBe(19);
    expect(page.batch.ts[0]).toBe(START + 19 * MINUTE);
    expect(source.calls.map((c) => [c.n, c.method])).toEqual([
      [1, 'resolve'],
      [2, 'fetchRange'],
    ]);
  });
});
