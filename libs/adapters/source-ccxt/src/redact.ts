import type { CcxtCredentials } from './settings.ts';

const SECRET_PARAMETERS =
  /\b(signature|sign|api[-_]?key|access[-_]?key|api[-_]?secret|secret|token|pass(?:word|phrase)?)(["']?\s*[=:]\s*["']?)[^&\s"',}]+/gi;
// Control characters could forge lines of a log or steer a terminal.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g;
const LONGEST = 240;

/** Makes foreign text fit for a message: secrets out (by value and by parameter name), one line, not too long. */
export type Redact = (text: string) => string;

const spellings = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64'),
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
