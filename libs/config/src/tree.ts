import type { Path } from './settings.ts';

/** A group of the configuration as plain values. Its prototype is null: no name in it can mean more than itself. */
export type Tree = { [key: string]: unknown };

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const empty = (): Tree => Object.create(null) as Tree;

/** `over` laid upon `under`, group by group; lists and single values replace. Neither is changed. */
export function overlay(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isTree(over)) return over;
  const out = Object.assign(empty(), isTree(under) ? under : {});
  for (const key of Object.keys(over)) out[key] = overlay(out[key], over[key]);
  return out;
}

/** A tree that holds one value, at the end of the path. */
export const treeOf = (path: Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => Object.assign(empty(), { [key]: inner }), value);

export const valueAt = (tree: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, key) => (isTree(at) && Object.hasOwn(at, key) ? at[key] : undefined), tree);

/** The tree without what stands at the path. */
export function without(tree: Tree, path: Path): Tree {
  const [key, ...rest] = path;
  if (key === undefined || !Object.hasOwn(tree, key)) return tree;
  const out = Object.assign(empty(), tree);
  const inner = out[key];
  if (rest.length > 0 && isTree(inner)) out[key] = without(inner, rest);
  else delete out[key];
  return out;
}
