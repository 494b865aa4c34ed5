import type { JsonValue } from '@kairos/domain';
import { frameError } from './frames.ts';

/** What a worker sent, of which nothing is known but that it is an object. */
export type WireObject = Readonly<Record<string, unknown>>;

/** @throws KairosError JOB_FRAME, like all that read values here; `name` says which value is wrong. */
export function wireObject(value: unknown, name: string): WireObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw frameError(`${name} is ${shownValue(value)}, expected an object`);
  return Object.fromEntries(Object.entries(value));
}

export function wireList(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw frameError(`${name} is ${shownValue(value)}, expected a list`);
  return value;
}

export function wireText(value: unknown, name: string): string {
  if (typeof value !== 'string') throw frameError(`${name} is ${shownValue(value)}, expected text`);
  return value;
}

export const wireTexts = (value: unknown, name: string): readonly string[] =>
  wireList(value, name).map((one, i) => wireText(one, `${name}[${i}]`));

/** A whole number that a double holds exactly. */
export function wireWhole(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw frameError(`${name} is ${shownValue(value)}, expected a whole number`);
  return value;
}

/** What JSON.parse gave is JSON by construction; only its absence is wrong. */
export function wireJson(value: unknown, name: string): JsonValue {
  if (!isPresent(value)) throw frameError(`${name} is missing`);
  return value;
}

/** The cells of the records of a message, each row as wide as the columns. */
export const wireRows = (value: unknown, width: number): readonly (readonly (string | number | null)[])[] =>
  wireList(value, 'rows').map((row, i) => cells(row, i, width));

function cells(row: unknown, i: number, width: number): readonly (string | number | null)[] {
  const values = wireList(row, `rows[${i}]`);
  if (values.length !== width) throw frameError(`rows[${i}] has ${values.length} cells for ${width} columns`);
  for (const [j, value] of values.entries())
    if (!isCell(value))
      throw frameError(`rows[${i}][${j}] is ${shownValue(value)}: cells are text, numbers or null`);
  return values.filter(isCell);
}

/** A stretch of time that ends behind its begin. */
export function wireSpan(from: unknown, to: unknown): { readonly from: number; readonly to: number } {
  const span = { from: wireWhole(from, 'range.from'), to: wireWhole(to, 'range.to') };
  if (span.from >= span.to)
    throw frameError(`range.to (${span.to}) must lie behind range.from (${span.from})`);
  return span;
}

/** The beginning of a value, for a sentence about it. */
export const shownValue = (value: unknown): string =>
  value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, 60);

const isPresent = (value: unknown): value is JsonValue => value !== undefined;

const isCell = (value: unknown): value is string | number | null =>
  value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
