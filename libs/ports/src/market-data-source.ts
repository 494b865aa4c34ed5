import type {
  EvidenceRead,
  InstrumentId,
  PriceKind,
  Realm,
  RecordBatch,
  TimeRange,
  Timeframe,
  VolumeUnit,
} from '@kairos/domain';

/** An instrument as a source lists it. */
export interface SourceMarket {
  readonly instrument: InstrumentId;
  /** The source's own name: `BTCUSDT`. */
  readonly marketId: string;
  readonly kind: 'spot' | 'swap' | 'future' | 'option' | 'index' | 'other';
  /** False: delisted or halted; old records may still be had. */
  readonly active: boolean;
  /** What the asker should know of how the symbol was read, e.g. that a bare id was taken as spot. */
  readonly note?: string | undefined;
}

/** A market of a source's list, with what a selector goes by. */
export interface ListedMarket extends SourceMarket {
  readonly base: string;
  readonly quote: string;
  /** What contracts settle in; null for spot. */
  readonly settle: string | null;
  /** What traded in 24 hours, in units of quote, as decimal text; undefined: not asked for, or the venue tells none. */
  readonly turnover?: string | undefined;
}

/**
 * How a source behaves for one kind of record. `verified`: tried against the venue (or its faithful stand-in); otherwise
 * a safe assumption.
 */
export interface SourceFacts {
  readonly verified: boolean;
  /** Records per request that give the best rows per rate-limit weight. */
  readonly pageSize: number;
  /** Weight of such a request, in the venue's own units. */
  readonly pageWeight: number;
  /** Requests in flight that the venue's limit can feed. */
  readonly concurrency: number;
  /** Only so many latest slots can be had; older ones are `unavailable`. */
  readonly lookbackSlots?: number | undefined;
  /** The venue leaves out bars without trades, so a hole inside a well-formed page needs no confirming read. */
  readonly sparse: boolean;
  /** What a confirmed absence most likely is. `suspension`: of exchanges whose calendar is known, so that no holiday is left. */
  readonly absenceMeans: 'outage' | 'no_trade' | 'suspension' | 'unknown';
  readonly anchorMs: number;
  readonly volumeUnit: VolumeUnit;
  /** After a bar closes, so long until its value is final. */
  readonly settleMs: number;
}

/** Travels with every call: who waits, and when to give up. */
export interface SourceCall {
  readonly signal: AbortSignal;
  /** Live tails outrank backfill when the budget is short. */
  readonly priority: 'live' | 'backfill';
}

/** What one range request brought: records as sent (any order, perhaps too many), and what was seen. */
export interface SourcePage {
  readonly batch: RecordBatch;
  readonly read: EvidenceRead;
  readonly weight: number;
}

export interface RangeRequest {
  readonly market: SourceMarket;
  readonly dataType: string;
  readonly timeframe: Timeframe;
  readonly price: PriceKind;
  /** Records keyed inside the range are wanted; bounds are slot opens for grid types. */
  readonly range: TimeRange;
  readonly limit: number;
}

/** One snapshot per market that answered; the batch has one record whose `ts` is the time it was received. */
export interface SourceSnapshot {
  readonly instrument: InstrumentId;
  readonly batch: RecordBatch;
}

/**
 * A place to fetch records from. Every error is of the SourceError family, or LeaseLost/abort as thrown by the signal.
 * An answer with HTTP 200 and a body that is not records is an error, never an empty page. No method retries or pages by
 * itself; weight is taken from the venue budget before each request leaves.
 */
export interface MarketDataSource {
  readonly id: string;
  readonly realm: Realm;

  /**
   * The instrument a written symbol means. @throws SourceError scope `series` with code `SYMBOL_UNKNOWN`, or
   * `SYMBOL_AMBIGUOUS` (candidates in details).
   */
  resolve(p: { readonly symbol: string; readonly dataType: string }, call: SourceCall): Promise<SourceMarket>;

  /**
   * All markets of these kinds that the venue lists, halted ones too, in any order. The list may be an hour old, and so
   * may turnovers, which are told where they are asked for and the venue tells them. A list that cannot be had is an
   * error, never a short one. Absent: this source cannot list its markets, and nothing can be selected from it.
   */
  markets?(
    p: { readonly kinds: readonly SourceMarket['kind'][]; readonly turnover: boolean },
    call: SourceCall,
  ): Promise<readonly ListedMarket[]>;

  facts(p: {
    readonly market: SourceMarket;
    readonly dataType: string;
    readonly timeframe: Timeframe;
  }): SourceFacts;

  /** The venue's clock; undefined where it tells no time. */
  venueTime(call: SourceCall): Promise<number | undefined>;

  /** Open time of the first record there is; null: none yet; undefined: this source cannot tell. */
  earliest(p: Omit<RangeRequest, 'range' | 'limit'>, call: SourceCall): Promise<number | null | undefined>;

  fetchRange(p: RangeRequest, call: SourceCall): Promise<SourcePage>;

  /** Current snapshots of many markets, in as few requests as the venue allows. */
  fetchSnapshots(
    p: { readonly markets: readonly SourceMarket[]; readonly dataType: string },
    call: SourceCall,
  ): Promise<{
    readonly snapshots: readonly SourceSnapshot[];
    readonly weight: number;
    readonly requests: number;
  }>;

  close(): Promise<void>;
}

/** What is known of a source without opening it: enough to check a signal, offline. */
export interface SourceDescription {
  readonly id: string;
  readonly realm: Realm;
  /** Data type id → the timeframes it comes in; an empty list: any. */
  readonly dataTypes: Readonly<Record<string, readonly Timeframe[]>>;
}

/** The sources of this deployment. Opening one is lazy: only what a task needs is loaded. */
export interface SourceRegistry {
  /** Ids in alphabetical order. */
  ids(): readonly string[];
  describe(id: string): SourceDescription | undefined;
  /** @throws UnsupportedError for an id that `describe` does not know. */
  open(id: string): Promise<MarketDataSource>;
  close(): Promise<void>;
}
