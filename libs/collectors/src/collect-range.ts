import type { CommitResult, SourcePage } from '@kairos/ports';
import type {
  CoverageRun,
  Evidence,
  EvidenceRead,
  Finding,
  Part,
  Revision,
  RowConflict,
  TimeRange,
  KairosError,
} from '@kairos/domain';
import {
  batchOfRows,
  ceilTo,
  contentId,
  emptyBatch,
  emptyPart,
  floorTo,
  isEmptyRange,
  isSettled,
  rowAt,
  runAt,
  sameRow,
  shiftSlots,
  sliceBatch,
  SourceError,
  subtractRanges,
  tallyCoverage,
  lowerBound,
  nominalMs,
  type Tally,
} from '@kairos/domain';
import { assertGoing, callSource, type Caller } from './call-source.ts';
import type { CollectDeps, CollectRun, SeriesJob, Tallies } from './job.ts';
import { judgePage } from './judge.ts';
import { workThrough, type Lanes } from './lanes.ts';
import { partOfPage, priorAbsences, type PriorAbsence } from './page-part.ts';
import {
  CONFIRMING_READS,
  FAILED_CAP_MS,
  nextTryOf,
  OLD_SPACING_MS,
  planConfirmations,
  planOpen,
  fewestPages,
  unconfirmedOf,
} from './plan.ts';

/** Pages that fail one after another before the venue counts as out. */
const OUTAGE_AFTER = 3;
const FAILED_BASE_MS = 30_000;
/** With longer slots than this, the next one is too far off to bring the end of this one. */
const LONG_SLOT_MS = 300_000;
/** Latest settled records that ride along with a live page, to see whether the venue still changes them. */
const SETTLE_REREAD_SLOTS = 2;

/** How one series stands after a run. */
export interface RangeOutcome {
  readonly tally: Tally;
  /** Every record asked for is settled, and the asked end has been reached. */
  readonly settled: boolean;
  /** Some stretches failed or wait: look again at this instant. */
  readonly notBefore: number | undefined;
  /** What stopped the series early, if anything. */
  readonly error: KairosError | undefined;
}

/**
 * Makes one range series complete over the asked span: plan from what is known, fetch page by page within the lanes,
 * judge, commit each page with its coverage, then confirm absences by further reads. Can be stopped after any commit and
 * run again; a run with nothing left to do asks the venue for nothing.
 */
export class RangeCollector {
  readonly #deps: CollectDeps;
  readonly #run: CollectRun;
  readonly #job: SeriesJob;
  readonly #lanes: Lanes;
  readonly #tallies: Tallies;
  #known: readonly CoverageRun[] = [];
  #prior: readonly PriorAbsence[] = [];
  #failuresInARow = 0;

  constructor(
    deps: CollectDeps,
    run: CollectRun,
    job: SeriesJob,
    shared: { readonly lanes: Lanes; readonly tallies: Tallies },
  ) {
    this.#deps = deps;
    this.#run = run;
    this.#job = job;
    this.#lanes = shared.lanes;
    this.#tallies = shared.tallies;
  }

  /** @throws HandOver, LeaseLostError, StoreError; source failures are in the outcome */
  async collect(): Promise<RangeOutcome> {
    let error: KairosError | undefined;
    try {
      await this.#refresh();
      await this.#markUnavailable();
      await this.#fetchOpen();
      await this.#refresh();
      await this.#confirm();
    } catch (caught) {
      if (!(caught instanceof SourceError)) throw caught;
      error = caught;
      await this.#refresh();
    }
    return this.#outcome(error);
  }

