import type { Issue } from '@kairos/domain';
import type { Json } from './copy-input.ts';
import type { Findings } from './found.ts';
import type { Locale, MessageCode } from './messages.ts';
import { plainJson } from './plain-json.ts';
import { say, sayIssue, type Params } from './render.ts';

/** One wrong thing, in words. `params` are facts for a program, where a conflict has some. */
export interface FailureDetail {
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly params?: Readonly<Record<string, Json>>;
}

export interface SuccessBody {
  readonly success: true;
  readonly data: Readonly<Record<string, Json>>;
}

/** `message` is the heading, `error` all that is wrong in one line, `code` stable. */
export interface FailureBody {
  readonly success: false;
  readonly message: string;
  readonly error: string;
  readonly code: string;
  readonly details?: readonly FailureDetail[];
}

/** The answer to any input. `status` is the HTTP status: 200, 400, 404, 409, 413, 500 or 503. */
export interface SignalReply {
  readonly status: number;
  readonly body: SuccessBody | FailureBody;
}

/** A stated refusal: its status, its heading, its stable code, and what it says. */
export interface Refusal {
  readonly status: number;
  readonly head: MessageCode;
  readonly code: string;
  readonly error: string;
  readonly details?: readonly FailureDetail[];
}

export function success(data: Readonly<Record<string, unknown>>, warnings: readonly string[]): SignalReply {
  const whole = warnings.length > 0 ? { ...data, warnings } : data;
  return { status: 200, body: { success: true, data: plainJson(whole) as Readonly<Record<string, Json>> } };
}

export function failure(refusal: Refusal, locale: Locale): SignalReply {
  const { status, code, error, details } = refusal;
  const body = { success: false as const, message: say(refusal.head, locale), error, code };
  return { status, body: details && details.length > 0 ? { ...body, details } : body };
}

/** A refusal that is all in its code, for doors that must refuse before there is a signal (e.g. `TOO_LARGE`). */
export function failureReply(p: {
  readonly status: number;
  readonly head: MessageCode;
  readonly code: MessageCode;
  readonly locale: Locale;
  readonly params?: Params;
}): SignalReply {
  return failure(
    { status: p.status, head: p.head, code: p.code, error: say(p.code, p.locale, p.params) },
    p.locale,
  );
}

const detailOf = (issue: Issue, locale: Locale): FailureDetail => ({
  path: issue.path,
  code: issue.code,
  message: sayIssue(issue.path, issue.code, locale, issue.params),
});

/** All that is wrong with a signal: in one line by `error`, one by one in `details`. */
export function invalid({ issues, more }: Findings, locale: Locale): SignalReply {
  const details = issues.map((issue) => detailOf(issue, locale));
  const lines = details.map((d) => d.message);
  if (more > 0) lines.push(say('more_issues', locale, { count: more }));
  const error = lines.join(locale === 'zh' ? '；' : '; ');
  return failure({ status: 400, head: 'head_validation', code: 'VALIDATION', error, details }, locale);
}
