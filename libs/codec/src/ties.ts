import type { ByteReader, ByteWriter } from './bytes.ts';
import { readIntegers, writeIntegers } from './integer-list.ts';
import type { Effort } from './naturals.ts';
import { readTexts, writeTexts } from './texts.ts';

const TEXTS = 0;
const NUMBERS = 1;
const NATURAL = /^(?:0|[1-9]\d{0,15})$/;

/** The texts as numbers, when every one is just what its number looks like. */
function asNaturals(ties: readonly string[]): Float64Array | undefined {
  const numbers = new Float64Array(ties.length);
  for (const [i, tie] of ties.entries()) {
    const number = Number(tie);
    if (!NATURAL.test(tie) || !Number.isSafeInteger(number)) return undefined;
    numbers[i] = number;
  }
  return numbers;
}

/** Ties with their count. Consecutive trade ids cost next to nothing. */
export function writeTies(out: ByteWriter, ties: readonly string[], effort: Effort): void {
  const numbers = asNaturals(ties);
  out.byte(numbers ? NUMBERS : TEXTS);
  out.varint(ties.length);
  if (numbers) writeIntegers(out, numbers, effort);
  else writeTexts(out, ties, effort);
}

export function readTies(input: ByteReader, n: number): string[] {
  const numeric = input.byte() === NUMBERS;
  const count = input.varint(n);
  return numeric ? Array.from(readIntegers(input, count), String) : readTexts(input, count);
}
