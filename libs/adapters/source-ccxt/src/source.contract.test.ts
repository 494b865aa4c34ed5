import { gridOf } from '@kairos/domain';
import { startSandboxVenue, type Answer } from '@kairos/sandbox-venue';
import {
  FakeClock,
  marketDataSourceContract,
  RETRY_AFTER_MS,
  silentLogger,
  type SourceFault,
} from '@kairos/testkit';
import { createCcxtSources } from './registry.ts';
import { MINUTE, T0 } from './testing/bench.ts';

const ANSWERS: Readonly<Record<SourceFault, Partial<Answer>>> = {
  html: {
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Maintenance</body></html>',
  },
  blank: { status: 200, body: '' },
  'no-list': { status: 200, body: '{}' },
  cut: { status: 200, body: '[[1704067200000,"42000.00","42001.0' },
  'rate-limited': { status: 429, headers: { 'retry-after': String(RETRY_AFTER_MS / 1_000) }, body: '{}' },
  unavailable: { status: 503, body: '' },
  'other-realm': { headers: { 'x-kairos-realm': 'live' } },
  hang: { delayMs: 3_600_000 },
};

/** The venue's own words for the same minutes, read without the adapter. */
async function truthOf(url: string) {
  const response = await fetch(`${url}/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=${T0}&limit=20`);
  const rows = (await response.json()) as readonly (readonly (string | number)[])[];
  return rows.map((r) => ({ ts: Number(r[0]), values: [...r.slice(1, 6), r[7] ?? null, r[8] ?? null] }));
}

marketDataSourceContract('CcxtMarketDataSource over the sandbox venue', {
  open: async ({ budget }) => {
    const venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7 } });
    const truth = await truthOf(venue.url);
    const sources = { binance: { baseUrl: venue.url, realm: venue.realm, timeoutMs: 5_000 } };
    const clock = new FakeClock({ now: T0 + 86_400_000 });
    const registry = createCcxtSources({ sources, budget, clock, log: silentLogger });
    return {
      source: await registry.open('binance'),
      symbol: 'BTCUSDT',
      unknownSymbol: 'NOPE/USDT',
      timeframe: '1m',
      range: { from: T0, to: gridOf('1m').openOf(T0 / MINUTE + 20) },
      truth,
      fail: (fault) => {
        venue.intercept = fault === undefined ? undefined : () => ANSWERS[fault];
      },
      requests: () => venue.counts().requests,
      close: async () => {
        await registry.close();
        await venue.close();
      },
    };
  },
});
