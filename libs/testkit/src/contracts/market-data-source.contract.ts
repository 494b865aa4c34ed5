import {
  batchOfRows,
  KLINE,
  RateLimitedError,
  rowsOf,
  sortBatch,
  type Row,
  type TimeRange,
  type Timeframe,
} from '@kairos/domain';
import type { MarketDataSource, RangeRequest, SourceCall, SourcePage, VenueBudget } from '@kairos/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** Ways in which a venue fails a request. `hang`: it never answers. */
export type SourceFault =
  'html' | 'blank' | 'cut' | 'no-list' | 'rate-limited' | 'unavailable' | 'other-realm' | 'hang';

/** What `rate-limited` tells in its Retry-After. */
export const RETRY_AFTER_MS = 7_000;

/** A source over a venue whose truth is known and whose failures can be ordered. */
export interface SourceBench {
  readonly source: MarketDataSource;
  readonly symbol: string;
  /** Well formed, and unknown to the venue. */
  readonly unknownSymbol: string;
  readonly timeframe: Timeframe;
  /** Past and closed; at least ten slots, all of them in `truth`. */
  readonly range: TimeRange;
  /** The candles of the range, ascending. */
  readonly truth: readonly Row[];
  /** Makes every request from now on fail this way; undefined: none. */
  fail(fault: SourceFault | undefined): void;
  /** Requests the venue has received so far. */
  requests(): number;
  close(): Promise<void>;
}

export interface MarketDataSourceRig {
  open(p: { readonly budget: VenueBudget }): Promise<SourceBench>;
}

/** A budget that grants everything and notes it; or refuses everything. */
class NotingBudget implements VenueBudget {
  readonly taken: { readonly weight: number; readonly priority: string }[] = [];
  readonly bans: number[] = [];
  refusal: Error | undefined;

  async take({ weight, priority }: { readonly weight: number; readonly priority: string }): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.taken.push({ weight, priority });
  }

  observe(): void {}

  ban({ until }: { readonly until: number }): void {
    this.bans.push(until);
  }
}

interface Stage extends SourceBench {
  readonly budget: NotingBudget;
  page(p?: Partial<RangeRequest> & { readonly call?: Partial<SourceCall> }): Promise<SourcePage>;
}

/** What every MarketDataSource keeps to. */
export function marketDataSourceContract(name: string, rig: MarketDataSourceRig): void {
  describe(`${name} keeps the law of a market data source`, () => {
    let stage: Stage;
    beforeEach(async () => {
      stage = await setUp(rig);
    });
    afterEach(() => stage.close());
    records(() => stage);
    refusals(() => stage);
    weights(() => stage);
    aborts(() => stage);
    lists(() => stage, rig);
  });
}

const callOf = (given: Partial<SourceCall> = {}): SourceCall => ({
  signal: new AbortController().signal,
  priority: 'backfill',
  ...given,
});

async function setUp(rig: MarketDataSourceRig): Promise<Stage> {
  const budget = new NotingBudget();
  const bench = await rig.open({ budget });
  const market = await bench.source.resolve({ symbol: bench.symbol, dataType: 'kline' }, callOf());
  const request: RangeRequest = {
    market,
    dataType: 'kline',
    timeframe: bench.timeframe,
    price: 'last',
    range: bench.range,
    limit: bench.truth.length,
  };
  return {
    ...bench,
    // In the canonical spelling of decimals, as a batch gives them back.
    truth: [...rowsOf(batchOfRows(KLINE, bench.truth))],
    budget,
    page: ({ call, ...changes } = {}) => bench.source.fetchRange({ ...request, ...changes }, callOf(call)),
  };
}

const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => error,
  );

/** What a page holds of a range, in order, each once: how the judge will see it. */
function within(page: SourcePage, range: TimeRange): Row[] {
  const byTime = new Map([...rowsOf(sortBatch(page.batch))].map((row) => [row.ts, row]));
  return [...byTime.values()].filter((row) => row.ts >= range.from && row.ts < range.to);
}

