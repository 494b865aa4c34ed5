import { SourceError, type Realm } from '@kairos/domain';
import type { Redact } from './redact.ts';

type Headers = Readonly<Record<string, string>>;

const REALM_HEADER = 'x-kairos-realm';
/** Worlds that mark all of their answers: an unmarked one is of another world. */
const MARKED = /^(sandbox|recording):/;

/**
 * Refuses an answer from another world than the source's: a live answer where a sandbox was meant, or the reverse.
 * Permanent: a second request would meet the same world.
 */
export function checkRealm(
  realm: Realm,
  { status, headers }: { readonly status: number; readonly headers: Headers },
  p: { readonly url: string; readonly redact: Redact },
): void {
  const told = headers[REALM_HEADER];
  if (told === realm) return;
  if (told === undefined && !(MARKED.test(realm) && status < 300)) return;
  const other = told === undefined ? 'an unmarked world' : `realm ${p.redact(told).slice(0, 100)}`;
  throw new SourceError(
    'SOURCE_REALM',
    `${p.url} answers for ${other}, but this source is of realm ${realm}; correct base_url or realm`,
    {
      scope: 'venue',
      status,
      details: { realm, told: told === undefined ? null : p.redact(told) },
    },
  );
}

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']' };

/**
 * What shows at a glance that a body with HTTP 200 is not the JSON that was asked for; undefined when nothing does. A
 * full parse follows: this finds pages and cuts before a client that takes them for "no data".
 */
export function whatIsWrong(text: string, contentType: string): string | undefined {
  const body = text.trim();
  if (body === '') return 'is empty';
  if (/^\s*text\/html/i.test(contentType) || /^<(!doctype|html|\?xml)/i.test(body))
    return 'is a page of HTML';
  const closing = CLOSING[body[0] ?? ''];
  if (closing === undefined) return 'is not JSON';
  return body.endsWith(closing) ? undefined : 'is cut short';
}

/**
 * Whether a parsed body that yielded no records says so itself: somewhere in it stands a list (of nothing, or of records
 * outside the window), other than a list of errors. `{}` says nothing, and must not count as "no records".
 */
export function holdsList(parsed: unknown, depth = 0): boolean {
  if (Array.isArray(parsed)) return true;
  if (typeof parsed !== 'object' || parsed === null || depth > 4) return false;
  return Object.entries(parsed).some(
    ([name, value]) => !/^errors?$/i.test(name) && holdsList(value, depth + 1),
  );
}
