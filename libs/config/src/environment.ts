import type { Mistake } from './mistake.ts';
import { FORBIDDEN_NAMES } from './runtime-schema.ts';
import { childOf, meantBy, type Path, type Setting } from './settings.ts';
import { isTree, overlay, treeOf, valueAt, type Tree } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'KAIROS_';

/** The variable that sets a path: `KAIROS_HTTP__PORT` for `http.port`. */
export const variableOf = (path: Path): string =>
  PREFIX + path.map((name) => name.toUpperCase().replace(/[^A-Z0-9]/g, '_')).join('__');

export interface Overlaid {
  readonly tree: unknown;
  /** Dotted path → the variable that set it. */
  readonly origins: ReadonlyMap<string, string>;
  readonly mistakes: readonly Mistake[];
}

/** A text of the environment as the kind of value its setting has; left as text where it is none, for the schema to refuse. */
function coerced(type: 'number' | 'boolean' | 'text' | 'list', text: string): unknown {
  const trimmed = text.trim();
  if (type === 'number' && /^[+-]?\d{1,15}(\.\d{1,15})?$/.test(trimmed)) return Number(trimmed);
  if (type === 'boolean' && /^(true|1)$/i.test(trimmed)) return true;
  if (type === 'boolean' && /^(false|0)$/i.test(trimmed)) return false;
  if (type === 'list') return trimmed.split(/[\s,]+/).filter((part) => part !== '');
  return text;
}

/** An id that the file already uses and that this part of a variable's name can mean: `OKX_MAIN` for `okx-main`. */
function ownName(tree: unknown, path: Path, written: string): string {
  const known = valueAt(tree, path);
  const names = isTree(known) ? Object.keys(known) : [];
  return names.find((name) => variableOf([name]) === PREFIX + written) ?? written.toLowerCase();
}

type Found =
  { readonly path: Path; readonly setting: Setting } | { readonly path: Path; readonly setting?: undefined };

function find(root: Setting, tree: unknown, segments: readonly string[]): Found {
  let setting: Setting | undefined = root;
  const path: string[] = [];
  for (const segment of segments) {
    path.push(setting?.kind === 'map' ? ownName(tree, path, segment) : segment.toLowerCase());
    setting = setting === undefined ? undefined : childOf(setting, path.at(-1) ?? '');
  }
  return setting === undefined ? { path } : { path, setting };
}

function unknown(root: Setting, path: Path): string {
  const meant = meantBy(root, path);
  return meant === undefined
    ? 'is no setting; remove it, or see config/standalone.yaml for what can be set'
    : `is no setting; did you mean ${variableOf(meant)}?`;
}

type Reading = { readonly path: Path; readonly value: unknown } | { readonly problem: string };

function reading(root: Setting, tree: unknown, name: string, text: string): Reading {
  const segments = name.slice(PREFIX.length).split('__');
  if (segments.some((segment) => segment === '' || FORBIDDEN_NAMES.has(segment.toLowerCase()))) {
    return { problem: 'has a part that can be no name; remove it' };
  }
  const { path, setting } = find(root, tree, segments);
  if (setting === undefined || name !== name.toUpperCase()) return { problem: unknown(root, path) };
  if (setting.kind !== 'leaf') return { problem: `is a group; set its parts one by one, such as ${name}__…` };
  return { path, value: coerced(setting.type, text) };
}

/** Names of environment variables that the configuration itself refers to: those are not settings. */
function referredTo(tree: unknown): Set<string> {
  const sources = valueAt(tree, ['sources']);
  const all = isTree(sources) ? Object.values(sources) : [];
  const credentials = all
    .map((source) => valueAt(source, ['credentials']))
    .filter((c): c is Tree => isTree(c));
  return new Set(credentials.flatMap((c) => Object.values(c)).filter((name) => typeof name === 'string'));
}

/**
 * Lays every `KAIROS_*` variable upon the tree: parts of a path are joined by two underscores. Empty variables count as
 * unset. A variable that is no setting is a mistake: a mistyped one would otherwise be silently without effect.
 */
export function overlayEnvironment(p: {
  readonly root: Setting;
  readonly tree: unknown;
  readonly env: Environment;
  readonly reserved: readonly string[];
}): Overlaid {
  const origins = new Map<string, string>();
  const refusals: { readonly name: string; readonly problem: string }[] = [];
  let tree = p.tree;
  for (const name of Object.keys(p.env).sort()) {
    const text = p.env[name];
    if (!name.startsWith(PREFIX) || text === undefined || text === '' || p.reserved.includes(name)) continue;
    const read = reading(p.root, tree, name, text);
    if ('problem' in read) {
      refusals.push({ name, problem: read.problem });
      continue;
    }
    tree = overlay(tree, treeOf(read.path, read.value));
    origins.set(read.path.join('.'), name);
  }
  const referred = referredTo(tree);
  const mistakes = refusals
    .filter(({ name }) => !referred.has(name))
    .map(({ name, problem }) => ({ variable: name, key: 'this variable', problem }));
  return { tree, origins, mistakes };
}
