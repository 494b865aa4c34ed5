import {
  isEmptyRange,
  mergeRuns,
  runAt,
  tallyCoverage,
  type CoverageRun,
  type Tally,
  type TimeRange,
} from '@kairos/domain';
import type { Calendar, SeriesStore } from '@kairos/ports';
import { Tallies, type SeriesJob } from './job.ts';

/** How far one series is, told after every commit and whenever its state changes. */
export interface SeriesProgress {
  /** As it was asked for. */
  readonly symbol: string;
  readonly instrument: string;
  readonly seriesKey: string;
  /** `waiting`: for the venue, until `waitsUntil`. The last three are told once, at the end. */
  readonly state: 'working' | 'waiting' | 'complete' | 'open' | 'interrupted';
  /** Records expected in the asked span that are closed by now. */
  readonly expected: number;
  /** Of these, how many have an answer: present, empty, unavailable, or provisional until read again. */
  readonly covered: number;
  /** Rows stored, calls made and weight spent by this series since it was begun. */
  readonly rows: number;
  readonly requests: number;
  readonly weight: number;
  readonly commits: number;
  /** Epoch milliseconds; undefined unless `waiting`. */
  readonly waitsUntil: number | undefined;
}

/** What is known of one series while it is collected, from what was stored before and each commit since. */
export class SeriesWatch {
  readonly tallies = new Tallies();
  readonly #symbol: string;
  readonly #calendar: Calendar;
  readonly #tell: ((progress: SeriesProgress) => void) | undefined;
  #job: SeriesJob | undefined;
  #known: readonly CoverageRun[] = [];
  #covered = 0;
  // Counted here: the tallies hear of a commit only after it was told.
  #rows = 0;
  #commits = 0;

  constructor(p: {
    readonly symbol: string;
    readonly calendar: Calendar;
    readonly tell: ((progress: SeriesProgress) => void) | undefined;
  }) {
    this.#symbol = p.symbol;
    this.#calendar = p.calendar;
    this.#tell = p.tell;
  }

  /** Takes up the job as of now, and what the store knows of it. To be called first. */
  async begin(job: SeriesJob, store: SeriesStore): Promise<void> {
    this.#job = job;
    this.#known = await store.coverage({ key: job.series.key, range: spanOf(job) });
    this.tell('working');
  }

  /** Every expected record of the span so far closed, counted; null before the beginning. */
  tally(): Tally | null {
    const job = this.#job;
    if (!job) return null;
    const span = spanOf(job);
    const expected = isEmptyRange(span) ? [] : this.#calendar.expected({ grid: job.grid, range: span });
    return tallyCoverage(job.grid, span, expected, this.#known);
  }

  /** How many records have an answer, as of the last progress told. */
  get covered(): number {
    return this.#covered;
  }

  tell(state: SeriesProgress['state'], waitsUntil?: number): void {
    const tally = this.tally();
    if (!this.#job || !tally) return;
    const { counts, expected } = tally;
    const covered = expected - counts.missing - counts.failed;
    this.#covered = covered;
    const { requests, weight } = this.tallies;
    const counted = { rows: this.#rows, requests, weight, commits: this.#commits };
    const { instrument, key: seriesKey } = this.#job.series;
    const about = { symbol: this.#symbol, instrument, seriesKey, state, expected, covered };
    this.#tell?.({ ...about, ...counted, waitsUntil });
  }

  /** The store, but that each commit of this series is noted and told. */
  watching(store: SeriesStore): SeriesStore {
    return {
      capabilities: store.capabilities,
      commit: async (p) => {
        const result = await store.commit(p);
        for (const ts of p.part.batch.ts) if (runAt(this.#known, ts)?.state !== 'present') this.#rows += 1;
        this.#commits += 1;
        this.#known = mergeRuns(this.#known, p.part.runs);
        this.tell('working');
        return result;
      },
      ensureSeries: (p) => store.ensureSeries(p),
      getSeries: (p) => store.getSeries(p),
      listSeries: (p) => store.listSeries(p),
      coverage: (p) => store.coverage(p),
      read: (p) => store.read(p),
      evidence: (p) => store.evidence(p),
      findings: (p) => store.findings(p),
      listFindings: (p) => store.listFindings(p),
      countFindings: (p) => store.countFindings(p),
      revisions: (p) => store.revisions(p),
      compact: (p) => store.compact(p),
      close: () => store.close(),
    };
  }
}

/** What of the asked span is closed. */
const spanOf = ({ asked, closedBefore }: SeriesJob): TimeRange => ({
  from: asked.from,
  to: Math.max(asked.from, Math.min(asked.to, closedBefore)),
});
