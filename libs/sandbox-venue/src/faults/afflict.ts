import { answerOf, jsonAnswer } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { SECOND } from '../intervals.ts';
import type { AnswerFault, FaultRule } from './plan.ts';

const HTML = '<!doctype html><html><head><title>One moment</title></head><body>Please wait.</body></html>';
const PAGE = { 'content-type': 'text/html' } as const;

/** An answer gone wrong. `truth` gives the answer as it should have been, for faults that show a part of it. */
export function afflict(
  fault: FaultRule & { readonly kind: AnswerFault },
  truth: () => Answer,
  at: number,
): Answer {
  const { kind } = fault;
  switch (kind) {
    case 'status-500':
      return jsonAnswer({ code: -1000, msg: 'Something went wrong with this request.' }, 500);
    case 'status-502':
      return answerOf(502, HTML, PAGE);
    case 'status-503':
      return jsonAnswer({ code: -1008, msg: 'The server is overloaded.' }, 503);
    case 'status-504':
      return answerOf(504, HTML, PAGE);
    case 'status-451':
      return jsonAnswer({ code: 0, msg: 'This service is not offered where you are.' }, 451);
    case 'maintenance':
      return maintenance(fault, at);
    case 'timeout':
      return { ...answerOf(200, ''), delivery: { kind: 'silent' } };
    case 'reset':
      return { ...answerOf(200, ''), delivery: { kind: 'reset', afterHeaders: false } };
    case 'reset-after-headers':
      return { ...truth(), delivery: { kind: 'reset', afterHeaders: true } };
    case 'half-open':
      return { ...truth(), delivery: { kind: 'half-open' } };
    case 'html':
      return answerOf(200, HTML, PAGE);
    case 'truncated-json':
      return halved(truth());
    case 'empty-body':
      return answerOf(200, '');
    case 'empty-object':
      return answerOf(200, '{}');
    case 'gzip-bomb':
      return { ...answerOf(200, ''), delivery: { kind: 'bomb', megabytes: fault.megabytes ?? 300 } };
    case 'slow-drip':
      return { ...truth(), delivery: { kind: 'drip', everyMs: fault.everyMs ?? 20 } };
  }
}

/** Says when to come back if the rule knows. */
function maintenance({ during }: FaultRule, at: number): Answer {
  const answer = jsonAnswer({ code: -1016, msg: 'The venue is under maintenance.' }, 503);
  if (during === undefined) return answer;
  const retryAfter = String(Math.ceil((during.to - at) / SECOND));
  return { ...answer, headers: { ...answer.headers, 'retry-after': retryAfter } };
}

/** The first half of the body, whole as far as HTTP can tell. */
const halved = (answer: Answer): Answer => ({
  ...answer,
  status: 200,
  body: answer.body.slice(0, Math.floor(answer.body.length / 2)),
});
