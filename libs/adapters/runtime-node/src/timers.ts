import type { Clock } from '@kairos/ports';

/** The longest that a timer of the platform can wait. */
const LONGEST_MS = 2_147_483_647;

/** Does `action` once `ms` have passed, unless the function that it answers is called before. */
export function after(clock: Clock, ms: number, action: () => void): () => void {
  const control = new AbortController();
  const wait = async (): Promise<void> => {
    for (let left = ms; left > 0; left -= LONGEST_MS)
      await clock.sleep(Math.min(left, LONGEST_MS), control.signal);
    if (!control.signal.aborted) action();
  };
  wait().catch(() => undefined);
  return () => control.abort();
}
