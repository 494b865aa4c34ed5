import type { CoverageRun, Finding, Grid, RecordBatch, Series, SourceError, TimeRange } from '@kairos/domain';
import {
  ceilTo,
  clipRuns,
  emptyPart,
  floorTo,
  gridOf,
  intersectRange,
  isEmptyRange,
  isSettled,
  SourceError as AnySourceError,
} from '@kairos/domain';
import type { MarketDataSource, SourceFacts, SourceMarket } from '@kairos/ports';
import { callSource, HandOver, type Caller } from '../call-source.ts';
import type { CollectDeps, CollectRun, Tallies } from '../job.ts';
import { Lanes } from '../lanes.ts';
import { typeOf } from '../series-job.ts';
import { BarFeed } from './bar-feed.ts';
import { confirmedBy, deepenAbsences } from './deepen.ts';
import { accountsOf, detailOf } from './defect-detail.ts';
import { locateDefects, type Defect, type Located } from './locate-defects.ts';
import { pickTimeframes } from './pick-timeframes.ts';
import { wantedOf, windowsOf } from './plan-windows.ts';
import { VerifyLedger, type VerifyOutcome } from './verify-ledger.ts';
import { examine, type Examined, type Relation, type Window, type Witness } from './window.ts';

/** Defects of one window that are looked at closely. */
const MAX_CLOSE_UPS = 32;
/** Findings are read back by so many. */
const FINDINGS_PAGE = 1_000;
/** Another source of the same instrument. */
export interface SecondSource {
  readonly source: MarketDataSource;
  readonly market: SourceMarket;
  /** It tells of the same exchange: its bars must be equal. Else only bars missing here are noted. */
  readonly sameExchange: boolean;
}

/** A stored series of candles, and who can be asked about it. */
export interface VerifyTarget {
  readonly series: Series;
  readonly source: MarketDataSource;
  readonly market: SourceMarket;
  /** Timeframes that the source offers. */
  readonly timeframes: readonly string[];
  readonly second?: SecondSource | undefined;
}

export interface VerifyOrder {
  /** Slots opening in it, widened to whole bars of the longest timeframe compared with; null: all that is stored. */
  readonly range: TimeRange | null;
  /** Every coarser timeframe up to a day, and the next finer one throughout. */
  readonly deep: boolean;
}

export interface VerifyProgress {
  readonly doneSlots: number;
  readonly allSlots: number;
  readonly found: number;
}

interface Feeds {
  readonly throughout: readonly (Pick<Witness, 'relation' | 'by' | 'sameExchange'> & {
    readonly feed: BarFeed;
  })[];
  readonly closeUp: { readonly by: string; readonly feed: BarFeed } | undefined;
  readonly longest: Grid;
}

/**
 * Holds a stored series against what else there is to know of it: each bar against itself, coarser bars against the sum
 * of theirs, finer bars and a second source against each. What differs becomes a finding at the narrowest place that all
 * accounts together leave; absences that others bear out get evidence of a higher grade. Rows are never changed. Commits
 * as it goes; verifying again finds the same and writes nothing new.
 */
export class Verifier {
  readonly #deps: CollectDeps;
  readonly #run: CollectRun;
  readonly #target: VerifyTarget;
  readonly #caller: Caller;
  readonly #lanes: Lanes;
  readonly #grid: Grid;
  readonly #facts: SourceFacts;
  readonly #ledger = new VerifyLedger();

  constructor(deps: CollectDeps, run: CollectRun, target: VerifyTarget, tallies: Tallies) {
    const { series, source, market } = target;
    this.#deps = deps;
    this.#run = run;
    this.#target = target;
    this.#caller = { run, clock: deps.clock, ids: deps.ids, tallies, priority: 'backfill' };
    this.#grid = gridOf(series.timeframe, series.anchorMs);
    this.#facts = source.facts({ market, dataType: series.dataType, timeframe: series.timeframe });
    this.#lanes = new Lanes(this.#facts.concurrency);
  }

