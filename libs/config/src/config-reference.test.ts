import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { variableOf } from './environment.ts';
import { runtimeSchema } from './runtime-schema.ts';
import { settingOf, type Setting } from './settings.ts';

const TEXT = readFileSync(new URL('../../../docs/reference/config.md', import.meta.url), 'utf8');

/** The document's rows: key, environment name, default. */
const rows = new Map(
  [...TEXT.matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\| (`[^`]*`|–) +\|/gm)].map(
    ([, key = '', variable, fallback]) => [key, { variable, fallback }] as const,
  ),
);

/** Paths of every setting; a name of the user's own is `x`. */
function* pathsOf(setting: Setting, path: readonly string[] = []): Generator<readonly string[]> {
  if (setting.kind === 'leaf') yield path;
  if (setting.kind === 'map') yield* pathsOf(setting.each, [...path, 'x']);
  if (setting.kind === 'group')
    for (const [name, child] of setting.children) yield* pathsOf(child, [...path, name]);
}

const paths = [...pathsOf(settingOf(runtimeSchema))].map((path) => [path.join('.'), path] as const);
const asWritten = (key: string): string =>
  key.replace('sources.x.', 'sources.<id>.').replace('calendars.x.', 'calendars.<name>.');

const defaults: unknown = runtimeSchema.parse({ sources: { x: {} } });

function defaultAt(path: readonly string[]): string {
  const value = path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined),
    defaults,
  );
  const none = value === undefined || (Array.isArray(value) && value.length === 0);
  return none ? '–' : `\`${String(value)}\``;
}

describe('docs/reference/config.md', () => {
  it.each(paths)('has %s with its variable and its default', (key, path) => {
    expect(rows.get(asWritten(key))).toEqual({
      variable: variableOf(path)
        .replace('SOURCES__X__', 'SOURCES__<ID>__')
        .replace('CALENDARS__X__', 'CALENDARS__<NAME>__'),
      fallback: defaultAt(path),
    });
  });

  it('has no setting that the schema does not know', () => {
    expect([...rows.keys()].sort()).toEqual(paths.map(([key]) => asWritten(key)).sort());
  });
});
