/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/** A shorter secret would, searched for inside text, tear ordinary words apart: it is hidden only where it stands alone. */
const SHORTEST_INSIDE_TEXT = 4;

/**
 * The part of a secret's base64 that does not depend on its neighbours, for each of the three places it can take inside
 * encoded text (`user:secret` in a Basic header).
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const alone = [bytes.toString('base64'), bytes.toString('base64url')];
  const inside = [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor((whole.length * 8) / 6);
    return [whole.toString('base64').slice(from, to), whole.toString('base64url').slice(from, to)];
  });
  return [...alone, ...inside];
}

/** The ways a secret is written in URLs: `%2B` or `%2b`, a space as `%20` or `+`. Lone surrogates have no such form. */
function urlForms(secret: string): string[] {
  if (/\p{Surrogate}/u.test(secret)) return [];
  const percent = encodeURIComponent(secret);
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [percent, lower(percent), form, lower(form), encodeURI(secret)];
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

function formsOf(secret: string): string[] {
  const forms = [secret, secret.trim(), inJson(secret), ...urlForms(secret), ...base64Forms(secret)];
  return forms.filter((form) => form.length >= SHORTEST_INSIDE_TEXT);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * A function that hides the secrets in any text: as they are, URL-encoded, base64-encoded (also inside longer encoded
 * text) and as JSON writes them. Secrets of fewer than four characters are hidden only where they are the whole text.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = new Set(secrets.filter((secret) => secret.trim() !== ''));
  // The longest first: one secret may be the beginning of another.
  const forms = [...new Set([...known].flatMap(formsOf))].sort((a, b) => b.length - a.length);
  if (known.size === 0) return (text) => text;
  const pattern = forms.length === 0 ? undefined : new RegExp(forms.map(escaped).join('|'), 'g');
  return (text) => {
    if (known.has(text)) return REDACTED;
    return pattern === undefined ? text : text.replace(pattern, REDACTED);
  };
}
