import type { Clock, SourceCall } from '@kairos/ports';

/** Between two requests of a burst their answers are kept: so long it counts as going on. */
const LINGER_MS = 100;
/** Backfill goes on after this even so: without end, live would be more than the venue can give. */
const MAX_WAIT_MS = 5_000;
const LOOK_MS = 10;

/**
 * Lets live requests out first. When a bar closes, hundreds of series want a small answer at once; large pages of backfill
 * between them would hold up each one, on the venue's side and on ours. A live request by itself holds up nobody.
 */
export class LiveFirst {
  readonly #clock: Clock;
  #live = 0;
  #burst = false;
  #lastEnd = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws the signal's reason, when aborted while waiting */
  async run<T>({ priority, signal }: SourceCall, work: () => Promise<T>): Promise<T> {
    if (priority === 'backfill') {
      await this.#letLivePass(signal);
      return work();
    }
    this.#live += 1;
    this.#burst ||= this.#live > 1;
    try {
      return await work();
    } finally {
      this.#live -= 1;
      this.#lastEnd = this.#clock.now();
    }
  }

  async #letLivePass(signal: AbortSignal): Promise<void> {
    for (let waited = 0; waited < MAX_WAIT_MS && this.#isBurst(); waited += LOOK_MS)
      await this.#clock.sleep(LOOK_MS, signal);
  }

  #isBurst(): boolean {
    const sinceEnd = Math.abs(this.#clock.now() - this.#lastEnd);
    if (this.#live === 0 && sinceEnd > LINGER_MS) this.#burst = false;
    return this.#burst;
  }
}
