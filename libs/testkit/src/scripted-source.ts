import {
  BadSourceDataError,
  batchOfRows,
  dataTypeOf,
  emptyBatch,
  KLINE,
  rowAt,
  rowsOf,
  sameSymbol,
  sliceRange,
  sortBatch,
  SourceError,
  UnsupportedError,
  type DataType,
  type InstrumentId,
  type Realm,
  type RecordBatch,
  type Row,
} from '@kairos/domain';
import type {
  ListedMarket,
  MarketDataSource,
  RangeRequest,
  SourceCall,
  SourceFacts,
  SourceMarket,
  SourcePage,
  SourceSnapshot,
  VenueBudget,
} from '@kairos/ports';

export type ScriptedMethod =
  'resolve' | 'markets' | 'venueTime' | 'earliest' | 'fetchRange' | 'fetchSnapshots';

/** A call as the script sees it. `n` counts the calls of this source from 1. */
export interface ScriptedCall {
  readonly method: ScriptedMethod;
  readonly params: unknown;
  readonly n: number;
}

/**
 * How a call goes: as the truth has it; with this error; or with the answer changed. `hang` waits for the signal. `rows`
 * stands in for what the truth would give, so a venue can lie, leave out, repeat and reorder.
 */
export type ScriptedOutcome =
  | 'ok'
  | Error
  | {
      readonly rows?: ((rows: readonly Row[]) => readonly Row[]) | undefined;
      readonly hang?: boolean | undefined;
    };

/** What a venue holds of one instrument. Rows may be in any order; plain rows are candles. */
export type ScriptedTruth = RecordBatch | readonly Row[];

export interface ScriptedSourceOptions {
  readonly id: string;
  readonly realm: Realm;
  /** By instrument: `binance:BTC/USDT`. */
  readonly truth: ReadonlyMap<InstrumentId, ScriptedTruth>;
  readonly facts?: Partial<SourceFacts> | undefined;
  /** The venue's clock: records that open later do not exist yet. The bar that is still open does. */
  readonly venueNow: () => number;
  readonly script?: ((call: ScriptedCall) => ScriptedOutcome | Promise<ScriptedOutcome>) | undefined;
  /** Weight is taken here before each call that a real source would send. */
  readonly budget?: VenueBudget | undefined;
  /** Overrides of single markets, e.g. `{active: false}`. */
  readonly markets?: ReadonlyMap<InstrumentId, Partial<SourceMarket>> | undefined;
  /** What traded in 24 hours, as the list of markets tells it where it is asked for. */
  readonly turnovers?: ReadonlyMap<InstrumentId, string> | undefined;
}

const FACTS: SourceFacts = {
  verified: true,
  pageSize: 1_000,
  pageWeight: 2,
  concurrency: 4,
  sparse: false,
  absenceMeans: 'outage',
  anchorMs: 0,
  volumeUnit: 'base',
  settleMs: 2_000,
};

/** A venue in memory: answers from a stated truth, or as a script says, and keeps account of every call. */
export class ScriptedSource implements MarketDataSource {
  readonly id: string;
  readonly realm: Realm;
  /** Every call so far, in order. */
  readonly calls: ScriptedCall[] = [];
  closed = false;
  /** May be exchanged at any time. */
  script: NonNullable<ScriptedSourceOptions['script']>;
  readonly #options: ScriptedSourceOptions;
  readonly #truth = new Map<InstrumentId, RecordBatch>();
  readonly #turnovers: Map<InstrumentId, string>;

  constructor(options: ScriptedSourceOptions) {
    this.id = options.id;
    this.realm = options.realm;
    this.script = options.script ?? (() => 'ok');
    this.#options = options;
    this.#turnovers = new Map(options.turnovers);
    for (const [instrument, truth] of options.truth) this.setTruth(instrument, truth);
  }

  /** Sets what the venue holds of one instrument, listing it if it is new. */
  setTruth(instrument: InstrumentId, truth: ScriptedTruth): void {
    this.#truth.set(instrument, sortBatch('columns' in truth ? truth : batchOfRows(KLINE, truth)));
  }

  /** Takes an instrument off the venue: it is no longer listed, and unknown. */
  delist(instrument: InstrumentId): void {
    this.#truth.delete(instrument);
  }

  /** Sets what the list tells as an instrument's turnover. */
  setTurnover(instrument: InstrumentId, turnover: string): void {
    this.#turnovers.set(instrument, turnover);
  }

  async markets(
    p: { readonly kinds: readonly SourceMarket['kind'][]; readonly turnover: boolean },
    call: SourceCall,
  ): Promise<readonly ListedMarket[]> {
    await this.#play('markets', p, call);
    const listed = [...this.#truth.keys()].map((instrument): ListedMarket => {
      const [base = '', quote = '', settle = null] = symbolOf(instrument).split(/[/:]/);
      const turnover = p.turnover ? this.#turnovers.get(instrument) : undefined;
      return { ...this.#market(instrument), base, quote, settle, turnover };
    });
    return listed.filter((m) => p.kinds.includes(m.kind));
  }

