import { SourceError, UnsupportedError, type EvidenceRead, type RecordBatch } from '@kairos/domain';
import type {
  Clock,
  ListedMarket,
  Logger,
  MarketDataSource,
  RangeRequest,
  SourceCall,
  SourceFacts,
  SourceMarket,
  SourcePage,
  SourceSnapshot,
  VenueBudget,
} from '@kairos/ports';
import { blamedTrace, newCall, runCall, type CallContext } from './call-context.ts';
import type { CcxtExchange } from './ccxt-exchange.ts';
import { classifyError } from './classify-error.ts';
import { HttpClient } from './client.ts';
import { findEarliest } from './earliest.ts';
import { instrument, instrumentedExchange, type ExchangeParts } from './instrumented-exchange.ts';
import { MarketShelf, type MarketCache, type RunCall } from './market-shelf.ts';
import { familyOf, fetchKlines, isRaw } from './range-fetch.ts';
import { redactor, type Redact } from './redact.ts';
import { fetchTickerSnapshots } from './snapshot-fetch.ts';
import type { ResolvedSettings } from './settings.ts';
import {
  ambiguousSymbol,
  listedMarket,
  matchSymbol,
  nearestSymbols,
  sourceMarket,
  unknownSymbol,
} from './symbols.ts';
import { TurnoverShelf } from './turnover-shelf.ts';
import { isRateLimited } from './rate-limited.ts';
import { StatedLimits } from './stated-limits.ts';
import { klineFacts, tickerFacts, windowRules } from './venue-facts.ts';

export interface CcxtSourceDeps {
  readonly budget: VenueBudget;
  readonly clock: Clock;
  readonly log: Logger;
  readonly marketCache?: MarketCache | undefined;
  /** What venues say of their limits: one for all sources, for they may share a pool. Default: its own. */
  readonly limits?: StatedLimits | undefined;
}

interface Parts {
  readonly settings: ResolvedSettings;
  readonly deps: CcxtSourceDeps;
  readonly client: HttpClient;
  readonly exchange: CcxtExchange;
  readonly limits: StatedLimits;
}

/** A symbol missing from a list younger than this is not asked for again: the venue would say the same. */
const YOUNG_LIST_MS = 60_000;

/** Any exchange of ccxt as a source of candles and tickers. One instance per source id; its calls may run in parallel. */
export class CcxtMarketDataSource implements MarketDataSource {
  readonly id: string;
  readonly realm: string;
  readonly #exchange: CcxtExchange;
  readonly #client: HttpClient;
  readonly #deps: CcxtSourceDeps;
  readonly #redact: Redact;
  readonly #shelf: MarketShelf;
  readonly #turnovers: TurnoverShelf;

  private constructor({ settings, deps, client, exchange, limits }: Parts) {
    this.id = settings.id;
    this.realm = settings.realm;
    this.#exchange = exchange;
    this.#client = client;
    this.#deps = deps;
    this.#redact = redactor(settings.secrets);
    const world = `${settings.realm}|${settings.exchange}|${settings.origin?.origin ?? ''}`;
    const { marketCache: cache, clock, log } = deps;
    const run: RunCall = (call, what, work) => this.#translate(call, what, work);
    this.#shelf = new MarketShelf({ exchange, cacheKey: `markets|${world}`, cache, limits, clock, log, run });
    this.#turnovers = new TurnoverShelf({ exchange, cacheKey: `turnovers|${world}`, cache, clock, log, run });
  }

  /** Loads the exchange's file; no request is sent. @throws ConfigError */
  static async open(settings: ResolvedSettings, deps: CcxtSourceDeps): Promise<CcxtMarketDataSource> {
    const { client, clock, limits } = partsOf(settings, deps);
    const exchange = await instrumentedExchange(settings, { client, clock, limits });
    return new CcxtMarketDataSource({ settings, deps, client, exchange, limits });
  }

  /** Takes a fresh exchange, built `OUR_WAY`, for its own. */
  static around(bare: CcxtExchange, settings: ResolvedSettings, deps: CcxtSourceDeps): CcxtMarketDataSource {
    const { client, clock, limits } = partsOf(settings, deps);
    const exchange = instrument(bare, settings, { client, clock, limits });
    return new CcxtMarketDataSource({ settings, deps, client, exchange, limits });
  }

