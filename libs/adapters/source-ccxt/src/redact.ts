import type { CcxtCredentials } from './settings.ts';

const SECRET_PARAMETERS =
  /\b(signature|sign|api[-_]?key|access[-_]?key|api[-_]?secret|secret|token|pass(?:word|phrase)?)(["']?\s*[=:]\s*["']?)[^&\s"',}]+/gi;
// Control characters could forge lines of a log or steer a terminal.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g;
const LONGEST = 240;

/** Makes foreign text fit for a message: secrets out (by value and by parameter name), one line, not too long. */
export type Redact = (text: string) => string;

/** A shorter piece of base64 would be found in innocent text. */
const SHORTEST_PIECE = 6;

/** The part of its base64 that does not depend on what stands before and behind it, for each place it can take. */
function base64Spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const pieces = [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
    const [from, to] = [Math.ceil((shift * 8) / 6), Math.floor((whole.length * 8) / 6)];
    return (['base64', 'base64url'] as const).map((form) => whole.toString(form).slice(from, to));
  });
  return [bytes.toString('base64'), ...pieces.filter((piece) => piece.length >= SHORTEST_PIECE)];
}

function urlSpellings(secret: string): string[] {
  if (/\p{Surrogate}/u.test(secret)) return [];
  const percent = encodeURIComponent(secret);
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [percent, lower(percent), form, lower(form)];
}

/** The ways a venue may write a secret into its answer. */
const spellings = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  ...urlSpellings(secret),
  ...base64Spellings(secret),
];

export function redactor(credentials: CcxtCredentials): Redact {
  const secrets = Object.values(credentials)
    .filter((s): s is string => typeof s === 'string' && s.length > 0)
    .flatMap(spellings)
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, '***');
    clean = clean.replace(SECRET_PARAMETERS, '$1$2***').replace(CONTROL, ' ').trim();
    return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
  };
}

/** A URL without its query, which may hold a key or a signature. */
export const publicUrl = (url: URL): string => `${url.origin}${url.pathname}`;
