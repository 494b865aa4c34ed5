import type { z } from 'zod';
import type { Json, JsonObject } from './copy-input.ts';
import { unpackRule } from './fields.ts';
import { found, MAX_ISSUES, type Found } from './found.ts';
import { TASK_FIELDS } from './schemas.ts';

/** A signal's fields on one level, which of them stood in `config`, and what was wrong in joining them. */
export interface FlatSignal {
  readonly fields: JsonObject;
  readonly inConfig: ReadonlySet<string>;
  readonly found: readonly Found[];
  /** Findings beyond those listed. */
  readonly hidden: number;
}

/** `signal` where nothing was found; `good` holds the fields that passed either way. */
export interface ParsedFields<T> {
  readonly signal: T | undefined;
  readonly good: Partial<T>;
  readonly found: readonly Found[];
  readonly hidden: number;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (a: Json | undefined, b: Json | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Names of an object that are not among the known ones: as many findings as can be told, the rest as a number. */
function unknownKeys(
  object: JsonObject,
  known: ReadonlySet<string>,
  prefix = '',
): Pick<FlatSignal, 'found' | 'hidden'> {
  const keys = Object.keys(object).filter((key) => !known.has(key));
  const told = keys.slice(0, MAX_ISSUES);
  const among = [...known];
  return {
    found: told.map((key) => ({ ...found(prefix + key, 'unknown_key'), got: key, among })),
    hidden: keys.length - told.length,
  };
}

const MOVABLE = new Set(TASK_FIELDS);

/** Moves the fields of `config` to the top level: equal twice is fine, different is not. */
export function flatten(input: JsonObject): FlatSignal {
  const config = input['config'];
  if (config !== null && !isObject(config))
    return { fields: input, inConfig: new Set(), found: [], hidden: 0 };
  const fields = { ...input };
  delete fields['config'];
  const inConfig = new Set<string>();
  const differing: Found[] = [];
  for (const key of TASK_FIELDS) {
    const value = config?.[key];
    if (value === undefined) continue;
    const above = fields[key];
    if (above === undefined) {
      fields[key] = value;
      inConfig.add(key);
    } else if (!same(above, value)) differing.push(found(`config.${key}`, 'fields_differ', { other: key }));
  }
  const unknown = unknownKeys(config ?? {}, MOVABLE, 'config.');
  return { fields, inConfig, found: [...differing, ...unknown.found], hidden: unknown.hidden };
}

/** Missing, null, blank or without entries: all told as "must not be empty". */
const isBlank = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.length === 0);

function valueAt(root: Json, path: readonly PropertyKey[]): Json | undefined {
  let value: Json | undefined = root;
  for (const key of path) {
    if (Array.isArray(value)) value = value[Number(key)];
    else value = isObject(value) ? value[String(key)] : undefined;
  }
  return value;
}

/** One finding of zod's as one of ours. */
function translate(issue: z.core.$ZodIssue, input: JsonObject): Found {
  const path = issue.path.map(String).join('.');
  const value = valueAt(input, issue.path);
  if (isBlank(value)) return found(path, 'required');
  const named = unpackRule(issue.message);
  if (!named) return found(path, 'other_issue', { reason: issue.code });
  const options = named.params['options'];
  const plain = found(path, named.code, named.params);
  if (typeof options !== 'string' || typeof value !== 'string') return plain;
  return { ...plain, got: value, among: options.split(', ') };
}

const MAX_ENTRIES = 1_000;

/** Lists far over their limit are refused before each of their entries is looked at: they count as absent. */
function dropOverlong(fields: JsonObject): Found[] {
  const overlong = Object.entries(fields).filter(
    ([, value]) => Array.isArray(value) && value.length > MAX_ENTRIES,
  );
  for (const [key] of overlong) delete fields[key];
  return overlong.map(([key]) => found(key, 'too_many', { max: MAX_ENTRIES }));
}

/** Checks flat fields against a schema. Unknown keys are findings; the good fields go on to be judged together. */
export function parseFields<S extends z.ZodObject>(schema: S, input: JsonObject): ParsedFields<z.infer<S>> {
  const known = Object.keys(schema.shape).filter((key) => Object.hasOwn(input, key));
  const fields: JsonObject = Object.fromEntries(known.map((key) => [key, input[key] ?? null]));
  const unknown = unknownKeys(input, new Set(Object.keys(schema.shape)));
  const overlong = dropOverlong(fields);
  const result = schema.safeParse(fields);
  const issues = result.error?.issues ?? [];
  const all = [...overlong, ...issues.map((issue) => translate(issue, fields)), ...unknown.found];
  if (result.success && all.length === 0)
    return { signal: result.data, good: result.data, found: [], hidden: 0 };
  const bad = new Set(issues.map((issue) => String(issue.path[0])));
  const good = Object.fromEntries(Object.entries(fields).filter(([key]) => !bad.has(key)));
  // Schemas check and never transform, so what passed stands there as typed.
  return { signal: undefined, good: good as Partial<z.infer<S>>, found: all, hidden: unknown.hidden };
}