  async resolve(
    { symbol, dataType }: { readonly symbol: string; readonly dataType: string },
    call: SourceCall,
  ): Promise<SourceMarket> {
    this.#requireType(dataType, 'kline', 'ticker');
    await this.#shelf.ensure(call);
    if (symbol.includes(':')) await this.#shelf.widen(call);
    let match = matchSymbol(symbol, this.#shelf.markets);
    if (match.match === 'none' && (await this.#askForMore(call)))
      match = matchSymbol(symbol, this.#shelf.markets);
    if (match.match === 'one') return sourceMarket(this.id, match.market, match.note);
    if (match.match === 'many') throw ambiguousSymbol(this.id, symbol, match.candidates);
    throw unknownSymbol(this.id, symbol, nearestSymbols(symbol, this.#shelf.markets));
  }

  async markets(
    { kinds, turnover }: { readonly kinds: readonly SourceMarket['kind'][]; readonly turnover: boolean },
    call: SourceCall,
  ): Promise<readonly ListedMarket[]> {
    call.signal.throwIfAborted();
    await this.#shelf.ensure(call);
    if (kinds.some((kind) => kind !== 'spot')) await this.#shelf.widen(call);
    const told = turnover ? await this.#turnovers.read(call) : undefined;
    return this.#shelf.markets.flatMap((m) => {
      const listed = listedMarket(this.id, m, m.type === 'spot' ? told?.get(m.symbol) : undefined);
      return kinds.includes(listed.kind) ? [listed] : [];
    });
  }

  facts({ market, dataType, timeframe }: Parameters<MarketDataSource['facts']>[0]): SourceFacts {
    this.#requireType(dataType, 'kline', 'ticker');
    const exchange = this.#exchange.id;
    if (dataType === 'ticker') return tickerFacts(exchange);
    const ccxtLimit = this.#statedPageSize();
    return klineFacts({ exchange, family: familyOf(market), timeframe, ccxtLimit });
  }

  async venueTime(sourceCall: SourceCall): Promise<number | undefined> {
    if (this.#exchange.has['fetchTime'] === true) {
      const time = await this.#call(newCall(sourceCall), 'time', () => this.#exchange.fetchTime());
      if (Number.isFinite(time)) return Number(time);
    }
    const offset = this.#client.clockOffsetMs;
    return offset === undefined ? undefined : this.#deps.clock.now() + offset;
  }

  async earliest(
    p: Omit<RangeRequest, 'range' | 'limit'>,
    sourceCall: SourceCall,
  ): Promise<number | null | undefined> {
    this.#requireType(p.dataType, 'kline');
    const call = newCall(sourceCall);
    if (isRaw(this.#exchange, p)) {
      const batch = await this.#klines({ ...p, limit: 1, since: 0, until: undefined }, call);
      return batch.ts[0] ?? null;
    }
    if (!windowRules(this.#exchange.id).wholeHistory) return undefined;
    await this.#learnMarkets(p, sourceCall);
    const { anchorMs, pageSize } = this.facts(p);
    const offered = Object.keys(this.#exchange.timeframes ?? {});
    const now = this.#deps.clock.now();
    const query = { timeframe: p.timeframe, offered, pageSize, anchorMs, now };
    try {
      return await findEarliest(query, async ({ timeframe, from, to }) => {
        const request = { ...p, timeframe, since: from, until: to, limit: pageSize };
        return boundsOf(await this.#klines(request, call)).first;
      });
    } catch (error) {
      // A stand-in that has not every timeframe of the venue: no reason to give up the series.
      if (error instanceof SourceError && error.code === 'SERIES_REFUSED') return undefined;
      throw error;
    }
  }

  async fetchRange(p: RangeRequest, sourceCall: SourceCall): Promise<SourcePage> {
    this.#requireType(p.dataType, 'kline');
    const { range, ...rest } = p;
    const call = newCall(sourceCall);
    await this.#learnMarkets(p, sourceCall);
    const batch = await this.#klines({ ...rest, since: range.from, until: range.to }, call);
    return { batch, read: this.#readOf(p, batch, call), weight: call.weight };
  }

  async fetchSnapshots(
    { markets, dataType }: { readonly markets: readonly SourceMarket[]; readonly dataType: string },
    sourceCall: SourceCall,
  ): Promise<{
    readonly snapshots: readonly SourceSnapshot[];
    readonly weight: number;
    readonly requests: number;
  }> {
    this.#requireType(dataType, 'ticker');
    await this.#shelf.ensure(sourceCall);
    if (markets.some((m) => m.kind !== 'spot')) await this.#shelf.widen(sourceCall);
    const call = newCall(sourceCall);
    const snapshots = await fetchTickerSnapshots(
      {
        exchange: this.#exchange,
        now: () => this.#deps.clock.now(),
        run: (what, work) => this.#call(call, what, work),
      },
      markets,
    );
    return { snapshots, weight: call.weight, requests: call.traces.length };
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #klines(
    request: Parameters<typeof fetchKlines>[0]['request'],
    call: CallContext,
  ): Promise<RecordBatch> {
    const what = `candles of ${request.market.instrument} ${request.timeframe}`;
    const p = {
      exchange: this.#exchange,
      request,
      columns: this.#shelf.columns,
      facts: this.facts(request),
      what,
    };
    return this.#call(call, what, () => fetchKlines(p, call));
  }

  /** ccxt needs its markets for everything but a raw read; a replayed world tells its columns along with them. */
  async #learnMarkets(p: Pick<RangeRequest, 'market' | 'price'>, call: SourceCall): Promise<void> {
    if (isRaw(this.#exchange, p) && this.realm === 'live') return;
    await this.#shelf.ensure(call);
    if (!isRaw(this.#exchange, p) && p.market.kind !== 'spot') await this.#shelf.widen(call);
  }

  /** For a symbol not found: the other kinds of markets first, then a newer list. */
  async #askForMore(call: SourceCall): Promise<boolean> {
    if (await this.#shelf.widen(call)) return true;
    if (this.#shelf.isYoung(YOUNG_LIST_MS)) return false;
    await this.#shelf.refresh(call);
    return true;
  }

  #readOf({ range }: RangeRequest, batch: RecordBatch, call: CallContext): EvidenceRead {
    const trace = call.traces.at(-1);
    const at = trace?.receivedAt ?? this.#deps.clock.now();
    const bounds = boundsOf(batch);
    return { ...range, at, http: trace?.status ?? 0, rows: batch.n, ...bounds, sha256: trace?.sha256 ?? '' };
  }

  /** Runs a method of ccxt as a call of ours. */
  #call<T>(call: CallContext, what: string, work: () => Promise<T>): Promise<T> {
    return this.#translate(call, what, () => runCall(call, work));
  }

  /** The door at which foreign errors become ours, and a venue's refusal becomes a pause for everyone. */
  async #translate<T>(call: CallContext, what: string, work: () => Promise<T>): Promise<T> {
    try {
      call.signal.throwIfAborted();
      return await work();
    } catch (error) {
      if (call.signal.aborted) throw call.signal.reason;
      const { clock, budget } = this.#deps;
      const trace = blamedTrace(error, call);
      const known = classifyError(error, {
        what: `${this.id}: ${what}`,
        trace,
        now: clock.now(),
        redact: this.#redact,
      });
      if (trace && isRateLimited(known))
        budget.ban({ scope: trace.scope, until: clock.now() + known.retryAfterMs });
      throw known;
    }
  }

  #statedPageSize(): number | undefined {
    const features = this.#exchange.features as
      { readonly spot?: { readonly fetchOHLCV?: { readonly limit?: unknown } } } | undefined;
    const limit = features?.spot?.fetchOHLCV?.limit;
    return typeof limit === 'number' && limit > 0 ? limit : undefined;
  }

  #requireType(dataType: string, ...known: readonly string[]): void {
    if (known.includes(dataType)) return;
    throw new UnsupportedError(`${this.id} cannot be asked for ${dataType} here`, {
      source: this.id,
      dataType,
    });
  }
}

function partsOf(settings: ResolvedSettings, deps: CcxtSourceDeps): ExchangeParts {
  const { budget, clock, limits = new StatedLimits() } = deps;
  const { realm, origin, proxy, timeoutMs } = settings;
  const redact = redactor(settings.secrets);
  const client = new HttpClient({ realm, origin, proxy, timeoutMs, budget, clock, redact });
  return { client, clock, limits };
}

function boundsOf({ ts, n }: RecordBatch): { readonly first: number | null; readonly last: number | null } {
  if (n === 0) return { first: null, last: null };
  let first = Infinity;
  let last = -Infinity;
  for (const t of ts) {
    if (t < first) first = t;
    if (t > last) last = t;
  }
  return { first, last };
}
