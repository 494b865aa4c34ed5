import { KairosError, type RateLimitedError } from '@kairos/domain';

/** By code, not by class: an error may have been born in another bundled copy of the domain. */
export const isRateLimited = (error: unknown): error is RateLimitedError =>
  KairosError.is(error) && error.code === 'SOURCE_RATE_LIMITED';
