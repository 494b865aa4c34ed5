import { BadSourceDataError } from '@kairos/domain';
import type { Clock, Logger, SourceCall } from '@kairos/ports';
import { newCall, runCall, type CallContext } from './call-context.ts';
import type { CcxtExchange, CcxtMarket } from './ccxt-exchange.ts';
import { widenMarkets } from './instrumented-exchange.ts';
import { SharedWork } from './shared-work.ts';
import type { StatedLimits } from './stated-limits.ts';

/**
 * Keeps lists of markets between processes; may forget at any time. Values are plain JSON. A failing cache costs a
 * request, never a call.
 */
export interface MarketCache {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

/** Runs a call of ccxt and translates its errors. */
export type RunCall = <T>(call: CallContext, what: string, work: () => Promise<T>) => Promise<T>;

export interface MarketShelfOptions {
  readonly exchange: CcxtExchange;
  /** Tells this source's lists from those of others in the cache. */
  readonly cacheKey: string;
  readonly cache: MarketCache | undefined;
  /** Kept along with the list, which states them. */
  readonly limits: StatedLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly run: RunCall;
}

/** A list as the cache keeps it. */
interface StoredMarkets {
  readonly v: 1;
  readonly at: number;
  readonly wide: boolean;
  readonly columns: readonly string[] | null;
  readonly limits: Readonly<Record<string, number>>;
  readonly markets: readonly CcxtMarket[];
}

const FRESH_MS = 3_600_000;

/** The markets of one source: loaded once for all who ask, kept for an hour, narrow (spot) until more is asked for. */
export class MarketShelf {
  readonly #options: MarketShelfOptions;
  readonly #loading = new SharedWork<void>();
  #stored: StoredMarkets | undefined;
  #wide = false;

  constructor(options: MarketShelfOptions) {
    this.#options = options;
  }

  /** Columns of candles the venue announces; undefined: all that the wire has. */
  get columns(): readonly string[] | undefined {
    return this.#stored?.columns ?? undefined;
  }

  get markets(): readonly CcxtMarket[] {
    return this.#stored?.markets ?? [];
  }

  /** Sees to it that markets are known, not older than an hour. */
  async ensure(call: SourceCall): Promise<void> {
    while (!this.#isFresh())
      await this.#loading.join(call.signal, (signal) => this.#restoreOrLoad({ ...call, signal }));
  }

  /** Sees to it that derivatives are known too. False when they already were. */
  async widen(call: SourceCall): Promise<boolean> {
    if (this.#wide || !widenMarkets(this.#options.exchange)) return false;
    this.#wide = true;
    await this.refresh(call);
    return true;
  }

  /** Asks the venue again, whatever is kept. */
  async refresh(call: SourceCall): Promise<void> {
    await this.#loading.join(call.signal, (signal) => this.#load({ ...call, signal }));
  }

  /** Whether the list is as new as a caller who misses a symbol could wish. */
  isYoung(maxAgeMs: number): boolean {
    return this.#stored !== undefined && this.#options.clock.now() - this.#stored.at < maxAgeMs;
  }

  #isFresh(): boolean {
    return this.isYoung(FRESH_MS);
  }

  async #restoreOrLoad(call: SourceCall): Promise<void> {
    if (!(await this.#restore())) await this.#load(call);
  }

  async #restore(): Promise<boolean> {
    const { cache, cacheKey, clock, exchange, limits, log } = this.#options;
    try {
      const value = await cache?.get(cacheKey);
      if (!isStored(value) || clock.now() - value.at >= FRESH_MS || value.at > clock.now()) return false;
      if (value.wide && widenMarkets(exchange)) this.#wide = true;
      exchange.setMarkets(value.markets);
      limits.restore(value.limits);
      this.#stored = value;
      return true;
    } catch (error) {
      log.warn('source.market_cache_failed', { key: cacheKey, error: String(error) });
      return false;
    }
  }

  async #load(sourceCall: SourceCall): Promise<void> {
    const { exchange, clock, limits, run } = this.#options;
    const call = newCall(sourceCall);
    await run(call, 'list of markets', () => runCall(call, () => exchange.loadMarkets(true)));
    const markets = Object.values(exchange.markets ?? {});
    if (markets.length === 0) throw new BadSourceDataError(`${exchange.id} lists no market at all`);
    const about = { wide: this.#wide, columns: announcedColumns(call), limits: limits.kept() };
    this.#stored = { v: 1, at: clock.now(), ...about, markets };
    await this.#keep(this.#stored);
  }

  /** Without `info`, the venue's own entry: most of the bytes, and nothing here reads it. */
  async #keep(stored: StoredMarkets): Promise<void> {
    const { cache, cacheKey, log } = this.#options;
    const markets = stored.markets.map((m) => ({ ...m, info: {} }));
    try {
      await cache?.put(cacheKey, { ...stored, markets });
    } catch (error) {
      log.warn('source.market_cache_failed', { key: cacheKey, error: String(error) });
    }
  }
}

/** A replaying venue has to put something into columns it never recorded, and says which ones are real. */
function announcedColumns(call: CallContext): readonly string[] | null {
  for (const { parsed } of call.traces) {
    const columns = (parsed as { readonly kairosColumns?: unknown } | undefined)?.kairosColumns;
    if (Array.isArray(columns)) return columns.filter((c) => typeof c === 'string');
  }
  return null;
}

function isStored(value: unknown): value is StoredMarkets {
  const v = value as Partial<StoredMarkets> | null | undefined;
  return v?.v === 1 && typeof v.at === 'number' && Array.isArray(v.markets) && v.markets.length > 0;
}