  get #span(): TimeRange {
    const { asked, closedBefore } = this.#job;
    return { from: asked.from, to: Math.max(asked.from, Math.min(asked.to, closedBefore)) };
  }

  #expected(range: TimeRange): readonly TimeRange[] {
    return isEmptyRange(range) ? [] : this.#deps.calendar.expected({ grid: this.#job.grid, range });
  }

  async #refresh(): Promise<void> {
    const { store } = this.#deps;
    const key = this.#job.series.key;
    this.#known = await store.coverage({ key, range: this.#span });
    const ids = this.#known.flatMap((r) =>
      r.state === 'provisional' && r.evidence !== undefined ? [r.evidence] : [],
    );
    this.#prior = ids.length > 0 ? priorAbsences(this.#known, await store.evidence({ key, ids })) : [];
  }

  #caller(range: TimeRange): Caller {
    const { clock, ids } = this.#deps;
    const live = range.to >= shiftSlots(this.#job.grid, this.#job.closedBefore, -3);
    return { run: this.#run, clock, ids, tallies: this.#tallies, priority: live ? 'live' : 'backfill' };
  }

  /** What cannot be had: before the listing, or further back than the venue goes. Asked once per series. */
  async #markUnavailable(): Promise<void> {
    const { grid, facts, source, market, asked } = this.#job;
    const span = this.#span;
    const untouched = subtractRanges(span, this.#known)[0];
    if (isEmptyRange(span) || untouched?.from !== span.from) return;
    const horizon =
      facts.lookbackSlots === undefined
        ? asked.from
        : shiftSlots(grid, this.#job.closedBefore, -facts.lookbackSlots);
    if (horizon > span.from)
      await this.#commitUnavailable({ from: span.from, to: Math.min(horizon, span.to) }, 'look_back');
    if (horizon <= span.from && (await this.#beginsWithSpan())) return;
    const request = {
      market,
      dataType: this.#job.type.id,
      timeframe: grid.timeframe,
      price: this.#job.series.price,
    };
    const earliest = await this.#lanes.run(() =>
      callSource(this.#caller(span), (call) => source.earliest(request, call)),
    );
    if (typeof earliest !== 'number' || earliest <= span.from) return;
    const listed = Math.min(floorTo(grid, earliest), span.to);
    const before = {
      from: Math.max(span.from, shiftSlots(grid, listed, -this.#job.facts.pageSize)),
      to: listed,
    };
    if (isEmptyRange(before)) return;
    // One answer is not enough to give up all that lies before it: a second look there must find nothing either.
    const page = await this.#lanes.run(() => this.#fetch(before));
    if (this.#judge(before, page).batch.n > 0) return;
    await this.#commitUnavailable({ from: span.from, to: listed }, 'before_listing', [page.read]);
  }

  /**
   * Whether the first page holds the first record wanted: then nobody need be asked where the series begins. Such a page
   * is kept; any other is left to those who look more closely.
   */
  async #beginsWithSpan(): Promise<boolean> {
    if (this.#job.refetch !== null) return false;
    const { grid, facts } = this.#job;
    const { from, to } = this.#span;
    const range = { from, to: Math.min(to, shiftSlots(grid, from, facts.pageSize)) };
    const page = await this.#lanes.run(() => this.#fetchOrNote(range));
    const first = this.#expected(range)[0]?.from;
    const holds = page !== undefined && first !== undefined && this.#judge(range, page).batch.ts[0] === first;
    if (holds) await this.#accept(range, page);
    await this.#refresh();
    return holds;
  }

  async #commitUnavailable(
    range: TimeRange,
    reason: string,
    reads: readonly EvidenceRead[] = [],
  ): Promise<void> {
    if (isEmptyRange(range)) return;
    const at = this.#deps.clock.now();
    const body = { reason, grade: 1, at, runId: this.#run.runId, reads };
    const evidence: Evidence = {
      id: contentId(`${this.#job.series.key}|${range.from}|${range.to}|${reason}`),
      ...body,
    };
    const part: Part = {
      ...emptyPart(this.#job.type),
      runs: [{ ...range, state: 'unavailable', reason, evidence: evidence.id }],
    };
    await this.#commit({ part, evidence: [evidence], findings: [] });
    await this.#refresh();
  }

  #open(): TimeRange[] {
    const expected = this.#expected(this.#span);
    return this.#job.refetch === null
      ? planOpen(expected, this.#known, this.#deps.clock.now())
      : [...expected];
  }

  async #fetchOpen(): Promise<void> {
    const { grid, facts } = this.#job;
    const never = this.#known.filter((r) => r.state === 'unavailable');
    const origin = subtractRanges(this.#span, never)[0]?.from;
    const pages = fewestPages(grid, this.#open(), { pageSize: facts.pageSize, origin });
    await this.#workPages(pages.map((range, i) => (i === 0 ? this.#withReread(range) : range)));
  }

  /** The newest page reaches back over the last settled records, where there are some and it has room. */
  #withReread(range: TimeRange): TimeRange {
    const { grid, facts, closedBefore } = this.#job;
    const room = facts.pageSize - (grid.indexOf(range.to) - grid.indexOf(range.from));
    if (range.to < closedBefore || room < SETTLE_REREAD_SLOTS) return range;
    const from = Math.max(this.#span.from, shiftSlots(grid, range.from, -SETTLE_REREAD_SLOTS));
    const before = runAt(this.#known, from);
    return before && isSettled(before) ? { from, to: range.to } : range;
  }

  /** Works the pages, and the stretches that they leave open as pages of their own. */
  async #workPages(pages: TimeRange[]): Promise<void> {
    await workThrough(pages, this.#job.facts.concurrency, (range) =>
      this.#lanes.run(async () => {
        pages.push(...(await this.#page(range)));
      }),
    );
  }

  /** One page from request to commit; answers the stretches it left open. */
  async #page(range: TimeRange): Promise<readonly TimeRange[]> {
    const page = await this.#fetchOrNote(range);
    if (!page) return [];
    const { unanswered } = await this.#accept(range, page);
    const stuck = unanswered.some((u) => u.from === range.from && u.to === range.to);
    if (stuck) await this.#commitFailed(range, 'SOURCE_IGNORES_WINDOW');
    return stuck ? [] : unanswered;
  }

  /** A page; undefined where it could not be had, which is on record then. */
  async #fetchOrNote(range: TimeRange): Promise<SourcePage | undefined> {
    try {
      return await this.#fetch(range);
    } catch (error) {
      if (!(error instanceof SourceError) || error.scope !== 'call') throw error;
      await this.#noteFailure(range, error);
      return undefined;
    }
  }

  async #fetch(range: TimeRange): Promise<SourcePage> {
    const { market, type, grid, series, source, facts } = this.#job;
    const request = {
      market,
      dataType: type.id,
      timeframe: grid.timeframe,
      price: series.price,
      range,
      limit: facts.pageSize,
    };
    const page = await callSource(this.#caller(range), (call) => source.fetchRange(request, call));
    this.#tallies.weight += page.weight;
    this.#failuresInARow = 0;
    return page;
  }

  #judge(range: TimeRange, page: SourcePage): ReturnType<typeof judgePage> {
    const { grid } = this.#job;
    return judgePage({
      batch: page.batch,
      range,
      grid,
      expected: this.#expected(range),
      at: page.read.at,
      runId: this.#run.runId,
    });
  }

  async #accept(range: TimeRange, page: SourcePage): Promise<{ readonly unanswered: readonly TimeRange[] }> {
    const { series, facts, finalBefore, now } = this.#job;
    const judged = this.#judge(range, page);
    const { part, evidence } = partOfPage({
      judged,
      read: page.read,
      runId: this.#run.runId,
      seriesKey: series.key,
      prior: this.#prior,
      finalBefore,
      now,
      sparse: facts.sparse,
      absenceMeans: facts.absenceMeans,
    });
    const { conflicts } = await this.#commit({ part, evidence, findings: judged.findings });
    if (conflicts.length > 0) await this.#revise(conflicts);
    return judged;
  }

  /** Commits in slices of the task's flush threshold. Conflicts of all slices are answered together. */
  async #commit(p: {
    readonly part: Part;
    readonly evidence: readonly Evidence[];
    readonly findings: readonly Finding[];
    readonly revisions?: readonly Revision[];
  }): Promise<Pick<CommitResult, 'conflicts'>> {
    const conflicts: RowConflict[] = [];
    for (const [i, part] of slices(p.part, this.#job.batchSize).entries()) {
      await this.#run.ensure();
      const extras = i === 0 ? { evidence: p.evidence, findings: p.findings, revisions: p.revisions } : {};
      const result = await this.#deps.store.commit({
        series: this.#job.series,
        part,
        fence: this.#run.fence,
        ...extras,
      });
      this.#tallies.commits += 1;
      this.#tallies.rows += this.#newRows(part);
      conflicts.push(...result.conflicts);
    }
    return { conflicts };
  }

  /** Rows that were not settled before this run: what a re-read brings again does not count. */
  #newRows(part: Part): number {
    let n = 0;
    for (const ts of part.batch.ts) if (runAt(this.#known, ts)?.state !== 'present') n += 1;
    return n;
  }

  /**
   * A settled record came back different. The stored value stands unless a second look agrees with the new one; then it
   * is revised, the old value logged. A look that fails agrees with nothing.
   */
  async #revise(conflicts: readonly RowConflict[]): Promise<void> {
    const { grid, type } = this.#job;
    const keys = conflicts.map((c) => c.incoming.ts);
    const range = { from: floorTo(grid, Math.min(...keys)), to: ceilTo(grid, Math.max(...keys) + 1) };
    const page = await this.#fetch(range).catch((error: unknown) => {
      if (error instanceof SourceError && error.scope === 'call') return undefined;
      throw error;
    });
    const again = page ? this.#judge(range, page).batch : emptyBatch(type);
    const at = this.#deps.clock.now();
    const revisions: Revision[] = [];
    const findings: Finding[] = [];
    for (const { stored, incoming } of conflicts) {
      const row = lowerBound(again, incoming.ts);
      const agrees = again.ts[row] === incoming.ts && sameRow(again, row, batchOfRows(type, [incoming]), 0);
      if (agrees)
        revisions.push({
          from: stored,
          to: rowAt(again, row),
          reason: this.#job.refetch ?? 'settled_value_changed',
          at,
        });
      const detail = agrees
        ? 'the venue changed a settled value; revised'
        : !page
          ? 'a settled value came back different, and a second look failed; the stored one stands'
          : 'two reads of a settled value disagree; the stored one stands';
      findings.push({ code: 'settled_value_differs', ts: incoming.ts, at, runId: this.#run.runId, detail });
    }
    await this.#commit({ part: emptyPart(type), evidence: [], findings, revisions });
  }

  /** Being told to wait is no failure of these records: they stay as open as they were. */
  async #noteFailure(range: TimeRange, error: SourceError): Promise<void> {
    if (error.code === 'SOURCE_RATE_LIMITED') throw error;
    this.#failuresInARow += 1;
    await this.#commitFailed(range, error.code);
    if (this.#failuresInARow >= OUTAGE_AFTER) throw error;
  }

  async #commitFailed(range: TimeRange, code: string): Promise<void> {
    const at = this.#deps.clock.now();
    const before = this.#known.filter((r) => r.state === 'failed' && r.to > range.from && r.from < range.to);
    const attempts = 1 + Math.max(0, ...before.map((r) => r.attempts ?? 0));
    const nextTryAt = at + Math.min(FAILED_CAP_MS, FAILED_BASE_MS * 2 ** Math.min(attempts - 1, 10));
    const runs = this.#expected(range).map((r): CoverageRun => ({
      ...r,
      state: 'failed',
      error: code,
      attempts,
      at,
      nextTryAt,
    }));
    await this.#commit({ part: { ...emptyPart(this.#job.type), runs }, evidence: [], findings: [] });
  }

  /**
   * Further reads of what was absent, spaced in time and with other bounds, as far as this run may go. An absence that a
   * read did not speak of (its evidence is as before) waits for another run.
   */
  async #confirm(): Promise<void> {
    const { clock } = this.#deps;
    const { facts, grid } = this.#job;
    const tried = new Set<string | undefined>();
    for (let round = 0; round < 2 * CONFIRMING_READS; round += 1) {
      const soon = unconfirmedOf(this.#known, this.#job.now, clock.now()).filter(
        (a) => a.ripeAt <= clock.now() + OLD_SPACING_MS && !tried.has(a.run.evidence),
      );
      if (soon.length === 0) return;
      for (const a of soon) tried.add(a.run.evidence);
      const pause = Math.max(...soon.map((a) => a.ripeAt)) - clock.now();
      if (pause > 0)
        await clock.sleep(pause, this.#run.signal).catch(() => assertGoing({ run: this.#run, clock }));
      const windows = planConfirmations(
        grid,
        soon.map((a) => a.run),
        facts.pageSize,
        this.#span,
      );
      await this.#workPages(windows);
      await this.#refresh();
    }
  }

  #outcome(error: KairosError | undefined): RangeOutcome {
    const { grid, asked, finalBefore } = this.#job;
    const span = this.#span;
    const tally = tallyCoverage(grid, span, this.#expected(span), this.#known);
    const { failed, missing, provisional } = tally.counts;
    // An end on a holiday is reached when the last session before it is over.
    const isOver = this.#expected({ from: finalBefore, to: asked.to }).length === 0;
    const settled = failed + missing + provisional === 0 && isOver;
    return { tally, settled, notBefore: this.#notBefore(), error };
  }

  /** What is ripe already was tried in vain in this run: it waits like any other failure. */
  #notBefore(): number | undefined {
    const now = this.#deps.clock.now();
    const waits = unconfirmedOf(this.#known, this.#job.now, now).map((a) => a.ripeAt);
    for (const r of this.#known) if (r.state === 'failed') waits.push(nextTryOf(r, now));
    const paced = waits.map((at) => (at > now ? at : now + FAILED_BASE_MS));
    const tail = this.#tailFinalIn();
    if (tail !== undefined) paced.push(now + tail);
    return paced.length > 0 ? Math.min(...paced) : undefined;
  }

  /** How long until the last closed slot is final, where it was not yet so and the next slot does not come soon. */
  #tailFinalIn(): number | undefined {
    const { grid, facts, finalBefore, now } = this.#job;
    const { to } = this.#span;
    if (isEmptyRange(this.#span) || finalBefore >= to || nominalMs(grid) <= LONG_SLOT_MS) return undefined;
    // A day closes with its last session, before it ends by the clock.
    return Math.max(0, Math.min(to, now) + facts.settleMs - now);
  }
}

/** The part in pieces of at most `size` rows; the coverage runs go with the rows they speak of. */
function slices(part: Part, size: number | null): Part[] {
  const { batch, runs } = part;
  if (size === null || batch.n <= size) return [part];
  const out: Part[] = [];
  for (let from = 0; from < batch.n; from += size) {
    const to = Math.min(batch.n, from + size);
    const start = from === 0 ? -Infinity : (batch.ts[from] ?? 0);
    const end = to === batch.n ? Infinity : (batch.ts[to] ?? 0);
    const inside = runs.filter((r) => r.to > start && r.from < end);
    out.push({
      batch: sliceBatch(batch, from, to),
      runs: inside.map((r) => ({ ...r, from: Math.max(r.from, start), to: Math.min(r.to, end) })),
    });
  }
  return out;
}
