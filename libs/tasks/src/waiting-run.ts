import type { ActiveRun } from '@kairos/domain';

/** A run that is ordered and free to be claimed. */
export const waitingRun = (
  kind: 'm' | 'r',
  slot: number,
  now: number,
  refetch: ActiveRun['refetch'],
): ActiveRun => ({
  kind,
  slot,
  attempt: 0,
  failures: 0,
  hop: 0,
  idle: 0,
  owner: null,
  until: 0,
  notBefore: now,
  startedAt: now,
  skipped: null,
  refetch,
});

/** The same run, taken from its worker, to be begun anew: its failures belonged to what has changed. */
export const begunAnew = (run: ActiveRun, now: number): ActiveRun => ({
  ...run,
  failures: 0,
  idle: 0,
  owner: null,
  until: 0,
  notBefore: now,
});
