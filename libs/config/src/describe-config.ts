import type { RuntimeConfig, SourceConfig } from './runtime-config.ts';
import { Secret } from './secret.ts';

/** `taskStore` as the file writes it: `task_store`. Names of sources stay as they are. */
const written = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

function* lines(value: unknown, path: string): Generator<string> {
  if (value instanceof Secret) yield `${path}: set`;
  else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value))
      yield* lines(inner, path === '' ? written(key) : `${path}.${written(key)}`);
  } else if (value !== undefined) yield `${path}: ${JSON.stringify(value)}`;
}

function* sourceLines(id: string, source: SourceConfig): Generator<string> {
  const { credentials, ...rest } = source.driver === 'ccxt' ? source : { ...source, credentials: undefined };
  yield* lines(rest, `sources.${id}`);
  for (const [name, secret] of Object.entries(credentials ?? {})) {
    if (secret !== undefined) yield `sources.${id}.credentials.${written(name)}: set (${secret.variable})`;
  }
  if (source.driver === 'ccxt' && credentials === undefined) yield `sources.${id}.credentials: unset`;
}

/** The configuration as people read it, a setting a line. Secrets show as set or unset. */
export function describeConfig(config: RuntimeConfig): string {
  const { sources, notices, http, scheduledTasks, ...rest } = config;
  return [
    ...lines(rest, ''),
    ...lines({ scheduledTasks: scheduledTasks.path }, ''),
    ...lines({ host: http.host, port: http.port }, 'http'),
    `http.token: ${http.token === undefined ? 'unset' : 'set'}`,
    ...Object.entries(sources).flatMap(([id, source]) => [...sourceLines(id, source)]),
    ...notices.map((notice) => `note: ${notice}`),
  ].join('\n');
}
