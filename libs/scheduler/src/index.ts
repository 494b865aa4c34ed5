export {
  decideClaim,
  isLive,
  isSchedulable,
  MAX_LEASE_MS,
  SKEW_MS,
  type ClaimDecision,
  type ClaimInput,
} from './claim.ts';
export { MAX_CALL_MS } from './lease.ts';
export {
  DEFAULT_SCHEDULER_OPTIONS,
  Scheduler,
  type SchedulerDeps,
  type SchedulerOptions,
} from './scheduler.ts';
export {
  applyResult,
  decideSettle,
  isLastRun,
  MAX_IDLE_HOPS,
  retryDelayMs,
  type RunEnd,
  type Settlement,
  type SettleInput,
} from './settle.ts';
export { chooseSlot, SKIP_GRACE_MS, type SlotChoice } from './slots.ts';
