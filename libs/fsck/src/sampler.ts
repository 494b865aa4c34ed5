import type { BlockLayout } from '@kairos/domain';
import {
  guarded,
  lookAtBlock,
  lookAtBudgets,
  lookAtContainer,
  lookAtHot,
  lookAtIdentity,
  lookAtSpans,
  lookAtTask,
  type FsckDeps,
} from './look.ts';
import { MAX_HOT_MS } from './limits.ts';
import { foundTwice, violationId, type Violation } from './violation.ts';

export interface StoreSampler {
  /**
   * Looks at one task, one block and a handful of rows outside chunks, the next ones each time, so that in time all are
   * seen. Answers violations not told before; those of tasks only once the step after has seen them too. Never two at once.
   */
  step(now: number): Promise<readonly Violation[]>;
}

const RECORDS = 200;
const HOT_ROWS = 64;
/** What was told is remembered up to this many; then it may be told again. */
const MOST_TOLD = 1_000;

/** A cheap, endless check for a server's spare moments. Keeps its place in memory only. */
export const createSampler = (deps: FsckDeps): StoreSampler => new Sampler(deps);

interface SeriesPlace {
  readonly key: string;
  readonly layout: BlockLayout;
  readonly block: number | undefined;
}

class Sampler implements StoreSampler {
  readonly #deps: FsckDeps;
  readonly #told = new Set<string>();
  #startedAt: number | undefined;
  #task: string | undefined;
  #suspect: { readonly uid: string; readonly found: readonly Violation[] } | undefined;
  #listed: string | undefined;
  #at: SeriesPlace | undefined;
  #hot: string | undefined;

  constructor(deps: FsckDeps) {
    this.#deps = deps;
  }

  async step(now: number): Promise<readonly Violation[]> {
    this.#startedAt ??= now;
    const found = [
      ...(await guarded({}, () => lookAtContainer(this.#deps, false))),
      ...(await guarded({}, () => lookAtBudgets(this.#deps, now))),
      ...(await this.#stepTask(now)),
      ...(await guarded({}, () => this.#stepBlock())),
      ...(await guarded({}, () => this.#stepHot(now))),
    ];
    return found.filter((v) => this.#isNews(v));
  }

  #isNews(v: Violation): boolean {
    const id = violationId(v);
    if (this.#told.has(id)) return false;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(id);
    return true;
  }

  async #stepTask(now: number): Promise<readonly Violation[]> {
    const suspect = this.#suspect;
    this.#suspect = undefined;
    const confirmed = suspect ? foundTwice(suspect.found, await this.#look(suspect.uid, now)) : [];
    let uid: string | undefined;
    const listing = await guarded({}, async () => {
      const page = await this.#deps.inspector.holdings({ limit: 1, after: this.#task });
      uid = page.items[0]?.uid;
      return [];
    });
    this.#task = uid;
    if (uid === undefined) return [...confirmed, ...listing];
    const found = await this.#look(uid, now);
    if (found.length > 0) this.#suspect = { uid, found };
    return [...confirmed, ...listing];
  }

  #look(uid: string, now: number): Promise<readonly Violation[]> {
    return guarded(
      { uid },
      async () => (await lookAtTask(this.#deps, { uid, now, records: RECORDS })).violations,
    );
  }

  /** The next block of the series at hand; after its last one, the next series and its first facts outside chunks. */
  async #stepBlock(): Promise<readonly Violation[]> {
    const at = this.#at;
    if (!at) return this.#nextSeries();
    this.#at = undefined;
    const { key, layout } = at;
    const [block] = await this.#deps.inspector.blocks({ key, limit: 1, after: at.block });
    if (block === undefined) return this.#nextSeries();
    this.#at = { key, layout, block };
    return guarded(
      { series: key, block },
      async () => (await lookAtBlock(this.#deps, { key, layout, block })).violations,
    );
  }

  async #nextSeries(): Promise<readonly Violation[]> {
    const page = await this.#deps.series.listSeries({ filter: {}, limit: 1, cursor: this.#listed });
    this.#listed = page.next;
    const [series] = page.items;
    if (!series) return [];
    const { violations, layout } = lookAtIdentity(series);
    if (!layout) return violations;
    this.#at = { key: series.key, layout, block: undefined };
    const spans = await lookAtSpans(this.#deps, { key: series.key, last: undefined });
    return [...violations, ...spans.violations];
  }

  async #stepHot(now: number): Promise<readonly Violation[]> {
    const after = this.#hot;
    this.#hot = undefined;
    // A server that has just started folds first what the one before it left.
    const isWarm = now - (this.#startedAt ?? now) > MAX_HOT_MS;
    const page = await lookAtHot(this.#deps, {
      after,
      limit: HOT_ROWS,
      compactedTo: isWarm ? now : -Infinity,
    });
    this.#hot = page.next;
    return page.violations;
  }
}