  /** @throws StoreError; HandOver and SourceError only before anything is compared */
  async verify(order: VerifyOrder, onProgress?: (progress: VerifyProgress) => void): Promise<VerifyOutcome> {
    const finalBefore = await this.#finalBefore();
    const feeds = this.#feeds(order.deep);
    const { key } = this.#target.series;
    const everything = { from: 0, to: finalBefore };
    const asked = order.range ? intersectRange(order.range, everything) : everything;
    const { longest } = feeds;
    const wide = { from: floorTo(longest, asked.from), to: Math.min(ceilTo(longest, asked.to), finalBefore) };
    const runs = isEmptyRange(wide) ? [] : await this.#deps.store.coverage({ key, range: wide });
    const settled = runs.filter((run) => isSettled(run) && run.state !== 'unavailable');
    const range = { from: settled[0]?.from ?? wide.from, to: settled.at(-1)?.to ?? wide.from };
    for (const { feed } of feeds.throughout) feed.plan(wantedOf(feed.grid, settled));
    let error: SourceError | undefined;
    let stopped = false;
    try {
      for (const window of windowsOf(longest, this.#grid, settled)) {
        await this.#window(window, clipRuns(runs, window), feeds);
        onProgress?.({ ...this.#progress(range, window.to), found: this.#ledger.found });
      }
    } catch (caught) {
      if (caught instanceof HandOver) stopped = true;
      else if (caught instanceof AnySourceError) error = caught;
      else throw caught;
    } finally {
      for (const { feed } of feeds.throughout) await feed.drain();
    }
    return this.#ledger.outcome({ range, error, stopped });
  }

  #progress(range: TimeRange, to: number): Pick<VerifyProgress, 'doneSlots' | 'allSlots'> {
    const at = (ts: number): number => this.#grid.indexOf(ts) - this.#grid.indexOf(range.from);
    return { doneSlots: at(Math.min(to, range.to)), allSlots: at(range.to) };
  }

  /** The earlier of the venue's and our clock, less what it takes a bar to become final. */
  async #finalBefore(): Promise<number> {
    const venue = await callSource(this.#caller, (call) => this.#target.source.venueTime(call));
    return Math.min(venue ?? Infinity, this.#deps.clock.now()) - this.#facts.settleMs;
  }

  #feed(source: MarketDataSource, market: SourceMarket, timeframe: string): BarFeed {
    const { calendar } = this.#deps;
    const { dataType, price } = this.#target.series;
    const facts = source.facts({ market, dataType, timeframe });
    const grid = gridOf(timeframe, facts.anchorMs);
    return new BarFeed(
      { source, market, facts, grid, price },
      { calendar, caller: this.#caller, lanes: this.#lanes },
    );
  }

  #feeds(deep: boolean): Feeds {
    const { source, market, timeframes, second, series } = this.#target;
    const { dataType } = series;
    const picked = pickTimeframes({
      own: this.#grid,
      offered: timeframes,
      anchorOf: (timeframe) => source.facts({ market, dataType, timeframe }).anchorMs,
      deep,
    });
    const own = (relation: Relation, by: string) => ({
      relation,
      by,
      sameExchange: true,
      feed: this.#feed(source, market, by),
    });
    const throughout = [
      ...picked.coarser.map((timeframe) => own('coarser', timeframe)),
      ...(picked.finer === undefined ? [] : [own('finer', picked.finer)]),
      ...(second
        ? [
            {
              relation: 'second' as const,
              by: second.source.id,
              sameExchange: second.sameExchange,
              feed: this.#feed(second.source, second.market, series.timeframe),
            },
          ]
        : []),
    ];
    const { closeUp } = picked;
    return {
      throughout,
      closeUp: closeUp === undefined ? undefined : { by: closeUp, feed: this.#feed(source, market, closeUp) },
      longest: throughout.findLast((f) => f.relation === 'coarser')?.feed.grid ?? this.#grid,
    };
  }

  async #window(range: TimeRange, runs: readonly CoverageRun[], feeds: Feeds): Promise<void> {
    const batches: RecordBatch[] = [];
    for await (const part of this.#deps.store.read({ key: this.#target.series.key, range }))
      batches.push(part.batch);
    const witnesses = await Promise.all(
      feeds.throughout.map(async ({ relation, by, sameExchange, feed }): Promise<Witness> => ({
        relation,
        by,
        sameExchange,
        grid: feed.grid,
        testimony: await feed.next(range),
      })),
    );
    const expected = this.#deps.calendar.expected({ grid: this.#grid, range });
    const baseVolume = this.#target.series.volumeUnit === 'base';
    const window = { ...range, grid: this.#grid, batches, runs, expected, witnesses, baseVolume };
    const examined = examine(window);
    const first = locateDefects(examined);
    const seen = await this.#closeUp(window, { examined, located: first }, feeds.closeUp);
    this.#ledger.note(examined, seen.located);
    await this.#commit(window, seen.examined, seen.located);
  }

  /** Looks at the bars of each place where only coarser bars differ: which one is it, or is the coarser one wrong? */
  async #closeUp(
    window: Window,
    seen: { readonly examined: Examined; readonly located: Located },
    closeUp: Feeds['closeUp'],
  ): Promise<{ readonly examined: Examined; readonly located: Located }> {
    const vague = seen.located.defects
      .filter((d) => d.checks.every((c) => c.relation === 'coarser'))
      .filter((d) => d.oddities.length === 0);
    if (!closeUp || vague.length === 0) return seen;
    const { by, feed } = closeUp;
    const answers = await Promise.all(
      vague.slice(0, MAX_CLOSE_UPS).map(({ from, to }) => feed.ask({ from, to })),
    );
    const testimony = {
      batches: answers.flatMap((a) => a.batches),
      spoken: answers.flatMap((a) => a.spoken),
      reads: answers.flatMap((a) => a.reads),
    };
    const witness = { relation: 'finer', by, sameExchange: true, grid: feed.grid, testimony } as const;
    const examined = examine({ ...window, witnesses: [...window.witnesses, witness] });
    return { examined, located: locateDefects(examined) };
  }

  /** Findings and deeper evidence of one window, in one commit; none if there is nothing new. */
  async #commit(window: Window, examined: Examined, located: Located): Promise<void> {
    const { series } = this.#target;
    const { store, clock } = this.#deps;
    const { defects } = located;
    const known = defects.length > 0 ? await this.#knownIn(window) : new Set<string>();
    const findings = this.#tell({ defects, scale: examined.scale, at: clock.now(), known });
    const confirmed = confirmedBy({ ...examined, witnesses: window.witnesses, except: defects });
    const wanting = window.runs.filter((run) => run.state === 'empty');
    const ids = wanting.flatMap((run) => run.evidence ?? []);
    const deepened = deepenAbsences({
      seriesKey: series.key,
      runs: wanting,
      evidence: ids.length > 0 ? await store.evidence({ key: series.key, ids }) : [],
      confirmed,
      runId: this.#run.runId,
    });
    for (const run of deepened.runs) this.#ledger.deepened(run.grade ?? 0, this.#slots(run));
    if (findings.length + deepened.runs.length === 0) return;
    await this.#run.ensure();
    const part = { ...emptyPart(typeOf(series.dataType)), runs: deepened.runs };
    await store.commit({ series, part, evidence: deepened.evidence, findings, fence: this.#run.fence });
    this.#caller.tallies.commits += 1;
  }

  #slots({ from, to }: TimeRange): number {
    return this.#grid.indexOf(to) - this.#grid.indexOf(from);
  }

  /** The findings that are kept of a window already, by code and instant. */
  async #knownIn({ from, to }: TimeRange): Promise<ReadonlySet<string>> {
    const { key } = this.#target.series;
    const known = new Set<string>();
    for (let cursor: string | undefined; ;) {
      const filter = { from, to };
      const page = await this.#deps.store.listFindings({ key, filter, limit: FINDINGS_PAGE, cursor });
      for (const { code, ts } of page.items) known.add(`${code}|${ts}`);
      cursor = page.next;
      if (cursor === undefined) return known;
    }
  }

  /** Adds the defects to what is told; answers those that are new, as findings. */
  #tell(p: {
    readonly defects: readonly Defect[];
    readonly scale: number;
    readonly at: number;
    readonly known: ReadonlySet<string>;
  }): Finding[] {
    const { defects, scale, at, known } = p;
    const findings: Finding[] = [];
    for (const defect of defects) {
      const { code, from, to } = defect;
      const accounts = accountsOf(defect, scale);
      const detail = detailOf(defect, this.#slots(defect), accounts);
      const isNew = !known.has(`${code}|${from}`);
      this.#ledger.tell({ code, from, to, detail, accounts, isNew });
      if (!isNew) continue;
      findings.push({ code, ts: from, at, runId: this.#run.runId, detail });
    }
    return findings;
  }
}