function records(at: () => Stage): void {
  it('brings every record of the range, with every decimal as the venue has it', async () => {
    const { page, range, truth } = at();

    expect(within(await page(), range)).toEqual(truth);
  });

  it('takes the range as half open: the record at its end is not needed, the one at its start is', async () => {
    const { page, truth } = at();
    const range = { from: truth[2]?.ts ?? 0, to: truth[6]?.ts ?? 0 };

    expect(within(await page({ range, limit: 4 }), range)).toEqual(truth.slice(2, 6));
  });

  it('keeps to the limit, beginning at the start of the range', async () => {
    const { page, range, truth } = at();

    const got = await page({ limit: 3 });

    expect(got.batch.n).toBe(3);
    expect(within(got, range)).toEqual(truth.slice(0, 3));
  });

  it('tells what was seen: bounds asked, status, rows, first and last', async () => {
    const { page, range, truth } = at();

    const { read, batch } = await page();

    expect(read).toMatchObject({
      ...range,
      http: 200,
      rows: batch.n,
      first: truth[0]?.ts,
      last: truth.at(-1)?.ts,
    });
    expect(read.at).toBeGreaterThan(0);
    expect(read.sha256).toMatch(/^([0-9a-f]{64})?$/);
  });

  it('keeps calls in parallel apart', async () => {
    const { page, truth } = at();
    const ranges = truth.slice(0, 8).map((row, i) => ({ from: row.ts, to: truth[i + 1]?.ts ?? 0 }));

    const pages = await Promise.all(ranges.map((range) => page({ range, limit: 1 })));

    expect(pages.map((p) => p.read.first)).toEqual(ranges.map((r) => r.from));
    expect(pages.map((p) => ({ from: p.read.from, to: p.read.to }))).toEqual(ranges);
  });
}

function refusals(at: () => Stage): void {
  it.each(['html', 'blank', 'cut'] as const)(
    'takes HTTP 200 with a wrong body (%s) for an error, never for emptiness',
    async (fault) => {
      const { fail, page } = at();
      fail(fault);

      expect(await rejection(page())).toMatchObject({
        code: 'SOURCE_BAD_DATA',
        retryable: true,
        scope: 'call',
      });
    },
  );

  it('takes an answer without a list of records for an error, never for emptiness', async () => {
    const { fail, page } = at();
    fail('no-list');

    expect(await rejection(page())).toMatchObject({ retryable: true, scope: 'call' });
  });

  it('tells how long to pause when the venue asks for it', async () => {
    const { fail, page } = at();
    fail('rate-limited');

    expect(await rejection(page())).toMatchObject({
      code: 'SOURCE_RATE_LIMITED',
      retryAfterMs: RETRY_AFTER_MS,
    });
  });

  it('calls a failing venue unavailable, which is worth another try', async () => {
    const { fail, page } = at();
    fail('unavailable');

    expect(await rejection(page())).toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      retryable: true,
      scope: 'call',
    });
  });

  it('refuses an answer from another world, for good', async () => {
    const { fail, page } = at();
    fail('other-realm');

    expect(await rejection(page())).toMatchObject({ code: 'SOURCE_REALM', scope: 'venue', retryable: false });
  });

  it('retries nothing by itself', async () => {
    const { fail, page, requests } = at();
    await page();
    fail('unavailable');
    const before = requests();

    await rejection(page());

    expect(requests()).toBe(before + 1);
  });

  it('ends a series, and no more, over an unknown symbol', async () => {
    const { source, unknownSymbol } = at();

    const error = await rejection(source.resolve({ symbol: unknownSymbol, dataType: 'kline' }, callOf()));

    expect(error).toMatchObject({ code: 'SYMBOL_UNKNOWN', scope: 'series', retryable: false });
  });

  it('serves again once the venue does', async () => {
    const { fail, page, truth, range } = at();
    fail('cut');
    await rejection(page());

    fail(undefined);

    expect(within(await page(), range)).toEqual(truth);
  });
}

function weights(at: () => Stage): void {
  it('takes the weight it reports before the request leaves, at the priority of the call', async () => {
    const { page, budget } = at();
    await page();
    const before = budget.taken.length;

    const { weight } = await page({ call: { priority: 'live' } });

    const taken = budget.taken.slice(before);
    expect(weight).toBeGreaterThan(0);
    expect(taken.reduce((sum, t) => sum + t.weight, 0)).toBe(weight);
    expect(taken.every((t) => t.priority === 'live')).toBe(true);
  });

  it('sends nothing when the budget refuses', async () => {
    const { page, budget, requests } = at();
    await page();
    const before = requests();
    budget.refusal = new RateLimitedError('used up', 1_000);

    expect(await rejection(page())).toBe(budget.refusal);
    expect(requests()).toBe(before);
  });
}

