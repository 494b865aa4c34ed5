export type Priority = 'live' | 'backfill';

/** Somebody who waits for weight. Both answers take it out of the queue. */
export interface Waiter {
  readonly weight: number;
  readonly priority: Priority;
  /** Waits no longer than until this instant. */
  readonly giveUpAt: number;
  grant(): void;
  refuse(error: Error): void;
}

export interface WaitRequest {
  readonly weight: number;
  readonly priority: Priority;
  readonly signal: AbortSignal;
  readonly giveUpAt: number;
}

/** Requests that wait: live before backfill, first come first. Who is aborted leaves without taking anything. */
export class WaitQueue {
  readonly #live: Waiter[] = [];
  readonly #backfill: Waiter[] = [];
  readonly #onLeave: () => void;

  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  /** Who is served next. */
  head(): Waiter | undefined {
    return this.#live[0] ?? this.#backfill[0];
  }

  /** Whether a newcomer of this rank would have to stand behind somebody. */
  isAheadOf(priority: Priority): boolean {
    return this.#live.length > 0 || (priority === 'backfill' && this.#backfill.length > 0);
  }

  join({ weight, priority, signal, giveUpAt }: WaitRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = priority === 'live' ? this.#live : this.#backfill;
      const leave = (): void => {
        signal.removeEventListener('abort', onAbort);
        const at = queue.indexOf(waiter);
        if (at >= 0) queue.splice(at, 1);
        this.#onLeave();
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        weight,
        priority,
        giveUpAt,
        grant: () => {
          leave();
          resolve();
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(waiter);
    });
  }

  /** Refuses those who will not wait until `instant`. */
  refuseBefore(instant: number, error: Error): void {
    for (const waiter of this.#all()) if (waiter.giveUpAt < instant) waiter.refuse(error);
  }

  refuseAll(error: Error): void {
    for (const waiter of this.#all()) waiter.refuse(error);
  }

  #all(): readonly Waiter[] {
    return [...this.#live, ...this.#backfill];
  }
}
