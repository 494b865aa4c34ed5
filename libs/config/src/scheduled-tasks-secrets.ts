import type { JsonPath } from './scheduled-tasks-json.ts';

/** Names whose text is a secret more often than not. Those of variables (`api_key_env`) are not. */
const SECRET_NAME =
  /(apikey|secret|secretkey|accesskey|privatekey|password|passwd|passphrase|credentials?|token|bearer)$/;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;

const bare = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Places of texts that look like secrets: by the name above them, or as a URL that holds a password. */
export function* secretPaths(value: unknown, path: JsonPath, named = false): Generator<JsonPath> {
  if (typeof value === 'string') {
    if ((named && value !== '') || URL_WITH_PASSWORD.test(value)) yield path;
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const list = Array.isArray(value);
  for (const [name, inner] of Object.entries(value))
    yield* secretPaths(
      inner,
      [...path, list ? Number(name) : name],
      named || (!list && SECRET_NAME.test(bare(name))),
    );
}
