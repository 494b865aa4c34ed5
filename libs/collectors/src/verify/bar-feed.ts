import type { Grid, Series, TimeRange } from '@kairos/domain';
import { intersectRange, isEmptyRange, RateLimitedError, sliceRange, SourceError } from '@kairos/domain';
import type { Calendar, MarketDataSource, SourceFacts, SourceMarket } from '@kairos/ports';
import { assertGoing, callSource, type Caller } from '../call-source.ts';
import { judgePage } from '../judge.ts';
import type { Lanes } from '../lanes.ts';
import { planPages } from '../plan.ts';
import type { Testimony } from './window.ts';

/** Pages that fail one after another before the venue counts as out. */
const OUTAGE_AFTER = 3;
/** A pause that a venue or the budget asks for is waited out up to this. */
const MAX_PAUSE_MS = 15 * 60_000;

/** Bars of one market and timeframe, as one source tells them. */
export interface FeedOrigin {
  readonly source: MarketDataSource;
  readonly market: SourceMarket;
  readonly facts: SourceFacts;
  readonly grid: Grid;
  readonly price: Series['price'];
}

export interface FeedTools {
  readonly calendar: Calendar;
  readonly caller: Caller;
  readonly lanes: Lanes;
}

const SILENCE: Testimony = { batches: [], spoken: [], reads: [] };

const joinTestimonies = (parts: readonly Testimony[]): Testimony => ({
  batches: parts.flatMap((p) => p.batches),
  spoken: parts.flatMap((p) => p.spoken),
  reads: parts.flatMap((p) => p.reads),
});

/**
 * Reads bars to compare with, page by page in order of time, a few pages ahead, keeping no more than that. A page that
 * fails says nothing; several in a row mean that the venue is out.
 */
export class BarFeed {
  readonly #origin: FeedOrigin;
  readonly #tools: FeedTools;
  #pages: TimeRange[] = [];
  #ahead: { readonly range: TimeRange; readonly testimony: Promise<Testimony> }[] = [];
  #failuresInARow = 0;
  /** Why this source cannot be asked for such bars at all. */
  refusal: SourceError | undefined;

  constructor(origin: FeedOrigin, tools: FeedTools) {
    this.#origin = origin;
    this.#tools = tools;
  }

  get grid(): Grid {
    return this.#origin.grid;
  }

  /** Says what will be read: ordered, disjoint stretches on the grid's bounds. */
  plan(wanted: readonly TimeRange[]): void {
    const { grid, facts } = this.#origin;
    this.#pages = planPages(grid, wanted, { pageSize: facts.pageSize, origin: wanted[0]?.from }).sort(
      (a, b) => a.from - b.from,
    );
  }

  /** What was planned of this stretch; stretches must ascend. @throws SourceError when the venue is out */
  async next(range: TimeRange): Promise<Testimony> {
    const kept: Testimony[] = [];
    for (;;) {
      this.#fill();
      const first = this.#ahead[0];
      if (!first || first.range.from >= range.to) break;
      if (first.range.to > range.from) kept.push(clip(await first.testimony, range));
      if (first.range.to > range.to) break;
      this.#ahead.shift();
    }
    return joinTestimonies(kept);
  }

  /** One stretch, whatever was planned. @throws SourceError when the venue is out */
  async ask(range: TimeRange): Promise<Testimony> {
    const { grid, facts } = this.#origin;
    const pages = planPages(grid, [range], { pageSize: facts.pageSize, origin: range.from }).sort(
      (a, b) => a.from - b.from,
    );
    const parts: Testimony[] = [];
    for (const page of pages) parts.push(await this.#page(page));
    return joinTestimonies(parts);
  }

  /** Resolves when nothing is under way any more. */
  async drain(): Promise<void> {
    this.#pages = [];
    await Promise.allSettled(this.#ahead.map((page) => page.testimony));
  }

  #fill(): void {
    while (this.#ahead.length <= this.#origin.facts.concurrency) {
      const range = this.#pages.shift();
      if (!range) return;
      const testimony = this.#page(range);
      testimony.catch(() => undefined); // whoever takes the page is told
      this.#ahead.push({ range, testimony });
    }
  }

  /** A page, and by further requests what it leaves open. */
  async #page(page: TimeRange): Promise<Testimony> {
    const parts: Testimony[] = [];
    const open = [page];
    for (let range = open.shift(); range; range = open.shift()) {
      if (this.refusal) break;
      const answer = await this.#tools.lanes.run(() => this.#read(range));
      if (!answer) continue;
      parts.push(answer.testimony);
      open.push(...answer.unanswered.filter((u) => u.from !== range.from || u.to !== range.to));
    }
    return joinTestimonies(parts);
  }

  async #read(
    range: TimeRange,
  ): Promise<{ readonly testimony: Testimony; readonly unanswered: readonly TimeRange[] } | undefined> {
    const { grid } = this.#origin;
    const { calendar, caller } = this.#tools;
    try {
      const page = await this.#patiently(range);
      this.#failuresInARow = 0;
      const expected = calendar.expected({ grid, range });
      const { at } = page.read;
      const judged = judgePage({ batch: page.batch, range, grid, expected, at, runId: caller.run.runId });
      const silent = new Set(judged.offGrid.map((o) => o.from));
      const spoken = [...judged.filled, ...judged.absent.filter((a) => !silent.has(a.from))];
      return {
        testimony: { batches: [judged.batch], spoken, reads: [page.read] },
        unanswered: judged.unanswered,
      };
    } catch (error) {
      if (!(error instanceof SourceError) || error.scope === 'venue') throw error;
      if (error.scope === 'series') this.refusal = error;
      else {
        this.#failuresInARow += 1;
        if (this.#failuresInARow >= OUTAGE_AFTER || error instanceof RateLimitedError) throw error;
      }
      return undefined;
    }
  }

  /** Waits as long as the venue or the budget asks, within reason: nothing hurries. */
  async #patiently(range: TimeRange): ReturnType<MarketDataSource['fetchRange']> {
    const { source, market, facts, grid, price } = this.#origin;
    const { caller } = this.#tools;
    const request = {
      market,
      dataType: 'kline',
      timeframe: grid.timeframe,
      price,
      range,
      limit: facts.pageSize,
    };
    for (let patience = MAX_PAUSE_MS; ;) {
      try {
        const page = await callSource(caller, (call) => source.fetchRange(request, call));
        caller.tallies.weight += page.weight;
        return page;
      } catch (error) {
        if (!(error instanceof RateLimitedError) || error.retryAfterMs > patience) throw error;
        const pause = Math.max(1, error.retryAfterMs);
        patience -= pause;
        await caller.clock.sleep(pause, caller.run.signal).catch(() => assertGoing(caller));
      }
    }
  }
}

function clip(testimony: Testimony, range: TimeRange): Testimony {
  if (testimony.spoken.length === 0 && testimony.batches.length === 0) return SILENCE;
  return {
    batches: testimony.batches.map((batch) => sliceRange(batch, range)),
    spoken: testimony.spoken.map((s) => intersectRange(s, range)).filter((s) => !isEmptyRange(s)),
    reads: testimony.reads.filter((read) => !isEmptyRange(intersectRange(read, range))),
  };
}
