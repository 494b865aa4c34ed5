import { BadSourceDataError, canonicalDecimal } from '@kairos/domain';
import type { Clock, Logger, SourceCall } from '@kairos/ports';
import { newCall, runCall } from './call-context.ts';
import type { CcxtExchange, CcxtTicker } from './ccxt-exchange.ts';
import type { MarketCache, RunCall } from './market-shelf.ts';
import { SharedWork } from './shared-work.ts';

export interface TurnoverShelfOptions {
  readonly exchange: CcxtExchange;
  /** Tells this source's turnovers from those of others in the cache. */
  readonly cacheKey: string;
  readonly cache: MarketCache | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly run: RunCall;
}

/** Turnovers of spot markets as the cache keeps them, by unified symbol. */
interface StoredTurnovers {
  readonly v: 1;
  readonly at: number;
  readonly turnovers: Readonly<Record<string, string>>;
}

/** All tickers are the dearest request there is (80 of Binance's weight), and a day's ranking is slow to change. */
const FRESH_MS = 3_600_000;

/** What every spot market of one source traded in 24 hours, asked for in one request, and not again within the hour. */
export class TurnoverShelf {
  readonly #options: TurnoverShelfOptions;
  readonly #loading = new SharedWork<void>();
  #stored: StoredTurnovers | undefined;

  constructor(options: TurnoverShelfOptions) {
    this.#options = options;
  }

  /** Decimal text in units of quote, by unified symbol; those the venue tells. None where it has no such request. */
  async read(call: SourceCall): Promise<ReadonlyMap<string, string>> {
    if (this.#options.exchange.has['fetchTickers'] !== true) return new Map();
    for (;;) {
      const stored = this.#stored;
      if (this.#isFresh(stored)) return new Map(Object.entries(stored.turnovers));
      await this.#loading.join(call.signal, (signal) => this.#restoreOrLoad({ ...call, signal }));
    }
  }

  #isFresh(stored: StoredTurnovers | undefined): stored is StoredTurnovers {
    const now = this.#options.clock.now();
    return stored !== undefined && now - stored.at < FRESH_MS && stored.at <= now;
  }

  async #restoreOrLoad(call: SourceCall): Promise<void> {
    const kept = await this.#restore();
    this.#stored = this.#isFresh(kept) ? kept : await this.#load(call);
  }

  async #restore(): Promise<StoredTurnovers | undefined> {
    const { cache, cacheKey } = this.#options;
    try {
      const value = await cache?.get(cacheKey);
      return isStored(value) ? value : undefined;
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  async #load(sourceCall: SourceCall): Promise<StoredTurnovers> {
    const { exchange, clock, cache, cacheKey, run } = this.#options;
    const call = newCall(sourceCall);
    const tickers = await run(call, 'turnover of all markets', () =>
      runCall(call, () => exchange.fetchTickers(undefined, { type: 'spot' })),
    );
    if (Object.keys(tickers).length === 0)
      throw new BadSourceDataError(`${exchange.id} tells no ticker at all`);
    const told = Object.entries(tickers).flatMap(([symbol, ticker]) => {
      const turnover = turnoverOf(ticker);
      return turnover === undefined ? [] : [[symbol, turnover] as const];
    });
    const stored: StoredTurnovers = { v: 1, at: clock.now(), turnovers: Object.fromEntries(told) };
    await Promise.resolve(cache?.put(cacheKey, stored)).catch((error: unknown) => this.#warn(error));
    return stored;
  }

  #warn(error: unknown): void {
    const { log, cacheKey } = this.#options;
    log.warn('source.market_cache_failed', { key: cacheKey, error: String(error) });
  }
}

/** A negative or odd one is none. */
function turnoverOf({ quoteVolume }: CcxtTicker): string | undefined {
  if (typeof quoteVolume !== 'string' && typeof quoteVolume !== 'number') return undefined;
  const text = canonicalDecimal(quoteVolume);
  return text?.startsWith('-') === true ? undefined : text;
}

function isStored(value: unknown): value is StoredTurnovers {
  const v = value as Partial<StoredTurnovers> | null | undefined;
  return v?.v === 1 && typeof v.at === 'number' && typeof v.turnovers === 'object' && v.turnovers !== null;
}