function aborts(at: () => Stage): void {
  it('sends nothing for a call that is aborted already', async () => {
    const { page, requests } = at();
    await page();
    const before = requests();
    const reason = new Error('stopped');

    expect(await rejection(page({ call: { signal: AbortSignal.abort(reason) } }))).toBe(reason);
    expect(requests()).toBe(before);
  });

  it('ends a call that waits for the venue as soon as it is aborted', async () => {
    const { page, fail } = at();
    await page();
    fail('hang');
    const abort = new AbortController();
    const reason = new Error('stopped');

    const pending = rejection(page({ call: { signal: abort.signal } }));
    abort.abort(reason);

    expect(await pending).toBe(reason);
  });

  it('keeps one aborted call from spoiling another', async () => {
    const { page, truth, range } = at();
    const abort = new AbortController();

    const aborted = rejection(page({ call: { signal: abort.signal } }));
    const other = page();
    abort.abort(new Error('stopped'));

    await aborted;
    expect(within(await other, range)).toEqual(truth);
  });
}

/** Sources that can list their markets. */
function lists(at: () => Stage, rig: MarketDataSourceRig): void {
  const asked = { kinds: ['spot', 'swap'], turnover: false } as const;

  it('lists the market it resolves a symbol to, by the same name and with its parts', async (test) => {
    const { source, symbol } = at();
    test.skip(source.markets === undefined, 'lists no markets');
    const { note: _, ...market } = await source.resolve({ symbol, dataType: 'kline' }, callOf());

    const listed = (await source.markets?.(asked, callOf())) ?? [];

    const found = listed.filter((m) => m.instrument === market.instrument);
    expect(found).toMatchObject([market]);
    const unified = market.instrument.slice(market.instrument.indexOf(':') + 1);
    const [one] = found;
    const settle = one?.settle === null ? '' : `:${one?.settle}`;
    expect(`${one?.base}/${one?.quote}${settle}`).toBe(unified);
  });

  it('lists only the kinds that are asked for, and each instrument once', async (test) => {
    const { source } = at();
    test.skip(source.markets === undefined, 'lists no markets');

    const listed = (await source.markets?.({ ...asked, kinds: ['spot'] }, callOf())) ?? [];

    expect(new Set(listed.map((m) => m.kind))).toEqual(new Set(listed.length > 0 ? ['spot'] : []));
    expect(new Set(listed.map((m) => m.instrument)).size).toBe(listed.length);
  });

  it('tells an error where the venue gives no list, never a short one', async (test) => {
    test.skip(at().source.markets === undefined, 'lists no markets');
    const { source, fail, close } = await rig.open({ budget: new NotingBudget() });
    try {
      fail('unavailable');
      const failed = await rejection(source.markets?.(asked, callOf()) ?? Promise.resolve());
      expect(failed).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true });

      fail(undefined);
      expect(await source.markets?.(asked, callOf())).not.toEqual([]);
    } finally {
      await close();
    }
  });

  it('takes the weight of a list at the priority of the call', async (test) => {
    test.skip(at().source.markets === undefined, 'lists no markets');
    const budget = new NotingBudget();
    const { source, requests, close } = await rig.open({ budget });
    try {
      await source.markets?.(asked, callOf({ priority: 'live' }));

      expect(requests()).toBeGreaterThan(0);
      expect(budget.taken.length).toBeGreaterThan(0);
      expect(budget.taken.every((t) => t.priority === 'live' && t.weight > 0)).toBe(true);
    } finally {
      await close();
    }
  });

  it('lists nothing for a call that is aborted already', async (test) => {
    const { source } = at();
    test.skip(source.markets === undefined, 'lists no markets');
    const reason = new Error('stopped');
    const call = callOf({ signal: AbortSignal.abort(reason) });

    expect(await rejection(source.markets?.(asked, call) ?? Promise.resolve())).toBe(reason);
  });
}
