import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import { SystemClock, SystemIds } from '@kairos/clock-system';
import { collect, Tallies } from '@kairos/collectors';
import type { VenueBudget } from '@kairos/ports';
import { createCcxtSources } from '@kairos/source-ccxt';
import { openSqliteStore } from '@kairos/store-sqlite';
import { createLogger } from '@kairos/telemetry-pino';
import type { Venue } from './processes.ts';
import type { Span } from './spans.ts';

/** What is measured is the work; the venue's limit would hold back every way alike. */
const free: VenueBudget = { take: async () => undefined, observe: () => undefined, ban: () => undefined };

/** Every layer, from opening the ccxt source to coverage in chunks. Answers the run's totals. */
export async function collectOurs(venue: Venue, file: string, spans: readonly Span[]): Promise<Tallies> {
  const clock = new SystemClock();
  const log = createLogger({ level: 'silent', pretty: false, secrets: [] });
  const store = await openSqliteStore({ path: file });
  const sources = createCcxtSources({
    sources: { bench: { exchange: 'binance', baseUrl: venue.url, realm: venue.realm } },
    budget: free,
    clock,
    log,
  });
  const deps = { store: store.series, calendar: new AlwaysOpenCalendar(), clock, ids: new SystemIds(), log };
  const run = {
    runId: 'bench',
    deadline: Infinity,
    signal: new AbortController().signal,
    ensure: async () => undefined,
  };
  const tallies = new Tallies();
  const source = await sources.open('bench');
  const requests = spans.map(
    (span) => ({ ...span, dataType: 'kline', price: 'last', batchSize: null, refetch: null }) as const,
  );
  const outcomes = await collect(deps, run, { source, requests, tallies });
  await sources.close();
  await store.close();
  for (const { symbol, error, range } of outcomes)
    if (range?.settled !== true) throw new Error(`${symbol} is not complete: ${error?.message ?? 'gaps'}`);
  return tallies;
}
