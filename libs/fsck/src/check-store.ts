import type { BlockLayout, CoverageRun, Series } from '@kairos/domain';
import type { Clock } from '@kairos/ports';
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
import { foundTwice, type Violation } from './violation.ts';

export interface CheckOptions {
  /** Looks at so many tasks and so many series (one block each) instead of all, and takes a glance at the container. */
  readonly sample?: number | undefined;
  /** Decides which; the same seed on the same store, the same ones. */
  readonly seed?: number | undefined;
}

/** How much was looked at so far. */
export interface CheckCounts {
  readonly series: number;
  readonly blocks: number;
  readonly rows: number;
  readonly tasks: number;
  /** Lines of history. */
  readonly runs: number;
}

/** Iterate once; violations come as they are found. `counts` grow meanwhile. */
export interface StoreCheck extends AsyncIterable<Violation> {
  readonly counts: CheckCounts;
}

const PAGE = 500;
/** A task under way shows states that a moment later are whole: a second look comes so much later. */
const SECOND_LOOK_MS = 500;

/**
 * Checks the invariants of everything a store keeps, or of a sample. Reads only; safe beside a running server: what is
 * whole at a second look is no violation. @throws whatever is no KairosError; a store's refusal to read becomes a violation.
 */
export function checkStore(
  deps: FsckDeps & { readonly clock: Clock },
  options: CheckOptions = {},
): StoreCheck {
  const check = new Check(deps, options);
  return { counts: check.counts, [Symbol.asyncIterator]: () => check.run() };
}

/** History of one task beyond so many newest lines is not read. */
const RECORDS = 100_000;

class Check {
  readonly counts = { series: 0, blocks: 0, rows: 0, tasks: 0, runs: 0 };
  readonly #deps: FsckDeps & { readonly clock: Clock };
  readonly #sample: number | undefined;
  readonly #random: () => number;
  /** Newest sign of a program at work: until then, compaction was under way. */
  #servedUntil = -Infinity;

  constructor(deps: FsckDeps & { readonly clock: Clock }, options: CheckOptions) {
    this.#deps = deps;
    this.#sample = options.sample;
    this.#random = seededRandom(options.seed ?? 0);
  }

  async *run(): AsyncGenerator<Violation> {
    yield* await guarded({}, () => lookAtContainer(this.#deps, this.#sample === undefined));
    yield* await guarded({}, () => lookAtBudgets(this.#deps, this.#deps.clock.now()));
    yield* this.#tasks();
    yield* this.#series();
    yield* this.#hot();
  }

  async *#tasks(): AsyncGenerator<Violation> {
    const uids: string[] = [];
    yield* await guarded({}, () => this.#listTasks(uids));
    const suspects = new Map<string, readonly Violation[]>();
    for (const uid of this.#pick(uids, this.#sample)) {
      const look = await this.#task(uid);
      this.counts.tasks += 1;
      this.counts.runs += look.runs;
      if (look.violations.length > 0) suspects.set(uid, look.violations);
    }
    if (suspects.size === 0) return;
    await this.#deps.clock.sleep(SECOND_LOOK_MS);
    for (const [uid, first] of suspects) yield* foundTwice(first, (await this.#task(uid)).violations);
  }

  async #listTasks(uids: string[]): Promise<readonly Violation[]> {
    let after: string | undefined;
    do {
      const page = await this.#deps.inspector.holdings({ limit: PAGE, after });
      for (const { uid, task } of page.items) {
        uids.push(uid);
        this.#servedUntil = Math.max(this.#servedUntil, task?.lastRun?.endedAt ?? -Infinity);
      }
      after = page.next;
    } while (after !== undefined);
    return [];
  }

  async #task(uid: string): Promise<{ readonly violations: readonly Violation[]; readonly runs: number }> {
    let runs = 0;
    const violations = await guarded({ uid }, async () => {
      const look = await lookAtTask(this.#deps, { uid, now: this.#deps.clock.now(), records: RECORDS });
      runs = look.runs;
      return look.violations;
    });
    return { violations, runs };
  }

  async *#series(): AsyncGenerator<Violation> {
    const all: Series[] = [];
    yield* await guarded({}, () => this.#listSeries(all));
    for (const series of this.#pick(all, this.#sample)) {
      this.counts.series += 1;
      const { violations, layout } = lookAtIdentity(series);
      yield* violations;
      if (!layout) continue;
      yield* this.#spans(series.key);
      yield* this.#blocks(series.key, layout);
    }
  }

  async #listSeries(all: Series[]): Promise<readonly Violation[]> {
    let cursor: string | undefined;
    do {
      const page = await this.#deps.series.listSeries({ filter: {}, limit: PAGE, cursor });
      all.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return [];
  }

  async *#spans(key: string): AsyncGenerator<Violation> {
    let last: CoverageRun | undefined;
    do {
      const from = last;
      last = undefined;
      yield* await guarded({ series: key }, async () => {
        const page = await lookAtSpans(this.#deps, { key, last: from });
        last = page.last;
        return page.violations;
      });
    } while (last !== undefined && this.#sample === undefined);
  }

  async *#blocks(key: string, layout: BlockLayout): AsyncGenerator<Violation> {
    const all: number[] = [];
    yield* await guarded({ series: key }, () => this.#listBlocks(key, all));
    for (const block of this.#pick(all, this.#sample === undefined ? undefined : 1)) {
      yield* await guarded({ series: key, block }, async () => {
        const look = await lookAtBlock(this.#deps, { key, layout, block });
        this.counts.blocks += 1;
        this.counts.rows += look.rows;
        return look.violations;
      });
    }
  }

  async #listBlocks(key: string, all: number[]): Promise<readonly Violation[]> {
    let page: readonly number[];
    do {
      page = await this.#deps.inspector.blocks({ key, limit: PAGE, after: all.at(-1) });
      all.push(...page);
    } while (page.length > 0);
    return [];
  }

  async *#hot(): AsyncGenerator<Violation> {
    const compactedTo = Math.min(this.#servedUntil, this.#deps.clock.now());
    let after: string | undefined;
    do {
      const from = after;
      after = undefined;
      yield* await guarded({}, async () => {
        const page = await lookAtHot(this.#deps, { after: from, limit: PAGE, compactedTo });
        after = page.next;
        return page.violations;
      });
    } while (after !== undefined && this.#sample === undefined);
  }

  /** All, or so many of them at random, each at most once. */
  #pick<T>(items: readonly T[], n: number | undefined): readonly T[] {
    if (n === undefined || n >= items.length) return items;
    const rest = [...items];
    return Array.from({ length: n }, () => rest.splice(Math.floor(this.#random() * rest.length), 1)).flat();
  }
}

/** Chance that a seed decides, uniform in [0, 1): a linear congruence is enough to choose whom to look at. */
function seededRandom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
