import type { Clock, JobEnd } from '@kairos/ports';
import { after } from '@kairos/runtime-common';

export type StopReason = 'timeout' | 'cancelled';

/** When and why one run has to end: its deadline, or whoever ordered it gave it up. The first of them counts. */
export class StopOrder {
  readonly #control = new AbortController();
  readonly #from: readonly AbortSignal[];
  readonly #stopTimer: () => void;
  readonly #onAbort = (): void => this.#stop('cancelled');
  #reason: StopReason | undefined;

  constructor(clock: Clock, from: readonly AbortSignal[], deadline: number) {
    this.#from = from;
    this.#stopTimer = after(clock, Math.max(0, deadline - clock.now()), () => this.#stop('timeout'));
    if (from.some((signal) => signal.aborted)) this.#stop('cancelled');
    else if (deadline <= clock.now()) this.#stop('timeout');
    for (const signal of from) signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Rests the timer and lets go of the outer signals. */
  dispose(): void {
    this.#stopTimer();
    for (const signal of this.#from) signal.removeEventListener('abort', this.#onAbort);
  }

  #stop(reason: StopReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#control.abort();
  }
}

/** How a run ends that had to. */
export const stoppedEnd = (reason: StopReason, how: string, traceback?: string): JobEnd => ({
  ok: false,
  error: {
    code: reason === 'timeout' ? 'JOB_TIMEOUT' : 'JOB_CANCELLED',
    message:
      reason === 'timeout'
        ? `the task did not end before its deadline; ${how}`
        : `the run was cancelled; ${how}`,
    permanent: false,
    traceback,
  },
});
