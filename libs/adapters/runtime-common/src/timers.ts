import type { Clock } from '@kairos/ports';

/** Runs `action` once `ms` have passed, unless the returned function is called before. */
export function after(clock: Clock, ms: number, action: () => void): () => void {
  const control = new AbortController();
  clock.sleep(ms, control.signal).then(
    () => {
      if (!control.signal.aborted) action();
    },
    () => undefined,
  );
  return () => control.abort();
}
