import type { Clock } from '@kairos/ports';

/** The longest wait a platform timer can hold; longer ones are waited in pieces. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Waits one piece, and leaves neither timer nor listener behind, however it ends. */
function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** The host's clock and timers. The one place of the house where real time passes. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  /** A wait of zero or less still gives way to other work once. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let left = Math.max(0, Math.ceil(ms));
    while (left > LONGEST_TIMER_MS) {
      await wait(LONGEST_TIMER_MS, signal);
      left -= LONGEST_TIMER_MS;
    }
    await wait(left, signal);
  }
}