  async resolve(
    p: { readonly symbol: string; readonly dataType: string },
    call: SourceCall,
  ): Promise<SourceMarket> {
    await this.#play('resolve', p, call);
    const markets = [...this.#truth.keys()].map((instrument) => this.#market(instrument));
    const market = markets.find(
      (m) => sameSymbol(symbolOf(m.instrument), p.symbol) || m.marketId === p.symbol,
    );
    if (market) return market;
    throw new SourceError('SYMBOL_UNKNOWN', `${this.id} has no instrument ${p.symbol}`, {
      scope: 'series',
      details: { symbol: p.symbol, nearest: [] },
    });
  }

  facts(): SourceFacts {
    return { ...FACTS, ...this.#options.facts };
  }

  async venueTime(call: SourceCall): Promise<number | undefined> {
    await this.#play('venueTime', {}, call);
    return this.#options.venueNow();
  }

  async earliest(
    p: Omit<RangeRequest, 'range' | 'limit'>,
    call: SourceCall,
  ): Promise<number | null | undefined> {
    await this.#play('earliest', p, call);
    return this.#visible(p.market, typeNamed(p.dataType), { from: -Infinity, to: Infinity }).ts[0] ?? null;
  }

  async fetchRange(p: RangeRequest, call: SourceCall): Promise<SourcePage> {
    const type = typeNamed(p.dataType);
    const change = await this.#play('fetchRange', p, call);
    const honest = [...rowsOf(this.#visible(p.market, type, p.range))].slice(0, p.limit);
    const batch = batchOfRows(type, change ? change(honest) : honest);
    const { from, to } = p.range;
    const first = batch.n > 0 ? Math.min(...batch.ts) : null;
    const last = batch.n > 0 ? Math.max(...batch.ts) : null;
    const read = {
      from,
      to,
      at: this.#options.venueNow(),
      http: 200,
      rows: batch.n,
      first,
      last,
      sha256: '',
    };
    return { batch, read, weight: this.facts().pageWeight };
  }

  async fetchSnapshots(
    p: { readonly markets: readonly SourceMarket[]; readonly dataType: string },
    call: SourceCall,
  ): Promise<{
    readonly snapshots: readonly SourceSnapshot[];
    readonly weight: number;
    readonly requests: number;
  }> {
    const type = typeNamed(p.dataType);
    const change = await this.#play('fetchSnapshots', p, call);
    const ts = this.#options.venueNow();
    const snapshots = p.markets.flatMap((market) => {
      const known = this.#visible(market, type, { from: -Infinity, to: Infinity });
      const latest = known.n > 0 ? [{ ...rowAt(known, known.n - 1), ts }] : [];
      const rows = change ? change(latest) : latest;
      return rows.length > 0 ? [{ instrument: market.instrument, batch: batchOfRows(type, rows) }] : [];
    });
    return { snapshots, weight: this.facts().pageWeight, requests: 1 };
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** Calls of one method, for assertions. */
  callsOf(method: ScriptedMethod): readonly ScriptedCall[] {
    return this.calls.filter((c) => c.method === method);
  }

  /** Accounts for a call and lets the script have its way. Answers what to do to the rows. */
  async #play(
    method: ScriptedMethod,
    params: unknown,
    call: SourceCall,
  ): Promise<((rows: readonly Row[]) => readonly Row[]) | undefined> {
    call.signal.throwIfAborted();
    await this.#options.budget?.take({ scope: this.#scope(), weight: this.facts().pageWeight, ...call });
    const entry = { method, params, n: this.calls.length + 1 };
    this.calls.push(entry);
    const outcome = await this.script(entry);
    call.signal.throwIfAborted();
    if (outcome === 'ok') return undefined;
    if (outcome instanceof Error) throw outcome;
    if (outcome.hang === true) await untilAborted(call.signal);
    return outcome.rows;
  }

  #scope(): { readonly pool: string; readonly limit: number; readonly windowMs: number } {
    return { pool: `${this.id}/scripted`, limit: 6_000, windowMs: 60_000 };
  }

  #market(instrument: InstrumentId): SourceMarket {
    const symbol = symbolOf(instrument);
    const base: SourceMarket = {
      instrument,
      marketId: symbol.replace(/[/:]/g, ''),
      kind: symbol.includes(':') ? 'swap' : 'spot',
      active: true,
    };
    return { ...base, ...this.#options.markets?.get(instrument) };
  }

  #visible(
    market: SourceMarket,
    type: DataType,
    range: { readonly from: number; readonly to: number },
  ): RecordBatch {
    const truth = this.#truth.get(market.instrument);
    if (!truth) {
      throw new SourceError('SYMBOL_UNKNOWN', `${this.id} has no instrument ${market.instrument}`, {
        scope: 'series',
      });
    }
    if (truth.n === 0) return emptyBatch(type);
    if (truth.type !== type.id)
      throw new BadSourceDataError(`${market.instrument} holds ${truth.type}, not ${type.id}`);
    return sliceRange(truth, { from: range.from, to: Math.min(range.to, this.#options.venueNow() + 1) });
  }
}

const symbolOf = (instrument: InstrumentId): string => instrument.slice(instrument.indexOf(':') + 1);

function typeNamed(id: string): DataType {
  const type = dataTypeOf(id);
  if (!type) throw new UnsupportedError(`there is no data type ${id}`);
  return type;
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
