import { RateLimitedError, SourceError } from '@kairos/domain';
import type { Clock, Ids, SourceCall } from '@kairos/ports';
import type { CollectRun, Tallies } from './job.ts';

/** Tries of one call before it counts as failed. */
const MAX_TRIES = 4;
const RETRY_BASE_MS = 250;
/** A longer pause is not waited out within the run: the run ends and comes back. */
const MAX_PAUSE_MS = 5_000;

/** The run must end now and be taken on later: shutdown, its deadline is near, or others wait for their turn. */
export class HandOver extends Error {
  constructor() {
    super('stopped to hand over');
    this.name = 'HandOver';
  }
}

export interface Caller {
  readonly run: CollectRun;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly tallies: Tallies;
  readonly priority: SourceCall['priority'];
}

/** Longest time a call plus its commit may take: no call starts closer to the deadline. */
const STOP_MARGIN_MS = 2_000;

/** @throws HandOver, or the signal's own reason when it carries an error (a lost lease) */
export function assertGoing(p: { readonly run: CollectRun; readonly clock: Clock }): void {
  if (p.run.signal.aborted) {
    const reason: unknown = p.run.signal.reason;
    throw reason instanceof SourceError || isLeaseLost(reason) ? reason : new HandOver();
  }
  if (p.clock.now() >= p.run.deadline - STOP_MARGIN_MS) throw new HandOver();
}

/** Commits that make a turn: enough to be worth its beginning, few enough that those who wait need not wait long. */
export const TURN_COMMITS = 64;

const isTurnOver = ({ run, tallies, priority }: Caller): boolean =>
  priority === 'backfill' && tallies.commits >= TURN_COMMITS && run.othersWait?.() === true;

const isLeaseLost = (reason: unknown): reason is Error =>
  reason instanceof Error && 'code' in reason && reason.code === 'LEASE_LOST';

function pauseBefore(error: SourceError, tries: number, random: number): number | undefined {
  if (!error.retryable || error.scope !== 'call' || tries >= MAX_TRIES) return undefined;
  const backoff = RETRY_BASE_MS * 2 ** (tries - 1) * (0.5 + random);
  if (!(error instanceof RateLimitedError)) return backoff;
  return error.retryAfterMs <= MAX_PAUSE_MS ? Math.max(error.retryAfterMs, backoff) : undefined;
}

/**
 * Calls the source, trying again after passing failures: exponential pauses with jitter, of at least what a rate
 * limit asks for; a long one ends the tries. @throws SourceError the last failure; HandOver; LeaseLostError
 */
export async function callSource<T>(caller: Caller, call: (c: SourceCall) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    assertGoing(caller);
    if (isTurnOver(caller)) throw new HandOver();
    await caller.run.ensure();
    caller.tallies.requests += 1;
    try {
      return await call({ signal: caller.run.signal, priority: caller.priority });
    } catch (error) {
      assertGoing(caller);
      if (!(error instanceof SourceError)) throw error;
      const pause = pauseBefore(error, tries, caller.ids.random());
      if (pause === undefined) throw error;
      await caller.clock.sleep(pause, caller.run.signal).catch(() => assertGoing(caller));
    }
  }
}
