export { FsRunLogs, type FsRunLogsDeps } from './fs-run-logs.ts';
export { DEFAULT_RUN_LOG_LIMITS, type RunLogLimits } from './limits.ts';
