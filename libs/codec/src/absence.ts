import type { ByteReader, ByteWriter } from './bytes.ts';
import { corrupt } from './frame.ts';
import { readIntegers, writeIntegers } from './integer-list.ts';
import type { Effort } from './naturals.ts';
import { readResiduals, writeResiduals } from './residuals.ts';
import { readTexts, writeTexts } from './texts.ts';

/** Rows of a column that hold no integer: nulls, and values kept as text. */
export interface Absence {
  readonly nulls: Uint8Array | undefined;
  readonly nullCount: number;
  /** Ascending rows and their texts; none of them null. */
  readonly exceptions: readonly (readonly [number, string])[];
}

export function absenceOf(
  n: number,
  nulls: Uint8Array | undefined,
  exceptions?: ReadonlyMap<number, string>,
): Absence {
  let nullCount = 0;
  for (let i = 0; nulls && i < n; i += 1) if (nulls[i] === 1) nullCount += 1;
  const texts = [...(exceptions ?? [])].filter(([row]) => row >= 0 && row < n && nulls?.[row] !== 1);
  return {
    nulls: nullCount > 0 ? nulls : undefined,
    nullCount,
    exceptions: texts.sort((a, b) => a[0] - b[0]),
  };
}

/** The rows that do hold an integer; `undefined` when all do. */
export function presentRows(n: number, absence: Absence): Int32Array | undefined {
  const absent = absence.nullCount + absence.exceptions.length;
  if (absent === 0) return undefined;
  const rows = new Int32Array(n - absent);
  if (rows.length === 0) return rows;
  let at = 0;
  let odd = 0;
  for (let i = 0; i < n; i += 1) {
    if (absence.exceptions[odd]?.[0] === i) odd += 1;
    else if (absence.nulls?.[i] !== 1) rows[at++] = i;
  }
  return rows;
}

/** One bit a row, lowest first; the last byte is filled up with its last row, so that a run stays one. */
export function writeBitmap(out: ByteWriter, bits: Uint8Array, n: number, effort: Effort): void {
  const bytes = new Float64Array(Math.ceil(n / 8));
  for (let i = 0; i < bytes.length * 8; i += 1) {
    if (bits[Math.min(i, n - 1)] === 1) bytes[i >> 3] = (bytes[i >> 3] ?? 0) + 2 ** (i & 7);
  }
  writeResiduals(out, bytes, effort);
}

export function readBitmap(input: ByteReader, n: number): Uint8Array {
  const bytes = readResiduals(input, Math.ceil(n / 8));
  const bits = new Uint8Array(n);
  for (let i = 0; i < n; i += 1) bits[i] = ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1;
  return bits;
}

export function writeExceptions(out: ByteWriter, exceptions: Absence['exceptions'], effort: Effort): void {
  out.varint(exceptions.length);
  writeIntegers(
    out,
    Float64Array.from(exceptions, ([row]) => row),
    effort,
  );
  writeTexts(
    out,
    exceptions.map(([, text]) => text),
    effort,
  );
}

export function readExceptions(input: ByteReader, n: number): (readonly [number, string])[] {
  const count = input.varint(n);
  const rows = readIntegers(input, count);
  const texts = readTexts(input, count);
  return texts.map((text, k) => {
    const row = rows[k] ?? -1;
    if (!(row >= 0 && row < n && row > (rows[k - 1] ?? -1))) throw corrupt('an exception has no row');
    return [row, text] as const;
  });
}
