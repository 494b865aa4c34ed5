import { KairosError, ValidationError, type Issue } from '@kairos/domain';
import { ratePeriod } from '@kairos/schedule';

/** What is wrong with a schedule's text, or undefined: the domain's own grammar, asked without running anything. */
export function checkRate(text: string): Issue | undefined {
  try {
    ratePeriod(text);
    return undefined;
  } catch (error) {
    if (error instanceof ValidationError) return error.issues[0];
    if (KairosError.is(error)) return { path: 'schedule', code: 'schedule_unsupported', params: {} };
    throw error;
  }
}
