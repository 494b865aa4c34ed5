import type { DueItem } from '@kairos/domain';
import { LeaseLostError } from '@kairos/domain';
import type { Clock, TaskStore } from '@kairos/ports';
import { SKEW_MS } from './claim.ts';

/** The longest single call or commit that a lease must outlast. */
export const MAX_CALL_MS = 15_000;

export interface LeaseDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly leaseMs: number;
}

/**
 * A worker's hold on one run. `ensure` renews it when it would not outlast another call; losing it is final and told to
 * everyone through `lost`.
 */
export class Lease {
  readonly #deps: LeaseDeps;
  readonly #abort: (reason: LeaseLostError) => void;
  #due: DueItem;
  #renewal: Promise<void> | undefined;
  #lost: LeaseLostError | undefined;

  constructor(deps: LeaseDeps, due: DueItem, abort: (reason: LeaseLostError) => void) {
    this.#deps = deps;
    this.#due = due;
    this.#abort = abort;
  }

  get due(): DueItem {
    return this.#due;
  }

  get lost(): LeaseLostError | undefined {
    return this.#lost;
  }

  /** @throws LeaseLostError */
  async ensure(): Promise<void> {
    if (this.#lost) throw this.#lost;
    const until = this.#due.active?.until ?? 0;
    if (until - this.#deps.clock.now() >= MAX_CALL_MS + SKEW_MS) return;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    await this.#renewal;
  }

  /** The due item as it stands, if this lease still holds it. @throws LeaseLostError */
  async reread(): Promise<DueItem> {
    const current = await this.#deps.tasks.getDue({ uid: this.#due.uid });
    if (
      !current?.active ||
      current.fence !== this.#due.fence ||
      current.active.owner !== this.#due.active?.owner
    )
      throw this.#lose();
    this.#due = current;
    return current;
  }

  async #renew(): Promise<void> {
    for (;;) {
      const current = await this.reread();
      const active = current.active;
      if (!active) throw this.#lose();
      const until = this.#deps.clock.now() + this.#deps.leaseMs;
      const renewed: DueItem = { ...current, active: { ...active, until }, nextDue: until };
      const answer = await this.#deps.tasks.putDue({ due: renewed, expectedV: current.v });
      if (answer.outcome === 'committed') {
        this.#due = answer.value;
        return;
      }
    }
  }

  #lose(): LeaseLostError {
    this.#lost ??= new LeaseLostError(this.#due.uid, this.#due.fence);
    this.#abort(this.#lost);
    return this.#lost;
  }
}
