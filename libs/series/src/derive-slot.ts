import type { CoverageRun } from '@kairos/domain';
import { hasRows, UNCONFIRMED } from '@kairos/domain';

/** Before a listing nothing was traded: such records count as empty ones. */
const BEFORE_LISTING = 'before_listing';

/** Why a derived record is not settled. */
export const FINER = {
  missing: 'finer_missing',
  failed: 'finer_failed',
  unconfirmed: 'finer_unconfirmed',
  unavailable: 'finer_unavailable',
} as const;

type Kind = 'present' | 'provisional' | 'empty' | 'unlisted' | 'unavailable' | 'failed' | 'unconfirmed';

function kindOf(run: CoverageRun): Kind {
  if (run.state === 'unavailable') return run.reason === BEFORE_LISTING ? 'unlisted' : 'unavailable';
  if (run.state === 'provisional') return run.reason === UNCONFIRMED ? 'unconfirmed' : 'provisional';
  return run.state;
}

/** What is known of the finer records of one slot. */
export class SlotCounts {
  /** There is at least one finer row. */
  hasBar = false;
  readonly #counts = new Map<Kind, number>();
  readonly #samples = new Map<Kind, CoverageRun>();
  #known = 0;

  /** Notes `n` expected records of a run. */
  note(run: CoverageRun, n: number): void {
    if (n === 0) return;
    if (hasRows(run)) this.hasBar = true;
    const kind = kindOf(run);
    this.#known += n;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + n);
    if (!this.#samples.has(kind)) this.#samples.set(kind, run);
  }

  /**
   * What that makes of the slot, of which `expected` finer records are expected; undefined: nothing is known, or nothing
   * is expected. Only `present` and `provisional` have a row.
   */
  verdict(expected: number): Omit<CoverageRun, 'from' | 'to'> | undefined {
    const wanting = this.#wanting(expected);
    if (this.hasBar) {
      if (wanting !== undefined) return { state: 'provisional', reason: FINER[wanting] };
      const changing = this.#samples.get('provisional');
      return changing ? { state: 'provisional', at: changing.at } : { state: 'present' };
    }
    if (expected === 0 || wanting === 'missing') return undefined;
    if (wanting === 'unconfirmed') return { state: 'provisional', reason: UNCONFIRMED };
    if (wanting === 'unavailable') return { state: 'unavailable', reason: FINER.unavailable };
    return wanting === 'failed'
      ? this.#facts('failed')
      : this.#facts(this.#has('empty') ? 'empty' : 'unlisted');
  }

  /** The worst that keeps the slot from being settled. */
  #wanting(expected: number): keyof typeof FINER | undefined {
    // What can never be had stays away, whatever else may still come.
    if (this.#has('unavailable')) return 'unavailable';
    if (this.#known < expected) return 'missing';
    if (this.#has('failed')) return 'failed';
    return this.#has('unconfirmed') ? 'unconfirmed' : undefined;
  }

  #has(kind: Kind): boolean {
    return this.#counts.has(kind);
  }

  /** The facts of the first run of the kind, as they stand for the slot. */
  #facts(kind: Kind): Omit<CoverageRun, 'from' | 'to'> | undefined {
    const run = this.#samples.get(kind);
    if (!run) return undefined;
    const { from: _from, to: _to, ...facts } = run;
    return facts;
  }
}
