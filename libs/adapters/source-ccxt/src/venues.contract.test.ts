import { marketDataSourceContract, RETRY_AFTER_MS, type SourceFault } from '@kairos/testkit';
import type { Answer } from '@kairos/sandbox-venue';
import { minutesBack, openVenue, startVenues, truthOf } from './testing/venues.ts';

const ANSWERS: Readonly<Record<SourceFault, Partial<Answer>>> = {
  html: {
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Maintenance</body></html>',
  },
  blank: { status: 200, body: '' },
  'no-list': { status: 200, body: '{}' },
  cut: { status: 200, body: '{"code":"0","result":{"list":[[1704067200000,"42000.00","42001.0' },
  'rate-limited': { status: 429, headers: { 'retry-after': String(RETRY_AFTER_MS / 1_000) }, body: '{}' },
  unavailable: { status: 503, body: '' },
  'other-realm': { headers: { 'x-kairos-realm': 'live' } },
  hang: { delayMs: 3_600_000 },
};

/** USD-M rows keep quote volume and trades, which the truth of the others lacks: it is told in full for it. */
const VENUES = [
  ['okx', 'BTC/USDT'],
  ['okx', 'BTC/USDT:USDT'],
  ['bybit', 'BTC/USDT'],
  ['bybit', 'BTC/USDT:USDT'],
  ['kraken', 'BTC/USDT'],
  ['coinbase', 'BTC/USDT'],
  ['coinbaseexchange', 'BTC/USDT'],
  ['binance', 'BTC/USDT:USDT'],
] as const;

for (const [exchange, symbol] of VENUES) {
  marketDataSourceContract(`CcxtMarketDataSource over ${exchange} ${symbol}`, {
    open: async ({ budget }) => {
      const venue = await startVenues();
      const range = minutesBack(20, 5);
      const truth = await truthOf(venue, { ...range, full: exchange === 'binance' });
      const { source, registry } = await openVenue(exchange, venue, budget);
      return {
        source,
        symbol,
        unknownSymbol: 'NOPE/USDT',
        timeframe: '1m',
        range,
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
}
