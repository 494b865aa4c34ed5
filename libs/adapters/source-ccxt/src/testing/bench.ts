import type { MarketDataSource, SourceCall, SourceMarket, VenueBudget } from '@kairos/ports';
import { FakeClock, silentLogger } from '@kairos/testkit';
import type { CcxtSourceDeps } from '../ccxt-market-data-source.ts';
import { createCcxtSources } from '../registry.ts';
import type { CcxtSourceSettings } from '../settings.ts';

export const T0 = Date.UTC(2024, 0, 1);
export const MINUTE = 60_000;

type Take = Parameters<VenueBudget['take']>[0];

/** A budget that grants everything and keeps account. */
export class NotingBudget implements VenueBudget {
  readonly taken: Take[] = [];
  readonly observed: Parameters<VenueBudget['observe']>[0][] = [];
  readonly bans: Parameters<VenueBudget['ban']>[0][] = [];

  async take(p: Take): Promise<void> {
    this.taken.push(p);
  }

  observe(p: Parameters<VenueBudget['observe']>[0]): void {
    this.observed.push(p);
  }

  ban(p: Parameters<VenueBudget['ban']>[0]): void {
    this.bans.push(p);
  }
}

export const someCall = (signal = new AbortController().signal): SourceCall => ({
  signal,
  priority: 'backfill',
});

/** A source of this exchange at this address, with everything around it faked. */
export async function openAt(
  exchange: string,
  baseUrl: string,
  more: { readonly settings?: CcxtSourceSettings; readonly deps?: Partial<CcxtSourceDeps> } = {},
): Promise<{ source: MarketDataSource; budget: NotingBudget; clock: FakeClock }> {
  const budget = new NotingBudget();
  const clock = new FakeClock({ now: T0 + 86_400_000 });
  const settings = { baseUrl, ...more.settings };
  const sources = { [exchange]: settings };
  const registry = createCcxtSources({ sources, budget, clock, log: silentLogger, ...more.deps });
  return { source: await registry.open(exchange), budget, clock };
}

export const spotMarket = (source: string, symbol: string, marketId: string): SourceMarket => ({
  instrument: `${source}:${symbol}`,
  marketId,
  kind: 'spot',
  active: true,
});

/** A request for ten minutes of candles. */
export const tenMinutes = (market: SourceMarket) =>
  ({
    market,
    dataType: 'kline',
    timeframe: '1m',
    price: 'last',
    range: { from: T0, to: T0 + 10 * MINUTE },
    limit: 10,
  }) as const;

export const rejectionOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => error,
  );
