import {
  ConflictError,
  KairosError,
  NotFoundError,
  UnsupportedError,
  ValidationError,
  type Issue,
} from '@kairos/domain';
import type { Json } from './copy-input.ts';
import { settleFindings } from './found.ts';
import { isMessageCode, type Locale, type MessageCode } from './messages.ts';
import { clip, humanise, say } from './render.ts';
import { failure, failureReply, invalid, type SignalReply } from './reply.ts';

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** A text value of an error's details, safe to show. */
const detail = (error: KairosError, name: string): string | undefined => {
  const value = error.details[name];
  return typeof value === 'string' || typeof value === 'number' ? clip(String(value)) : undefined;
};

/** What an error's text may name. */
const namesOf = (error: KairosError): Record<string, string> =>
  Object.fromEntries(
    Object.keys(error.details).flatMap((name) => {
      const value = detail(error, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Plain facts of an error, under wire names. Nested values stay behind. */
function factsOf(error: KairosError): Record<string, Json> {
  const facts: Record<string, Json> = {};
  for (const [key, value] of Object.entries(error.details).slice(0, 10)) {
    if (typeof value === 'string') facts[snake(key)] = clip(value);
    else if (typeof value === 'number' || typeof value === 'boolean') facts[snake(key)] = value;
    else if (Array.isArray(value)) facts[snake(key)] = value.slice(0, 20).map((v) => clip(String(v)));
  }
  return facts;
}

/** The table's text for a code; for one it lacks, the general text with the code in words. */
function textOf(error: KairosError, general: MessageCode, locale: Locale): string {
  const id = detail(error, 'id') ?? '?';
  const withdrawn = error.code === 'TASK_DECLARED' && error.details['withdrawn'] === true;
  const told = withdrawn ? 'task_withdrawn' : error.code;
  if (isMessageCode(told) && told !== general) return say(told, locale, { ...namesOf(error), id });
  return say(general, locale, {
    id,
    reason: error.code === general ? clip(error.message) : humanise(error.code),
  });
}

function notFound(error: KairosError, locale: Locale): SignalReply {
  const isCollector = error.code === 'TASK_NOT_FOUND' && ![undefined, 'task'].includes(detail(error, 'what'));
  const id = detail(error, 'id') ?? '?';
  const from = detail(error, 'derivableFrom');
  if (error.code === 'SERIES_NOT_FOUND' && from !== undefined) {
    const derivable = say('series_derivable', locale, { id, from });
    return failure({ status: 404, head: 'head_not_found', code: error.code, error: derivable }, locale);
  }
  const text = isCollector
    ? say('COLLECTING_TASK_NOT_FOUND', locale, { id })
    : textOf(error, 'NOT_FOUND', locale);
  return failure({ status: 404, head: 'head_not_found', code: error.code, error: text }, locale);
}

function conflict(error: KairosError, locale: Locale): SignalReply {
  const text = textOf(error, 'CONFLICT', locale);
  const params = factsOf(error);
  const details =
    Object.keys(params).length > 0 ? [{ path: '', code: error.code, message: text, params }] : [];
  return failure({ status: 409, head: 'head_conflict', code: error.code, error: text, details }, locale);
}

function storeDown(code: string, locale: Locale): SignalReply {
  const error = say(isMessageCode(code) ? code : 'STORE_UNAVAILABLE', locale);
  return failure({ status: 503, head: 'head_store', code, error }, locale);
}

/** Services name fields in their own style; replies use the wire's. */
const onWire = (issues: readonly Issue[]): Issue[] =>
  issues.map((i) => ({ ...i, path: snake(clip(i.path)) }));

const issuesOf = (error: KairosError): readonly Issue[] | undefined => {
  const issues = error instanceof ValidationError ? error.issues : error.details['issues'];
  return error.code === 'VALIDATION' && Array.isArray(issues) ? issues : undefined;
};

export const internalFailure = (locale: Locale): SignalReply =>
  failureReply({ status: 500, head: 'head_internal', code: 'INTERNAL', locale });

/**
 * An error of a service as a reply. Kinds are told by code as well as by class, so an error born in another bundled copy
 * of the domain is understood. Undefined: the fault is ours, and nothing of it may leave the house.
 */
export function expectedFailure(error: unknown, locale: Locale): SignalReply | undefined {
  if (!KairosError.is(error)) return undefined;
  const issues = issuesOf(error);
  if (issues) return invalid(settleFindings(onWire(issues).map((issue) => ({ issue }))), locale);
  // The only input of a person that a store reads by itself is the cursor of a list.
  if (error.code === 'STORE_BAD_INPUT') {
    const issue: Issue = { path: 'cursor', code: 'cursor_invalid', params: {} };
    return invalid(settleFindings([{ issue }]), locale);
  }
  if (error.code.startsWith('STORE_')) return storeDown(error.code, locale);
  if (error instanceof NotFoundError || error.code.endsWith('NOT_FOUND')) return notFound(error, locale);
  if (error instanceof ConflictError || error.name === 'ConflictError') return conflict(error, locale);
  if (error instanceof UnsupportedError || error.name === 'UnsupportedError') {
    const text = textOf(error, 'UNSUPPORTED', locale);
    return failure({ status: 400, head: 'head_unsupported', code: error.code, error: text }, locale);
  }
  return undefined;
}
