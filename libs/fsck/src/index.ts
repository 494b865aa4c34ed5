export { checkStore, type CheckCounts, type CheckOptions, type StoreCheck } from './check-store.ts';
export { explainViolation, placeText, type ExplainedViolation, type FsckLanguage } from './explain.ts';
export { type PoolRules } from './judge-budget.ts';
export { MAX_BAN_MS, MAX_HOT_MS, MAX_LEASE_MS, MAX_WINDOW_AHEAD_MS, SKEW_MS } from './limits.ts';
export { type FsckDeps } from './look.ts';
export { createSampler, type StoreSampler } from './sampler.ts';
export {
  VIOLATION_SEVERITIES,
  type Violation,
  type ViolationCode,
  type ViolationPlace,
  type ViolationSeverity,
} from './violation.ts';
