import { found, MAX_ISSUES, type Found } from './found.ts';
import { MAX_DEPTH, MAX_SIGNAL_BYTES } from './read-text.ts';

/** Plain JSON of this room's own making: no getters, no foreign prototypes. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export type CopyAnswer =
  { readonly object: JsonObject } | { readonly tooLarge: true } | { readonly found: readonly Found[] };

/** Names that reach an object's prototype. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]';

class TooLarge extends Error {}

/** Copies a value of any origin into plain JSON, within the limits of size and depth, and notes what is not JSON. */
class InputCopier {
  readonly found: Found[] = [];
  /** Never more than the bytes the value would take as text, so no signal is refused here that was fine as text. */
  #cost = 0;

  #pay(cost: number): void {
    this.#cost += cost;
    if (this.#cost > MAX_SIGNAL_BYTES) throw new TooLarge();
  }

  #note(path: string, code: string, params: Record<string, string | number> = {}): void {
    if (this.found.length < MAX_ISSUES) this.found.push(found(path, code, params));
  }

  value(value: unknown, path: string, depth: number): Json {
    this.#pay(1);
    if (typeof value === 'string') {
      this.#pay(value.length);
      return value;
    }
    if (typeof value === 'boolean' || value === null || (typeof value === 'number' && Number.isFinite(value)))
      return value;
    if (Array.isArray(value)) return this.#list(value, path, depth);
    if (isRecord(value)) return this.object(value, path, depth);
    this.#note(path, 'not_json');
    return null;
  }

  #isTooDeep(depth: number): boolean {
    if (depth > MAX_DEPTH) this.#note('', 'too_deep', { max: MAX_DEPTH });
    return depth > MAX_DEPTH;
  }

  #list(list: readonly unknown[], path: string, depth: number): Json[] {
    const out: Json[] = [];
    if (this.#isTooDeep(depth)) return out;
    for (let i = 0; i < list.length; i += 1) out.push(this.value(list[i], `${path}.${i}`, depth + 1));
    return out;
  }

  object(object: object, path: string, depth: number): JsonObject {
    const out: JsonObject = {};
    if (this.#isTooDeep(depth)) return out;
    for (const key of Object.keys(object)) {
      this.#pay(key.length + 3);
      const where = path === '' ? key : `${path}.${key}`;
      const value: unknown = (object as Readonly<Record<string, unknown>>)[key];
      if (FORBIDDEN.has(key)) this.#note(where, 'forbidden_key', { key });
      else if (value !== undefined) out[key] = this.value(value, where, depth + 1);
    }
    return out;
  }
}

/** Any value to a plain object, or why it is none. Values with throwing getters count as not JSON. */
export function copyInput(input: unknown): CopyAnswer {
  const copier = new InputCopier();
  try {
    if (!isRecord(input)) return { found: [found('', 'not_object')] };
    const object = copier.object(input, '', 1);
    return copier.found.length > 0 ? { found: copier.found } : { object };
  } catch (error) {
    return error instanceof TooLarge ? { tooLarge: true } : { found: [found('', 'not_object')] };
  }
}
