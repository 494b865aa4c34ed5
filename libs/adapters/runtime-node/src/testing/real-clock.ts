import { setTimeout } from 'node:timers/promises';
import type { Clock } from '@kairos/ports';

/** The machine's own time: what is tested here are processes, which know no other. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await setTimeout(ms, undefined, { ...(signal && { signal }) });
  },
};
