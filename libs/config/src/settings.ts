import { z } from 'zod';
import { nearest } from './nearest.ts';

/** One place of a schema: a group of named settings, a map with names of the user's own, or a setting. */
export type Setting =
  | { readonly kind: 'group'; readonly children: ReadonlyMap<string, Setting> }
  | { readonly kind: 'map'; readonly each: Setting }
  | { readonly kind: 'leaf'; readonly type: 'number' | 'boolean' | 'text' | 'list' };

export type Path = readonly string[];

/** A name that stands for the user's own in listed paths. */
const ANY = '*';

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrapped(schema.unwrap());
  }
  return schema;
}

/** What can be set, read off the schema, so that nothing else has to list the keys again. */
export function settingOf(schema: z.core.$ZodType): Setting {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) {
    const children = Object.entries<z.core.$ZodType>(inner.shape).map(
      ([key, s]) => [key, settingOf(s)] as const,
    );
    return { kind: 'group', children: new Map(children) };
  }
  if (inner instanceof z.ZodRecord) return { kind: 'map', each: settingOf(inner.valueType) };
  if (inner instanceof z.ZodNumber) return { kind: 'leaf', type: 'number' };
  if (inner instanceof z.ZodBoolean) return { kind: 'leaf', type: 'boolean' };
  if (inner instanceof z.ZodArray) return { kind: 'leaf', type: 'list' };
  return { kind: 'leaf', type: 'text' };
}

/** The setting directly under `parent` that has this name. */
export function childOf(parent: Setting, name: string): Setting | undefined {
  if (parent.kind === 'map') return parent.each;
  return parent.kind === 'group' ? parent.children.get(name) : undefined;
}

/** The setting at a path; undefined where the schema has none. */
export const settingAt = (root: Setting, path: Path): Setting | undefined =>
  path.reduce<Setting | undefined>((at, name) => (at === undefined ? undefined : childOf(at, name)), root);

function* leafPaths(setting: Setting, path: Path = []): Generator<Path> {
  if (setting.kind === 'leaf') yield path;
  if (setting.kind === 'map') yield* leafPaths(setting.each, [...path, ANY]);
  if (setting.kind === 'group')
    for (const [name, child] of setting.children) yield* leafPaths(child, [...path, name]);
}

/**
 * The setting that an unknown path most likely means: one beside it, one anywhere with the same last name, or one that is
 * written nearly alike. Names of the user's own are taken over from the path.
 */
export function meantBy(root: Setting, path: Path): Path | undefined {
  const above = path.slice(0, -1);
  const last = path.at(-1) ?? '';
  const parent = settingAt(root, above);
  const sibling = parent?.kind === 'group' ? nearest(last, parent.children.keys()) : undefined;
  if (sibling !== undefined) return [...above, sibling];

  const all = [...leafPaths(root)].map((leaf) =>
    leaf.map((name, i) => (name === ANY ? (path[i] ?? '<id>') : name)),
  );
  const namesake = all.filter((leaf) => leaf.at(-1) === last);
  if (namesake.length === 1) return namesake[0];
  const wanted = nearest(
    path.join('.'),
    all.map((leaf) => leaf.join('.')),
  );
  return all.find((leaf) => leaf.join('.') === wanted);
}
