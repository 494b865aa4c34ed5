import { BitReader, BitWriter } from './bits.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { corrupt } from './frame.ts';
import { uint16Scratch, uint8Scratch } from './scratch.ts';
import { readModel, writeModel, type TokenModel } from './token-model.ts';
import { RAW_BITS, TOKEN_BASE, TOKENS, tokenOf } from './tokens.ts';

/**
 * Integers as entropy-coded tokens (range-variant asymmetric numeral systems, rANS) beside their raw bits. The state
 * lives in [2^15, 2^31), so every operation is a 32-bit integer one; it sheds and takes in words of 16 bits.
 */
const LOW = 2 ** 15;
const WORD_BITS = 16;
const STATE_WORDS = 2;

const TOKEN_SCRATCH = uint8Scratch();
const WORD_SCRATCH = uint16Scratch();
const SLOT_SCRATCH = uint8Scratch();
const TABLE = new BitWriter();
const RAW = new BitWriter();

function tokenise(values: Float64Array, n: number, tokens: Uint8Array): Uint32Array {
  const counts = new Uint32Array(TOKENS);
  for (let i = 0; i < n; i += 1) {
    const token = tokenOf(values[i] ?? 0);
    tokens[i] = token;
    counts[token] = (counts[token] ?? 0) + 1;
  }
  return counts;
}

/**
 * The words of the tokens, at the end of `words`, in the order a reader wants them: the coder works from the last token
 * to the first. Returns where they begin.
 */
function encodeTokens(words: Uint16Array, tokens: Uint8Array, n: number, model: TokenModel): number {
  const { precision, shares, starts } = model;
  const room = 2 ** (31 - precision);
  let at = words.length;
  let state = LOW;
  for (let i = n - 1; i >= 0; i -= 1) {
    const token = tokens[i] ?? 0;
    const share = shares[token] ?? 1;
    if (state >= share * room) {
      words[--at] = state;
      state >>= WORD_BITS;
    }
    const quotient = (state / share) | 0;
    state = (quotient << precision) + (state - quotient * share) + (starts[token] ?? 0);
  }
  words[--at] = state;
  words[--at] = state >> WORD_BITS;
  return at;
}

function writeRaw(values: Float64Array, tokens: Uint8Array, n: number): Uint8Array {
  for (let i = 0; i < n; i += 1) {
    const token = tokens[i] ?? 0;
    const count = RAW_BITS[token] ?? 0;
    if (count > 0) RAW.pushLong((values[i] ?? 0) - (TOKEN_BASE[token] ?? 0), count);
  }
  return RAW.finish();
}

/** Writes the first `n` (at least one) of these integers in [0, 2^53). Worth its table from some dozens on. */
export function writeEntropy(out: ByteWriter, values: Float64Array, n: number): void {
  const tokens = TOKEN_SCRATCH.take(n);
  const model = writeModel(TABLE, tokenise(values, n, tokens), n);
  out.bytes(TABLE.finish());
  const words = WORD_SCRATCH.take(n + STATE_WORDS);
  const from = encodeTokens(words, tokens, n, model);
  out.varint(words.length - from);
  out.words(words.subarray(from));
  out.bytes(writeRaw(values, tokens, n));
}

/** Which token each slot of the state's low bits stands for. */
function slotsOf({ precision, shares, starts }: TokenModel): Uint8Array {
  const slots = SLOT_SCRATCH.take(1 << precision);
  for (let t = 0; t < TOKENS; t += 1) {
    const share = shares[t] ?? 0;
    if (share > 0) slots.fill(t, starts[t] ?? 0, (starts[t] ?? 0) + share);
  }
  return slots;
}

function decodeTokens(tokens: Uint8Array, n: number, words: Uint8Array, model: TokenModel): void {
  const { precision, shares, starts } = model;
  const slots = slotsOf(model);
  const mask = (1 << precision) - 1;
  const wordAt = (at: number): number => (words[at] ?? 0) | ((words[at + 1] ?? 0) << 8);
  let state = (wordAt(0) << WORD_BITS) | wordAt(2);
  let at = 2 * STATE_WORDS;
  for (let i = 0; i < n; i += 1) {
    const slot = state & mask;
    const token = slots[slot] ?? 0;
    tokens[i] = token;
    state = Math.imul(shares[token] ?? 0, state >> precision) + slot - (starts[token] ?? 0);
    if (state < LOW) {
      if (at >= words.length) throw corrupt('it ends early');
      state = (state << WORD_BITS) | wordAt(at);
      at += 2;
    }
  }
  if (state !== LOW || at !== words.length) throw corrupt('coded numbers do not end where they should');
}

export function readEntropy(input: ByteReader, n: number): Float64Array {
  const table = new BitReader(input.view());
  const model = readModel(table, n);
  input.bytes(table.finish());
  const words = input.bytes(2 * input.varint(n + STATE_WORDS));
  const tokens = TOKEN_SCRATCH.take(n);
  decodeTokens(tokens, n, words, model);
  const raw = new BitReader(input.view());
  const values = new Float64Array(n);
  raw.fill(values, n, { tokens, bases: TOKEN_BASE, widths: RAW_BITS });
  input.bytes(raw.finish());
  return values;
}
