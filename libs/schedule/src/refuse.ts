import { ValidationError, type Issue } from '@kairos/domain';
import { scheduleText } from './texts.ts';

/** Anything said about a schedule in a code and the values its text needs. */
export interface Remark {
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
}

const MAX_SHOWN = 80;

/** Foreign text on its way into a message: bounded. */
export const shown = (text: string): string =>
  text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;

/** The one error that says what is wrong with a schedule. */
export function refusal(code: string, params: Remark['params'], path = 'schedule'): ValidationError {
  const issue: Issue = { path, code, params };
  return new ValidationError([issue], `${path}: ${scheduleText(issue, 'en')}`);
}
