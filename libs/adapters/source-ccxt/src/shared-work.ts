/**
 * One piece of work that many wait for. It goes on as long as somebody waits, and is aborted when the last one left: no
 * work outlives its callers, and no caller's abort spoils it for the others.
 */
export class SharedWork<T> {
  #current: { readonly abort: AbortController; readonly done: Promise<T>; waiters: number } | undefined;

  async join(signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const work = (this.#current ??= this.#begin(start));
    work.waiters += 1;
    try {
      return await orAbort(work.done, signal);
    } finally {
      work.waiters -= 1;
      if (work.waiters === 0) {
        if (this.#current === work) this.#current = undefined;
        work.abort.abort();
      }
    }
  }

  #begin(start: (signal: AbortSignal) => Promise<T>): {
    abort: AbortController;
    done: Promise<T>;
    waiters: number;
  } {
    const abort = new AbortController();
    const done = start(abort.signal);
    // Those who still wait hear of it; nobody else needs to.
    done.catch(() => undefined);
    return { abort, done, waiters: 0 };
  }
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
